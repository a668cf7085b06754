/**
 * Bad input from end to end: each gets an error that says what, where and
 * what to do, and changes nothing. One `dev` with the simulated driver runs
 * through all of it, with a healthy cluster that must stay as it is.
 *
 * | item | here | in depth |
 * | --- | --- | --- |
 * | flake that does not evaluate | push | ci_job_test |
 * | blueprint with an unknown key | push | roles/model/blueprint_test, nix_parity_test |
 * | VM larger than any worker | push | roles/master/core |
 * | failing build | push | ci_job_test, nix_adapter_test |
 * | known failed intent | push | roles/master/core |
 * | store path the cache does not have, bad signature | a worker with a store of its own | cache_nix_test, worker tests |
 * | wrong token | RPC, HTTP, git | tls_test, cli_test, deployment_test |
 * | stale parent, stale generation, generation 2^64-1 | RPC | roles/master/core |
 * | message over the limits, garbage on the RPC port | raw sockets | rpc_wire tests |
 * | taken port | a second `dev` | cli_test, http_base_test |
 * | full disk | `dev` on a small tmpfs | master, cache and worker tests |
 * | a kernel that is none, an image too large, memory above the host | - | worker_input_test, worker_input_qemu_test |
 * | a VMM that is missing, another one, too old, hangs or dies; /dev/kvm without permission | - | vmm_cloud_hypervisor_input_test, vmm_qemu_input_test |
 * | a guest that floods serial port, network or channel; a channel's end that lies | - | vmm_*_test, worker_network_flood_test, guest_channel_test |
 * | a worker's files that are damaged, or something else in their place | - | worker_input_test, worker_files_test |
 * | a worker's configuration with a wrong field | - | roles/worker/config_test |
 * | no nix, no qemu | `dev` with an empty PATH | nix_adapter_test, worker tests |
 *
 * @module
 */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { join } from "node:path";
import { openTokenTable, type TokenRole } from "../../roles/auth/mod.ts";
import { connectMaster } from "../../roles/cli/master_rpc.ts";
import { systemClock, systemRandom } from "../../roles/clock/mod.ts";
import { ensureDebian } from "../../roles/debian/mod.ts";
import {
  AppError,
  intentHash,
  type JobView,
  parseBlueprint,
  type PublishRequest,
  type VmSpec,
} from "../../roles/model/mod.ts";
import { MasterConfig, run as runMaster } from "../../roles/master/mod.ts";
import { createNix } from "../../roles/nix/mod.ts";
import {
  runChecked,
  runProcess,
  type RunResult,
} from "../../roles/process/mod.ts";
import { run as runWorker, WorkerConfig } from "../../roles/worker/mod.ts";
import { publishRequestToWire } from "../../rpc/convert.ts";
import { Gate } from "../../rpc/generated/master.ts";
import { connectRpc } from "../../rpc/mod.ts";
import { chaosDirectory, DevCluster } from "../chaos/dev_cluster.ts";
import { machines } from "../chaos/machines.ts";
import { CLUSTER, projectFiles } from "../chaos/project.ts";
import { GitProject } from "../support/proof_project.ts";
import { storePath, vmSpec } from "../support/specs.ts";
import { tempDir } from "../support/temp.ts";
import { until } from "../support/wait.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
const STEP_TIMEOUT_MS = 45_000;
const GOOD = {
  content: "good",
  healthy: true,
  real: false,
  replicas: 1,
  healthyDeadlineMs: 60_000,
};

/** The one `dev` of this file and what is pushed to it. */
let cluster: DevCluster;
let project: GitProject;

async function push(files: Record<string, string>): Promise<string> {
  const commit = await project.commit("a commit", files);
  const result = await project.push(await cluster.gitTarget());
  equal(result.code, 0, result.stderrTail);
  return commit;
}

async function jobEnd(commit: string): Promise<JobView> {
  return await until(`the end of the job of ${commit}`, async () => {
    const job = await cluster.job(commit);
    return job?.state === "failed" || job?.state === "succeeded" ? job : null;
  }, { timeoutMs: STEP_TIMEOUT_MS });
}

async function converged(commit: string): Promise<void> {
  await until(`${commit} to become active`, async () => {
    const seen = await cluster.ask();
    return seen.activeCommit === commit && seen.convergencePercent === 100;
  }, { timeoutMs: STEP_TIMEOUT_MS });
}

