/**
 * Whether two start commands run the same: the same script, module or built
 * program by the same runtime, whatever the output's name.
 *
 * @module
 */

/** What a command comes down to. */
export interface Run {
  runtime: string;
  /** A script's path without its extension, a module, a script of the manifest; empty: the project itself. */
  target: string;
}

/** Scripts of the package manifest, to look one step into `npm start`. */
export type Scripts = ReadonlyMap<string, string>;

const MANAGERS = new Set(["npm", "yarn", "pnpm", "bun", "npx", "bunx"]);
/** Wrappers before the command that counts. */
const WRAPPERS =
  /^(?:exec|sudo|time|nice|env|cross-env|dotenv|poetry run|pdm run|pipenv run|uv run|bundle exec|hatch run|rye run|\w+=(?:"[^"]*"|'[^']*'|\S*))\s+/;
const STATIC_SERVERS =
  /^(?:caddy|nginx|npx (?:-y |--yes )?(?:serve|http-server)|serve|http-server|static-web-server|busybox httpd|python3? -m http\.server|miniserve|darkhttpd)\b/;

function scriptName(path: string): string {
  return path.replace(/^\.\//, "").replace(
    /\.(js|mjs|cjs|ts|py|rb|sh|php)$/,
    "",
  );
}

function firstArgument(words: readonly string[]): string {
  return words.find((word) => !word.startsWith("-")) ?? "";
}

/** `m.wsgi:application` and `m.wsgi` are the same module. */
function moduleName(name: string): string {
  return (name.split(":")[0] ?? "").replace(/\.py$/, "").replaceAll("/", ".");
}

function strip(command: string): string {
  let text = command.trim();
  for (let before = ""; before !== text;) {
    before = text;
    text = text.replace(WRAPPERS, "").trim();
  }
  return text;
}

/** The part of a command line that goes on running. */
function lastPart(command: string): string {
  const parts = command.split(/&&|;/).map(strip).filter((part) => part !== "");
  return parts.at(-1) ?? "";
}

function managerRun(words: readonly string[], scripts: Scripts): Run {
  const [manager = "", ...rest] = words;
  const named = rest.filter((word) => word !== "run" && !word.startsWith("-"));
  const target = named[0] ?? "";
  if (manager === "npx" || manager === "bunx") {
    return { runtime: "script", target: named.join(" ") };
  }
  const script = scripts.get(target);
  if (script === undefined) {
    return manager === "bun"
      ? { runtime: "bun", target: scriptName(target) }
      : { runtime: "script", target };
  }
  return { runtime: "script", target };
}

function pythonRun(words: readonly string[]): Run {
  const at = words.indexOf("-m");
  const module = at < 0 ? undefined : words[at + 1];
  if (module === "uvicorn" || module === "gunicorn" || module === "flask") {
    return { runtime: "python", target: moduleName(words[at + 2] ?? "") };
  }
  const target = module ?? scriptName(firstArgument(words.slice(1)));
  return { runtime: "python", target: target.replaceAll("/", ".") };
}

const SERVERS = new Set(["gunicorn", "uvicorn", "hypercorn", "daphne"]);
const RUBY = new Set([
  "puma",
  "rails",
  "rackup",
  "rake",
  "unicorn",
  "bin/rails",
]);

/** What a command runs, in as few words as tell it apart. */
export function runOf(command: string, scripts: Scripts = new Map()): Run {
  if (/php-fpm|artisan serve|php -S|frankenphp/.test(command)) {
    return { runtime: "php", target: "" };
  }
  if (/-jar\b/.test(command)) return { runtime: "java", target: "jar" };
  const text = lastPart(command);
  if (STATIC_SERVERS.test(text)) return { runtime: "static", target: "" };
  const words = text.split(/\s+/);
  const [word = ""] = words;
  if (MANAGERS.has(word)) return managerRun(words, scripts);
  if (/^python[\d.]*$/.test(word)) return pythonRun(words);
  if (SERVERS.has(word)) {
    const module = words.slice(1).find((one) => /^[\w.]+(:\w+)?$/.test(one));
    return { runtime: "python", target: moduleName(module ?? "") };
  }
  if (word === "node" || word === "tsx" || word === "ts-node") {
    return {
      runtime: "node",
      target: scriptName(firstArgument(words.slice(1))),
    };
  }
  if (word === "deno") {
    const target = words.slice(2).find((one) => !one.startsWith("-")) ?? "";
    return words[1] === "task"
      ? { runtime: "script", target }
      : { runtime: "deno", target: scriptName(target) };
  }
  if (word === "ruby") {
    return {
      runtime: "ruby",
      target: scriptName(firstArgument(words.slice(1))),
    };
  }
  if (RUBY.has(word)) {
    return { runtime: "ruby", target: word === "bin/rails" ? "rails" : word };
  }
  if (word === "mix") return { runtime: "mix", target: words[1] ?? "" };
  if (/^(bash|sh)$/.test(word)) {
    return { runtime: "sh", target: scriptName(firstArgument(words.slice(1))) };
  }
  if (/^\.?\/?[\w./-]+\.sh$/.test(word)) {
    return { runtime: "sh", target: scriptName(word) };
  }
  if (isBuilt(word, words)) return { runtime: "program", target: "" };
  return { runtime: word, target: words.slice(1).join(" ") };
}

/** A program that the project itself built, whatever it is called. */
function isBuilt(word: string, words: readonly string[]): boolean {
  if (/^(\.{0,2}\/)[\w./@-]+$/.test(word)) return true;
  if (
    /^(target|build|bin|out|dist|zig-out|_build|\.build)\/[\w./@-]+$/.test(word)
  ) return true;
  const joined = words.slice(0, 2).join(" ");
  return /^(stack exec|stack run|cabal run|cargo run|go run|swift run|zig build|dotnet run|crystal run|dune exec|gleam run|shards run|sbt run)\b/
    .test(joined) || /^dotnet .*\.dll$/.test(words.join(" "));
}

/** The script behind `npm start`, where the manifest says so. */
function resolved(run: Run, scripts: Scripts): Run {
  const script = run.runtime === "script" ? scripts.get(run.target) : undefined;
  return script === undefined ? run : runOf(script, new Map());
}

/** True when both run the same. */
export function runsSame(a: string, b: string, scripts: Scripts): boolean {
  if (a.trim() === b.trim()) return true;
  const one = runOf(a, scripts);
  const other = runOf(b, scripts);
  const same = (x: Run, y: Run) =>
    x.runtime === y.runtime && x.target === y.target;
  return same(one, other) || same(resolved(one, scripts), other) ||
    same(one, resolved(other, scripts)) ||
    same(resolved(one, scripts), resolved(other, scripts));
}
