/**
 * `console VM`: the VM's console in this terminal, both ways.
 *
 * @module
 */
import type { Command } from "@commander-js/extra-typings";
import { AppError } from "../../model/errors.ts";
import { type ClientFlags } from "../client_config.ts";
import type { CliContext } from "../context.ts";
import {
  ESCAPE_HELP,
  type EscapeState,
  takeKeys,
} from "../core/console_escape.ts";
import { plainLines } from "../core/table.ts";
import { examples, withClientFlags, withMaster } from "../flags.ts";
import { vmIdOf } from "../vm_flags.ts";
import type { RawTerminal } from "../raw_terminal.ts";
import { TypedAhead } from "../typed_ahead.ts";

/** What a serial line's other end believes: nobody tells it the window's size. */
const SERIAL_WINDOW = { columns: 80, rows: 24 };

/** What was typed before the way out is still sent, unless the other end hangs. */
const MAX_LEAVE_MS = 1000;
/** Keys that are lost, as a terminal tells of them. */
const BELL = "\x07";

interface ConsoleFlags extends ClientFlags {
  watch?: true | undefined;
}

function sizeNote({ columns, rows }: { columns: number; rows: number }) {
  const isSmall = columns < SERIAL_WINDOW.columns ||
    rows < SERIAL_WINDOW.rows;
  return isSmall
    ? `the guest believes in ${SERIAL_WINDOW.columns}x${SERIAL_WINDOW.rows}; tell it with: stty cols ${columns} rows ${rows}\r\n`
    : "";
}

/** Keys to the guest, until the user detaches or input ends. */
async function type(
  context: CliContext,
  terminal: RawTerminal,
  typed: TypedAhead,
): Promise<void> {
  let state: EscapeState = "lineStart";
  for (;;) {
    const pressed = await terminal.read();
    if (pressed === null) return await leave(context, typed);
    const keys = takeKeys(state, pressed);
    state = keys.state;
    if (!typed.push(keys.send)) context.err(BELL);
    for (const asked of keys.asked) {
      if (asked === "detach") return await leave(context, typed);
      context.err(`\r\n${ESCAPE_HELP}`);
    }
  }
}

async function leave({ clock }: CliContext, typed: TypedAhead): Promise<void> {
  const left = new AbortController();
  try {
    await Promise.race([typed.sent, clock.sleep(MAX_LEAVE_MS, left.signal)]);
  } finally {
    left.abort("it is left");
  }
}

function openTerminal(context: CliContext): RawTerminal {
  const terminal = context.openTerminal();
  if (terminal !== null) return terminal;
  throw new AppError(
    "usage",
    "Cannot attach: input or output is no terminal",
    {
      hint:
        "look on with --watch or `logs -f`; run a command with `exec VM -- COMMAND`",
    },
  );
}

/**
 * Only what comes; keys stay here. A terminal answers some sequences as if its
 * user had typed: with nobody to send that to, the shell would be given it.
 */
async function watch(
  context: CliContext,
  vm: string,
  flags: ConsoleFlags,
): Promise<void> {
  const decoder = new TextDecoder();
  const show = (bytes: Uint8Array) => {
    if (!context.terminal) return context.outBytes(bytes);
    context.out(plainLines(decoder.decode(bytes, { stream: true })));
  };
  await withMaster(context, flags, async (master) => {
    using attached = await master.console(vm, show);
    const why = await Promise.race([attached.ended, context.untilStopped()]);
    if (typeof why === "string") ended(context, why, "\n");
  });
}

/** Says why nothing more comes; a guest's own end is no failure. */
function ended(context: CliContext, why: string, newline: string): void {
  context.err(
    `${newline}${why === "" ? "the guest has ended" : why}${newline}`,
  );
  if (why !== "") context.exitStatus = 1;
}

/** Says once how to leave, before the guest's first words. */
function greeter(context: CliContext, vm: string, terminal: RawTerminal) {
  let isSaid = false;
  return () => {
    if (isSaid) return;
    isSaid = true;
    context.err(
      `attached to ${vm}; leave with ~. at the beginning of a line\r\n${
        sizeNote(terminal.size())
      }`,
    );
  };
}

async function attach(
  context: CliContext,
  vm: string,
  flags: ConsoleFlags,
): Promise<void> {
  // Before anybody is asked: an act is recorded.
  const terminal = openTerminal(context);
  const greet = greeter(context, vm, terminal);
  let isRestored = false;
  const restore = () => {
    if (!isRestored) terminal[Symbol.dispose]();
    isRestored = true;
  };
  try {
    await withMaster(context, flags, async (master) => {
      using attached = await master.console(vm, (bytes) => {
        greet();
        context.outBytes(bytes);
      });
      greet();
      const typed = new TypedAhead((keys) => attached.write(keys));
      try {
        const why = await Promise.race([
          attached.ended,
          typed.failed,
          type(context, terminal, typed),
          context.untilStopped(),
        ]);
        restore();
        if (typeof why === "string") ended(context, why, "\r\n");
        else context.err("\r\ndetached\n");
      } catch (error) {
        // Whatever the guest wrote last, the reason gets a line of its own.
        context.err("\r\n");
        throw error;
      }
    });
  } finally {
    restore();
  }
}

export function addConsole(program: Command, context: CliContext): void {
  withClientFlags(program.command("console <vm>"))
    .description("attach this terminal to a VM's console; ~. leaves it")
    .option(
      "--watch",
      "only look, without colours: nothing that is typed goes to the guest",
    )
    .addHelpText(
      "after",
      examples("console shop/web-0", "console shop/web-0 --watch") +
        "\n\nAttaching shows the last that was written. ~. at the beginning of a line" +
        "\nleaves, ~~ is a ~ for the guest, ~? tells of them. Ctrl-C goes to the guest.",
    )
    .action((vm, flags) =>
      (flags.watch === true ? watch : attach)(context, vmIdOf(vm), flags)
    );
}
