/**
 * What the text of a script means: whether it serves for development only,
 * whether it starts other packages rather than its own, which port it names.
 *
 * @module
 */
import type { Manifest } from "./manifest.ts";

/** Scripts are lines; what is longer is cut. */
const MAX_SCRIPT = 2_000;
/** Scripts that call scripts; people nest two or three. */
const MAX_STEPS = 8;

/** `run-p build:*` calls every script that begins so. */
const SEVERAL = /\b(?:run-p|run-s|npm-run-all)\s([^&;|\n]{1,400})/g;
/** Scripts that one such word stands for. */
const MAX_CALLED = 8;

function calledBySeveral(manifest: Manifest, text: string): string[] {
  return [...text.matchAll(SEVERAL)].flatMap(([, words = ""]) =>
    words.split(/[\s"']+/).flatMap((word) => {
      if (manifest.scripts.has(word)) return [word];
      const stem = /^([\w.:-]{2,60}[:-])\*{1,2}$/.exec(word)?.[1];
      return stem === undefined ? [] : [...manifest.scripts.keys()]
        .filter((name) => name.startsWith(stem)).slice(0, MAX_CALLED);
    })
  );
}

const CALL =
  /(?:npm|pnpm|yarn|bun)\s{1,3}(?:run\s{1,3}|run-script\s{1,3})?([\w:.-]{1,60})/g;

/** A script followed by the scripts it calls. */
export function expandScript(manifest: Manifest, script: string): string {
  const texts: string[] = [];
  const seen = new Set<string>();
  const open = [script];
  while (open.length > 0 && texts.length < MAX_STEPS) {
    const name = open.shift() ?? "";
    const text = manifest.scripts.get(name)?.value.slice(0, MAX_SCRIPT);
    if (text === undefined || seen.has(name)) continue;
    seen.add(name);
    texts.push(text);
    for (const [, called = ""] of text.matchAll(CALL)) open.push(called);
    open.push(...calledBySeveral(manifest, text));
  }
  return texts.join("\n");
}

/** Each watches files, compiles as it goes, or says itself that it is for development. */
const DEVELOPING: readonly RegExp[] = [
  /\b(?:nodemon|ts-node-dev|tsnd|webpack-dev-server|live-server|browser-sync|node-dev)\b/,
  /\b(?:react-scripts|react-app-rewired|craco|docusaurus|react-native|expo) start\b/,
  /\b(?:ng|nx|vue-cli-service|ember|webpack|rsbuild|parcel) serve\b/,
  /\b(?:next|nuxt|nuxi|astro|remix|react-router|gatsby|vinxi|netlify|vercel|wrangler|rsbuild|nitro|nitropack|vitepress|vuepress|strapi) (?:dev|develop|vite:dev)\b/,
  /(?:^|[\s;&|])vite(?:\s{0,3}$|\s{1,3}(?:--|dev\b|serve\b|-))/m,
  /(?:^|\s)(?:--watch|--hot|-w)(?:\s|=|$)/m,
];

/** True for what one runs while writing the program. */
export function isDevelopment(text: string): boolean {
  return DEVELOPING.some((pattern) => pattern.test(text));
}

/** Programs that make files of files, and what is done around them. */
const MAKERS =
  /^(?:tsc|tspc|vue-tsc|svelte-package|tsup|tsdx|rollup|unbuild|microbundle|babel|swc|esbuild|ncc|father|bob|ng-packagr|stencil|sass|rimraf|rm|cp|cpy|cpx|copyfiles|mkdir|mkdirp|del|echo|shx|npm-run-all|run-p|run-s|concurrently|wait-on|sleep|true)$/;
/** What stands before the program. */
const BEFORE =
  /^(?:\s{0,9}(?:cross-env|dotenv|npx|env|[A-Z_]{1,40}=[^\s]{0,100}))*\s{0,9}(?:(?:\.\/)?node_modules\/(?:\.bin\/)?)?/;

