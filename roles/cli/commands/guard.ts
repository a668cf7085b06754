/**
 * `guard`: run the guard of exclusive VMs; `guard status`: ask a running one.
 *
 * @module
 */
import { type Command, Option } from "@commander-js/extra-typings";
import { loadConfig, LogLevel } from "../../config/mod.ts";
import { configureLogging } from "../../log/mod.ts";
import type { CliContext } from "../context.ts";
import { examples, printJson } from "../flags.ts";
import type { GuardReport, GuardRunFlags, RoleTable } from "../roles.ts";

interface Flags {
  config?: string | undefined;
  runDir?: string | undefined;
  logLevel?: string | undefined;
  logJson?: true | undefined;
}

async function runGuard(
  { config: file, logJson, ...flags }: Flags,
  context: CliContext,
  table: RoleTable,
): Promise<void> {
  const role = await table.guard.run(async (schema) => {
    const overrides: GuardRunFlags = flags;
    const config = await loadConfig(schema, {
      ...(file === undefined ? {} : { file }),
      overrides: { ...overrides },
    });
    const level = LogLevel.default("info").parse(
      (config as { logLevel?: unknown }).logLevel,
    );
    await configureLogging({ level, json: logJson === true });
    return config;
  });
  context.err(
    `procurator guard is ready: socket=${role.endpoints["socket"] ?? ""}\n`,
  );
  await Promise.race([role.finished, context.untilStopped()]);
  await role.stop();
  await role.finished;
}

/** The state of a guard in words. */
export function guardText({ status, bootMs }: GuardReport): string {
  const { worker, held, vmms, pid } = status;
  const lines = [
    `guard ${pid} ${
      worker === null ? "has no worker" : `guards for ${worker}`
    }`,
    held === null
      ? "no lease is in force: no exclusive VM may run"
      : `the lease ends in ${
        ((held.deadlineMs - bootMs) / 1000).toFixed(1)
      } s unless it is renewed`,
    ...vmms.map(({ vm, pid }) => `${vm}  process ${pid}`),
  ];
  return lines.join("\n") + "\n";
}

export function addGuard(
  program: Command,
  context: CliContext,
  table: RoleTable,
): void {
  const guard = program.command("guard")
    .description(
      "run the guard of this host: ends exclusive VMs when their lease does",
    )
    .option("--config <file>", "a JSON file with the keys of the NixOS module")
    .option("--run-dir <dir>", "for its socket (default: RUN/guard)")
    .addOption(new Option("--log-level <level>").choices(LogLevel.options))
    .option("--log-json", "log JSON lines")
    .addHelpText(
      "after",
      examples("guard --run-dir /run/procurator/guard", "guard status"),
    )
    .action((flags) => runGuard({ ...flags }, context, table));
  guard.command("status")
    .description("show the lease and what runs under the guard of this host")
    .option("--json", "print JSON and nothing else")
    .addHelpText("after", examples("guard status", "guard status --json"))
    .action(async (flags) => {
      const { runDir } = guard.opts();
      const report = await table.guard.status(
        runDir === undefined ? {} : { runDir },
        context,
      );
      if (flags.json === true) return printJson(context, report.status);
      context.out(guardText(report));
    });
}
