/**
 * Closures in a cache over HTTP that can be held back, and workers in processes
 * of their own that fetch them; for tests of what becomes of a fetch.
 *
 * @module
 */
import { createNix, type Nix } from "../../roles/nix/mod.ts";
import { randomBytes } from "node:crypto";
import { type TestVm, testVmSpec } from "./worker.ts";
import { tempDir } from "./temp.ts";

const MIB = 1024 * 1024;

/** A cache of files, one of which can be held back halfway. */
export interface HeldCache extends AsyncDisposable {
  readonly url: string;
  /** How often a file was begun, by its path. */
  readonly asked: Map<string, number>;
  /** From now on the largest file stops halfway; null: none does, and what is held goes on. */
  hold(path: string | null): void;
}

/** Serves `dir` on a free port. */
export function serveCache(dir: string): HeldCache {
  const asked = new Map<string, number>();
  let held: string | null = null;
  let go = Promise.withResolvers<void>();
  const server = Deno.serve({
    port: 0,
    hostname: "127.0.0.1",
    onListen: () => undefined,
  }, async (request) => {
    const path = new URL(request.url).pathname.slice(1);
    const bytes = await Deno.readFile(`${dir}/${path}`).catch(() => null);
    if (bytes === null) return new Response(null, { status: 404 });
    asked.set(path, (asked.get(path) ?? 0) + 1);
    const headers = { "content-length": String(bytes.length) };
    if (path !== held) return new Response(bytes, { headers });
    const half = Math.floor(bytes.length / 2);
    const body = new ReadableStream<Uint8Array>({
      async start(controller) {
        controller.enqueue(bytes.subarray(0, half));
        await go.promise;
        controller.enqueue(bytes.subarray(half));
        controller.close();
      },
    });
    return new Response(body, { headers });
  });
  return {
    url: `http://127.0.0.1:${server.addr.port}`,
    asked,
    hold(path) {
      held = path;
      if (path !== null) return;
      go.resolve();
      go = Promise.withResolvers<void>();
    },
    async [Symbol.asyncDispose]() {
      go.resolve();
      await server.shutdown();
    },
  };
}

/** A publisher's store with closures in it: each is two files of random bytes and a path that refers to both. */
export async function closureCache(names: readonly string[], fileMib: number) {
  const dir = await tempDir("cl");
  const { path } = dir;
  const nix = await createNix({
    stateDir: `${path}/ci`,
    store: `${path}/ci/store`,
  });
  const { secretKey, publicKey } = await nix.generateKey("cache-1");
  await Deno.writeTextFile(`${path}/key`, secretKey);
  const tops = new Map<string, string>();
  for (const name of names) {
    tops.set(name, await buildClosure(nix, `${path}/${name}`, name, fileMib));
  }
  const files = `${path}/cache`;
  await nix.copyTo(`file://${files}`, [...tops.values()], {
    secretKeyFile: `${path}/key`,
  });
  const cache = serveCache(files);
  return {
    path,
    cache,
    publicKey,
    top: (name: string) => tops.get(name) ?? "",
    /** The path of the largest file of a closure, as the cache serves it. */
    async largest(name: string): Promise<string> {
      const infos = await nix.remoteClosure(cache.url, [tops.get(name) ?? ""]);
      infos.sort((a, b) => b.narSizeBytes - a.narSizeBytes);
      return infos[0]?.url ?? "";
    },
    async [Symbol.asyncDispose]() {
      await cache[Symbol.asyncDispose]();
      await dir[Symbol.asyncDispose]();
    },
  };
}

async function buildClosure(
  nix: Nix,
  dir: string,
  name: string,
  fileMib: number,
): Promise<string> {
  for (const part of ["a", "b"]) {
    await Deno.mkdir(`${dir}/${part}`, { recursive: true });
    await Deno.writeFile(`${dir}/${part}/data`, randomBytes(fileMib * MIB));
  }
  await Deno.writeTextFile(
    `${dir}/flake.nix`,
    `{
      outputs = { self }: {
        top = derivation {
          name = "${name}";
          system = "x86_64-linux";
          builder = "/bin/sh";
          args = [ "-c" "echo \${./a} \${./b} > $out" ];
        };
      };
    }`,
  );
  const [top = ""] = await nix.build(`path:${dir}`, ["top"]);
  return top;
}

/** A spec of a simulated VM whose image is one store path. */
export function closureSpec(top: string, vm: TestVm = {}) {
  return testVmSpec({
    storePath: top,
    cmdline: "simulated.boot_ms=50",
    ...vm,
    spec: {
      update: { minHealthyTimeMs: 100, healthyDeadlineMs: 60_000 },
      ...vm.spec,
    },
  });
}
