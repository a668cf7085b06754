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

/**
 * What a name stands for: scripts of the package manifest, to look into
 * `npm start`, and what `manage.py runserver` of Django serves.
 */
export type Scripts = ReadonlyMap<string, string>;

const MANAGERS = new Set(["npm", "yarn", "pnpm", "bun"]);
/** Runs a program of the packages, by its manager. */
const PROGRAM_OF_PACKAGES =
  /^(?:npx|bunx|(?:npm|pnpm|yarn) (?:exec|dlx)|yarn run -T)\s+(?:-y |--yes |-- )?/;
/** Wrappers before the command that counts. */
const WRAPPERS =
  /^(?:exec|sudo|time|nice|env|cross-env|dotenv|poetry run|pdm run|pipenv run|uv run|bundle exec|hatch run|rye run|\w+=(?:"[^"]*"|'[^']*'|\S*))\s+/;
const STATIC_SERVERS =
  /^(?:caddy|nginx|npx (?:-y |--yes )?(?:serve|http-server)|serve|http-server|static-web-server|busybox httpd|python3? -m http\.server|miniserve|darkhttpd)\b/;
/** Options whose next word is theirs, by what reads them. */
const WITH_VALUE = {
  manager: new Set(["--filter", "-F", "--workspace", "-w", "--prefix"])
    .union(new Set(["--cwd", "-C", "--dir", "--port", "-p"])),
  node: new Set(["-r", "--require", "--import", "--loader", "-C"])
    .union(new Set(["--experimental-loader", "--env-file", "--conditions"])),
  elixir: new Set(["--name", "--sname", "--cookie", "--erl", "-pa"]),
} as const;

function scriptName(path: string): string {
  return path.replace(/^\.\//, "").replace(
    /\.(js|mjs|cjs|ts|py|rb|sh|php)$/,
    "",
  );
}

/** The words that are neither an option nor an option's value. */
function positional(
  words: readonly string[],
  withValue: ReadonlySet<string> = new Set(),
): string[] {
  return words.filter((word, index) =>
    !word.startsWith("-") && !withValue.has(words[index - 1] ?? "")
  );
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

/** A script of the manifest, of whichever package: `pnpm --filter shop start`. */
function managerRun(words: readonly string[], scripts: Scripts): Run {
  const [manager = "", ...all] = words;
  const dashes = all.indexOf("--");
  const rest = dashes < 0 ? all : all.slice(0, dashes);
  const [first, ...named] = positional(rest, WITH_VALUE.manager);
  const own = first === "workspace" ? named.slice(1) : [first ?? "", ...named];
  const target = own.find((word) => word !== "run") ?? "";
  return manager === "bun" && !scripts.has(target)
    ? { runtime: "bun", target: scriptName(target) }
    : { runtime: "script", target };
}

/** Runs a script of every package that has it: `turbo run start`, `nx run shop:start:production`. */
function runnerRun(words: readonly string[]): Run {
  const [first, second = ""] = positional(words.slice(1), WITH_VALUE.manager);
  const named = first === "run" ? second : first ?? "";
  const [project = "", target] = named.split(":");
  return { runtime: "script", target: target ?? project };
}

/** The module among a server's words: `pkg.mod:app`, else the last that is no option's value. */
function servedModule(words: readonly string[]): string {
  const app = words.find((word) => /^[\w.]+:[A-Za-z_]\w*(\(\))?$/.test(word));
  if (app !== undefined) return moduleName(app);
  const isValue = (index: number) =>
    /^--?\w[\w-]*$/.test(words[index - 1] ?? "");
  const modules = words.filter((word) => /^[A-Za-z_][\w.]*$/.test(word));
  const sure = words.find((word, index) =>
    /^[A-Za-z_][\w.]*$/.test(word) && !isValue(index)
  );
  return moduleName(sure ?? modules.at(-1) ?? "");
}

const SERVERS = new Set(["gunicorn", "uvicorn", "hypercorn", "daphne"]);

/** `flask --app shop run`; empty: the one it finds. */
function flaskRun(words: readonly string[]): Run {
  const at = words.findIndex((word) => word === "--app" || word === "-A");
  const app = at < 0 ? "" : words[at + 1] ?? "";
  return { runtime: "flask", target: moduleName(app) };
}

function pythonRun(words: readonly string[]): Run {
  const at = words.indexOf("-m");
  const module = at < 0 ? undefined : words[at + 1];
  if (module === "flask") return flaskRun(words.slice(at + 2));
  if (module !== undefined && SERVERS.has(module)) {
    return { runtime: "python", target: servedModule(words.slice(at + 2)) };
  }
  const [script = "", task = ""] = positional(words.slice(1));
  if (module === undefined && /^(?:\S*\/)?manage\.py$/.test(script)) {
    return { runtime: "script", target: `manage.py ${task}` };
  }
  const target = module ?? scriptName(script);
  return { runtime: "python", target: target.replaceAll("/", ".") };
}

/** `mix do ecto.migrate, phx.server` goes on as its last task does. */
function mixRun(words: readonly string[]): Run {
  const tasks = words[1] === "do"
    ? words.slice(2).join(" ").split(/,\s*|\s\+\s/).at(-1)?.split(" ")
    : words.slice(1);
  return { runtime: "mix", target: tasks?.[0] ?? "" };
}

const RUBY = new Set([
  "puma",
  "rails",
  "rackup",
  "rake",
  "unicorn",
  "bin/rails",
]);
const RUNNERS = new Set(["turbo", "nx", "moon", "lerna"]);
const NODE = new Set(["node", "tsx", "ts-node", "nodemon"]);

/** What a command runs, in as few words as tell it apart. */
export function runOf(command: string, scripts: Scripts = new Map()): Run {
  if (/php-fpm|artisan serve|php -S|frankenphp/.test(command)) {
    return { runtime: "php", target: "" };
  }
  if (/-jar\b/.test(command)) return { runtime: "java", target: "jar" };
  const last = lastPart(command);
  if (STATIC_SERVERS.test(last)) return { runtime: "static", target: "" };
  const text = last.replace(PROGRAM_OF_PACKAGES, "");
  const words = text.split(/\s+/);
  const [word = "", ...rest] = words;
  if (MANAGERS.has(word)) return managerRun(words, scripts);
  if (RUNNERS.has(word)) return runnerRun(words);
  if (/^python[\d.]*$/.test(word)) return pythonRun(words);
  if (/^[\w./-]+\.py$/.test(word)) return pythonRun(["python", word]);
  if (SERVERS.has(word)) {
    return { runtime: "python", target: servedModule(rest) };
  }
  if (word === "flask") return flaskRun(rest);
  if (NODE.has(word)) {
    const [script = ""] = positional(rest, WITH_VALUE.node);
    return { runtime: "node", target: scriptName(script) };
  }
  if (word === "deno") {
    const target = positional(words.slice(2))[0] ?? "";
    return words[1] === "task"
      ? { runtime: "script", target }
      : { runtime: "deno", target: scriptName(target) };
  }
  if (word === "ruby") {
    return { runtime: "ruby", target: scriptName(positional(rest)[0] ?? "") };
  }
  if (RUBY.has(word)) {
    return { runtime: "ruby", target: word === "bin/rails" ? "rails" : word };
  }
  if (word === "elixir" && rest.includes("-S")) {
    return runOf(rest.slice(rest.indexOf("-S") + 1).join(" "), scripts);
  }
  if (word === "mix") return mixRun(words);
  if (/^(bash|sh)$/.test(word)) {
    return { runtime: "sh", target: scriptName(positional(rest)[0] ?? "") };
  }
  if (/^\.?\/?[\w./-]+\.sh$/.test(word)) {
    return { runtime: "sh", target: scriptName(word) };
  }
  if (isBuilt(word, words)) return { runtime: "program", target: "" };
  return words.length > 1 &&
      /^(next|nuxt|remix-serve|react-router-serve|vite|astro)$/.test(word)
    ? { runtime: word, target: positional(rest)[0] ?? "" }
    : { runtime: word, target: rest.join(" ") };
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

/** Scripts may name scripts; more than these are a circle. */
const MOST_STEPS = 5;

/** Every run a command stands for: itself, and the scripts behind `npm start`. */
function runsOf(command: string, scripts: Scripts): Run[] {
  const runs = [runOf(command, scripts)];
  for (let step = 0; step < MOST_STEPS; step++) {
    const run = runs.at(-1);
    const script = run?.runtime === "script"
      ? scripts.get(run.target)
      : undefined;
    if (script === undefined) break;
    runs.push(runOf(script, scripts));
  }
  return runs;
}

/** The release that mix builds of a project is that project, as `cargo run` and its program are one. */
function isRelease(command: string): boolean {
  return /(?:^|\/)rel\/[\w-]+\/bin\/(?:server$|[\w-]+ (?:start|foreground)\b)/
    .test(lastPart(command));
}

function isProjectOfMix({ runtime, target }: Run): boolean {
  return runtime === "mix" && (target === "phx.server" || target === "run");
}

const BY_PATH = new Set(["node", "bun", "deno", "ruby", "sh"]);

/** The same run, its script's path told from the repository's root. */
function fromRoot(run: Run, directory: string): Run {
  if (directory === "." || !BY_PATH.has(run.runtime)) return run;
  const parts: string[] = [];
  for (const part of `${directory}/${run.target}`.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== ".") parts.push(part);
  }
  return { ...run, target: parts.join("/") };
}

/**
 * True when both run the same.
 *
 * `directory` is where `told` is typed; `stated` is of the root, or of there.
 */
export function runsSame(
  told: string,
  stated: string,
  scripts: Scripts,
  directory = ".",
): boolean {
  if (told.trim() === stated.trim()) return true;
  const ones = runsOf(told, scripts);
  const others = runsOf(stated, scripts);
  if (isRelease(told) && others.some(isProjectOfMix)) return true;
  if (isRelease(stated) && ones.some(isProjectOfMix)) return true;
  const same = (one: Run, other: Run) =>
    one.runtime === other.runtime && one.target === other.target;
  return ones.some((one) =>
    others.some((other) =>
      same(one, other) || same(fromRoot(one, directory), other)
    )
  );
}
