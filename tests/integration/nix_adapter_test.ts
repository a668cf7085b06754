/** The Nix adapter against the real nix: pinned evaluation, builds, copies between stores, roots, errors. */
import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import { join } from "node:path";
import { parseBlueprint, storePathsOf } from "../../roles/model/blueprint.ts";
import { AppError } from "../../roles/model/errors.ts";
import { createNix } from "../../roles/nix/mod.ts";
import { runChecked } from "../../roles/process/mod.ts";
import { writeFiles } from "../support/files.ts";
import {
  nixStore,
  sampleRepository,
  testKernelFolder,
} from "../support/nix_store.ts";
import { tempDir } from "../support/temp.ts";

/** The part of an error that a user reads. */
async function failureOf(promise: Promise<unknown>): Promise<AppError> {
  try {
    await promise;
  } catch (error) {
    ok(error instanceof AppError, `not an AppError: ${error}`);
    return error;
  }
  throw new Error("it did not fail");
}

/** A folder that is a flake of one derivation, built by busybox; gives its `path:` reference. */
async function shellFlake(dir: string, script: string): Promise<string> {
  const busybox = join(await testKernelFolder(), "boot/busybox");
  await Deno.mkdir(join(dir, "tools"), { recursive: true });
  await Deno.copyFile(busybox, join(dir, "tools/busybox"));
  await writeFiles(dir, {
    "flake.nix": `{
      outputs = { self }: {
        packages.x86_64-linux.default = derivation {
          name = "from-shell";
          system = "x86_64-linux";
          builder = "\${./tools}/busybox";
          args = [ "sh" "-c" ${JSON.stringify(script)} ];
        };
      };
    }`,
  });
  return `path:${dir}`;
}

Deno.test("a pinned commit of a bare repository evaluates, builds and reaches another store signed", async () => {
  await using ci = await nixStore("ci");
  await using worker = await nixStore("wk");
  await using dir = await tempDir("repo");
  const repository = await sampleRepository(dir.path);
  const commit = await repository.commit({ content: "one" });
  const flake = repository.flakeRef(commit);

  const evaluated = await ci.nix.evalWithContext(flake, "blueprintJSON");
  equal(evaluated.text, await ci.nix.evalRaw(flake, "blueprintJSON"));
  const { cluster, vmSpecs } = parseBlueprint(evaluated.text);
  equal(cluster, "shop");
  equal(vmSpecs[0]?.replicas, 2);
  const paths = storePathsOf(vmSpecs);
  equal((await ci.nix.missingPaths(paths)).length, 1, "only the image");

  await ci.nix.realise(evaluated.derivations);
  deepEqual(await ci.nix.missingPaths(paths), []);
  const checks = await ci.nix.checkDerivations(flake);
  deepEqual(Object.keys(checks), ["page"]);
  await ci.nix.realise(Object.values(checks));

  const { secretKey, publicKey } = await ci.nix.generateKey("test-1");
  equal(await ci.nix.publicKey(secretKey), publicKey);
  const keyFile = join(dir.path, "key");
  await Deno.writeTextFile(keyFile, secretKey);
  const cache = `file://${dir.path}/cache`;
  await ci.nix.copyTo(cache, paths, { secretKeyFile: keyFile });

  const untrusted = await failureOf(
    worker.nix.copyFrom(cache, paths, { publicKeys: [] }),
  );
  equal(untrusted.code, "refused");
  // The kernel is content-addressed: its name proves its content, so it needs no signature.
  const image = vmSpecs[0]?.image.toplevel ?? "";
  deepEqual(await worker.nix.missingPaths([image]), [image]);

  await worker.nix.copyFrom(cache, paths, { publicKeys: [publicKey] });
  const infos = await worker.nix.pathInfo(paths);
  deepEqual(infos.map((info) => info.path).sort(), paths);
  ok(infos.every((info) => info.narSizeBytes > 0));
  deepEqual(
    (await worker.nix.closure(paths)).sort(),
    paths,
    "kernel and image refer to nothing else",
  );
  const initrd = vmSpecs[0]?.image.initrdPath ?? "";
  ok((await Deno.stat(worker.nix.physicalPath(initrd))).size > 1_000_000);
});

