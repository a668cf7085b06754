/**
 * `rollback`, `resume`, `retry`: which published generation is active.
 *
 * @module
 */
import type { Command } from "@commander-js/extra-typings";
import type { ClusterStatus } from "../../model/mod.ts";
import type { CliContext } from "../context.ts";
import {
  describeResume,
  describeRetry,
  describeRollback,
  formatStatus,
} from "../core/status_view.ts";
import {
  examples,
  generationNumber,
  printJson,
  withClientFlags,
  withCluster,
  withMaster,
} from "../flags.ts";

/** What was done in a line, then the cluster as it is now. */
function report(
  context: CliContext,
  line: string,
  { status, json }: { status: ClusterStatus; json?: true | undefined },
): void {
  if (json === true) printJson(context, status);
  else context.out(`${line}\n${formatStatus(status, context.paint)}`);
}

export function addRollback(program: Command, context: CliContext): void {
  withCluster(withClientFlags(program.command("rollback")))
    .description("make an older generation active and hold it until `resume`")
    .argument(
      "[generation]",
      "which; the last active one when not given",
      generationNumber,
    )
    .addHelpText("after", examples("rollback", "rollback 7"))
    .action((generation, flags) =>
      withMaster(context, flags, async (master) => {
        const status = await master.rollback(
          flags.cluster ?? "",
          generation ?? 0,
        );
        report(context, describeRollback(status), { ...flags, status });
      })
    );
}

export function addResume(program: Command, context: CliContext): void {
  withCluster(withClientFlags(program.command("resume")))
    .description("end a hold: roll out what was published meanwhile")
    .addHelpText("after", examples("resume"))
    .action((flags) =>
      withMaster(context, flags, async (master) => {
        const before = await master.status(flags.cluster ?? "");
        const status = await master.resume(before.cluster);
        report(context, describeResume(before, status), { ...flags, status });
      })
    );
}

export function addRetry(program: Command, context: CliContext): void {
  withCluster(withClientFlags(program.command("retry")))
    .description("forget that a generation failed and roll it out again")
    .argument("<generation>", "which", generationNumber)
    .addHelpText("after", examples("retry 8"))
    .action((generation, flags) =>
      withMaster(context, flags, async (master) => {
        const status = await master.retry(flags.cluster ?? "", generation);
        const line = describeRetry(status, generation);
        report(context, line, { ...flags, status });
      })
    );
}
