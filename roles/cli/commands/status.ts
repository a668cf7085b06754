/**
 * `status`: desired, observed, drift and convergence of a cluster.
 *
 * @module
 */
import type { Command } from "@commander-js/extra-typings";
import { AppError, type ClusterStatus } from "../../model/mod.ts";
import type { Operation } from "../../model/operation.ts";
import type { CliContext } from "../context.ts";
import { formatStatus, isConverged } from "../core/status_view.ts";
import { masterTarget } from "../client_config.ts";
import {
  examples,
  printJson,
  wholeNumber,
  withClientFlags,
  withCluster,
} from "../flags.ts";
import type { MasterTarget } from "../master_client.ts";

/** Between two looks: a change is seen before a reader wonders. */
const LOOK_EVERY_MS = 500;
/** More than run at a time. */
const MAX_OPERATIONS = 1000;
/** A day: longer waits belong to a monitor. */
const MAX_WAIT_SECONDS = 86_400;
/** Clears the terminal and goes home. */
const CLEAR = "\x1b[H\x1b[2J";

interface StatusFlags {
  cluster?: string | undefined;
  json?: true | undefined;
  watch?: true | undefined;
  wait?: number | undefined;
}

async function look(
  context: CliContext,
  target: MasterTarget,
  cluster: string,
): Promise<ClusterStatus> {
  await using master = await context.connectMaster(target);
  return await master.status(cluster);
}

/** The operations that run, for people: the JSON is the cluster's alone. */
async function runningOperations(
  context: CliContext,
  target: MasterTarget,
): Promise<Operation[]> {
  await using master = await context.connectMaster(target);
  const newest = await master.operations(MAX_OPERATIONS);
  return newest.filter(({ state }) => state === "running");
}

async function show(
  context: CliContext,
  target: MasterTarget,
  { status, json }: { status: ClusterStatus; json: boolean },
): Promise<void> {
  if (json) return printJson(context, status);
  const operations = await runningOperations(context, target);
  context.out(formatStatus(status, context.paint, operations));
}

/** What waiting can mend: a master that starts, a cluster before its first publish. */
const PASSING: readonly string[] = ["unavailable", "not_found"];

/** Looks until `seen` says so, or the time is over. */
async function lookUntil(
  context: CliContext,
  options: {
    look: () => Promise<ClusterStatus>;
    deadlineMs: number;
    seen: (status: ClusterStatus) => boolean;
  },
): Promise<ClusterStatus> {
  let last: ClusterStatus | AppError | undefined;
  do {
    try {
      last = await options.look();
      if (options.seen(last)) return last;
    } catch (error) {
      if (!(error instanceof AppError) || !PASSING.includes(error.code)) {
        throw error;
      }
      last = error;
    }
    await context.clock.sleep(LOOK_EVERY_MS);
  } while (context.clock.bootMs() < options.deadlineMs);
  if (last instanceof AppError) throw last;
  return last;
}

async function waitForConvergence(
  context: CliContext,
  target: MasterTarget,
  flags: StatusFlags & { wait: number },
): Promise<void> {
  const status = await lookUntil(context, {
    look: () => look(context, target, flags.cluster ?? ""),
    deadlineMs: context.clock.bootMs() + flags.wait * 1000,
    seen: isConverged,
  });
  await show(context, target, { status, json: flags.json === true });
  if (isConverged(status)) return;
  context.exitStatus = 4;
  if (flags.json !== true) {
    context.err(`not converged within ${flags.wait} s\n`);
  }
}

async function watch(
  context: CliContext,
  target: MasterTarget,
  flags: StatusFlags,
): Promise<void> {
  let shown = "";
  const stopped = context.untilStopped().then(() => {
    shown = "stopped";
  });
  const once = async () => {
    const status = await look(context, target, flags.cluster ?? "");
    const text = flags.json === true
      ? `${JSON.stringify(status)}\n`
      : formatStatus(
        status,
        context.paint,
        await runningOperations(context, target),
      );
    if (text === shown || shown === "stopped") return status;
    shown = text;
    context.out(context.terminal && flags.json !== true ? CLEAR + text : text);
    return status;
  };
  await Promise.race([
    stopped,
    lookUntil(context, {
      look: once,
      deadlineMs: Infinity,
      seen: () => shown === "stopped",
    }),
  ]);
}

export function addStatus(program: Command, context: CliContext): void {
  withCluster(withClientFlags(program.command("status")))
    .description("show what runs, what should, and how far it has come")
    .option(
      "--watch",
      "show it again whenever it changes (with --json: a line each time)",
    )
    .option(
      "--wait <seconds>",
      "wait until it has converged; exits 4 when it has not in time",
      wholeNumber(0, MAX_WAIT_SECONDS),
    )
    .addHelpText("after", examples("status", "status --wait 60 --json"))
    .action(async (flags) => {
      const target = await masterTarget(flags, context.env);
      if (flags.wait !== undefined) {
        return await waitForConvergence(context, target, {
          ...flags,
          wait: flags.wait,
        });
      }
      if (flags.watch === true) return await watch(context, target, flags);
      const status = await look(context, target, flags.cluster ?? "");
      await show(context, target, { status, json: flags.json === true });
    });
}
