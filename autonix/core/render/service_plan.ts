/**
 * Services as VMs: which module runs each, in which version, and whom it lets in.
 *
 * @module
 */
import type {
  AnalysedApplication,
  AnalysedService,
  EnvVariable,
} from "../../../roles/model/analysis.ts";
import { SERVICES } from "../services/catalog.ts";
import { credentialsOf, loginPart, type Part } from "./addresses.ts";
import { type Because, because } from "./facts.ts";
import type { Names } from "./names.ts";
import { SERVICE_LINES } from "./nixpkgs_release.ts";
import {
  packagePath,
  type ServiceModule,
  serviceModule,
} from "./service_modules.ts";
import { chooseLine } from "./version_choice.ts";

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
export function partBeside(
  service: AnalysedService,
  name: string,
): Part | null {
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
