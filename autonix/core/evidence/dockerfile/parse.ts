/**
 * A Dockerfile as stages and instructions. Follows its reference: a backslash
 * goes on, comments between do not end an instruction, `ARG` before the first
 * `FROM` is for all `FROM`s, a here-document belongs to its instruction.
 *
 * Never runs or fetches anything.
 *
 * @module
 */
import type { Line } from "../../reading.ts";

export interface Instruction {
  /** In upper case. */
  keyword: string;
  text: string;
  /** Where it begins. */
  line: number;
}

export interface Stage {
  /** The image as written, with its variables put in. */
  image: string;
  /** Name or position of it. */
  name: string;
  line: number;
  instructions: Instruction[];
}

/** A file somebody wrote has some tens. */
const MAX_INSTRUCTIONS = 2_000;
/** Longer ones are generated; what follows is not looked at. */
const MAX_TEXT = 20_000;
const HEREDOC = /<<-?\s?["']?([A-Za-z_]\w{0,40})["']?/;

function readInstructions(lines: readonly Line[]): Instruction[] {
  const found: Instruction[] = [];
  let open: { text: string; line: number } | null = null;
  let until: string | null = null;
  const close = () => {
    if (open === null) return;
    const text = open.text.trim();
    const space = text.search(/\s/);
    found.push({
      keyword: (space < 0 ? text : text.slice(0, space)).toUpperCase(),
      text: space < 0 ? "" : text.slice(space + 1).trim(),
      line: open.line,
    });
    open = null;
  };
  for (const { number, text } of lines) {
    if (found.length >= MAX_INSTRUCTIONS) break;
    const line = text.slice(0, MAX_TEXT);
    if (until !== null) {
      if (line.trim() === until) {
        until = null;
        close();
      } else if (open !== null && open.text.length < MAX_TEXT) {
        open.text += `\n${line}`;
      }
      continue;
    }
    const trimmed = line.trim();
    if (trimmed === "" || trimmed.startsWith("#")) continue;
    const goesOn = trimmed.endsWith("\\");
    const part = goesOn ? trimmed.slice(0, -1) : trimmed;
    if (open === null) open = { text: part, line: number };
    else if (open.text.length < MAX_TEXT) open.text += ` ${part}`;
    const marker = /^(?:RUN|COPY)\s/i.test(open.text)
      ? HEREDOC.exec(part)?.[1]
      : undefined;
    if (marker !== undefined) until = marker;
    else if (!goesOn) close();
  }
  close();
  return found;
}

/** Puts `$X`, `${X}`, `${X:-default}` in; an unknown one is nothing. */
export function substitute(
  text: string,
  values: ReadonlyMap<string, string>,
): string {
  return text.slice(0, MAX_TEXT).replace(
    /\$(?:\{(\w{1,100})(?::?([-+])([^}]{0,500}))?\}|(\w{1,100}))/g,
    (_, braced?: string, sign?: string, other?: string, bare?: string) => {
      const value = values.get(braced ?? bare ?? "");
      if (sign === "+") return value === undefined ? "" : other ?? "";
      return value ?? other ?? "";
    },
  );
}

/** `A=1 B="two words"`, and the old `A 1`, as pairs. */
export function pairsOf(text: string): [string, string][] {
  const words = wordsOf(text);
  const [first = ""] = words;
  if (!first.includes("=")) {
    return first === ""
      ? []
      : [[first, unquote(text.slice(first.length).trim())]];
  }
  return words.flatMap((word): [string, string][] => {
    const equals = word.indexOf("=");
    return equals <= 0 ? [] : [[word.slice(0, equals), word.slice(equals + 1)]];
  });
}

function unquote(text: string): string {
  return /^(["']).*\1$/s.test(text) ? text.slice(1, -1) : text;
}

/** Words of a shell's line, quotes taken off. */
export function wordsOf(text: string): string[] {
  const words: string[] = [];
  let word = "";
  let quote = "";
  let isOpen = false;
  for (const char of text.slice(0, MAX_TEXT)) {
    if (quote !== "") {
      if (char === quote) quote = "";
      else word += char;
    } else if (char === '"' || char === "'") {
      quote = char;
      isOpen = true;
    } else if (/\s/.test(char)) {
      if (word !== "" || isOpen) words.push(word);
      word = "";
      isOpen = false;
    } else word += char;
  }
  if (word !== "" || isOpen) words.push(word);
  return words;
}

function stageOf(
  { text, line }: Instruction,
  index: number,
  globals: ReadonlyMap<string, string>,
): Stage {
  const words = text.split(/\s+/).filter((word) => !word.startsWith("--"));
  const [image = "", as = "", name] = words;
  return {
    image: substitute(image, globals),
    name: as.toLowerCase() === "as" && name !== undefined
      ? name.toLowerCase()
      : String(index),
    line,
    instructions: [],
  };
}

const NONE: ReadonlyMap<string, string> = new Map();

/** The stages of a file, built with these arguments; none of one without `FROM`. */
export function parseDockerfile(
  lines: readonly Line[],
  args: ReadonlyMap<string, string> = NONE,
): Stage[] {
  const globals = new Map<string, string>();
  const stages: Stage[] = [];
  for (const instruction of readInstructions(lines)) {
    const stage = stages.at(-1);
    if (instruction.keyword === "FROM") {
      stages.push(stageOf(instruction, stages.length, globals));
    } else if (stage !== undefined) stage.instructions.push(instruction);
    else if (instruction.keyword === "ARG") {
      for (const [name, value] of pairsOf(instruction.text)) {
        globals.set(name, args.get(name) ?? substitute(value, globals));
      }
    }
  }
  return stages;
}

/** The stages up to the one that is built; all without such a name. */
export function stagesUpTo(
  stages: readonly Stage[],
  target: string | null,
): readonly Stage[] {
  const at = stages.findIndex(({ name }) => name === target);
  return at < 0 ? stages : stages.slice(0, at + 1);
}

/** A stage and those it is built on, the last first. */
export function lineage(stages: readonly Stage[], last: Stage): Stage[] {
  const chain = [last];
  // A stage builds on earlier ones only: there is no loop.
  for (let at = stages.indexOf(last) - 1; at >= 0; at--) {
    const stage = stages[at];
    const image = chain.at(-1)?.image.toLowerCase();
    if (stage !== undefined && stage.name === image) chain.push(stage);
  }
  return chain;
}

/** What `COPY` and `ADD` take along. */
export interface Copied {
  paths: string[];
  to: string;
  /** The stage that it is taken from; null: the build's context. */
  stage: string | null;
}

/** Of an instruction's text, in either of its forms; null where it names no two places. */
export function copyOf(text: string): Copied | null {
  const words = text.startsWith("[")
    ? wordsOf(text.slice(1, -1).replaceAll(",", " "))
    : wordsOf(text);
  const from = words.find((word) => word.startsWith("--from="));
  const paths = words.filter((word) => !word.startsWith("--"));
  const to = paths.pop();
  if (to === undefined || paths.length === 0) return null;
  return { paths, to, stage: from?.slice("--from=".length) ?? null };
}

/** The stage that `--from` means, by its name or its number. */
export function stageNamed(
  stages: readonly Stage[],
  name: string,
): Stage | null {
  return stages.find((one, index) =>
    one.name === name.toLowerCase() || String(index) === name
  ) ?? null;
}
