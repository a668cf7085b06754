/**
 * Variables that a machine, a shell or a tool sets: none of them is asked of
 * who runs an application.
 *
 * @module
 */
const COMMON: ReadonlySet<string> = new Set([
  "NODE_ENV",
  "NODE_OPTIONS",
  "NODE_PATH",
  "NODE_DEBUG",
  "BABEL_ENV",
  "NEXT_RUNTIME",
  "NEXT_PHASE",
  "PATH",
  "HOME",
  "PWD",
  "USER",
  "USERNAME",
  "USERPROFILE",
  "SHELL",
  "TERM",
  "LANG",
  "TMPDIR",
  "TEMP",
  "TMP",
  "HOSTNAME",
  "APPDATA",
  "LOCALAPPDATA",
  "EDITOR",
  "CI",
  "NO_COLOR",
  "FORCE_COLOR",
  "DEBUG",
  "ANALYZE",
  "VITEST",
  "VITEST_WORKER_ID",
  "JEST_WORKER_ID",
  "STORYBOOK",
  "TS_NODE_PROJECT",
  "TURBOPACK",
  "INIT_CWD",
  "DENO_DEPLOYMENT_ID",
  "DENO_REGION",
]);
/** What platforms set by themselves. */
const PREFIXES: readonly string[] = [
  "npm_",
  "GITHUB_",
  "GITLAB_",
  "CI_",
  "VERCEL_",
  "NETLIFY_",
  "RAILWAY_",
  "RENDER_",
  "FLY_",
  "XDG_",
  "LC_",
];
/** What Vite itself defines in `import.meta.env`. */
const OF_VITE: ReadonlySet<string> = new Set([
  "MODE",
  "BASE_URL",
  "PROD",
  "DEV",
  "SSR",
  "LEGACY",
]);

/** True for a name that somebody has to set. */
export function isAsked(name: string, isVite = false): boolean {
  return /^_{0,2}[A-Z][A-Za-z0-9_]{0,99}$/.test(name) && !COMMON.has(name) &&
    name !== "VERCEL" && name !== "NETLIFY" && name !== "RENDER" &&
    !PREFIXES.some((prefix) => name.startsWith(prefix)) &&
    !(isVite && OF_VITE.has(name));
}
