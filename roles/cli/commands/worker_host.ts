/**
 * `worker probe`, `worker unit`, `worker drain`, `worker volumes`: a worker's
 * host, asked on the host itself.
 *
 * @module
 */
import type { Command, CommandUnknownOpts } from "@commander-js/extra-typings";
import { loadConfig } from "../../config/mod.ts";
import { writeFileAtomic } from "../../files/mod.ts";
import { AppError } from "../../model/errors.ts";
import type { CliContext } from "../context.ts";
import { formatProbe, formatTrial, formatVolumes } from "../core/host_view.ts";
import {
  commandNamed,
  examples,
  printJson,
  wholeNumber,
  withClientFlags,
  withMaster,
} from "../flags.ts";
import { reportOperation } from "../operation_wait.ts";
import type { LoadRoleConfig, RoleTable } from "../roles.ts";

/** What is left to do when the units are there. */
const AFTER_WRITING =
  "now: systemctl daemon-reload && systemctl enable --now procurator-guard procurator-worker\n";
const STOPPED = new AppError(
  "unavailable",
  "The probe was stopped: what this host can do is not known",
);
/** A week, as for `drain`. */
const MAX_DEADLINE_SECONDS = 604_800;

/** The flags of the word before that say which worker is meant. */
interface WorkerFlags {
  config?: string;
  stateDir?: string;
  runDir?: string;
  set?: Record<string, unknown>;
}

function workerFlags(command: CommandUnknownOpts): WorkerFlags {
  const flags: Record<string, unknown> = command.optsWithGlobals();
  return flags;
}

/** Reads the configuration as the role would; logs nothing. */
function loaderOf(command: CommandUnknownOpts): LoadRoleConfig {
  const { config, stateDir, runDir, set } = workerFlags(command);
  return (schema) =>
    loadConfig(schema, {
      ...(config === undefined ? {} : { file: config }),
      overrides: {
        ...set,
        ...(stateDir === undefined ? {} : { stateDir }),
        ...(runDir === undefined ? {} : { runDir }),
      },
    });
}

function addProbe(
  worker: CommandUnknownOpts,
  context: CliContext,
  table: RoleTable,
): void {
  worker.command("probe")
    .description("try the drivers of this host and say which boots guests")
    .option("--json", "print JSON and nothing else")
    .addHelpText("after", examples("worker probe", "worker probe --json"))
    .action(async (_flags, command) => {
      const isJson = command.optsWithGlobals()["json"] === true;
      // A guest that is being tried would outlive us.
      const stopped = new AbortController();
      void context.untilStopped().then(() => stopped.abort(STOPPED));
      const probe = await table.workerHost.probe(loaderOf(command), {
        onTrial: (trial) => {
          if (!isJson) context.out(formatTrial(trial));
        },
        signal: stopped.signal,
      });
      if (isJson) printJson(context, probe);
      else context.out(formatProbe(probe));
      if (probe.chosen === null) context.exitStatus = 1;
    });
}

function addUnit(
  worker: CommandUnknownOpts,
  context: CliContext,
  table: RoleTable,
): void {
  worker.command("unit")
    .description("print the systemd units of a worker's host")
    .option("--into <dir>", "write them there instead: /etc/systemd/system")
    .option("--json", "print JSON and nothing else")
    .addHelpText(
      "after",
      examples(
        "worker --config /etc/procurator/worker.json unit",
        "worker unit --into /etc/systemd/system",
      ),
    )
    .action(async (_flags, command) => {
      const { config } = workerFlags(command);
      const units = await table.workerHost.units(loaderOf(command), {
        command: context.command,
        ...(config === undefined ? {} : { config }),
      });
      const { into, json }: { into?: string; json?: true } = command
        .optsWithGlobals();
      if (into !== undefined) {
        for (const { name, text } of units) {
          await writeFileAtomic(`${into}/${name}`, text, { mode: 0o644 });
          if (json !== true) context.err(`wrote ${into}/${name}\n`);
        }
        if (json !== true) context.err(AFTER_WRITING);
      }
      if (json === true) return printJson(context, units);
      if (into !== undefined) return;
      for (const { name, text } of units) {
        context.out(`# ${name}\n${text}\n`);
      }
    });
}

function addHostDrain(
  worker: CommandUnknownOpts,
  context: CliContext,
  table: RoleTable,
): void {
  withClientFlags(worker.command("drain"))
    .description("move the VMs of this host away, as `drain` does")
    .option(
      "--deadline <seconds>",
      "then it fails, or with --force ends what is left",
      wholeNumber(1, MAX_DEADLINE_SECONDS),
    )
    .option("--force", "give up availability and volumes")
    .option("--reason <text>", "why, for whoever looks at it", "")
    .option("--no-wait", "do not wait until it is empty")
    .addHelpText(
      "after",
      examples('worker drain --reason "new disks"') +
        "\n\nIt needs an operator's login on this host; the worker's own token may not.",
    )
    .action(async (own, command) => {
      const name = await table.workerHost.nameOf(loaderOf(command));
      // Flags that the role has as well are taken by the word before.
      const flags = { ...own, ...command.optsWithGlobals() } as typeof own;
      const operation = await withMaster(
        context,
        flags,
        (master) =>
          master.drain(name, {
            deadlineMs: (flags.deadline ?? 0) * 1000,
            force: flags.force === true,
            reason: flags.reason,
          }),
      );
      await reportOperation(context, operation, flags);
    });
}

function addVolumes(
  worker: CommandUnknownOpts,
  context: CliContext,
  table: RoleTable,
): void {
  worker.command("volumes")
    .description("list the volumes of VMs on this host, and whose they are")
    .option("--orphans", "only those of VMs that are not ordered here")
    .option("--remove <volume>", "remove one, and what is on it: VM/NAME")
    .option("--json", "print JSON and nothing else")
    .addHelpText(
      "after",
      examples(
        "worker volumes --orphans",
        "worker volumes --remove shop/web-0/data",
      ),
    )
    .action(async (_flags, command) => {
      const flags: { orphans?: true; remove?: string; json?: true } = command
        .optsWithGlobals();
      const load = loaderOf(command);
      if (flags.remove !== undefined) {
        const removed = await table.workerHost.removeVolume(load, flags.remove);
        if (flags.json === true) return printJson(context, removed);
        return context.out(`removed ${removed.path}\n`);
      }
      const all = await table.workerHost.volumes(load);
      const volumes = all.filter(({ isOrdered }) =>
        flags.orphans !== true || !isOrdered
      );
      if (flags.json === true) return printJson(context, volumes);
      context.out(formatVolumes(volumes));
    });
}

/** Below `worker`, which runs the role. */
export function addWorkerHost(
  program: Command,
  context: CliContext,
  table: RoleTable,
): void {
  const worker = commandNamed(program, "worker");
  addProbe(worker, context, table);
  addUnit(worker, context, table);
  addHostDrain(worker, context, table);
  addVolumes(worker, context, table);
}
