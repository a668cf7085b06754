/**
 * `operations`, `cancel`, `rebalance`: what was asked of the master and goes
 * on by itself.
 *
 * @module
 */
import type { Command } from "@commander-js/extra-typings";
import type { CliContext } from "../context.ts";
import {
  describeOperation,
  formatOperations,
  formatRebalance,
} from "../core/operation_view.ts";
import {
  examples,
  printJson,
  wholeNumber,
  withClientFlags,
  withCluster,
  withMaster,
} from "../flags.ts";
import { reportOperation } from "../operation_wait.ts";

/** More than a master keeps. */
const MAX_LIMIT = 1000;
/** What one record holds. */
const MAX_MOVES = 1000;
/** An evening's worth; a larger one is asked for. */
const DEFAULT_MOVES = 20;

export function addOperations(program: Command, context: CliContext): void {
  withClientFlags(program.command("operations"))
    .description("list what operators asked for, newest first")
    .argument("[id]", "one of them")
    .option("--limit <count>", "how many", wholeNumber(1, MAX_LIMIT), 20)
    .addHelpText(
      "after",
      examples("operations", "operations drain-17", "operations --json"),
    )
    .action((id, flags) =>
      withMaster(context, flags, async (master) => {
        const list = id === undefined
          ? await master.operations(flags.limit)
          : [await master.operation(id)];
        if (flags.json === true) {
          printJson(context, id === undefined ? list : list[0]);
        } else {
          context.out(
            formatOperations(list, context.clock.now(), context.paint),
          );
        }
      })
    );
}

export function addCancel(program: Command, context: CliContext): void {
  withClientFlags(program.command("cancel"))
    .description("stop what has not happened yet of a drain or a rebalance")
    .argument("<operation>", "its id, as `operations` shows it")
    .addHelpText("after", examples("cancel drain-17"))
    .action((id, flags) =>
      withMaster(context, flags, async (master) => {
        const operation = await master.cancel(id);
        if (flags.json === true) printJson(context, operation);
        else context.out(`${describeOperation(operation)}\n`);
      })
    );
}

export function addRebalance(program: Command, context: CliContext): void {
  withCluster(withClientFlags(program.command("rebalance")))
    .description(
      "show moves that would place a cluster's VMs better; nothing is done without --apply",
    )
    .option("--apply", "do it, a few moves at a time")
    .option(
      "--max-moves <count>",
      "at most so many",
      wholeNumber(1, MAX_MOVES),
      DEFAULT_MOVES,
    )
    .option("--no-wait", "with --apply: do not wait until it has ended")
    .addHelpText(
      "after",
      examples("rebalance", "rebalance --apply --max-moves 5") +
        "\n\nStopping this command does not stop the moves: procurator cancel ID does.",
    )
    .action(async (flags) => {
      const apply = flags.apply === true;
      const { proposal, operation } = await withMaster(
        context,
        flags,
        (master) =>
          master.rebalance(flags.cluster ?? "", {
            maxMoves: flags.maxMoves,
            apply,
          }),
      );
      if (operation === null) {
        if (flags.json === true) return printJson(context, proposal);
        const hint = apply || proposal.moves.length === 0
          ? ""
          : "nothing was done; do it with: procurator rebalance --apply\n";
        return context.out(formatRebalance(proposal, context.paint) + hint);
      }
      if (flags.json !== true) {
        context.err(formatRebalance(proposal, context.paint));
      }
      await reportOperation(context, operation, flags);
    });
}
