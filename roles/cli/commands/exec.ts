/**
 * `exec VM -- COMMAND`: a command inside a guest, as if it were run here: its
 * output, its input with `-i`, its exit status.
 *
 * @module
 */
import type { Command } from "@commander-js/extra-typings";
import { errorBody } from "../../http/core/error_body.ts";
import { AppError, formatError } from "../../model/errors.ts";
import { type ClientFlags } from "../client_config.ts";
import type { CliContext } from "../context.ts";
import { EXEC_STATUS_HELP, execStatus, NOT_RUN } from "../core/exec_status.ts";
import { plainLines } from "../core/table.ts";
import { examples, printJson, withClientFlags, withMaster } from "../flags.ts";
import { durationBetween } from "../duration_flag.ts";
import { vmIdOf } from "../vm_flags.ts";
import type { RunningCommand } from "../vm_client.ts";

/** A week: what runs longer belongs into the image. */
const MAX_TIMEOUT_MS = 7 * 86_400_000;
/** What is sent at once. */
const MAX_PIECE_BYTES = 32 * 1024;
/** Of each stream, collected for --json. */
const MAX_COLLECTED_BYTES = 4 * 1024 * 1024;
/** 128 and SIGINT: the user ended it. */
const STOPPED = 130;

interface ExecFlags extends ClientFlags {
  interactive?: true | undefined;
  timeout?: number | undefined;
  json?: true | undefined;
}

/** Sends what is typed, until its end or that of the command. */
async function sendInput(
  context: CliContext,
  command: RunningCommand,
): Promise<void> {
  for await (const chunk of context.input()) {
    for (let at = 0; at < chunk.length; at += MAX_PIECE_BYTES) {
      await command.write(chunk.subarray(at, at + MAX_PIECE_BYTES));
    }
  }
  await command.closeInput();
}

/** Output for --json: the beginning of each stream. */
class Collected {
  readonly #parts: { isError: boolean; bytes: Uint8Array }[] = [];
  #room = { out: MAX_COLLECTED_BYTES, err: MAX_COLLECTED_BYTES };
  truncated = false;

  take(isError: boolean, bytes: Uint8Array): void {
    const key = isError ? "err" : "out";
    const kept = bytes.slice(0, this.#room[key]);
    this.#room[key] -= kept.length;
    this.truncated ||= kept.length < bytes.length;
    this.#parts.push({ isError, bytes: kept });
  }

  text(isError: boolean): string {
    const decoder = new TextDecoder();
    return this.#parts.filter((part) => part.isError === isError)
      .map(({ bytes }) => decoder.decode(bytes, { stream: true })).join("") +
      decoder.decode();
  }
}

async function run(
  context: CliContext,
  vm: string,
  { command, flags }: { command: readonly string[]; flags: ExecFlags },
): Promise<void> {
  const isJson = flags.json === true;
  const collected = new Collected();
  const take = (isError: boolean, bytes: Uint8Array) => {
    if (isJson) collected.take(isError, bytes);
    else if (isError) context.errBytes(bytes);
    else context.outBytes(bytes);
  };
  await withMaster(context, flags, async (master) => {
    const timeoutMs = flags.timeout ?? 0;
    using running = await master.exec(vm, command, { timeoutMs, take });
    const input = flags.interactive === true
      ? sendInput(context, running)
      : running.closeInput();
    // A command that ends before its input does is no failure of ours.
    input.catch(() => undefined);
    const end = await Promise.race([running.ended, context.untilStopped()]);
    if (end === undefined) {
      context.exitStatus = STOPPED;
      return;
    }
    context.exitStatus = execStatus(end);
    if (isJson) {
      printJson(context, {
        vm,
        ...end,
        stdout: collected.text(false),
        stderr: collected.text(true),
        truncated: collected.truncated,
      });
    } else if (end.code < 0) context.err(`${plainLines(end.message)}\n`);
  });
}

/**
 * A flag that is meant for the command and is one of ours as well, as in
 * `exec shop/web-0 grep -i word`, would be taken from it without a word.
 *
 * @throws {AppError} `usage`.
 */
function assertTellable(argv: readonly string[]): void {
  if (argv.includes("--")) return;
  const vm = argv.findIndex((word) => /^[^-].*\//.test(word));
  const after = vm < 0 ? [] : argv.slice(vm + 1);
  const isFlag = (word: string) => word.startsWith("-") && word !== "-";
  if (!after.some(isFlag) || after.every(isFlag)) return;
  throw new AppError(
    "usage",
    "Cannot tell the flags of the command from those of exec",
    { hint: `put -- before the command: exec ${argv[vm]} -- COMMAND` },
  );
}

export function addExec(program: Command, context: CliContext): void {
  const parse = program.parseOptions.bind(program);
  // Here all words are still there, and in their order.
  program.parseOptions = (argv) => {
    if (argv[0] === "exec") assertTellable(argv.slice(1));
    return parse(argv);
  };
  withClientFlags(program.command("exec"))
    .argument("<vm>", "in which")
    .argument("<command...>", "what, after --")
    .description("run a command inside a VM, over its guest channel")
    .option("-i, --interactive", "give it what comes on standard input")
    .option(
      "--timeout <duration>",
      "end it after so long: 30s, 5m, 1h",
      durationBetween(1000, MAX_TIMEOUT_MS),
    )
    .addHelpText(
      "after",
      examples(
        "exec shop/web-0 -- uname -r",
        "exec shop/web-0 --timeout 30s -- sh -c 'df -h; free'",
        "exec shop/db-0 -i -- psql < dump.sql",
      ) + `\n${EXEC_STATUS_HELP}` +
        "\n\nThe words are run as they are; for a shell's words run a shell. Whoever may" +
        "\nread the audit sees them: give secrets on standard input.",
    )
    .action(async (vm, command, flags) => {
      const id = vmIdOf(vm);
      try {
        await run(context, id, { command, flags });
      } catch (error) {
        if (!(error instanceof AppError)) throw error;
        // Everything else is the command's own to say.
        context.exitStatus = NOT_RUN;
        if (flags.json === true) printJson(context, errorBody(error));
        else context.err(`${plainLines(formatError(error))}\n`);
      }
    });
}
