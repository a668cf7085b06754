/**
 * What the variables of an application are set to, in its VM and while its
 * tests run: addresses of services and of other applications first, then what
 * the repository says itself.
 *
 * @module
 */
import type {
  AnalysedApplication,
  EnvVariable,
} from "../../../roles/model/analysis.ts";
import { type Call, isOfBrowser } from "../cluster/calls.ts";
import { isSecretName } from "../secrets.ts";
import { addressValue, type ServiceAddress, withHost } from "./addresses.ts";
import { type Because, because } from "./facts.ts";
import { packagePath } from "./service_modules.ts";
import { partBeside, type PlannedService } from "./service_plan.ts";

/** What NixOS hands to a program; other names it cannot carry. */
const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]{0,200}$/;

export interface PlannedVariable {
  name: string;
  value: string;
  /** A secret whose value stands in the repository. */
  isShown?: true;
  because: Because;
}

/** What stands in for VMs while the tests run. */
export interface PlannedCheck {
  /** `pkgs.postgresql_16`. */
  inputs: readonly string[];
  environment: readonly PlannedVariable[];
  setup: readonly string[];
  /** VMs that nothing stands in for. */
  absent: readonly string[];
}

/** Drivers that know a service by one scheme only. */
function schemeFor(
  { language }: AnalysedApplication,
  variable: string,
  scheme: string,
): string {
  // SQLAlchemy knows no postgres://; whoever knows that knows postgresql:// too.
  const long = scheme === "postgres" ? "postgresql" : scheme;
  if (language.value === "python") return long;
  return /JDBC|DATASOURCE/.test(variable) ? `jdbc:${long}` : scheme;
}

function addressOf(
  application: AnalysedApplication,
  variable: string,
  service: PlannedService,
  host = service.name,
): ServiceAddress {
  const { module, user, password, database } = service;
  return {
    host,
    port: module.port,
    morePorts: module.morePorts ?? [],
    scheme: schemeFor(application, variable, module.scheme),
    isDatabase: module.isDatabase === true,
    user,
    password,
    hasLogin: module.login?.isInAddress === true,
    database,
  };
}

/** True for a service that has databases by name, or one that is made for it. */
function hasDatabases({ module }: PlannedService): boolean {
  return module.isDatabase === true || module.login?.database !== undefined;
}

/** What a variable beside the address is set to; null where it is not the service's to say. */
function besideValue(
  application: AnalysedApplication,
  variable: EnvVariable,
  service: PlannedService,
  host = service.name,
): string | null {
  const { module } = service;
  const part = partBeside(service.service, variable.name);
  if (part === null) return null;
  // A database still has to have its user.
  if (module.isTrusting === true && module.isDatabase !== true) return null;
  if (part === "database" && !hasDatabases(service)) return null;
  const { name, default: standard } = variable;
  return addressValue(
    name,
    standard,
    addressOf(application, name, service, host),
  );
}

/** Another application that is a VM, and the variable that carries its address. */
export interface PlannedCall {
  /** Of the VM. */
  name: string;
  port: number | null;
  call: Call;
}

/** What variables are set to, by name. */
class Environment {
  readonly #set = new Map<string, PlannedVariable>();
  readonly #application: AnalysedApplication;

  constructor(application: AnalysedApplication) {
    this.#application = application;
  }

