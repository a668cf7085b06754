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
 * | full disk | bad_host_test: `dev` on a small tmpfs | master, cache and worker tests |
 * | a kernel that is none, an image too large, memory above the host | - | worker_input_test, worker_input_qemu_test |
 * | a VMM that is missing, another one, too old, hangs or dies; /dev/kvm without permission | - | vmm_cloud_hypervisor_input_test, vmm_qemu_input_test |
 * | a guest that floods serial port, network or channel; a channel's end that lies | - | vmm_*_test, worker_network_flood_test, guest_channel_test |
 * | a worker's files that are damaged, or something else in their place | - | worker_input_test, worker_files_test |
 * | a worker's configuration with a wrong field | - | roles/worker/config_test |
 * | no nix, no qemu | bad_host_test: `dev` with an empty PATH | nix_adapter_test, worker tests |
 *
 * @module
 */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { join } from "node:path";
import { connectMaster } from "../../roles/cli/master_rpc.ts";
import {
  intentHash,
  parseBlueprint,
  type PublishRequest,
} from "../../roles/model/mod.ts";
import { createNix } from "../../roles/nix/mod.ts";
import { publishRequestToWire } from "../../rpc/convert.ts";
import { Gate } from "../../rpc/generated/master.ts";
import { connectRpc } from "../../rpc/mod.ts";
import { CLUSTER, projectFiles } from "../chaos/project.ts";
import { storePath, vmSpec } from "../support/specs.ts";
import { tempDir } from "../support/temp.ts";
import { until } from "../support/wait.ts";
import {
  GOOD,
  HealthyDev,
  refused,
  STEP_TIMEOUT_MS,
} from "../support/healthy_dev.ts";
import { messageOf, outsiderOf } from "../support/outsider.ts";

/** The one `dev` of this file. */
let dev: HealthyDev;

Deno.test.beforeAll(async () => {
  dev = await HealthyDev.create();
});

Deno.test.afterAll(async () => {
  await dev[Symbol.asyncDispose]();
});

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
    await dev.unchanged(async () => {
      const job = await dev.jobEnd(
        await dev.push({
          ...projectFiles({ ...GOOD, content: name }),
          ...files,
        }),
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
  const first = await dev.jobEnd(await dev.push(failing));
  equal(first.state, "succeeded", first.message);
  await until("the rollback", async () => {
    const seen = await dev.cluster.ask();
    const entry = seen.generations.find(({ commit }) =>
      commit === first.commit
    );
    return entry?.state === "failed" && seen.convergencePercent === 100;
  }, { timeoutMs: STEP_TIMEOUT_MS });
  await dev.unchanged(async () => {
    const again = await dev.jobEnd(
      await dev.push({ ...failing, "note": "again\n" }),
    );
    equal(again.state, "failed", again.message);
    match(again.message, /fail/);
    match(`${again.message} ${again.hint}`, /retry/);
  });
});

/** A request that would be accepted, but for what `over` changes. */
async function request(over: Partial<PublishRequest>): Promise<PublishRequest> {
  const master = await dev.cluster.master();
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
  await dev.unchanged(async () => {
    const master = await dev.cluster.master();
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
    await dev.cluster.disconnect();
  });
});

Deno.test("generation 2^64-1 is refused as it is, on the wire and on the command line", async () => {
  await dev.unchanged(async () => {
    const { master: url, token } = await dev.cluster.client();
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
    await dev.cluster.disconnect();

    const args = ["rpc", "state", "publish", "-c", "abc123", "-n", "1"];
    const result = await dev.cli([...args, "-g", "18446744073709551615"]);
    equal(result.code, 2, result.stderrTail);
    match(result.stdout, /generation/);
  });
});

Deno.test("a wrong token is refused by every service", async () => {
  await dev.unchanged(async () => {
    const { master, token, services } = await dev.cluster.client();
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
    const target = await dev.cluster.gitTarget();
    const pushed = await dev.project.push({ ...target, token: wrong });
    ok(pushed.code !== 0);
    match(pushed.stderrTail, /Authentication failed|could not read Username/i);

    const result = await dev.cli(["status"], { PROCURATOR_TOKEN: wrong });
    equal(result.code, 3);
    match(result.stderrTail, /token is unknown[^]*^Try: /m);
  });
});

/** Sends bytes to the master's RPC port; what it does with the connection is its own affair. */
async function sendRaw(bytes: Uint8Array): Promise<void> {
  const { master } = await dev.cluster.client();
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
  await dev.unchanged(async () => {
    // A session that was there before must not notice.
    const master = await dev.cluster.master();
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
    await dev.cluster.disconnect();
  });
});

Deno.test("a taken port and a taken directory are named", async () => {
  await dev.unchanged(async () => {
    const dir = await Deno.makeTempDir({ prefix: "pcr-second-" });
    try {
      const second = ["dev", "--driver", "simulated", "--port-base"];
      const port = String(dev.cluster.portBase);
      const taken = await dev.cli([...second, port, "--state-dir", dir]);
      equal(taken.code, 3, taken.stderrTail);
      match(taken.stderrTail, /127\.0\.0\.1:\d+.*in use/);
      match(taken.stderrTail, /^Try: .*--port-base 0/m);

      const { master } = await dev.cluster.client();
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
      const rpc = await dev.cli(["master", "--config", config]);
      equal(rpc.code, 3, rpc.stderrTail);
      match(rpc.stderrTail, /127\.0\.0\.1:\d+.*in use[^]*^Try: /m);

      const same = await dev.cli([
        ...second,
        "0",
        "--state-dir",
        dev.cluster.stateDir,
      ]);
      equal(same.code, 3, same.stderrTail);
      match(same.stderrTail, new RegExp(`in use by process \\d+`));
    } finally {
      await Deno.remove(dir, { recursive: true });
    }
  });
});

Deno.test("a bad signature and a path the cache does not have are failures of the host, not of the commit", async () => {
  await using dir = await tempDir("bad-host");
  const { secretKey: _unused, publicKey } = await createNix({
    stateDir: dir.path,
  }).then((nix) => nix.generateKey("somebody-else-1"));
  const nix = await createNix({ stateDir: dir.path });
  const blueprint = await nix.evalRaw(
    `git+file://${dev.project.directory}?rev=${await dev.goodCommit()}`,
    "blueprintJSON",
  );
  const [spec] = parseBlueprint(blueprint).vmSpecs;
  ok(spec !== undefined);
  await dev.unchanged(async () => {
    const { services } = await dev.cluster.client();
    await using outsider = await outsiderOf(dir.path, {
      cacheUrl: services.cache.url,
      keys: [publicKey],
    });
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
