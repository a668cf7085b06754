/**
 * The inside of a simulated guest: an agent on the guest channel that knows a
 * few commands, so that a guest can be reached into without a machine. Pure.
 *
 * `echo WORDS`, `true`, `false`, `cat` (its input), `sleep` (until it is ended),
 * `flood` (output without end); everything else is not there. A switch does as
 * the guest's script says.
 *
 * @module
 */
import {
  bytesOf,
  MAX_HOST_LINE,
  PROTOCOL_VERSION,
  wordOf,
} from "../../guest/core/frames.ts";
import { LineCutter } from "../../guest/core/lines.ts";

/** What a switch comes to: done, failed with code 1, or no answer ever. */
export type SwitchOutcome = "ok" | "fail" | "lost";
/** A window's worth: what an agent may send before it is told to go on. */
const WINDOW_PIECES = 4;
const KILLED = 137;

export class SimulatedAgent {
  readonly #switches: SwitchOutcome;
  readonly #agent: string;
  readonly #lines = new LineCutter(MAX_HOST_LINE);
  /** The names of those that run, by id. */
  readonly #commands = new Map<string, string>();
  #session = "";

  /** @param agent another word is another agent: of another boot. */
  constructor(agent: string, switches: SwitchOutcome) {
    this.#agent = agent;
    this.#switches = switches;
  }

  /** What it says to these bytes of the host. */
  hear(bytes: Uint8Array): string {
    return this.#lines.cut(bytes).map((line) => this.#answer(line)).join("");
  }

  #answer(line: string): string {
    const [kind, session = "", ...words] = line.split(" ");
    if (words.pop() !== ".") return "";
    const say = (...said: (string | number)[]) =>
      [said[0], session, ...said.slice(1), "."].join(" ") + "\n";
    const [id = "", ...args] = words;
    if (kind === "hello") {
      // Asked again in the midst of a command it is the same host.
      if (session !== this.#session) this.#commands.clear();
      this.#session = session;
      return say("ready", PROTOCOL_VERSION, this.#agent);
    }
    if (kind === "exec") {
      const [input, ...argv] = args;
      // It asks for the first piece of its input.
      const asks = input === "input" && textOf(argv[0] ?? "-") === "cat"
        ? say("took", id)
        : "";
      return this.#exec(say, id, argv.map(textOf)) + asks;
    }
    if (kind === "switch") {
      if (this.#switches === "lost") return "";
      return say("exit", id, this.#switches === "ok" ? 0 : 1);
    }
    const command = this.#commands.get(id);
    if (command === undefined) return "";
    switch (kind) {
      case "in":
        return say("out", id, args[0] ?? "-") + say("took", id);
      case "more":
        return command === "flood" ? say("out", id, noise()) : "";
      case "eof":
        return command === "cat" ? this.#end(say, id, 0) : "";
      case "kill":
        return this.#end(say, id, KILLED);
      default:
        return "";
    }
  }

  #exec(say: Say, id: string, [name = "", ...args]: string[]): string {
    switch (name) {
      case "echo":
        return say("out", id, textWord(`${args.join(" ")}\n`)) +
          say("exit", id, 0);
      case "true":
        return say("exit", id, 0);
      case "false":
        return say("exit", id, 1);
      case "cat":
      case "sleep":
      case "flood":
        this.#commands.set(id, name);
        return name === "flood"
          ? say("out", id, noise()).repeat(WINDOW_PIECES)
          : "";
      default:
        return say("no", id, textWord(`${name} is not in this guest`));
    }
  }

  #end(say: Say, id: string, code: number): string {
    this.#commands.delete(id);
    return say("exit", id, code);
  }
}

type Say = (...words: (string | number)[]) => string;

function textOf(word: string): string {
  return new TextDecoder().decode(bytesOf(word) ?? new Uint8Array());
}

function textWord(text: string): string {
  return wordOf(new TextEncoder().encode(text));
}

function noise(): string {
  return textWord("noise ".repeat(300));
}
