/**
 * Variables that tools of JavaScript set: none of them is asked of who runs an
 * application.
 *
 * @module
 */
import { isOfMachine } from "../shared/machine_names.ts";

const COMMON: ReadonlySet<string> = new Set([
  "NODE_ENV",
  "NODE_OPTIONS",
  "NODE_PATH",
  "NODE_DEBUG",
  "BABEL_ENV",
  "NEXT_RUNTIME",
  "NEXT_PHASE",
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
  "HTTP_PROXY",
  "HTTPS_PROXY",
  "ALL_PROXY",
  "NO_PROXY",
  "NODE_EXTRA_CA_CERTS",
  "NODE_TLS_REJECT_UNAUTHORIZED",
  "TAURI_DEV_HOST",
  "TAURI_DEBUG",
  "TAURI_ENV_DEBUG",
  "TAURI_ENV_PLATFORM",
  "TAURI_PLATFORM",
  "MOCHA",
  "CYPRESS",
]);
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
    !isOfMachine(name) && !(isVite && OF_VITE.has(name));
}
