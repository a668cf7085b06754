/**
 * Environment variables that a source file reads: `process.env.X`,
 * destructured, `import.meta.env.X`, `Deno.env.get("X")`, `Bun.env.X`,
 * `$env/*` of SvelteKit, `ConfigService.get("X")` of Nest, and schemas
 * of zod, envalid, t3-env, Joi, valibot.
 *
 * A variable is required unless a default stands beside it or the file gets by
 * without it: `if (process.env.X)`, `X ?? other`, `=== "1"`. Then other
 * mentions in the same file require nothing either; `if (!process.env.X)
 * throw` does.
 *
 * Every look is at a slice of bounded length, so that a line of megabytes
 * costs no more than its length.
 *
 * @module
 */
import { isAsked } from "./env_names.ts";
import { lineCounter } from "./lines.ts";

export interface EnvMention {
  name: string;
  line: number;
  required: boolean;
  default?: string;
}

type Use = "demanded" | "plain" | "optional" | { default: string };

interface Named {
  name: string;
  use: Use;
}
interface Mention extends Named {
  line: number;
}
interface Placed {
  index: number;
  mention: Named;
}

const TRIGGER =
  /process\.env|import\.meta\.env|Deno\.env\.get\(|Bun\.env|from ["']\$env\/static\/|\b(?:config|configService|this\.config|this\.configService|env)\.(?:get|getOrThrow)\b/g;
/** `env.X` where `env` is `$env/dynamic/*` of SvelteKit. */
const DYNAMIC = /(?<![.\w$])env(?=\.[A-Z])/g;
/** What follows a mention and is looked at: an expression fits. */
const AHEAD = 320;
const BEHIND = 160;
/** A destructuring of forty names fits. */
const PATTERN_BEHIND = 2_000;
/** More mentions than that are generated. */
const MAX_MENTIONS = 2_000;

const LITERAL =
  /^(?:"([^"\n]{0,200})"|'([^'\n]{0,200})'|`([^`$\n]{0,200})`|(-?\d[\d_.]{0,20})\b|(true|false)\b)(?![ \t]*[+.\w$[(])/;

/** A literal at the beginning of a text, as a variable would hold it. */
export function literalAt(text: string): string | null {
  const found = LITERAL.exec(text);
  if (found === null) return null;
  const [, double, single, back, digits, truth] = found;
  return double ?? single ?? back ?? digits?.replaceAll("_", "") ?? truth ??
    null;
}

/** `Number(X) || 3000`, `parseInt(X, 10) ?? 1`, `X as string || "a"`: what stands between a mention and its default. */
const TO_DEFAULT =
  /^!?(?:\s{0,3}as\s{1,3}\w{1,30})?\s{0,20}(?:,\s{0,3}\d{1,2}\s{0,3})?(?:\)\s{0,20}){0,3}(?:\|\||\?\?)=?\s{0,40}(?:[A-Za-z_$][\w$.?]{0,80}\s{0,20}(?:\|\||\?\?)\s{0,40}){0,3}/;