Deno.test("the image is bit for bit the same when it is built again", async () => {
  await using dir = await tempDir("repo");
  const repository = await sampleRepository(dir.path);
  const flake = repository.flakeRef(await repository.commit({ content: "x" }));
  const hashes = [];
  for (const name of ["first", "second"]) {
    await using store = await nixStore(name);
    const built = await store.nix.build(flake, ["default"]);
    hashes.push(
      (await store.nix.pathInfo(built)).map((info) => info.narHash),
    );
  }
  equal(hashes[0]?.length, 1);
  deepEqual(hashes[0], hashes[1]);
});

Deno.test("a root keeps a path and removing it lets it go", async () => {
  await using store = await nixStore("gc");
  await using dir = await tempDir("gc");
  await writeFiles(dir.path, { "kept/a": "a", "dropped/b": "b" });
  const kept = await store.nix.addPath(join(dir.path, "kept"), "kept");
  const dropped = await store.nix.addPath(join(dir.path, "dropped"), "dropped");
  const link = join(dir.path, "root");
  await store.nix.addGcRoot(kept, link);
  await store.nix.collectGarbage();
  deepEqual(await store.nix.missingPaths([kept, dropped]), [dropped]);
  await store.nix.removeGcRoot(link);
  await store.nix.removeGcRoot(link);
  await store.nix.collectGarbage();
  deepEqual(await store.nix.missingPaths([kept]), [kept]);
});

Deno.test("a failing build names the derivation, and its lines are offered while it runs", async () => {
  await using store = await nixStore("fail");
  await using dir = await tempDir("flake");
  const flake = await shellFlake(dir.path, "echo before the end; exit 3");
  const lines: string[] = [];
  const error = await failureOf(
    store.nix.build(flake, ["default"], { onLog: (line) => lines.push(line) }),
  );
  equal(error.code, "failed");
  match(error.message, /^Cannot build default: error: .*from-shell\.drv/);
  match(error.message, /exit code 3/);
  ok(lines.some((line) => /from-shell> before the end/.test(line)));
});

Deno.test("aborting a build ends it", async () => {
  await using store = await nixStore("abort");
  await using dir = await tempDir("flake");
  const flake = await shellFlake(
    dir.path,
    "echo started; while :; do :; done",
  );
  const stop = new AbortController();
  const error = await failureOf(
    store.nix.build(flake, ["default"], {
      signal: stop.signal,
      timeoutMs: 60_000,
      onLog: (line) => line.includes("started") && stop.abort(),
    }),
  );
  match(error.message, /was stopped/);
});

Deno.test("what cannot be had is named", async () => {
  await using store = await nixStore("absent");
  await using dir = await tempDir("absent");
  const path = "/nix/store/0123456789abcdfghijklmnpqrsvwxyz-nothing";
  await Deno.mkdir(join(dir.path, "cache"));
  await Deno.writeTextFile(
    join(dir.path, "cache/nix-cache-info"),
    "StoreDir: /nix/store\n",
  );
  const options = { publicKeys: [] };

  const absent = await failureOf(
    store.nix.copyFrom(`file://${dir.path}/cache`, [path], options),
  );
  equal(absent.code, "not_found", absent.message);
  match(absent.message, /nothing/);

  const refused = await failureOf(
    store.nix.copyFrom("http://127.0.0.1:9", [path], options),
  );
  equal(refused.code, "unavailable", refused.message);

  await writeFiles(dir.path, { "flake/flake.nix": "{ outputs = _: { } " });
  const syntax = await failureOf(
    store.nix.evalRaw(`path:${dir.path}/flake`, "blueprintJSON"),
  );
  match(syntax.message, /^Cannot evaluate blueprintJSON: error: .*syntax/);

  await writeFiles(dir.path, { "flake/flake.nix": "{ outputs = _: { }; }" });
  const flake = `path:${dir.path}/flake`;
  match(
    (await failureOf(store.nix.evalRaw(flake, "blueprintJSON"))).message,
    /does not provide attribute .*blueprintJSON/,
  );
  deepEqual(await store.nix.checkDerivations(flake), {});
});

