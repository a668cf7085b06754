/**
 * A running cache for tests, in this process or in one of its own, and paths
 * to push into it without nix.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { zstdCompressSync } from "node:zlib";
import { z } from "zod";
import { openTokenTable, type TokenRole } from "../../roles/auth/mod.ts";
import {
  CacheConfig,
  type CacheDeps,
  run,
  type RunningCache,
} from "../../roles/cache/mod.ts";
import { formatSha256 } from "../../roles/nar/core/sha256.ts";
import { encodeNixBase32 } from "../../roles/nar/core/nix_base32.ts";
import { systemRandom } from "../../roles/clock/mod.ts";
import { tempDir } from "./temp.ts";

/** Makes a token in the table of `stateDir`. */
export function cacheToken(stateDir: string, role: TokenRole): string {
  const table = openTokenTable(stateDir);
  try {
    return table.create({ role, name: "test" }, {
      now: Date.now(),
      random: systemRandom,
    }).token;
  } finally {
    table.close();
  }
}

/** A cache in this process, on a free port. */
export interface TestCache extends AsyncDisposable {
  url: string;
  stateDir: string;
  publicKey: string;
  token(role: TokenRole): string;
  running: RunningCache;
}

/** Starts one, below `stateDir` or in a directory that goes with it. */
export async function startCache(
  config: Partial<z.input<typeof CacheConfig>> = {},
  deps: CacheDeps = {},
): Promise<TestCache> {
  const dir = config.stateDir === undefined ? await tempDir("cache") : null;
  const stateDir = config.stateDir ?? dir?.path ?? "";
  const running = await run(
    CacheConfig.parse({ listen: "127.0.0.1:0", ...config, stateDir }),
    deps,
  );
  return {
    url: running.endpoints["http"] ?? "",
    stateDir,
    publicKey: running.publicKeys[0] ?? "",
    token: (role) => cacheToken(stateDir, role),
    running,
    async [Symbol.asyncDispose]() {
      await running.stop();
      await dir?.[Symbol.asyncDispose]();
    },
  };
}

/** What `cache_process.ts` prints when it listens. */
export const CacheReady = z.object({ url: z.string(), publicKey: z.string() });

/** A cache in a process of its own, which can be killed. */
export interface CacheProcess extends AsyncDisposable {
  url: string;
  publicKey: string;
  token(role: TokenRole): string;
  child: Deno.ChildProcess;
}

/** Starts one over `stateDir`, with a failpoint armed or not. */
export async function startCacheProcess(
  stateDir: string,
  options: {
    failpoint?: string;
    listen?: string;
    /** Most open files it may have. */
    openFiles?: number;
    config?: Partial<z.input<typeof CacheConfig>>;
  } = {},
): Promise<CacheProcess> {
  const script = new URL("./cache_process.ts", import.meta.url).pathname;
  const config = {
    listen: options.listen ?? "127.0.0.1:0",
    ...options.config,
    stateDir,
  };
  const limit = options.openFiles === undefined
    ? ""
    : `ulimit -n ${options.openFiles};`;
  const child = new Deno.Command("/bin/sh", {
    args: [
      ...["-c", `${limit} exec "$@"`, "sh"],
      ...[Deno.execPath(), "run", "-A", script, JSON.stringify(config)],
    ],
    env: { PROCURATOR_FAILPOINT: options.failpoint ?? "" },
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  while (!text.includes("\n")) {
    const { done, value } = await reader.read();
    if (done) throw new Error("the cache ended before it listened");
    text += value;
  }
  await reader.cancel();
  const ready = CacheReady.parse(JSON.parse(text));
  return {
    ...ready,
    token: (role) => cacheToken(stateDir, role),
    child,
    async [Symbol.asyncDispose]() {
      try {
        child.kill("SIGKILL");
      } catch {
        // It ended by itself, or the test killed it.
      }
      await child.status;
    },
  };
}

/** A path that was never in a store: its nar's bytes are what the test says. */
export interface FakePath {
  hash: string;
  base: string;
  nar: Uint8Array;
  packed: Uint8Array;
  /** `nar/<hash>.nar.zst` */
  url: string;
  narInfo: string;
}

function digest(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(createHash("sha256").update(bytes).digest());
}

/** Builds one; the same name and text give the same path. */
export function fakePath(
  name: string,
  text = name,
  references: readonly string[] = [],
): FakePath {
  const nar = new TextEncoder().encode(`nix-archive-1 ${text}`);
  const packed = new Uint8Array(zstdCompressSync(nar));
  const hash = encodeNixBase32(digest(new TextEncoder().encode(name)))
    .slice(0, 32);
  const base = `${hash}-${name}`;
  const fileHash = encodeNixBase32(digest(packed));
  const url = `nar/${fileHash}.nar.zst`;
  return {
    hash,
    base,
    nar,
    packed,
    url,
    narInfo: `StorePath: /nix/store/${base}
URL: ${url}
Compression: zstd
FileHash: sha256:${fileHash}
FileSize: ${packed.length}
NarHash: ${formatSha256(digest(nar))}
NarSize: ${nar.length}
References: ${references.join(" ")}
`,
  };
}
