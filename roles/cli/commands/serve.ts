/**
 * `master`, `worker`, `ci`, `cache`, `hub`: run one role until it is told to stop.
 *
 * @module
 */
import {
  type Command,
  type CommandUnknownOpts,
  InvalidArgumentError,
  Option,
} from "@commander-js/extra-typings";
import {
  DEFAULT_PORTS,
  loadConfig,
  LogLevel,
  portsFrom,
  type Service,
  SERVICES,
} from "../../config/mod.ts";
import { configureLogging } from "../../log/mod.ts";
import { AppError } from "../../model/errors.ts";
import { parseWith } from "../../model/parse.ts";
import type { RunningRole } from "../../model/ports.ts";
import type { CliContext } from "../context.ts";
import { examples, wholeNumber } from "../flags.ts";
import type { LoadRoleConfig, RoleTable } from "../roles.ts";

const ABOUT: Readonly<Record<Service, string>> = {
  master: "run the control plane: desired state, scheduling, rollouts",
  worker: "run a worker: the virtual machines of this host",
  ci: "run ci: from a pushed commit to a published generation",
  cache: "run the binary cache",
  hub: "run the hub: Git repositories and pages",
};

/** Six ports from it must exist. */
const MAX_PORT_BASE = 65_000;

interface ServeFlags {
  config?: string | undefined;
  set?: Record<string, unknown> | undefined;
  portBase?: number | undefined;
  logJson?: true | undefined;
  [key: string]: unknown;
}

/** `KEY=VALUE` into the settings: JSON where the value is JSON, text otherwise. */
function addSetting(
  text: string,
  before: Record<string, unknown> | undefined,
): Record<string, unknown> {
  const at = text.indexOf("=");
  if (at < 1) throw new InvalidArgumentError("It must be KEY=VALUE.");
  const value = text.slice(at + 1);
  let parsed: unknown = value;
  try {
    parsed = JSON.parse(value);
  } catch {
    // Text, as most settings are.
  }
  return { ...before, [text.slice(0, at)]: parsed };
}

/** The configuration keys that the flags give. */
function overridesOf(
  service: Service,
  flags: ServeFlags,
): Record<string, unknown> {
  const { config: _config, set, portBase, logJson: _logJson, ...direct } =
    flags;
  const given = Object.fromEntries(
    Object.entries(direct).filter(([, value]) => value !== undefined),
  );
  const ports = portBase === undefined ? undefined : portsFrom(portBase);
  const listen = ports === undefined ? {} : {
    listen: `127.0.0.1:${ports[service]}`,
    ...(service === "master"
      ? { rpcListen: `127.0.0.1:${ports.masterRpc}` }
      : {}),
  };
  return { ...listen, ...set, ...given };
}

/** One line that a supervisor or a test can wait for. */
function readyLine(role: RunningRole): string {
  const where = Object.entries(role.endpoints).map(([name, url]) =>
    `${name}=${url}`
  );
  return `procurator ${role.name} is ready: ${where.join(" ")}\n`;
}

async function serve(
  service: Service,
  flags: ServeFlags,
  context: CliContext,
  table: RoleTable,
): Promise<void> {
  const load: LoadRoleConfig = async (schema) => {
    const config = await loadConfig(schema, {
      ...(flags.config === undefined ? {} : { file: flags.config }),
      overrides: overridesOf(service, flags),
    });
    const { logLevel } = config as { logLevel?: unknown };
    const level = parseWith(LogLevel.default("info"), logLevel, {
      what: "logLevel",
    });
    await configureLogging({ level, json: flags.logJson === true });
    return config;
  };
  const role = await table.roles[service](load);
  context.err(readyLine(role));
  await Promise.race([role.finished, context.untilStopped()]);
  await role.stop();
  await role.finished;
}

/** Flags of one role alone. */
function addOwnFlags(command: CommandUnknownOpts, service: Service): void {
  if (service === "master") {
    command.option(
      "--rpc-listen <address>",
      `RPC (default: 127.0.0.1:${DEFAULT_PORTS.masterRpc})`,
    );
  }
  if (service === "worker") {
    command.option(
      "--take-over",
      "ask the process that holds its directories to end, and wait for it",
    );
  }
}

function noSuchWord(
  service: Service,
  word: string,
  command: CommandUnknownOpts,
): AppError {
  const words = command.commands.map((below) => below.name()).join(", ");
  return new AppError(
    "usage",
    `There is no command "${service} ${word.slice(0, 100)}"`,
    {
      hint: words === ""
        ? `${service} takes flags alone: procurator ${service} --help`
        : `one of ${words}`,
    },
  );
}

function addRole(
  program: Command,
  service: Service,
  context: CliContext,
  table: RoleTable,
): void {
  const command = program.command(service).description(ABOUT[service])
    .option("--config <file>", "a JSON file with the keys of the NixOS module")
    .option(
      "--state-dir <dir>",
      "the role's own directory (default: STATE/ROLE, see README)",
    )
    .option("--run-dir <dir>", "for sockets and what a reboot ends")
    .option(
      "--listen <address>",
      `HOST:PORT or unix:/PATH (default: 127.0.0.1:${DEFAULT_PORTS[service]})`,
    )
    .option(
      "--token-file <file>",
      'tokens to show to other services: one, or lines "SERVICE TOKEN"',
    )
    .option("--tls-cert <file>", "serve TLS with this certificate")
    .option("--tls-key <file>", "and this key")
    .option("--ca-file <file>", "the CA to trust for other services")
    .addOption(
      new Option(
        "--anonymous-role <role>",
        "what requests without a token may do",
      )
        .choices(["none", "viewer"] as const),
    )
    .addOption(new Option("--log-level <level>").choices(LogLevel.options))
    .option("--log-json", "log JSON lines")
    .option(
      "--port-base <port>",
      "ports from here on; 0 picks free ones",
      wholeNumber(0, MAX_PORT_BASE),
    )
    .option(
      "--set <key=value>",
      "any other configuration key (repeat it for several)",
      addSetting,
    )
    .addHelpText(
      "after",
      examples(
        `${service} --state-dir /var/lib/procurator/${service}`,
        `${service} --config /etc/procurator/${service}.json --log-json`,
      ),
    );
  addOwnFlags(command, service);
  // What follows is a word that was mistyped: commander would count it.
  command.allowExcessArguments().action((flags) => {
    const [word] = command.args;
    if (word !== undefined) throw noSuchWord(service, word, command);
    return serve(service, { ...flags }, context, table);
  });
}

export function addServe(
  program: Command,
  context: CliContext,
  table: RoleTable,
): void {
  for (const service of SERVICES) addRole(program, service, context, table);
}
