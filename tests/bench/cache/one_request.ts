/**
 * `bench cache-transfer`: a closure of 500 paths and depth 20 through a proxy
 * that adds 25 ms each way, by one request as the worker fetches it, and by
 * stock `nix copy` with its own settings, as a user would run it; each into an
 * empty store, one after the other in turn, the median of some rounds.
 *
 * Ours counts all that a fetch is, from the question what is missing to the
 * last path valid. The proxy runs in the process that fetches: that costs us,
 * not nix.
 *
 * @module
 */
import { createNix } from "../../../roles/nix/mod.ts";
import { NixClosures } from "../../../roles/worker/closures/nix.ts";
import { cacheToken, startCacheProcess } from "../../support/cache.ts";
import { deepClosure } from "../../support/deep_closure.ts";
import { delayingProxy } from "../../support/delaying_proxy.ts";
import { tempDir } from "../../support/temp.ts";
import { testWorker } from "../../support/transferred.ts";
import { median } from "../median.ts";

const PATHS = 500;
const DEPTH = 20;
/** 12 MB, the largest paths 130 kB: what scripts, configurations and small packages are. */
const FILE_BYTES = 8192;
const EACH_WAY_MS = 25;
/** A round of stock nix takes a minute. */
const ROUNDS = 3;

/** What came of it; the first two are what `bench cache` prints. */
export interface OneRequestResult {
  /** HTTP requests of our fetch. */
  requests: number;
  /** Stock `nix copy` beside ours. */
  speedupAt50ms: number;
  paths: number;
  nixVersion: string;
  oneRequestMs: number;
  stockMs: number;
  stockRequests: number;
  /** What the worker does without the one request: `nix-store --realise` with 16 at once. */
  substituteMs: number;
  substituteRequests: number;
}

/** What is measured through. */
interface Setting {
  dir: string;
  url: string;
  publicKey: string;
  top: string;
  /** HTTP requests so far. */
  requests: () => number;
}

interface Measured {
  ms: number;
  requests: number;
}

async function measure(
  setting: Setting,
  name: string,
  work: () => Promise<void>,
): Promise<Measured> {
  const before = setting.requests();
  const start = performance.now();
  await work();
  const ms = performance.now() - start;
  const requests = setting.requests() - before;
  console.error(`${name}: ${Math.round(ms)} ms, ${requests} requests`);
  return { ms, requests };
}

async function oneRequest(setting: Setting): Promise<Measured> {
  await using dir = await tempDir("bo");
  await using worker = await testWorker(dir.path, setting);
  await worker.nix.version();
  const measured = await measure(
    setting,
    "one request",
    () => worker.fetch(setting.top),
  );
  if (worker.warnings.length > 0) throw new Error(worker.warnings.join("\n"));
  return measured;
}

/** The worker before it knew of one request. */
async function substitute(setting: Setting): Promise<Measured> {
  await using dir = await tempDir("bs");
  const nix = await createNix({
    stateDir: dir.path,
    store: `${dir.path}/store`,
  });
  await nix.version();
  const closures = new NixClosures({
    nix,
    cacheUrl: setting.url,
    publicKeys: [setting.publicKey],
    rootsDir: `${dir.path}/roots`,
  });
  const { signal } = new AbortController();
  return await measure(
    setting,
    "nix-store --realise",
    () => closures.ensure([setting.top], signal),
  );
}

/** A user's nix: nothing is set but what a store in a directory needs, and whom to trust. */
async function stockCopy(setting: Setting): Promise<Measured> {
  await using dir = await tempDir("bn");
  await Deno.mkdir(`${dir.path}/conf`);
  await Deno.writeTextFile(
    `${dir.path}/conf/nix.conf`,
    `experimental-features = nix-command
build-users-group =
substituters =
trusted-public-keys = ${setting.publicKey}
`,
  );
  return await measure(setting, "nix copy", async () => {
    const { code, stderr } = await new Deno.Command("nix", {
      args: [
        ...["copy", "--from", setting.url],
        ...["--to", `${dir.path}/store`, setting.top],
      ],
      env: {
        HOME: dir.path,
        XDG_CACHE_HOME: `${dir.path}/cache`,
        NIX_CONF_DIR: `${dir.path}/conf`,
      },
    }).output();
    if (code !== 0) throw new Error(new TextDecoder().decode(stderr));
  });
}

/** Makes the closure, pushes it, and measures. */
export async function run(): Promise<OneRequestResult> {
  await using dir = await tempDir("b1");
  const stateDir = `${dir.path}/cache`;
  await using cache = await startCacheProcess(stateDir);
  const ci = await createNix({
    stateDir: `${dir.path}/ci`,
    store: `${dir.path}/ci/store`,
    cache: { url: cache.url, token: cacheToken(stateDir, "publisher") },
  });
  const top = await deepClosure(ci, `${dir.path}/flake`, {
    paths: PATHS,
    depth: DEPTH,
    fileBytes: FILE_BYTES,
  });
  console.error("pushing the closure");
  await ci.copyTo(cache.url, [top]);
  const { length: paths } = await ci.closure([top]);
  await using proxy = await delayingProxy({
    target: cache.url,
    delayMs: EACH_WAY_MS,
  });
  const setting: Setting = {
    dir: dir.path,
    url: proxy.url,
    publicKey: cache.publicKey,
    top,
    requests: () => proxy.requests.length,
  };
  const ours: Measured[] = [];
  const stock: Measured[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    ours.push(await oneRequest(setting));
    stock.push(await stockCopy(setting));
  }
  const substituted = await substitute(setting);
  const oneRequestMs = median(ours.map(({ ms }) => ms));
  const stockMs = median(stock.map(({ ms }) => ms));
  return {
    requests: Math.max(...ours.map(({ requests }) => requests)),
    speedupAt50ms: Number((stockMs / oneRequestMs).toFixed(1)),
    paths,
    nixVersion: (await ci.version()).text,
    oneRequestMs: Math.round(oneRequestMs),
    stockMs: Math.round(stockMs),
    stockRequests: median(stock.map(({ requests }) => requests)),
    substituteMs: Math.round(substituted.ms),
    substituteRequests: substituted.requests,
  };
}

if (import.meta.main) console.log(JSON.stringify(await run(), null, 2));