Deno.test.beforeAll(async () => {
  await ensureDebian(["nix", "busybox", "git"]);
  const directory = await chaosDirectory();
  cluster = new DevCluster({ directory, driver: "simulated" });
  project = await GitProject.create(join(directory, "project"));
  await cluster.start(null);
  await cluster.createRepository();
  await converged(await push(projectFiles(GOOD)));
  await cluster.disconnect();
});

Deno.test.afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
});

/** Everything that must not change: what the master says, and the machines. */
async function state() {
  const { generations, ...seen } = await cluster.ask();
  const stable = {
    ...seen,
    generations: generations.map(({ generation, commit, state }) => ({
      generation,
      commit,
      state,
    })),
    machines: await machines(cluster.machinesOf),
  };
  await cluster.disconnect();
  return stable;
}

async function unchanged(action: () => Promise<void>): Promise<void> {
  const before = await state();
  await action();
  deepEqual(await state(), before, "it changed nothing");
  equal(cluster.process.ended(), null, "dev lives on");
}

/** The error of a promise that must be refused. */
async function refused(promise: PromiseLike<unknown>): Promise<AppError> {
  try {
    await promise;
  } catch (error) {
    ok(error instanceof AppError, `not an AppError: ${error}`);
    return error;
  }
  throw new Error("it was not refused");
}

