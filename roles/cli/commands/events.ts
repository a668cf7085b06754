/**
 * `events` and `audit`: what happened, and who asked for it.
 *
 * @module
 */
import {
  type Command,
  InvalidArgumentError,
} from "@commander-js/extra-typings";
import { AppError } from "../../model/errors.ts";
import { type Event, EventTopic } from "../../model/event.ts";
import { type ClientFlags, masterTarget } from "../client_config.ts";
import type { CliContext } from "../context.ts";
import { formatAudit, formatEvent } from "../core/operation_view.ts";
import {
  examples,
  wholeNumber,
  withClientFlags,
  withCluster,
} from "../flags.ts";
import type { EventsFilter } from "../operator_client.ts";

/** A screen of the newest, where nobody says how many. */
const DEFAULT_TAIL = 50;
const MAX_TAIL = 10_000;
/** Until the next try of a master that went away. */
const RETRY_MS = 1000;

interface ReadFlags extends ClientFlags {
  json?: true | undefined;
  follow?: true | undefined;
  after?: number | undefined;
  tail?: number | undefined;
  cluster?: string | undefined;
}

function topic(text: string, before: string[] | undefined): string[] {
  const topics = text.split(",");
  for (const each of topics) {
    if (!EventTopic.safeParse(each).success) {
      throw new InvalidArgumentError(
        `It must be one of ${EventTopic.options.join(", ")}.`,
      );
    }
  }
  return [...before ?? [], ...topics];
}

/** Reads, and with follow reads on: also when the master was away meanwhile. */
async function read(
  context: CliContext,
  flags: ReadFlags,
  options: {
    topics: readonly string[];
    audit: boolean;
    format: (event: Event) => string;
  },
): Promise<void> {
  const { topics, audit, format } = options;
  const target = await masterTarget(flags, context.env);
  const follow = flags.follow === true;
  const stopped = new AbortController();
  if (follow) void context.untilStopped().then(() => stopped.abort());
  const filter: EventsFilter = {
    after: flags.after ?? 0,
    follow,
    topics,
    cluster: flags.cluster ?? "",
    audit,
    tail: flags.after === undefined ? flags.tail ?? DEFAULT_TAIL : 0,
  };
  const take = (events: Event[]) => {
    for (const event of events) {
      context.out(
        flags.json === true ? `${JSON.stringify(event)}\n` : format(event),
      );
      filter.after = event.index;
      filter.tail = 0;
    }
  };
  for (let seen = false;;) {
    try {
      await using master = await context.connectMaster(target);
      await master.events(filter, { take, signal: stopped.signal });
      seen = true;
    } catch (error) {
      const isAway = error instanceof AppError && error.code === "unavailable";
      // Who never was there is told of at once.
      if (
        !isAway || !follow || (!seen && filter.after === (flags.after ?? 0))
      ) {
        throw error;
      }
    }
    if (!follow || stopped.signal.aborted) return;
    await context.clock.sleep(RETRY_MS, stopped.signal);
    if (stopped.signal.aborted) return;
  }
}

export function addEvents(program: Command, context: CliContext): void {
  withCluster(withClientFlags(program.command("events")))
    .description("show what happened, oldest first (with --json: a line each)")
    .option("-f, --follow", "go on as more happens")
    .option(
      "--topic <topic>",
      `only of ${EventTopic.options.join(", ")}; repeat it for several`,
      topic,
    )
    .option(
      "--after <index>",
      "everything that is kept after this one",
      wholeNumber(0, Number.MAX_SAFE_INTEGER),
    )
    .option(
      "--tail <count>",
      `so many of the newest (${DEFAULT_TAIL} when --after is not given)`,
      wholeNumber(1, MAX_TAIL),
    )
    .addHelpText(
      "after",
      examples(
        "events",
        "events --follow --topic vm --topic worker",
        "events --after 0 --json",
      ),
    )
    .action((flags) =>
      read(context, flags, {
        topics: flags.topic ?? [],
        audit: false,
        format: (event) => formatEvent(event, context.paint),
      })
    );
}

export function addAudit(program: Command, context: CliContext): void {
  withCluster(withClientFlags(program.command("audit")))
    .description(
      "show what somebody asked for, and who (with --json: a line each)",
    )
    .option("-f, --follow", "go on as more is asked for")
    .option(
      "--after <index>",
      "everything that is kept after this one",
      wholeNumber(0, Number.MAX_SAFE_INTEGER),
    )
    .option(
      "--tail <count>",
      `so many of the newest (${DEFAULT_TAIL} when --after is not given)`,
      wholeNumber(1, MAX_TAIL),
    )
    .addHelpText("after", examples("audit", "audit --after 0 --json"))
    .action((flags) =>
      read(context, flags, {
        topics: [],
        audit: true,
        format: (event) => formatAudit(event, context.paint),
      })
    );
}
