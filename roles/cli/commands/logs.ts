/**
 * `logs VM`: a VM's serial console, asked of the worker that runs it: the end
 * of it, one boot's, or as it grows, over restarts of the VM, its worker and
 * the master.
 *
 * @module
 */
import type { Command } from "@commander-js/extra-typings";
import { AppError } from "../../model/errors.ts";
import { type ClientFlags, masterTarget } from "../client_config.ts";
import type { CliContext } from "../context.ts";
import {
  type Followed,
  followed,
  type FollowState,
  lostCopy,
  nextRequest,
  tailOf,
  type Wanted,
} from "../core/log_follow.ts";
import { plainLines } from "../core/table.ts";
import {
  examples,
  generationNumber,
  printJson,
  wholeNumber,
  withClientFlags,
  withMaster,
} from "../flags.ts";
import { vmIdOf } from "../vm_flags.ts";
import type { MasterClient } from "../master_client.ts";

/** What one answer may carry. */
const MAX_BYTES = 16 * 1024 * 1024;
/** Between two looks for a newer boot, or for a master that is away. */
const RETRY_MS = 1000;

interface LogFlags extends ClientFlags {
  bytes: number;
  follow?: true | undefined;
  generation?: number | undefined;
  boot?: number | undefined;
  json?: true | undefined;
}

/** Where the pieces go: text for people and pipes, a line of JSON for programs. */
class LogPrinter {
  readonly #context: CliContext;
  readonly #vm: string;
  readonly #json: boolean;
  /** Of the boot that is shown: a letter may come in two pieces. */
  #decoder = new TextDecoder();

  constructor(context: CliContext, vm: string, json: boolean) {
    this.#context = context;
    this.#vm = vm;
    this.#json = json;
  }

  note(text: string): void {
    if (!this.#json) this.#context.err(`${text}\n`);
  }

  show({ state, bytes, dropped, note }: Followed): void {
    if (note !== null) {
      this.#decoder = new TextDecoder();
      this.note(note);
    }
    if (dropped > 0) this.note(`(${dropped} bytes dropped)`);
    if (state.kind === "first") return;
    // A program is told of a boot that begins as people are, by an empty line of it.
    if (bytes.length === 0 && !(this.#json && note !== null)) return;
    if (this.#json) {
      const { incarnation, boot, generation, offset } = state;
      const text = this.#decoder.decode(bytes, { stream: true });
      const place = { incarnation, boot, generation, offset };
      const line = { vm: this.#vm, ...place, dropped, text };
      this.#context.out(`${JSON.stringify(line)}\n`);
    } else if (this.#context.terminal) {
      this.#context.out(
        plainLines(this.#decoder.decode(bytes, { stream: true })),
      );
    } else this.#context.outBytes(bytes);
  }
}

/** Reads one boot to where it is now; its last bytes are shown as one piece. */
async function readToEnd(
  master: MasterClient,
  wanted: Wanted,
  { bytes: max, signal }: { bytes: number; signal: AbortSignal },
): Promise<Followed> {
  let state: FollowState = { kind: "first" };
  let pieces: Uint8Array[] = [];
  let dropped = 0;
  for (;;) {
    const request = nextRequest(state, wanted, { waits: false });
    const step = followed(state, await master.readLog(request, signal));
    state = step.state;
    dropped += step.dropped;
    pieces.push(step.bytes);
    const { bytes, before } = tailOf(pieces, max);
    pieces = [bytes];
    // What came before is not lost, just not asked for.
    dropped = before > 0 ? 0 : dropped;
    if (step.isCaughtUp) return { ...step, bytes, dropped };
  }
}

/** Follows until the user stops it. */
async function follow(
  context: CliContext,
  wanted: Wanted,
  flags: LogFlags,
): Promise<void> {
  const printer = new LogPrinter(context, wanted.vm, flags.json === true);
  const target = await masterTarget(flags, context.env);
  const stopped = new AbortController();
  void context.untilStopped().then(() => stopped.abort());
  const { signal } = stopped;
  let state: FollowState = { kind: "first" };
  let said = "";
  const say = (text: string) => {
    if (text !== said) printer.note(text);
    said = text;
  };
  const step = async (master: MasterClient) => {
    // After a pause it is told at once that it goes on, be there more or not.
    const waits = said === "";
    const next: Followed = state.kind === "first"
      ? await readToEnd(master, wanted, { bytes: flags.bytes, signal })
      : followed(
        state,
        await master.readLog(nextRequest(state, wanted, { waits }), signal),
      );
    if (!waits && !next.isIdle) {
      printer.note("followed again");
      said = "";
    }
    printer.show(next);
    state = next.state;
    if (next.isIdle) await context.clock.sleep(RETRY_MS, signal);
  };
  while (!signal.aborted) {
    try {
      await using master = await context.connectMaster(target);
      while (!signal.aborted) await step(master);
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof AppError)) throw error;
      const isAway = error.code === "unavailable" || error.code === "timeout";
      const isGone = error.code === "not_found";
      // Who never was there is told of at once.
      if (state.kind === "first" || !(isAway || isGone)) throw error;
      if (isGone) state = lostCopy(state);
      say(`${error.message}; waiting`);
      await context.clock.sleep(RETRY_MS, signal);
    }
  }
}

/** The end of the newest log, as the worker keeps it over boots. */
async function showEnd(
  context: CliContext,
  vm: string,
  flags: LogFlags,
): Promise<void> {
  await withMaster(context, flags, async (master) => {
    const { text, truncated } = await master.logs(vm, flags.bytes);
    if (flags.json === true) return printJson(context, { vm, text, truncated });
    if (truncated) context.err(`(the last ${flags.bytes} bytes)\n`);
    const shown = context.terminal ? plainLines(text) : text;
    context.out(shown === "" || shown.endsWith("\n") ? shown : `${shown}\n`);
  });
}

/** One boot's log, up to now. */
async function showBoot(
  context: CliContext,
  wanted: Wanted,
  flags: LogFlags,
): Promise<void> {
  await withMaster(context, flags, async (master) => {
    const { signal } = new AbortController();
    const end = await readToEnd(master, wanted, { ...flags, signal });
    const printer = new LogPrinter(context, wanted.vm, flags.json === true);
    if (end.state.kind !== "first") {
      const { boot, generation } = end.state;
      printer.note(`--- boot ${boot}, generation ${generation} ---`);
    }
    printer.show(end);
  });
}

export function addLogs(program: Command, context: CliContext): void {
  withClientFlags(program.command("logs <vm>"))
    .description("print a VM's console: its end, or as it grows")
    .option("-f, --follow", "go on as more is written; Ctrl-C ends it")
    .option(
      "--generation <number>",
      "of the newest boot of this generation",
      generationNumber,
    )
    .option(
      "--boot <number>",
      "of this boot of the copy that runs, counted from 1",
      wholeNumber(1, Number.MAX_SAFE_INTEGER),
    )
    .option(
      "--bytes <count>",
      "begin with at most so much of what is there",
      wholeNumber(1, MAX_BYTES),
      65_536,
    )
    .addHelpText(
      "after",
      examples(
        "logs shop/web-0",
        "logs -f shop/web-0",
        "logs shop/web-0 --generation 3",
        "logs -f shop/web-0 --json",
      ),
    )
    .action(async (vm, flags) => {
      const { generation = 0, boot = 0 } = flags;
      const wanted = { vm: vmIdOf(vm), generation, boot };
      if (flags.follow === true) return await follow(context, wanted, flags);
      if (generation === 0 && boot === 0) {
        return await showEnd(context, wanted.vm, flags);
      }
      await showBoot(context, wanted, flags);
    });
}