async function cli(
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<RunResult> {
  return await runProcess(
    Deno.execPath(),
    ["run", "-A", `${ROOT}main.ts`, ...args],
    {
      env: {
        PROCURATOR_CLIENT: join(cluster.stateDir, "client.json"),
        NO_COLOR: "1",
        ...env,
      },
      timeoutMs: STEP_TIMEOUT_MS,
    },
  );
}

/** Blueprints that are written by hand, past the checks of mkCluster. */
function byHand(blueprint: string): Record<string, string> {
  return {
    "flake.nix": `{ outputs = { self }: {
      blueprintJSON = builtins.toJSON (${blueprint});
    }; }\n`,
  };
}

const FILE = `let file = derivation {
  name = "file"; system = "x86_64-linux"; builder = "/bin/sh";
  args = [ "-c" "echo file > $out" ];
}; in "\${file}"`;

function handVm(extra: string): string {
  return `let path = ${FILE}; in {
    version = 1; cluster = "${CLUSTER}";
    vms.web = { cpu = 1; memoryMib = 64; image = {
      toplevel = path; kernelPath = path; initrdPath = path;
    }; } // ${extra};
  }`;
}

/** What is pushed, and what ci's job must say of it: what and where, and what to do. */
const BAD_COMMITS: [string, Record<string, string>, RegExp, RegExp][] = [
  [
    "a flake that does not parse",
    { "flake.nix": "{ outputs = { self }: { blueprintJSON = ; }; }\n" },
    /syntax error.*flake\.nix:1:\d+/s,
    /./,
  ],
  [
    "a flake without a blueprint",
    { "flake.nix": "{ outputs = { self }: { }; }\n" },
    /blueprintJSON/,
    /./,
  ],
  [
    "a blueprint with an unknown key",
    byHand(handVm("{ memory = 1; }")),
    /vms\.web.*memory/s,
    /nix eval --raw \.#blueprintJSON/,
  ],
  [
    "a VM larger than any worker",
    byHand(handVm("{ memoryMib = 60000000; }")),
    /web.*60000000 MiB.*dev/s,
    /./,
  ],
  [
    "a build that fails",
    {
      "flake.nix": projectFiles(GOOD)["flake.nix"]?.replace(
        "> $out",
        "> $out; echo the disk is made of cheese; exit 7",
      ) ?? "",
    },
    /cheese|exit code 7/,
    /./,
  ],
];

for (const [name, files, message, hint] of BAD_COMMITS) {
  Deno.test(`${name} ends as a failed job that says why`, async () => {
    await unchanged(async () => {
      const job = await jobEnd(
        await push({ ...projectFiles({ ...GOOD, content: name }), ...files }),
      );
      equal(job.state, "failed", job.message);
      match(job.message, message);
      match(job.hint ?? "", hint);
      equal(job.generation, null);
    });
  });
}

Deno.test("an intent that failed is refused until retry, with the reason it failed for", async () => {
  const failing = projectFiles({
    ...GOOD,
    content: "sick",
    healthy: false,
    healthyDeadlineMs: 1500,
  });
  const first = await jobEnd(await push(failing));
  equal(first.state, "succeeded", first.message);
  await until("the rollback", async () => {
    const seen = await cluster.ask();
    const entry = seen.generations.find(({ commit }) =>
      commit === first.commit
    );
    return entry?.state === "failed" && seen.convergencePercent === 100;
  }, { timeoutMs: STEP_TIMEOUT_MS });
  await unchanged(async () => {
    const again = await jobEnd(await push({ ...failing, "note": "again\n" }));
    equal(again.state, "failed", again.message);
    match(again.message, /fail/);
    match(`${again.message} ${again.hint}`, /retry/);
  });
});

/** A request that would be accepted, but for what `over` changes. */
async function request(over: Partial<PublishRequest>): Promise<PublishRequest> {
  const master = await cluster.master();
  const highest = await master.highestGeneration(CLUSTER);
  const vmSpecs = [vmSpec({ name: "web" })];
  return {
    cluster: CLUSTER,
    repository: "chaos",
    commit: "abcdef",
    generation: highest.generation + 1,
    parent: highest.generation,
    intentHash: intentHash(vmSpecs),
    vmSpecs,
    ...over,
  };
}

Deno.test("stale and impossible publishes are conflicts that name both numbers", async () => {
  await unchanged(async () => {
    const master = await cluster.master();
    const { generation: highest } = await master.highestGeneration(CLUSTER);
    const cases: [Partial<PublishRequest>, RegExp][] = [
      [{ parent: highest - 1 }, new RegExp(`parent.*${highest}`, "s")],
      [{ generation: highest }, new RegExp(`generation ${highest}`, "i")],
      [{ generation: 1, parent: 0 }, /generation 1|parent/i],
      [{ generation: highest + 2_000_000 }, /generation/i],
      [{ intentHash: "0".repeat(64) }, /0{64}.*[0-9a-f]{64}/s],
      [{ repository: "somebody-else" }, /somebody-else|chaos/],
    ];
    for (const [over, message] of cases) {
      const error = await refused(master.publish(await request(over)));
      ok(
        ["conflict", "refused", "invalid"].includes(error.code),
        `${error.code}: ${error.message}`,
      );
      match(error.message, message);
    }
    await cluster.disconnect();
  });
});

Deno.test("generation 2^64-1 is refused as it is, on the wire and on the command line", async () => {
  await unchanged(async () => {
    const { master: url, token } = await cluster.client();
    const wire = publishRequestToWire(await request({}));
    const connection = await connectRpc({ url });
    using gate = connection.bootstrap(Gate);
    const { session } = await gate.login({ token });
    using publisher = session.publisher().publisher;
    const error = await refused(
      publisher.publishState({ ...wire, generation: 2n ** 64n - 1n }),
    );
    equal(error.code, "invalid");
    match(error.message, /generation/);
    session.dispose();
    connection.close();
    await connection.closed;
    await cluster.disconnect();

    const args = ["rpc", "state", "publish", "-c", "abc123", "-n", "1"];
    const result = await cli([...args, "-g", "18446744073709551615"]);
    equal(result.code, 2, result.stderrTail);
    match(result.stdout, /generation/);
  });
});

Deno.test("a wrong token is refused by every service", async () => {
  await unchanged(async () => {
    const { master, token, services } = await cluster.client();
    const wrong = token.slice(0, -8) + "00000000";
    for (const bad of [wrong, "pcr_viewer_x_y", "hello"]) {
      const error = await refused(
        connectMaster({ url: master, token: bad, caCert: undefined }),
      );
      equal(error.code, "unauthenticated");
      match(error.message, /unknown/);
      ok(!error.message.includes(bad), "a secret is never shown");
    }
    for (const { url } of Object.values(services)) {
      const answer = await fetch(`${url}/api/v1/tokens`, {
        headers: { authorization: `Bearer ${wrong}` },
      });
      equal(answer.status, 401);
      const { error } = await answer.json();
      equal(error.code, "unauthenticated");
      ok(error.message.length > 0 && error.hint.length > 0);
    }
    const target = await cluster.gitTarget();
    const pushed = await project.push({ ...target, token: wrong });
    ok(pushed.code !== 0);
    match(pushed.stderrTail, /Authentication failed|could not read Username/i);

    const result = await cli(["status"], { PROCURATOR_TOKEN: wrong });
    equal(result.code, 3);
    match(result.stderrTail, /token is unknown[^]*^Try: /m);
  });
});

/** Sends bytes to the master's RPC port; what it does with the connection is its own affair. */
async function sendRaw(bytes: Uint8Array): Promise<void> {
  const { master } = await cluster.client();
  const { hostname, port } = new URL(master.replace("tcp:", "http:"));
  const connection = await Deno.connect({ hostname, port: Number(port) });
  try {
    await connection.write(bytes).catch(() => 0);
    await connection.closeWrite().catch(() => undefined);
    const buffer = new Uint8Array(4096);
    // It answers with an abort or closes; both end this loop.
    while (await connection.read(buffer).catch(() => null) !== null);
  } finally {
    connection.close();
  }
}

Deno.test("garbage and oversized messages on the RPC port end their connection, nothing else", async () => {
  await unchanged(async () => {
    // A session that was there before must not notice.
    const master = await cluster.master();
    const before = await master.status(CLUSTER);
    const manySegments = new Uint8Array(16);
    new DataView(manySegments.buffer).setUint32(0, 0x3ffffff, true);
    const hugeSegment = new Uint8Array(16);
    new DataView(hugeSegment.buffer).setUint32(4, 0x1fffffff, true);
    const frames = [
      new TextEncoder().encode("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"),
      new Uint8Array(1024).fill(0xff),
      crypto.getRandomValues(new Uint8Array(4096)),
      new Uint8Array(0),
      new Uint8Array(3),
      manySegments,
      hugeSegment,
    ];
    for (const frame of frames) await sendRaw(frame);
    const tooMany = Array.from(
      { length: 10_001 },
      (_, index) => vmSpec({ name: `vm-${index}` }),
    );
    const error = await refused(
      master.publish(await request({ vmSpecs: tooMany })),
    );
    equal(error.code, "invalid", error.message);
    match(error.message, /vmSpecs.*10000/s);
    deepEqual(await master.status(CLUSTER), before);
    await cluster.disconnect();
  });
});

Deno.test("a taken port and a taken directory are named", async () => {
  await unchanged(async () => {
    const dir = await Deno.makeTempDir({ prefix: "pcr-second-" });
    try {
      const second = ["dev", "--driver", "simulated", "--port-base"];
      const port = String(cluster.portBase);
      const taken = await cli([...second, port, "--state-dir", dir]);
      equal(taken.code, 3, taken.stderrTail);
      match(taken.stderrTail, /127\.0\.0\.1:\d+.*in use/);
      match(taken.stderrTail, /^Try: .*--port-base 0/m);

      const { master } = await cluster.client();
      const config = join(dir, "master.json");
      await Deno.writeTextFile(
        config,
        JSON.stringify({
          stateDir: join(dir, "master"),
          runDir: join(dir, "run"),
          listen: "127.0.0.1:0",
          rpcListen: new URL(master.replace("tcp:", "http:")).host,
        }),
      );
      const rpc = await cli(["master", "--config", config]);
      equal(rpc.code, 3, rpc.stderrTail);
      match(rpc.stderrTail, /127\.0\.0\.1:\d+.*in use[^]*^Try: /m);

      const same = await cli([...second, "0", "--state-dir", cluster.stateDir]);
      equal(same.code, 3, same.stderrTail);
      match(same.stderrTail, new RegExp(`in use by process \\d+`));
    } finally {
      await Deno.remove(dir, { recursive: true });
    }
  });
});

/** A token of a service that does not run yet. */
function makeToken(stateDir: string, role: TokenRole): string {
  const table = openTokenTable(stateDir);
  try {
    return table.create({ role, name: `test ${role}` }, {
      now: systemClock.now(),
      random: systemRandom,
    }).token;
  } finally {
    table.close();
  }
}

/** A master and a worker of their own; the worker has an empty store, pulls from dev's cache and trusts `keys`. */
async function separateWorker(dir: string, keys: readonly string[]) {
  const stack = new AsyncDisposableStack();
  const token = makeToken(`${dir}/master`, "admin");
  const master = await runMaster(MasterConfig.parse({
    stateDir: `${dir}/master`,
    runDir: `${dir}/run-master`,
    listen: "127.0.0.1:0",
    rpcListen: "127.0.0.1:0",
  }));
  stack.defer(() => master.stop());
  await Deno.writeTextFile(`${dir}/tokens`, `master ${token}\n`);
  const { services } = await cluster.client();
  const worker = await runWorker(WorkerConfig.parse({
    stateDir: `${dir}/worker`,
    runDir: `${dir}/run-worker`,
    listen: "127.0.0.1:0",
    name: "outsider",
    masterUrl: master.endpoints["rpc"],
    tokenFile: `${dir}/tokens`,
    cacheUrl: services.cache.url,
    cachePublicKeys: keys,
    nixStore: `${dir}/store`,
    driver: "simulated",
  }));
  stack.defer(() => worker.stop());
  const client = await connectMaster({
    url: master.endpoints["rpc"] ?? "",
    token,
    caCert: undefined,
  });
  stack.defer(() => client[Symbol.asyncDispose]());
  return { client, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

/** Publishes `spec` alone, and gives what the status says of its VM once a word of it is there. */
async function messageOf(
  client: Awaited<ReturnType<typeof connectMaster>>,
  name: string,
  spec: VmSpec,
  word: RegExp,
): Promise<string> {
  await client.publish({
    cluster: name,
    repository: name,
    commit: "abcdef",
    generation: 1,
    parent: 0,
    intentHash: intentHash([spec]),
    vmSpecs: [spec],
  });
  return await until(`${word} for ${name}`, async () => {
    const { vms } = await client.status(name);
    const message = vms[0]?.message ?? "";
    return word.test(message) ? message : null;
  }, { timeoutMs: STEP_TIMEOUT_MS });
}

Deno.test("a bad signature and a path the cache does not have are failures of the host, not of the commit", async () => {
  await using dir = await tempDir("bad-host");
  const { secretKey: _unused, publicKey } = await createNix({
    stateDir: dir.path,
  }).then((nix) => nix.generateKey("somebody-else-1"));
  const nix = await createNix({ stateDir: dir.path });
  const blueprint = await nix.evalRaw(
    `git+file://${project.directory}?rev=${await goodCommit()}`,
    "blueprintJSON",
  );
  const [spec] = parseBlueprint(blueprint).vmSpecs;
  ok(spec !== undefined);
  await unchanged(async () => {
    await using outsider = await separateWorker(dir.path, [publicKey]);
    const { client } = outsider;
    const foreign = await messageOf(client, "foreign", spec, /signature/);
    match(foreign, new RegExp(spec.image.toplevel), "names the path");
    const absent = storePath("nowhere", "b");
    const ghost = {
      ...spec,
      image: {
        ...spec.image,
        toplevel: absent,
        kernelPath: absent,
        initrdPath: absent,
      },
    };
    match(
      await messageOf(client, "ghost", ghost, /nowhere/),
      /cache|valid|exist|404/i,
    );
    for (const name of ["foreign", "ghost"]) {
      const [generation] = await client.generations(name, 1);
      equal(generation?.state, "rolling", "the commit is not to blame");
    }
  });
});

/** The commit that is active. */
async function goodCommit(): Promise<string> {
  const { activeCommit } = await cluster.ask();
  await cluster.disconnect();
  return activeCommit;
}

/** A second `dev`, with a project of its own. */
async function secondDev(
  options: { stateDir?: string; env?: Record<string, string>; driver?: "qemu" },
) {
  const directory = await chaosDirectory();
  const dev = new DevCluster({
    directory,
    driver: options.driver ?? "simulated",
    ...(options.stateDir === undefined ? {} : { stateDir: options.stateDir }),
    ...(options.env === undefined ? {} : { env: options.env }),
  });
  const own = await GitProject.create(join(directory, "project"));
  return { dev, own };
}

Deno.test("a full disk refuses what cannot be kept, harms nothing that runs, and is gone once there is room", async () => {
  await using dir = await tempDir("full");
  const disk = join(dir.path, "disk");
  await Deno.mkdir(disk);
  await runChecked("mount", ["-t", "tmpfs", "-o", "size=24m", "tmpfs", disk]);
  await using stack = new AsyncDisposableStack();
  stack.defer(async () => {
    await runChecked("umount", [disk]);
  });
  const { dev, own } = await secondDev({ stateDir: join(disk, "state") });
  stack.use(dev);
  await dev.start(null);
  await dev.createRepository();
  const first = await own.commit("first", projectFiles(GOOD));
  equal((await own.push(await dev.gitTarget())).code, 0);
  await until("the first commit", async () => {
    const seen = await dev.ask();
    return seen.activeCommit === first && seen.convergencePercent === 100;
  }, { timeoutMs: STEP_TIMEOUT_MS });
  const before = await dev.ask();
  const running = await machines(dev.machinesOf);

  // dd ends with an error when the disk is full, which is the point.
  await runProcess("dd", ["if=/dev/zero", `of=${disk}/filler`, "bs=4k"]);
  const second = await own.commit(
    "second",
    projectFiles({ ...GOOD, content: "second" }),
  );
  const pushed = await own.push(await dev.gitTarget());
  ok(pushed.code !== 0, "git has it not acknowledged");
  match(pushed.stderrTail, /No space left on device|disk/i);
  const master = await dev.master();
  const vmSpecs = [vmSpec({ name: "web" })];
  const refusal = await refused(master.publish({
    cluster: "other",
    repository: "other",
    commit: "abcdef",
    generation: 1,
    parent: 0,
    intentHash: intentHash(vmSpecs),
    vmSpecs,
  }));
  equal(refusal.code, "storage", refusal.message);
  ok((refusal.hint ?? "").length > 0, "says what to do");
  deepEqual(await dev.ask(), before, "it answers, and nothing changed");
  deepEqual(await machines(dev.machinesOf), running);
  equal(dev.process.ended(), null);

  await Deno.remove(join(disk, "filler"));
  equal((await own.push(await dev.gitTarget())).code, 0);
  await until("the second commit", async () => {
    const seen = await dev.ask();
    return seen.activeCommit === second && seen.convergencePercent === 100;
  }, { timeoutMs: STEP_TIMEOUT_MS });
});

/** git, which everything begins with, and what every Debian has: a shell and util-linux. */
const ALWAYS_THERE = [
  "git",
  "sh",
  "flock",
  "prlimit",
  "fallocate",
  "setpriv",
] as const;

/** A directory with links to these programs, for a PATH. */
async function pathWith(
  dir: string,
  programs: readonly string[],
): Promise<string> {
  await Deno.mkdir(dir, { recursive: true });
  for (const program of programs) {
    const found = await runChecked("sh", ["-c", `command -v ${program}`]);
    await Deno.symlink(found.trim(), join(dir, program));
  }
  return dir;
}

Deno.test("without qemu and without nix it says what to install, and goes on once it is there", async () => {
  await using dir = await tempDir("bare");
  const noQemu = await pathWith(join(dir.path, "no-qemu"), [
    ...ALWAYS_THERE,
    "nix",
    "nix-store",
  ]);
  const { dev, own } = await secondDev({
    driver: "qemu",
    env: { PATH: noQemu },
  });
  await using _ = dev;
  await dev.start(null);
  await dev.createRepository();
  const commit = await own.commit("first", projectFiles(GOOD));
  equal((await own.push(await dev.gitTarget())).code, 0);
  const message = await until("the reason", async () => {
    const { vms } = await dev.ask();
    return vms.find(({ message }) => /qemu/.test(message))?.message;
  }, { timeoutMs: STEP_TIMEOUT_MS });
  match(message, /qemu-system-x86_64.*not installed/);
  const seen = await dev.ask();
  equal(
    seen.generations.find((one) => one.commit === commit)?.state,
    "rolling",
    "the commit is not to blame",
  );
  await dev.kill();

  const nothing = await pathWith(join(dir.path, "no-nix"), ALWAYS_THERE);
  const bare = new DevCluster({
    directory: join(dir.path, "bare"),
    driver: "simulated",
    env: { PATH: nothing },
  });
  await Deno.mkdir(join(dir.path, "bare/run"), { recursive: true });
  await using __ = bare;
  await bare.start(null);
  await bare.createRepository();
  equal((await own.push(await bare.gitTarget())).code, 0);
  const job = await until("ci's reason", async () => {
    const found = await bare.job(commit);
    return /nix/.test(found?.message ?? "") ? found : null;
  }, { timeoutMs: STEP_TIMEOUT_MS });
  match(job.message, /nix.*not installed/);
  match(job.hint ?? "", /nix-bin/);

  // Installing it is all that is needed.
  await pathWith(nothing, ["nix", "nix-store"]);
  await until("the commit to become active", async () => {
    const seen = await bare.ask();
    return seen.activeCommit === commit && seen.convergencePercent === 100;
  }, { timeoutMs: STEP_TIMEOUT_MS });
});