const CHOICE = /^\)?\s{0,20}\?(?![.?])\s{0,20}[^:;?]{0,100}:\s{0,20}/;
const OPTIONAL =
  /^\)?\s{0,20}(?:\?|&&|\|\||[=!]==?(?!\s{0,3}(?:undefined|null)\b)|\.includes\(|\.split\(\s{0,3}["'],["']\)\s{0,3}\?)/;
const GUARD = /(?:if\s{0,3}\(|&&|\|\||!!|Boolean\(|while\s{0,3}\()\s{0,10}$/;
const REFUSED =
  /^[^;{}]{0,60}\)\s{0,10}\{?\s{0,20}(?:throw|process\.exit|console\.error|invariant)/;

/** How an expression that begins before `after` uses the variable. */
export function useOf(before: string, after: string): Use | null {
  if (/^\s{0,20}=(?![=>])/.test(after) || /delete\s{1,5}$/.test(before)) {
    return null;
  }
  const toDefault = TO_DEFAULT.exec(after);
  if (toDefault !== null) {
    const value = literalAt(after.slice(toDefault[0].length));
    return value === null ? "optional" : { default: value };
  }
  const choice = CHOICE.exec(after);
  const other = choice === null
    ? null
    : literalAt(after.slice(choice[0].length));
  if (other !== null) return { default: other };
  if (/(?:^|[^!])!\s{0,3}$/.test(before) && !/!!\s{0,3}$/.test(before)) {
    return REFUSED.test(after) ? "demanded" : "optional";
  }
  if (/^\s{0,10}={2,3}\s{0,5}(?:undefined|null)\b/.test(after)) {
    return REFUSED.test(after) ? "demanded" : "optional";
  }
  if (OPTIONAL.test(after) || GUARD.test(before)) return "optional";
  return "plain";
}

/** `.X`, `?.X`, `["X"]`: the name, and where it ends. */
function nameAfter(after: string): { name: string; length: number } | null {
  const dotted = /^!?\??\.([A-Za-z_$][\w$]{0,99})/.exec(after);
  if (dotted?.[1] !== undefined) {
    return { name: dotted[1], length: dotted[0].length };
  }
  const quoted = /^(?:\?\.)?\[\s{0,5}["'`]([^"'`\n]{1,100})["'`]\s{0,5}\]/
    .exec(after);
  return quoted?.[1] === undefined
    ? null
    : { name: quoted[1], length: quoted[0].length };
}

/** `("X")`, `<string>("X", "default")` after `.get`. */
function calledWith(after: string): Named | null {
  const found =
    /^(?:<[^>\n]{0,60}>)?\(?\s{0,20}["'`]([A-Z][A-Z0-9_]{1,99})["'`]\s{0,20}(,|\))/
      .exec(after);
  if (found?.[1] === undefined) return null;
  const rest = after.slice(found[0].length);
  const name = found[1];
  if (found[2] !== ",") return { name, use: useOf("", rest) ?? "plain" };
  const value = literalAt(rest.trimStart());
  return { name, use: value === null ? "plain" : { default: value } };
}

/** Names of `const { A, B = "x", C: c } = process.env`. */
function destructured(before: string): Named[] {
  const end = /\}\s{0,10}=\s{0,10}$/.exec(before);
  if (end === null) return [];
  const open = before.lastIndexOf("{", end.index);
  if (open < 0) return [];
  return before.slice(open + 1, end.index).split(",").flatMap(
    (part): Named[] => {
      const found = /^\s{0,200}([A-Za-z_]\w{0,99})[^=]{0,60}(=\s{0,10})?/.exec(
        part.slice(0, 400),
      );
      if (found?.[1] === undefined) return [];
      if (found[2] === undefined) return [{ name: found[1], use: "plain" }];
      const value = literalAt(part.slice(found[0].length).trim());
      return [{
        name: found[1],
        use: value === null ? "optional" : { default: value },
      }];
    },
  );
}

/** How far below a name is looked for again. */
const BELOW = 20_000;

/** `const { PORT } = process.env` and below it `PORT || 3000`. */
function withLaterDefault(text: string, one: Named): Named {
  if (one.use !== "plain" || !/^[A-Z]\w{0,99}$/.test(one.name)) return one;
  const found = new RegExp(
    `\\b${one.name}\\)?\\s{0,3}(?:\\|\\||\\?\\?)\\s{0,3}`,
  ).exec(text);
  if (found === null) return one;
  const from = found.index + found[0].length;
  const value = literalAt(text.slice(from, from + AHEAD));
  return { ...one, use: value === null ? "optional" : { default: value } };
}

/** Names of `import { A, B as b } from "$env/static/private"`. */
function imported(before: string): Named[] {
  const close = before.lastIndexOf("}");
  const open = before.lastIndexOf("{", close);
  if (open < 0 || close < 0) return [];
  return before.slice(open + 1, close).split(",").flatMap((part): Named[] => {
    const name = /^\s{0,200}([A-Za-z_]\w{0,99})/.exec(part.slice(0, 400))?.[1];
    return name === undefined ? [] : [{ name, use: "plain" }];
  });
}

/** True when what stands before is the beginning of a comment line. */
function isCommented(before: string): boolean {
  const line = before.slice(before.lastIndexOf("\n") + 1).trimStart();
  return line.startsWith("//") || line.startsWith("*") ||
    line.startsWith("/*") || line.startsWith("<!--");
}

function mentionsAt(
  text: string,
  found: string,
  index: number,
): Named[] {
  const end = index + found.length;
  const after = text.slice(end, end + AHEAD);
  const before = text.slice(Math.max(0, index - BEHIND), index);
  if (isCommented(before)) return [];
  if (found.startsWith("from")) {
    return imported(text.slice(Math.max(0, index - PATTERN_BEHIND), index));
  }
  if (found.endsWith("get(") || found.includes(".get")) {
    const called = calledWith(after);
    return called === null ? [] : [called];
  }
  const named = nameAfter(after);
  if (named === null) {
    return destructured(text.slice(Math.max(0, index - PATTERN_BEHIND), index))
      .map((one) => withLaterDefault(text.slice(end, end + BELOW), one));
  }
  const use = useOf(before, after.slice(named.length));
  return use === null ? [] : [{ name: named.name, use }];
}

/** `process.env[name]` of a function that is called with names: `required("KEY")`. */
const BY_NAME =
  /(?:process\.env|Deno\.env\.get|Bun\.env)(?:\[|\()\s{0,3}([A-Za-z_$]\w{0,40})\s{0,3}(?:\]|\))/g;
/** Where such a function begins. */
const FUNCTION =
  /\b(?:function\s{1,3}(\w{2,60})\s{0,3}(?:<[^>\n]{0,60}>)?\(|(?:const|let)\s{1,3}(\w{2,60})\s{0,3}=\s{0,3}(?:async\s{0,3})?(?:<[^>\n]{0,60}>)?(?:\(|\w{1,40}\s{0,3}=>))/g;
/** Strapi hands such a function to its configuration. */
const OF_STRAPI =
  /\(\s{0,3}\{[\w\s,]{0,40}\benv\b[\w\s,]{0,40}\}\s{0,3}\)\s{0,3}=>/;
/** How far above its use a function begins. */
const FUNCTION_BEHIND = 400;
/** Functions of one file that read variables: people write one, for numbers another. */
const MAX_FUNCTIONS = 5;

/** Names of functions in this file that read the variable they are called with. */
function readersIn(text: string): Set<string> {
  const readers = new Set<string>();
  // A plain search tells sooner of most files that there is none.
  if (/[{,] ?env\b/.test(text) && OF_STRAPI.test(text)) readers.add("env");
  if (!/\.env(?:\.get\(|\[)/.test(text)) return readers;
  for (const found of text.matchAll(BY_NAME)) {
    if (readers.size >= MAX_FUNCTIONS) break;
    const from = Math.max(0, found.index - FUNCTION_BEHIND);
    const before = text.slice(from, found.index);
    const last = [...before.matchAll(FUNCTION)].at(-1);
    const name = last?.[1] ?? last?.[2];
    // Its parameter is what it reads.
    if (
      name !== undefined &&
      new RegExp(`\\b${found[1]?.replaceAll("$", "\\$")}\\b`)
        .test(before.slice(last?.index ?? 0))
    ) readers.add(name);
  }
  return readers;
}

/** Functions of other files that by name read a variable: `requireEnv("KEY")`, `getOsEnv('PORT')`. */
const BY_HELPER =
  /(?<![.\w$])(?:get|require|required|read|must|mustGet|load|assert|need|ensure|parse)?(?:Os|Process)?[eE]nv(?:Var|Variable)?(Optional|OrNull|OrUndefined)?(?:OrThrow|OrDefault|OrFail|String|Number|Int|Bool|Boolean)?(?=[<(])/g;

function helperMentions(text: string): Placed[] {
  if (!/[eE]nv\w{0,20}\(\s{0,10}["'][A-Z]/.test(text)) return [];
  return [...text.matchAll(BY_HELPER)].slice(0, MAX_MENTIONS).flatMap(
    (found): Placed[] => {
      const end = found.index + found[0].length;
      const called = calledWith(text.slice(end, end + AHEAD));
      if (called === null || !isAsked(called.name)) return [];
      const use = found[1] !== undefined && called.use === "plain"
        ? "optional"
        : called.use;
      return [{ index: found.index, mention: { ...called, use } }];
    },
  );
}

function readMentions(text: string): Placed[] {
  return [...readersIn(text)].flatMap((name) =>
    [...text.matchAll(
      new RegExp(`(?<![.\\w$])${name}(?:\\.\\w{2,10})?(?=[<(])`, "g"),
    )]
      .slice(0, MAX_MENTIONS).flatMap((found): Placed[] => {
        const end = found.index + found[0].length;
        const called = calledWith(text.slice(end, end + AHEAD));
        return called === null || !isAsked(called.name)
          ? []
          : [{ index: found.index, mention: called }];
      })
  );
}

/** Schemas name variables as keys; only a file that hands the environment over has one. */
const SCHEMA =
  /createEnv\(|\bEnv\.create\(|cleanEnv\(|envsafe\(|[pP]arse\(\s{0,5}process\.env|envSchema|validationSchema|EnvSchema/;
const SCHEMA_KEY =
  /^[ \t]{0,40}([A-Z][A-Z0-9_]{1,99})\s{0,3}:\s{0,20}(?:z\s{0,20}\.|Env\.|v\.|t\.|Type\.|Joi\.|joi\.|yup\.|envalid\.|str\(|num\(|port\(|bool\(|url\(|host\(|email\(|json\(|string\(|number\()/gm;
const SCHEMA_DEFAULT =
  /\.default\(\s{0,20}|\b(?:devD|d)efault\s{0,3}:\s{0,10}|,\s{0,5}(?=["'`\d][^)\n]{0,80}\)\s{0,3}\)?,?\s{0,3}$)/m;

function schemaMentions(
  text: string,
): Placed[] {
  if (!SCHEMA.test(text)) return [];
  const keys = [...text.matchAll(SCHEMA_KEY)].slice(0, MAX_MENTIONS);
  return keys.flatMap((key, position) => {
    const [, name] = key;
    if (name === undefined || !isAsked(name)) return [];
    const from = key.index + key[0].length;
    const next = keys[position + 1]?.index ?? from + AHEAD;
    const [body = ""] = text.slice(from, Math.min(next, from + AHEAD))
      .split("\n  }", 1);
    const found = SCHEMA_DEFAULT.exec(body);
    const value = found === null
      ? null
      : literalAt(body.slice(found.index + found[0].length));
    const use: Use = value !== null ? { default: value } : found !== null ||
        /optional\(|optionalWhen\(|nullish\(|nullable\(/.test(body)
      ? "optional"
      : "demanded";
    return [{ index: key.index, mention: { name, use } }];
  });
}

/** What the mentions of one name in one file come to. */
function foldUses(mentions: readonly Mention[]): EnvMention[] {
  const byName = new Map<string, Mention[]>();
  for (const mention of mentions) {
    const list = byName.get(mention.name);
    if (list === undefined) byName.set(mention.name, [mention]);
    else list.push(mention);
  }
  return [...byName.values()].flatMap((same) => {
    const [first] = same;
    if (first === undefined) return [];
    const { name } = first;
    for (const { use, line } of same) {
      if (typeof use === "object") {
        return [{ name, line, required: false, default: use.default }];
      }
    }
    const isDemanded = same.some(({ use }) => use === "demanded");
    const isOptional = same.some(({ use }) => use === "optional");
    return [{ name, line: first.line, required: isDemanded || !isOptional }];
  });
}

/** The variables a source file reads, each once. */
export function scanEnv(text: string): EnvMention[] {
  // Most files name no variable, and a plain search tells so much sooner.
  if (
    !text.includes("env") && !text.includes("onfig") && !text.includes("Env")
  ) return [];
  const raw: Placed[] = [];
  const triggers = text.includes("$env/dynamic/")
    ? [TRIGGER, DYNAMIC]
    : [TRIGGER];
  for (const found of triggers.flatMap((one) => [...text.matchAll(one)])) {
    if (raw.length >= MAX_MENTIONS) break;
    const isVite = found[0].startsWith("import");
    for (const mention of mentionsAt(text, found[0], found.index)) {
      if (!isAsked(mention.name, isVite)) continue;
      raw.push({ index: found.index, mention });
    }
  }
  raw.push(
    ...schemaMentions(text),
    ...readMentions(text),
    ...helperMentions(text),
  );
  const lineOf = lineCounter(text);
  const mentions = raw.toSorted((a, b) => a.index - b.index).map((
    { index, mention },
  ) => ({ ...mention, line: lineOf(index) }));
  return foldUses(mentions);
}
