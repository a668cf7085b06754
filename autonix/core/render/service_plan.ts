/**
 * Services as VMs: which module runs each, and what the variables of those who
 * use it are set to, in their VM and while their tests run.
 *
 * @module
 */
import type {
  AnalysedApplication,
  AnalysedService,
  EnvVariable,
} from "../../../roles/model/analysis.ts";
import { type Call, isOfBrowser } from "../cluster/calls.ts";
import { SERVICES } from "../services/catalog.ts";
import {
  addressValue,
  credentialsOf,
  loginPart,
  type Part,
  type ServiceAddress,
  withHost,
} from "./addresses.ts";
import { type Because, because } from "./facts.ts";
import type { Names } from "./names.ts";
import { SERVICE_LINES } from "./nixpkgs_release.ts";
import {
  packagePath,
  type ServiceModule,
  serviceModule,
} from "./service_modules.ts";
import { chooseLine } from "./version_choice.ts";

/** What NixOS hands to a program; other names it cannot carry. */
const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]{0,200}$/;

/** Names of what nobody else should know. */
const SECRET = /SECRET|TOKEN|PASSWORD|PASSWD|PRIVATE|API_?KEY|CREDENTIAL/i;

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

export interface PlannedService {
  name: string;
  service: AnalysedService;
  module: ServiceModule;
  package: string | null;
  note: string | null;
  user: string;
  /** Null: whichever is said is right. */
  password: string | null;
  database: string;
  because: Because;
}

const WORDS: ReadonlyMap<string, readonly string[]> = new Map(
  SERVICES.map(({ kind, words }) => [kind, words] as const),
);

/** Clients of object stores are told to ask for Amazon's. */
const MORE_WORDS: Readonly<Record<string, readonly string[]>> = {
  minio: ["S3", "AWS"],
};

/** Who is let in, as a variable beside the address's says it; null for another. */
function partBeside(service: AnalysedService, name: string): Part | null {
  const { kind, env } = service;
  const words = [
    ...WORDS.get(kind) ?? [],
    ...Object.hasOwn(MORE_WORDS, kind) ? MORE_WORDS[kind] ?? [] : [],
  ];
  return loginPart(name, words, env);
}

function loginOf(
  module: ServiceModule,
  variables: readonly EnvVariable[],
): Pick<PlannedService, "user" | "password" | "database"> {
  const { login } = module;
  const told = credentialsOf(variables);
  if (login === undefined) {
    return {
      ...module.isDatabase === true || module.isTrusting === true
        ? told
        : { user: "", database: told.database },
      password: module.isTrusting === true ? null : "",
    };
  }
  return {
    user: login.user,
    password: login.password,
    database: login.database ?? told.database,
  };
}

export function planService(
  service: AnalysedService,
  names: Names,
  variables: readonly EnvVariable[],
): PlannedService | null {
  const module = serviceModule(service.kind);
  if (module === null) return null;
  const family = SERVICE_LINES[service.kind];
  const choice = family === undefined
    ? null
    : chooseLine(family, service.version);
  const asked = service.version === null ? "" : ` ${service.version}`;
  const note = choice?.note ??
    (family === undefined && service.version !== null
      ? `asked for ${service.version}; nixpkgs has one version of it`
      : null);
  return {
    name: names.take(service.kind),
    service,
    module,
    package: choice === null ? null : packagePath(choice.line.attribute),
    note,
    ...loginOf(module, variables),
    because: because(
      `${service.kind}${asked} is a service of ${
        service.usedBy.join(", ") || "the repository"
      }`,
      service.evidence,
    ),
  };
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

/** The variables that carry a service's address, as those who use it declare them. */
export function variablesOf(
  service: AnalysedService,
  applications: readonly AnalysedApplication[],
): EnvVariable[] {
  const users = applications.filter(({ path }) =>
    service.usedBy.includes(path)
  );
  return users.flatMap(({ env }) =>
    env.filter(({ name }) =>
      service.env.includes(name) || partBeside(service, name) !== null
    )
  );
}

/** Another application that is a VM, and the variable that carries its address. */
export interface PlannedCall {
  /** Of the VM. */
  name: string;
  port: number | null;
  call: Call;
}

export function environmentOf(
  application: AnalysedApplication,
  services: readonly PlannedService[],
  calls: readonly PlannedCall[] = [],
): { environment: PlannedVariable[]; missing: EnvVariable[] } {
  const set = new Map<string, PlannedVariable>();
  const declared = new Map(application.env.map((one) => [one.name, one]));
  for (const planned of services) {
    for (const name of planned.service.env) {
      if (!VARIABLE.test(name) || set.has(name)) continue;
      const variable = declared.get(name);
      set.set(name, {
        name,
        value: addressValue(
          name,
          variable?.default,
          addressOf(application, name, planned),
        ),
        because: because(
          `carries the address of ${planned.name}`,
          variable?.evidence ?? planned.service.evidence,
        ),
      });
    }
  }
  for (const { name: host, port, call } of calls) {
    const { variable, value, evidence } = call;
    if (variable === null || !VARIABLE.test(variable)) continue;
    if (set.has(variable) || isOfBrowser(variable)) continue;
    set.set(variable, {
      name: variable,
      value: withHost(value, { host, port }),
      because: because(`carries the address of ${host}`, [evidence]),
    });
  }
  for (const variable of application.env) {
    const { name, evidence } = variable;
    if (!VARIABLE.test(name) || set.has(name)) continue;
    for (const planned of services) {
      const value = besideValue(application, variable, planned);
      if (value === null) continue;
      set.set(name, {
        name,
        value,
        because: because(`says to ${planned.name} who asks`, evidence),
      });
      break;
    }
  }
  const missing: EnvVariable[] = [];
  const [port] = application.ports;
  for (const variable of application.env) {
    const { name, evidence } = variable;
    if (!VARIABLE.test(name) || set.has(name)) continue;
    if (name === "PORT" && port !== undefined) {
      set.set(name, {
        name,
        value: String(port.value),
        because: because("the port it listens on", port.evidence),
      });
    } else if (variable.default !== undefined) {
      set.set(name, {
        name,
        value: variable.default,
        ...SECRET.test(name) && variable.default !== ""
          ? { isShown: true }
          : {},
        because: because("what the repository sets it to", evidence),
      });
    } else if (variable.required) missing.push(variable);
  }
  const environment = [...set.values()].sort((a, b) =>
    a.name < b.name ? -1 : 1
  );
  return { environment, missing };
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
