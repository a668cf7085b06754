/**
 * The command an image starts with, as a person would type it in the
 * application's directory.
 *
 * @module
 */
import type { Instruction, Stage } from "./parse.ts";
import { wordsOf } from "./parse.ts";

/** What a stage starts, word by word. */
export interface Command {
  words: string[];
  /** Of the shell form: the text as written. */
  shell: string | null;
  line: number;
  /** Where it stands, unless in the Dockerfile. */
  file?: string;
}

/** Programs that only start another one. */
const WRAPPERS = new Set([
  "tini",
  "dumb-init",
  "catatonit",
  "exec",
  "docker-entrypoint.sh",
  "docker-php-entrypoint",
  "gosu",
  "su-exec",
]);
const SHELLS = new Set([
  "sh",
  "bash",
  "ash",
  "/bin/sh",
  "/bin/bash",
  "/bin/ash",
]);

function baseOf(word: string): string {
  return word.slice(word.lastIndexOf("/") + 1);
}

/** `["a", "b"]` or text for a shell. */
function parseForm({ text, line }: Instruction): Command | null {
  if (text.startsWith("[")) {
    try {
      const words: unknown = JSON.parse(text);
      if (
        Array.isArray(words) &&
        words.every((word): word is string => typeof word === "string")
      ) return words.length === 0 ? null : { words, shell: null, line };
    } catch {
      // A list with a mistake: a shell would find no such program.
      return null;
    }
  }
  return text === "" ? null : { words: wordsOf(text), shell: text, line };
}

function lastOf(stages: readonly Stage[], keyword: string): Instruction | null {
  for (const { instructions } of stages) {
    const found = instructions.findLast((one) => one.keyword === keyword);
    if (found !== undefined) return found;
  }
  return null;
}

/** Without what only starts another program. */
function unwrap(words: readonly string[]): string[] {
  const left = [...words];
  while (left.length > 1 && WRAPPERS.has(baseOf(left[0] ?? ""))) {
    const wrapper = baseOf(left.shift() ?? "");
    if (wrapper === "gosu" || wrapper === "su-exec") left.shift();
    while (left[0]?.startsWith("-") === true) {
      const flag = left.shift();
      if (flag === "--") break;
    }
  }
  return left;
}

/** `sh -c "npm start"` is `npm start`. */
function unshell(command: Command): Command {
  const words = unwrap(command.words);
  const [shell = "", flag = "", script] = words;
  if (SHELLS.has(shell) && /^-[el]*c$/.test(flag) && script !== undefined) {
    const text = script.replace(/^exec\s+/, "");
    return { words: unwrap(wordsOf(text)), shell: text, line: command.line };
  }
  if (command.shell === null) return { ...command, words };
  const isShorter = words.length < command.words.length;
  return {
    ...command,
    words,
    shell: isShorter ? words.join(" ") : command.shell,
  };
}

/** A script in front, and what stands behind it. */
function scriptIn(words: readonly string[]): [string, string[]] | null {
  const [program = "", ...rest] = unwrap(words);
  const script = SHELLS.has(program) ? rest.shift() ?? "" : program;
  return script.endsWith(".sh") || /entrypoint/.test(baseOf(script))
    ? [script, rest]
    : null;
}

/**
 * What a chain of stages, the last first, starts; null when its image does.
 * `runs` tells whether a script runs what stands behind it; null: unknown.
 */
export function commandOf(
  stages: readonly Stage[],
  runs: (script: string) => boolean | null = () => null,
): Command | null {
  const entry = lastOf(stages, "ENTRYPOINT");
  const cmd = lastOf(stages, "CMD");
  const entrypoint = entry === null ? null : parseForm(entry);
  const command = cmd === null ? null : parseForm(cmd);
  if (entrypoint === null) return command === null ? null : unshell(command);
  const program = unwrap(entrypoint.words);
  const [script, behind = []] = scriptIn(entrypoint.words) ?? [];
  const isRun = script !== undefined && runs(script) !== false;
  // A script in front prepares and then runs its arguments: a program is among them.
  if (
    isRun && entrypoint.shell === null && !(behind[0] ?? "-").startsWith("-")
  ) {
    const words = [...behind, ...command?.words ?? []];
    return unshell({ words, shell: null, line: entrypoint.line });
  }
  if (command === null || entrypoint.shell !== null) {
    return unshell(entrypoint);
  }
  if (isRun) {
    // Options are the script's own.
    return command.words[0]?.startsWith("-") === true ? null : unshell(command);
  }
  if (program.length === 1 && WRAPPERS.has(baseOf(program[0] ?? ""))) {
    return unshell(command);
  }
  return unshell({
    words: [...entrypoint.words, ...command.words],
    shell: null,
    line: command.line,
  });
}

/** A word as a shell takes it. */
function quoted(word: string): string {
  return /^[\w@%+=:,./$-]+$/.test(word)
    ? word
    : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** The text of a command, its paths below `workdir` relative to it. */
export function textOf(command: Command, workdir: string): string {
  if (command.shell !== null) return command.shell;
  return command.words.map((word) => quoted(relativeTo(word, workdir)))
    .join(" ");
}

/** `server.js` of `/app/server.js` in `/app`. */
export function relativeTo(word: string, workdir: string): string {
  const base = workdir.endsWith("/") ? workdir : `${workdir}/`;
  return base !== "/" && word.startsWith(base) && word.length > base.length
    ? word.slice(base.length)
    : word;
}
