/**
 * `dev` and `demo`: all roles in one process.
 *
 * @module
 */
import type { Command } from "@commander-js/extra-typings";
import { Option } from "@commander-js/extra-typings";
import { LogLevel } from "../../config/mod.ts";
import type { CliContext } from "../context.ts";
import { examples, wholeNumber } from "../flags.ts";
import type { DevOptions, RoleTable } from "../roles.ts";

/** Six ports from it must exist. */
const MAX_PORT_BASE = 65_000;

interface Flags {
  stateDir?: string | undefined;
  portBase?: number | undefined;
  json?: true | undefined;
  keep?: true | undefined;
  leaveVms?: true | undefined;
  logLevel?: string | undefined;
  driver?: string | undefined;
}

function optionsOf(flags: Flags): DevOptions {
  return {
    json: flags.json === true,
    keep: flags.keep === true,
    leaveVms: flags.leaveVms === true,
    ...(flags.stateDir === undefined ? {} : { stateDir: flags.stateDir }),
    ...(flags.portBase === undefined ? {} : { portBase: flags.portBase }),
    ...(flags.logLevel === undefined ? {} : { logLevel: flags.logLevel }),
    ...(flags.driver === undefined ? {} : { driver: flags.driver }),
  };
}

export function addDev(
  program: Command,
  context: CliContext,
  table: RoleTable,
): void {
  const common = (name: "dev" | "demo") =>
    program.command(name)
      .option("--state-dir <dir>", "where everything is kept")
      .option(
        "--port-base <port>",
        "ports from here on; 0 picks free ones",
        wholeNumber(0, MAX_PORT_BASE),
      )
      .option("--json", "print JSON and nothing else")
      .option(
        "--leave-vms",
        "let the VMs run on at the end, for the next start to adopt",
      )
      .addOption(new Option("--log-level <level>").choices(LogLevel.options));
  common("dev")
    .description("run all roles in this process, for trying things out")
    .addOption(
      new Option("--driver <driver>", "what runs the VMs").choices([
        "auto",
        "cloud-hypervisor",
        "qemu",
        "simulated",
      ]),
    )
    .addHelpText(
      "after",
      examples("dev", "dev --state-dir /tmp/try --port-base 0"),
    )
    .action(async (flags) => {
      context.exitStatus = await table.dev(optionsOf(flags), context);
    });
  common("demo")
    .description(
      "push three commits to a fresh cluster: an update, and one that rolls itself back",
    )
    .option("--keep", "leave it running and print where")
    .addHelpText("after", examples("demo", "demo --json"))
    .action(async (flags) => {
      context.exitStatus = await table.demo(optionsOf(flags), context);
    });
}