Deno.test("a hostile flake reads no file of this machine and takes no more memory than it may", async () => {
  await using store = await nixStore("hostile");
  await using dir = await tempDir("hostile");
  await writeFiles(dir.path, {
    "secret/token": "topsecret",
    "sub/flake.nix": "{ outputs = _: { text = ''relative''; }; }",
    "relative/flake.nix":
      "{ inputs.sub.url = ''path:./sub''; outputs = { sub, ... }: { x = sub.text; }; }",
    "relative/sub/flake.nix": "{ outputs = _: { text = ''beside''; }; }",
    "flake/flake.nix": `{
      inputs.s = { url = "path:${dir.path}/secret"; flake = false; };
      outputs = { s, ... }: { x = builtins.readFile (s + "/token"); };
    }`,
    "large/flake.nix": `{
      outputs = _: {
        x = toString (builtins.length (builtins.filter (s: s == "x")
          (builtins.genList (i: "\${toString i}-a-text-of-some-length") 100000000)));
        checks.x86_64-linux.evil.drvPath = "--add-root";
      };
    }`,
  });
  const flake = (name: string) => `path:${dir.path}/${name}`;
  deepEqual(await store.nix.localInputs(flake("flake")), ["s"]);
  deepEqual(await store.nix.localInputs(flake("relative")), []);
  equal(await store.nix.evalRaw(flake("relative"), "x"), "beside");
  const large = await failureOf(
    store.nix.evalRaw(flake("large"), "x", { memoryMib: 768 }),
  );
  match(large.message, /out of memory/);
  match(large.hint ?? "", /evalMemoryMib/);
  const evil = await failureOf(
    store.nix.checkDerivations(flake("large"), { memoryMib: 768 }),
  );
  equal(evil.code, "invalid");
  match(evil.message, /must be a derivation/);
});

Deno.test("a build in a sandbox sees no file of this machine", async () => {
  await using dir = await tempDir("sandbox");
  await writeFiles(dir.path, { "token": "topsecret" });
  const nix = await createNix({
    stateDir: `${dir.path}/state`,
    store: `${dir.path}/store`,
    sandbox: true,
  });
  const flake = await shellFlake(
    `${dir.path}/flake`,
    `read -r line < ${dir.path}/token; echo "seen: $line" > $out`,
  );
  const lines: string[] = [];
  const attribute = "packages.x86_64-linux.default";
  await nix.build(flake, [attribute], { onLog: (line) => lines.push(line) })
    .catch(() => undefined);
  match(lines.join("\n"), /token: no such file/i);
  // A store in a directory is built in one whatever is set: that it is set shows here alone.
  match(
    await Deno.readTextFile(`${dir.path}/state/nix/conf/nix.conf`),
    /^sandbox = true$/m,
  );
});

Deno.test("a machine without nix is told what to install", async () => {
  await using dir = await tempDir("nonix");
  const script = `
    import { createNix } from ${
    JSON.stringify(new URL("../../roles/nix/mod.ts", import.meta.url).href)
  };
    const nix = await createNix({ stateDir: ${JSON.stringify(dir.path)} });
    await nix.version().catch((error) => console.log(error.code, error.hint));
    await nix.evalRaw("path:/", "x", { memoryMib: 512 }).catch((error) => console.log(error.message));`;
  const file = join(dir.path, "main.ts");
  await Deno.writeTextFile(file, script);
  await Deno.symlink("/usr/bin/prlimit", join(dir.path, "prlimit"));
  const config = new URL("../../deno.json", import.meta.url).pathname;
  const printed = await runChecked(Deno.execPath(), [
    "run",
    "-A",
    "--config",
    config,
    file,
  ], { env: { PATH: dir.path } });
  equal(
    printed.trim(),
    "missing_dependency sudo apt-get install nix-bin\nCannot run nix: it is not installed",
  );
});

Deno.test("a store must be an absolute path", async () => {
  await rejects(createNix({ stateDir: "/tmp", store: "relative" }), {
    code: "invalid",
  });
});