  #isOpen(name: string): boolean {
    return VARIABLE.test(name) && !this.#set.has(name);
  }

  addAddresses(services: readonly PlannedService[]): void {
    const declared = new Map(
      this.#application.env.map((one) => [one.name, one]),
    );
    for (const planned of services) {
      for (const name of planned.service.env) {
        if (!this.#isOpen(name)) continue;
        const variable = declared.get(name);
        const address = addressOf(this.#application, name, planned);
        this.#set.set(name, {
          name,
          value: addressValue(name, variable?.default, address),
          because: because(
            `carries the address of ${planned.name}`,
            variable?.evidence ?? planned.service.evidence,
          ),
        });
      }
    }
  }

  addCalls(calls: readonly PlannedCall[]): void {
    for (const { name: host, port, call } of calls) {
      const { variable, value, evidence } = call;
      if (variable === null || !this.#isOpen(variable)) continue;
      if (isOfBrowser(variable)) continue;
      this.#set.set(variable, {
        name: variable,
        value: withHost(value, { host, port }),
        because: because(`carries the address of ${host}`, [evidence]),
      });
    }
  }

  /** Users, passwords and databases that stand beside an address. */
  addBeside(services: readonly PlannedService[]): void {
    for (const variable of this.#application.env) {
      const { name, evidence } = variable;
      if (!this.#isOpen(name)) continue;
      for (const planned of services) {
        const value = besideValue(this.#application, variable, planned);
        if (value === null) continue;
        const why = because(`says to ${planned.name} who asks`, evidence);
        this.#set.set(name, { name, value, because: why });
        break;
      }
    }
  }

  /** What the repository says of the others; those of which it says nothing are missing. */
  addRest(): EnvVariable[] {
    const missing: EnvVariable[] = [];
    const [port] = this.#application.ports;
    for (const variable of this.#application.env) {
      const { name, default: value, evidence } = variable;
      if (!this.#isOpen(name)) continue;
      if (name === "PORT" && port !== undefined) {
        const why = because("the port it listens on", port.evidence);
        this.#set.set(name, { name, value: String(port.value), because: why });
      } else if (value !== undefined) {
        this.#set.set(name, {
          name,
          value,
          ...isSecretName(name) && value !== "" ? { isShown: true } : {},
          because: because("what the repository sets it to", evidence),
        });
      } else if (variable.required) missing.push(variable);
    }
    return missing;
  }

  sorted(): PlannedVariable[] {
    return [...this.#set.values()].sort((a, b) => a.name < b.name ? -1 : 1);
  }
}

export function environmentOf(
  application: AnalysedApplication,
  services: readonly PlannedService[],
  calls: readonly PlannedCall[] = [],
): { environment: PlannedVariable[]; missing: EnvVariable[] } {
  const set = new Environment(application);
  set.addAddresses(services);
  set.addCalls(calls);
  set.addBeside(services);
  const missing = set.addRest();
  return { environment: set.sorted(), missing };
}

/** Tests find services on their own machine, as far as nixpkgs can start them there. */
export function planCheck(
  application: AnalysedApplication,
  services: readonly PlannedService[],
): PlannedCheck {
  const inputs = new Set<string>();
  const environment = new Map<string, PlannedVariable>();
  const setup: string[] = [];
  const absent: string[] = [];
  for (const planned of services) {
    const { inCheck } = planned.module;
    // Two of a kind would want the same port.
    if (inCheck === undefined || setup.includes(inCheck.setup ?? "")) {
      absent.push(planned.name);
      continue;
    }
    for (const attribute of inCheck.inputs) inputs.add(packagePath(attribute));
    if (planned.package !== null) inputs.add(planned.package);
    if (inCheck.setup !== undefined) setup.push(inCheck.setup);
    const set = (name: string, value: string) => {
      if (!VARIABLE.test(name) || environment.has(name)) return;
      environment.set(name, { name, value, because: planned.because });
    };
    for (const [name, value] of Object.entries(inCheck.environment(planned))) {
      set(name, value);
    }
    for (const name of planned.service.env) {
      const declared = application.env.find((one) => one.name === name);
      const at = addressOf(application, name, planned, "localhost");
      set(name, addressValue(name, declared?.default, at));
    }
    for (const variable of application.env) {
      const value = besideValue(application, variable, planned, "localhost");
      if (value !== null) set(variable.name, value);
    }
  }
  return {
    inputs: [...inputs].sort(),
    environment: [...environment.values()],
    setup,
    absent,
  };
}
