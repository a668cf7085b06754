/**
 * A cache with a closure in it, and workers' closures that fetch it; for tests
 * of what becomes of a transfer in one request.
 *
 * @module
 */
import assert from "node:assert/strict";
import { systemClock } from "../../roles/clock/mod.ts";
import { httpClient } from "../../roles/http/mod.ts";
import { createNix, type Nix } from "../../roles/nix/mod.ts";
import { NixClosures } from "../../roles/worker/closures/nix.ts";
import { DiskRoom } from "../../roles/worker/closures/disk_room.ts";
import { ClosureTransfer } from "../../roles/worker/closures/transfer.ts";
import { cacheToken, startCache } from "./cache.ts";
import { type DeepClosure, deepClosure } from "./deep_closure.ts";
import { tempDir } from "./temp.ts";

/** Some MiB, half of it on the wire, in a few seconds. */
export const SMALL: DeepClosure = { paths: 30, depth: 6, fileBytes: 16_384 };

/** Pushes a closure into the cache of `stateDir` that answers at `url`. */
export async function pushClosure(
  dir: string,
  cache: { url: string; stateDir: string },
  closure: DeepClosure,
): Promise<{ top: string; nix: Nix }> {
  const nix = await createNix({
    stateDir: `${dir}/ci`,
    store: `${dir}/ci/store`,
    cache: { url: cache.url, token: cacheToken(cache.stateDir, "publisher") },
  });
  const top = await deepClosure(nix, `${dir}/${closure.seed ?? "flake"}`, {
    ...SMALL,
    ...closure,
  });
  await nix.copyTo(cache.url, [top], { timeoutMs: 60_000 });
  return { top, nix };
}

/** A cache in this process with a closure in it. */
export async function filledCache(closure: DeepClosure = SMALL) {
  const stack = new AsyncDisposableStack();
  const dir = stack.use(await tempDir("tr"));
  const cache = stack.use(await startCache());
  const { top, nix } = await pushClosure(dir.path, cache, closure);
  return {
    dir: dir.path,
    cache,
    top,
    /** The publisher's. */
    nix,
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

/** A worker's closures over a store of its own below `dir`. */
export interface TestWorker extends AsyncDisposable {
  nix: Nix;
  closures: NixClosures;
  /** What was warned of. */
  warnings: string[];
  /** What was told of the fetch. */
  progress: string[];
  fetch(top: string, signal?: AbortSignal): Promise<void>;
}

export interface TestWorkerOptions {
  url: string;
  publicKey: string;
  store?: string;
  /** That stay free; absent: room is not looked at. */
  minFreeMib?: number;
}

export async function testWorker(
  dir: string,
  { url, publicKey, store = `${dir}/store`, minFreeMib }: TestWorkerOptions,
): Promise<TestWorker> {
  const nix = await createNix({ stateDir: dir, store });
  const client = httpClient({ url });
  const publicKeys = [publicKey];
  const warnings: string[] = [];
  const progress: string[] = [];
  const onWarning = (message: string, error: unknown) => {
    warnings.push(`${message}: ${error}`);
  };
  const rules = { keepDays: 1, minFreeMib: minFreeMib ?? 0 };
  const room = new DiskRoom({ rules, clock: systemClock, onWarning });
  const closures = new NixClosures({
    nix,
    cacheUrl: url,
    publicKeys,
    rootsDir: `${dir}/roots`,
    transfer: new ClosureTransfer({ client, nix, publicKeys, onWarning }),
    ...(minFreeMib === undefined ? {} : {
      keeping: {
        dir: `${dir}/kept`,
        keepDays: 1,
        room,
        clock: systemClock,
        onWarning,
      },
    }),
  });
  return {
    nix,
    closures,
    warnings,
    progress,
    async fetch(top, signal = new AbortController().signal) {
      await closures.ensure([top], signal, (text) => void progress.push(text));
    },
    async [Symbol.asyncDispose]() {
      client.close();
    },
  };
}

/** Asserts that all of a closure is valid in a store, and that all that is valid there is what it should be. */
export async function assertSound(
  dir: string,
  { nix }: Pick<TestWorker, "nix">,
  top: string | null,
  paths = 0,
): Promise<void> {
  if (top !== null) {
    assert.equal((await nix.closureInfo([top])).length, paths);
  }
  const { code, stderr } = await new Deno.Command("nix-store", {
    args: ["--verify", "--check-contents"],
    env: {
      NIX_REMOTE: nix.store ?? "",
      NIX_CONF_DIR: `${dir}/nix/conf`,
      HOME: dir,
    },
  }).output();
  const said = new TextDecoder().decode(stderr);
  assert.equal(code, 0, said);
  assert.doesNotMatch(said, /modified|missing|disappeared|error/);
}