/** True for a script that only makes files, as it is written or over again: nothing is started. */
export function isOnlyMaking(text: string): boolean {
  const steps = text.split(/[\n;|&"']+/).map((step) =>
    step.slice(0, 500).trim()
  )
    .filter((step) => step !== "");
  const programs = steps.map((step) =>
    /^[\w.@/-]{1,100}/.exec(step.replace(BEFORE, ""))?.[0] ?? ""
  );
  // Calls of other scripts stand in the text with what they call.
  const own = programs.filter((program) =>
    !/^(?:npm|pnpm|yarn|bun)$/.test(program)
  );
  return own.length > 0 && own.every((program) => MAKERS.test(program)) &&
    own.some((program) => !/^(?:echo|true|sleep)$/.test(program));
}

/** Each starts a package other than its own. */
const DELEGATING: readonly RegExp[] = [
  /(?:^|[\s;&|])(?:turbo|nx|lerna|moon|rush|wsrun|ultra)\s/,
  /\bpnpm\b[^;&|]{0,60}\s(?:-r|--recursive|--filter|-F|--parallel|-C|--dir)\b/,
  /\byarn workspaces?\s/,
  /\byarn\b[^;&|]{0,60}\s--cwd\b/,
  /\bnpm\b[^;&|]{0,60}\s(?:-w|--workspaces?|--prefix|-ws|-C)(?:[\s=]|$)/,
  /\bbun\b[^;&|]{0,60}\s(?:--filter|--cwd)\b/,
  /(?:^|[;&|"'\s])cd\s{1,3}[^\s;&|]{1,100}\s{0,3}&&/,
];

/** True for a script that starts other packages. */
export function isDelegating(text: string): boolean {
  return DELEGATING.some((pattern) => pattern.test(text));
}

/** True for a script that runs several others side by side. */
export function runsSeveral(text: string): boolean {
  return /\b(?:concurrently|npm-run-all|run-p|run-s|zx|wireit)\b/.test(text);
}

/** True for a script that starts containers: no way to start the package itself. */
export function startsContainers(text: string): boolean {
  return /\bdocker(?:-compose|\s{1,3}compose|\s{1,3}run)\b/.test(text);
}

/** What `npm init` writes, and its like: a script that only says that there is none. */
export function isPlaceholder(text: string): boolean {
  return /no tests? (?:specified|yet|defined)/i.test(text) ||
    /^(?:exit 0|true|echo\b[^;&|]{0,200}(?:&&\s{0,3}exit \d)?)$/.test(text);
}

/** `PORT=8080 node .`, `next start -p 8080`, `serve -l 8080`, `--port=8080`. */
export function portInScript(text: string): number | null {
  const found =
    /(?:^|[\s;&|])(?:PORT=|(?:--port|--listen|-p|-l)[=\s]\s{0,3}(?:tcp:\/\/[\w.]{1,60}:)?)["']?(\d{2,5})\b/
      .exec(text)?.[1] ??
      /(?:^|\s)-p(\d{2,5})\b/.exec(text)?.[1] ??
      /(?:--port|-p|--listen|-l)[=\s]\s{0,3}["']?\$\{PORT:-(\d{2,5})\}/.exec(
        text,
      )?.[1];
  const port = Number(found ?? 0);
  return port >= 1 && port <= 65_535 ? port : null;
}

/** True for a script that sets PORT itself: a default in a source counts for nothing beside it. */
export function setsPort(text: string): boolean {
  return /(?:^|[\s;&|])PORT=["']?\d/.test(text);
}

/** What programs listen on that are told nothing. The first that fits. */
const PROGRAM_PORTS: readonly (readonly [RegExp, number])[] = [
  [/\bng serve\b/, 4200],
  [/\bember (?:serve|s|server)\b/, 4200],
  [/\bvite preview\b/, 4173],
  [/(?:^|[\s;&|])vite(?:\s{0,3}$|\s{1,3}(?:--|dev\b|serve\b|-))/m, 5173],
  [/\bastro (?:dev|preview|start)\b/, 4321],
  [/\bgatsby develop\b/, 8000],
  [/\bgatsby serve\b/, 9000],
  [/\bvue-cli-service serve\b/, 8080],
  [/\b(?:webpack serve|webpack-dev-server|http-server|live-server)\b/, 8080],
  [/\bparcel(?: serve)?\s{1,3}(?!build)/, 1234],
  [/\beleventy\b.{0,60}--serve\b/, 8080],
  [/\bvitepress (?:dev|preview|serve)\b/, 5173],
  [/\bwrangler dev\b/, 8787],
  [/\bstrapi (?:start|develop|dev)\b/, 1337],
  [/\bmedusa (?:start|develop)\b/, 9000],
  [/\bdirectus start\b/, 8055],
  [/\brw serve\b/, 8910],
  [/\bexpo start\b/, 8081],
  [/\b(?:next|nuxt|nuxi) (?:start|dev|preview)\b/, 3000],
  [
    /\b(?:react-scripts|craco|react-app-rewired|docusaurus) (?:start|serve)\b/,
    3000,
  ],
  [/\b(?:remix-serve|react-router-serve|json-server|keystone start)\b/, 3000],
  [/\b(?:vinxi (?:start|dev)|fastify start)\b/, 3000],
  [/\bfunctions-framework\b/, 8080],
  [/\bmeteor(?:\s{0,3}$|\s{1,3}(?:run\b|--))/m, 3000],
  [/\b(?:func|azure-functions-core-tools) (?:host )?start\b/, 7071],
  [/\b(?:serverless|sls) offline\b/, 3000],
  [/\.output\/server\/index\.mjs\b/, 3000],
  [/(?:^|[\s;&|])serve\s/, 3000],
];

/** Port of a program that a script runs; null when it runs none we know. */
export function programPort(text: string): number | null {
  return PROGRAM_PORTS.find(([pattern]) => pattern.test(text))?.[1] ?? null;
}
