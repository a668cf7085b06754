/**
 * `rollback`, `resume`, `retry`: which published generation is active;
 * `pause`, `promote`, `fail`: what becomes of the rollout that is under way.
 *
 * @module
 */
import type { Command } from "@commander-js/extra-typings";
import type { ClusterStatus } from "../../model/mod.ts";
import type { CliContext } from "../context.ts";
import {
  describeFail,
  describePause,
  describePromote,
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
    .description(
      "end a hold, or a pause: roll out what was published meanwhile",
    )
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

export function addPause(program: Command, context: CliContext): void {
  withCluster(withClientFlags(program.command("pause")))
    .description(
      "let the running rollout take no further step until `resume`, `promote` or `fail`",
    )
    .option("--reason <text>", "why, for whoever looks at it", "")
    .addHelpText("after", examples('pause --reason "the day shift looks"'))
    .action((flags) =>
      withMaster(context, flags, async (master) => {
        const status = await master.pause(flags.cluster ?? "", flags.reason);
        report(context, describePause(status), { ...flags, status });
      })
    );
}

export function addPromote(program: Command, context: CliContext): void {
  withCluster(withClientFlags(program.command("promote")))
    .description(
      "let the canaries or green copies of the rollout become the main ones",
    )
    .addHelpText("after", examples("promote"))
    .action((flags) =>
      withMaster(context, flags, async (master) => {
        const status = await master.promote(flags.cluster ?? "");
        report(context, describePromote(status), { ...flags, status });
      })
    );
}

export function addFail(program: Command, context: CliContext): void {
  withCluster(withClientFlags(program.command("fail")))
    .description("end the running rollout as failed, as if a VM had failed it")
    .option("--reason <text>", "why: it is kept with the generation", "")
    .addHelpText("after", examples('fail --reason "orders are lost"'))
    .action((flags) =>
      withMaster(context, flags, async (master) => {
        const status = await master.fail(flags.cluster ?? "", flags.reason);
        report(context, describeFail(status), { ...flags, status });
      })
    );
}
