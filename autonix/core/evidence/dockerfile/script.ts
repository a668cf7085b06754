/**
 * Scripts that an image starts with: where in the repository they lie, and what
 * they end in.
 *
 * ```
 * ENTRYPOINT ["/entrypoint"]   exec "$@"                   runs what follows it
 * CMD ["/start"]               exec gunicorn shop.wsgi     is how it is started
 * ```
 *
 * Never follows a script into another.
 *
 * @module
 */
import {
  basenameOf,
  directoryOf,
  isWithin,
  joinPath,
  withoutEndSlashes,
} from "../../file_tree.ts";
import type { Reading } from "../../reading.ts";
import type { Command } from "./command.ts";
import type { Image } from "./image.ts";
import { instructionsOf, variablesOf } from "./image.ts";
import { copyOf, lineage, stageNamed, substitute, wordsOf } from "./parse.ts";

/** Scripts in front of a program have some tens of lines. */
const MAX_LINES = 500;
const MAX_LINE = 2_000;
const MAX_TEXT = 50_000;
/** `exec "$@"`, `exec gosu app "${@}"`, `case "$1" in`. */
const ARGUMENTS = /\$(?:[@*1]|\{[@*1])/;
/** What ends a block is no command. */
const BLOCK = /^(?:fi|done|esac|\}|;;|else)\b|^[})]|^#/;

export interface ScriptContext {
  reading: Reading;
  image: Image;
  workdir: string;
  /** Directories that the image may be built from, the likeliest first. */
  contexts: readonly string[];
}

/** Stages looked into for one word: what is copied within images goes through a few of them. */
const MAX_STAGES = 20;

/** Where in the build's context the file of an image at `word` comes from. */
function sourcesOf(
  word: string,
  context: ScriptContext,
  left = { stages: MAX_STAGES },
): string[] {
  const { image, workdir } = context;
  const absolute = (path: string) =>
    path.startsWith("/") ? path : `${workdir}/${path.replace(/^\.\//, "")}`;
  const { values } = variablesOf(image);
  const isOnPath = !word.includes("/");
  const wanted = absolute(word);
  return ["COPY", "ADD"].flatMap((keyword) =>
    instructionsOf(image, keyword).flatMap(({ text }) => {
      const copied = copyOf(substitute(text, values));
      if (copied === null) return [];
      const to = absolute(copied.to.replace(/^\.$/, "./"));
      const found = copied.paths.flatMap((source) => {
        const name = basenameOf(withoutEndSlashes(source));
        const into = `${withoutEndSlashes(to)}/`;
        if (isOnPath && name === word) return [source];
        if (to === wanted || `${into}${name}` === wanted) return [source];
        return wanted.startsWith(into)
          ? [`${withoutEndSlashes(source)}/${wanted.slice(into.length)}`]
          : [];
      });
      if (copied.stage === null) return found;
      const stage = stageOf(image, copied.stage);
      if (stage === null) return [];
      return found.flatMap((path) =>
        left.stages-- > 0
          ? sourcesOf(path, { ...context, image: stage }, left)
          : []
      );
    })
  );
}

/** Another stage of an image's file, as an image. */
function stageOf(image: Image, name: string): Image | null {
  const stage = stageNamed(image.stages, name);
  return stage === null
    ? null
    : { ...image, last: lineage(image.stages, stage) };
}

/** The file of the repository that a word of an image's command means. */
function fileAt(
  word: string,
  context: ScriptContext,
  isOne: (path: string) => boolean,
): string | null {
  for (const source of sourcesOf(word, context)) {
    for (const directory of context.contexts) {
      const path = joinPath(directory, source.replace(/^\/+/, ""));
      if (path !== null && isOne(path)) return path;
    }
  }
  return null;
}

/** The script of the repository that a word of an image's command means. */
export function scriptAt(word: string, context: ScriptContext): string | null {
  return fileAt(
    word,
    context,
    (path) => context.reading.tree.text(path) !== null,
  );
}

/** `/etc/caddy/Caddyfile` of an image is the repository's own, where that was copied there. */
export function withOwnFiles(
  command: Command,
  context: ScriptContext,
  owner: string,
): Command {
  const { tree } = context.reading;
  const [program = "", ...rest] = command.words;
  const words = rest.map((word) => {
    const isElsewhere = word.startsWith("/") &&
      !word.startsWith(`${context.workdir}/`);
    const file = isElsewhere
      ? fileAt(word, context, (path) => tree.has(path))
      : null;
    return file === null || !isWithin(file, owner)
      ? word
      : owner === "."
      ? file
      : file.slice(owner.length + 1);
  });
  if (command.shell !== null) return command;
  return { ...command, words: [program, ...words] };
}

/** True for a script that prepares, and then only runs what it is given. */
export function handsOver(word: string, context: ScriptContext): boolean {
  const path = scriptAt(word, context);
  const last = path === null
    ? undefined
    : commandsIn(context.reading, path).at(-1)?.text;
  return last !== undefined &&
    /^exec\s{1,4}(?:[\w./-]{1,60}\s{1,4}){0,3}"?\$(?:\{?@\}?|[a-z]\w{0,40})"?$/
      .test(last);
}

/** Commands of a script, what a backslash goes on with in one. */
function commandsIn(reading: Reading, path: string) {
  const found: { text: string; line: number }[] = [];
  let open = false;
  for (const { number, text } of reading.lines(path).slice(0, MAX_LINES)) {
    const line = text.slice(0, MAX_LINE).trim();
    const goesOn = line.endsWith("\\");
    const part = (goesOn ? line.slice(0, -1) : line).trim();
    const last = found.at(-1);
    if (open && last !== undefined) last.text += ` ${part}`;
    else if (part !== "" && !BLOCK.test(part)) {
      found.push({ text: part, line: number });
    }
    open = goesOn;
  }
  return found;
}

/** False for a script that does not look at what it is given; null when nobody can tell. */
export function runsArguments(
  word: string,
  context: ScriptContext,
): boolean | null {
  const path = scriptAt(word, context);
  if (path === null) return null;
  return ARGUMENTS.test(
    (context.reading.tree.text(path) ?? "").slice(0, MAX_TEXT),
  );
}

/** What a script ends in: its only `exec`, else its last command. */
export function lastOf(word: string, context: ScriptContext): Command | null {
  const path = scriptAt(word, context);
  return path === null ? null : endOf(path, context.reading);
}

/** The same of a file of the repository. */
export function endOf(path: string, reading: Reading): Command | null {
  const commands = commandsIn(reading, path);
  const handed = commands.filter(({ text }) => /^exec\s/.test(text));
  const last = handed.length > 0 ? handed.at(-1) : commands.at(-1);
  if (last === undefined || ARGUMENTS.test(last.text)) return null;
  if (new Set(handed.map(({ text }) => text)).size > 1) return null;
  const text = last.text.replace(/^exec\s+/, "");
  // Of several commands in one line nobody can tell which is the program.
  if (
    /[;|&]|\$\(|`|^"?\$|^(?:if|for|while|case|echo|set|export)\b/.test(text)
  ) {
    return null;
  }
  return { words: wordsOf(text), shell: text, line: last.line, file: path };
}

/** Where an image's sources may lie: beside its Dockerfile, or above. */
export function contextsOf(image: Image, owner: string): string[] {
  return [...new Set([directoryOf(image.path), owner, "."])];
}
