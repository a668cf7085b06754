/**
 * `cordon`, `uncordon`, `drain`, and `worker remove`: machines that take no
 * VMs, are emptied, or are gone.
 *
 * @module
 */
import type { Command } from "@commander-js/extra-typings";
import type { CliContext } from "../context.ts";
import { describeOperation } from "../core/operation_view.ts";
import {
  commandNamed,
  examples,
  printJson,
  wholeNumber,
  withClientFlags,
  withMaster,
} from "../flags.ts";
import type { Operation } from "../../model/operation.ts";
import { reportOperation } from "../operation_wait.ts";

/** A week: who waits longer has no deadline. */
const MAX_DEADLINE_SECONDS = 604_800;

function show(
  context: CliContext,
  operation: Operation,
  json: true | undefined,
): void {
  if (json === true) printJson(context, operation);
  else context.out(`${describeOperation(operation)}\n`);
}

export function addCordon(program: Command, context: CliContext): void {
  withClientFlags(program.command("cordon"))
    .description("place no new VMs on a worker; what runs there goes on")
    .argument("<worker>", "which")
    .option("--reason <text>", "why, for whoever looks at it", "")
    .addHelpText("after", examples('cordon w1 --reason "new disks"'))
    .action((worker, flags) =>
      withMaster(context, flags, async (master) => {
        const operation = await master.cordon(worker, flags.reason);
        show(context, operation, flags.json);
      })
    );
}

export function addUncordon(program: Command, context: CliContext): void {
  withClientFlags(program.command("uncordon"))
    .description("place VMs on a worker again")
    .argument("<worker>", "which")
    .addHelpText("after", examples("uncordon w1"))
    .action((worker, flags) =>
      withMaster(context, flags, async (master) => {
        show(context, await master.uncordon(worker), flags.json);
      })
    );
}

export function addDrain(program: Command, context: CliContext): void {
  withClientFlags(program.command("drain"))
    .description(
      "cordon a worker and move its VMs away, as their availability allows",
    )
    .argument("<worker>", "which")
    .option(
      "--deadline <seconds>",
      "then it fails, or with --force ends what is left",
      wholeNumber(1, MAX_DEADLINE_SECONDS),
    )
    .option(
      "--force",
      "give up availability and volumes: at the deadline, or at once without one",
    )
    .option("--reason <text>", "why, for whoever looks at it", "")
    .option("--no-wait", "do not wait until it is empty")
    .addHelpText(
      "after",
      examples(
        "drain w1",
        "drain w1 --deadline 600 --force",
        "drain w1 --no-wait --json",
      ) +
        "\n\nStopping this command does not stop the drain: procurator cancel ID does.",
    )
    .action(async (worker, flags) => {
      const operation = await withMaster(
        context,
        flags,
        (master) =>
          master.drain(worker, {
            deadlineMs: (flags.deadline ?? 0) * 1000,
            force: flags.force === true,
            reason: flags.reason,
          }),
      );
      await reportOperation(context, operation, flags);
    });
}

/** Below `worker`, which runs the role. */
export function addWorkerRemove(program: Command, context: CliContext): void {
  const worker = commandNamed(program, "worker");
  withClientFlags(worker.command("remove"))
    .description(
      "forget a lost worker without VMs; volumes that were on it are given up",
    )
    .argument("<worker>", "which")
    .addHelpText("after", examples("worker remove w1"))
    .action((name, _flags, command) => {
      // Flags that the role has as well are taken by the word before.
      const flags = command.optsWithGlobals();
      return withMaster(context, flags, async (master) => {
        show(context, await master.removeWorker(name), flags.json);
      });
    });
}
