/**
 * Waiting for an operation that goes on by itself: progress in lines, and what
 * to do about one that is left alone.
 *
 * @module
 */
import { AppError } from "../model/errors.ts";
import type { Operation } from "../model/operation.ts";
import { type ClientFlags, masterTarget } from "./client_config.ts";
import type { CliContext } from "./context.ts";
import { describeOperation } from "./core/operation_view.ts";
import { printJson } from "./flags.ts";

/** Between two looks: a change is seen before a reader wonders. */
const LOOK_EVERY_MS = 500;

interface WaitFlags extends ClientFlags {
  json?: true | undefined;
}

/** Looks until it has ended; null when the user stops waiting. */
async function untilEnded(
  context: CliContext,
  first: Operation,
  flags: WaitFlags,
): Promise<Operation | null> {
  const target = await masterTarget(flags, context.env);
  let isStopped = false;
  const stopped = context.untilStopped().then(() => {
    isStopped = true;
    return null;
  });
  let said = "";
  const say = (line: string) => {
    if (flags.json === true || line === said) return;
    said = line;
    context.err(`${line}\n`);
  };
  const look = async (): Promise<Operation | null> => {
    let operation = first;
    while (!isStopped && operation.state === "running") {
      say(describeOperation(operation));
      await context.clock.sleep(LOOK_EVERY_MS);
      try {
        await using master = await context.connectMaster(target);
        operation = await master.operation(first.id);
      } catch (error) {
        // The record is the master's: it goes on with it when it is back.
        if (!(error instanceof AppError) || error.code !== "unavailable") {
          throw error;
        }
        say("the master does not answer; it goes on when it is back");
      }
    }
    return isStopped ? null : operation;
  };
  return await Promise.race([stopped, look()]);
}

/** What it came to, on standard output, and the exit status. */
function report(
  context: CliContext,
  operation: Operation,
  flags: WaitFlags,
): void {
  if (flags.json === true) printJson(context, operation);
  else context.out(`${describeOperation(operation)}\n`);
  if (operation.state === "failed" || operation.state === "cancelled") {
    context.exitStatus = 1;
  }
}

/**
 * Reports an operation, at once or when it has ended. A user who stops
 * waiting is told that it goes on, and how to cancel it; the exit status is 4.
 */
export async function reportOperation(
  context: CliContext,
  operation: Operation,
  flags: WaitFlags & { wait: boolean },
): Promise<void> {
  if (!flags.wait || operation.state !== "running") {
    return report(context, operation, flags);
  }
  const ended = await untilEnded(context, operation, flags);
  if (ended !== null) return report(context, ended, flags);
  context.exitStatus = 4;
  context.err(
    `${operation.kind} goes on; stop it with: procurator cancel ${operation.id}\n`,
  );
}
