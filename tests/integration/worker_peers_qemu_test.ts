/**
 * A master and two real workers, each on a host of its own with a bridge, and
 * real guests on them: `web` on one reaches `db` on the other by name, and
 * nothing else does.
 */
import assert from "node:assert/strict";
import { ensureDebian } from "../../roles/debian/mod.ts";
import { intentHash, type VmSpec } from "../../roles/model/mod.ts";
import {
  clusterStatusFromWire,
  publishRequestToWire,
} from "../../rpc/convert.ts";
import type { BridgedWorkerOrder } from "../support/bridged_worker.ts";
import {
  makeToken,
  openSession,
  startMaster,
} from "../support/master_process.ts";
import { createNetwork, type Host, type Network } from "../support/netns.ts";
import { networkedImage } from "../support/networked_image.ts";
import { tempDir } from "../support/temp.ts";
import type { TestImage } from "../support/vmm_image.ts";
import { until } from "../support/wait.ts";
import { testVmSpec } from "../support/worker.ts";

/** Three guests without KVM on two busy cores. */
const WAIT = { timeoutMs: 180_000 };
const PROGRAM = new URL("../support/bridged_worker.ts", import.meta.url);

function vm(
  name: string,
  worker: string,
  { ask = "", peers = [], publish }: {
    ask?: string;
    peers?: string[];
    publish?: number;
  } = {},
): VmSpec {
  const port = { name: "http", guest: 80 };
  return testVmSpec({
    cmdline: `quiet ASK=${ask}`,
    spec: {
      name,
      constraints: [{ attribute: "worker", value: worker }],
      network: {
        allowedPeers: peers,
        ports: [publish === undefined ? port : { ...port, publish }],
      },
      update: { minHealthyTimeMs: 500, healthyDeadlineMs: 150_000 },
    },
  });
}

/** The hosts' workers, and the master they all know by a socket. */
class Cluster {
  readonly #dir: string;
  readonly #image: TestImage;
  readonly #hosts: Network;
  readonly #masterUrl: string;
  readonly #running = new Map<string, Deno.ChildProcess>();

  constructor(
    parts: { dir: string; image: TestImage; hosts: Network; masterUrl: string },
  ) {
    this.#dir = parts.dir;
    this.#image = parts.image;
    this.#hosts = parts.hosts;
    this.#masterUrl = parts.masterUrl;
  }

  async start(name: string): Promise<void> {
    const host = this.#hosts.host(name);
    const dir = `${this.#dir}/${name}`;
    await Deno.mkdir(dir, { recursive: true });
    const tokenFile = `${dir}/token`;
    const token = makeToken(`${this.#dir}/master`, "worker", { name });
    await Deno.writeTextFile(tokenFile, `${token}\n`, { mode: 0o600 });
    const order: BridgedWorkerOrder = {
      dir,
      image: this.#image,
      config: {
        name,
        tokenFile,
        masterUrl: this.#masterUrl,
        capacity: { cpuMilli: 8000, memoryMib: 2048 },
        network: {
          mode: "bridge",
          bridge: "pcrp0",
          underlayAddress: host.address,
          nat: false,
          dnsServers: [],
        },
      },
    };
    const [first, ...rest] = host.inside;
    const words = [...rest, Deno.execPath(), "run", "-A", "--no-check"];
    const command = new Deno.Command(first ?? "", {
      args: [...words, PROGRAM.pathname, JSON.stringify(order)],
      stdin: "null",
      stdout: "null",
      stderr: "inherit",
    });
    this.#running.set(name, command.spawn());
  }

  async kill(name: string): Promise<void> {
    const process = this.#running.get(name);
    process?.kill("SIGKILL");
    await process?.status;
    this.#running.delete(name);
  }
}

async function page(from: Host, url: string): Promise<string | null> {
  const args = ["-sS", "--max-time", "5", url];
  const { code, stdout } = await from.run("curl", args);
  return code === 0 ? stdout.trim() : null;
}

Deno.test("web on one worker reaches db on another by name, and nothing else does", async () => {
  await ensureDebian([
    "qemu",
    "busybox",
    "iproute2",
    "network",
    "curl",
    "cpio",
  ]);
  await using dir = await tempDir("peers");
  await Deno.chmod(dir.path, 0o755);
  const image = await networkedImage(dir.path);
  await using master = await startMaster(dir.path, {
    rpcListen: `unix:${dir.path}/master.sock`,
  });
  // Disposed first: with the hosts their guests end.
  await using hosts = await createNetwork(["w1", "w2"]);
  const [one, two] = [hosts.host("w1"), hosts.host("w2")];
  const masterUrl = master.rpc;
  const cluster = new Cluster({ dir: dir.path, image, hosts, masterUrl });
  await cluster.start("w1");
  await cluster.start("w2");
  const publisherToken = makeToken(`${dir.path}/master`, "publisher");
  using connection = await openSession(masterUrl, publisherToken);
  const { publisher } = connection.session.publisher();
  const { viewer } = connection.session.viewer();
  const status = async () =>
    clusterStatusFromWire(
      (await viewer.getClusterStatus({ cluster: "shop" })).status,
    );
  let parent = 0;
  const publish = async (vmSpecs: VmSpec[]) => {
    const generation = parent + 1;
    await publisher.publishState(publishRequestToWire({
      cluster: "shop",
      repository: "shop",
      commit: `abcdef${generation}`,
      generation,
      parent,
      intentHash: intentHash(vmSpecs),
      vmSpecs,
    }));
    parent = generation;
    return await until(`generation ${generation} is active`, async () => {
      const now = await status();
      return now.activeGeneration === generation &&
        now.convergencePercent === 100 && now;
    }, WAIT);
  };
  const hostPort = (vms: { id: string; address: string }[], name: string) =>
    vms.find(({ id }) => id === `shop/${name}-0`)?.address ?? "";

  const web = vm("web", "w1", {
    peers: ["db"],
    ask: "http://db/healthz",
    publish: 8080,
  });
  const { vms } = await publish([web, vm("db", "w2")]);
  const webAddress = hostPort(vms, "web");
  const dbAddress = hostPort(vms, "db");
  assert.match(webAddress, /^10\.201\.\d+\.2:80$/);
  assert.match(dbAddress, /^10\.201\.\d+\.2:80$/);
  assert.notEqual(webAddress, dbAddress);
  await until(
    "web has asked db by its name",
    async () =>
      await page(one, `http://${webAddress}/asked`) ===
        "http://db/healthz gives ok",
    WAIT,
  );
  assert.equal(
    await page(two, `http://${one.address}:8080/healthz`),
    "ok",
    "its published port is open to other hosts",
  );

  const urls = ["http://db/healthz", `http://${dbAddress}/healthz`];
  const mail = vm("mail", "w1", { ask: urls.join(",") });
  const after = await publish([web, vm("db", "w2"), mail]);
  const mailAddress = hostPort(after.vms, "mail");
  await until(
    "mail has asked for db in vain",
    async () =>
      await page(one, `http://${mailAddress}/asked`) ===
        urls.map((url) => `${url} fails`).join("\n"),
    WAIT,
  );
  assert.equal(await page(one, `http://${dbAddress}/healthz`), null);

  await cluster.kill("w1");
  await cluster.start("w1");
  await until("the worker is back", async () => {
    const { vms, workers, convergencePercent } = await status();
    return workers.every(({ state }) => state === "alive") &&
      convergencePercent === 100 && hostPort(vms, "web") === webAddress &&
      vms.every(({ restarts }) => restarts === 0);
  }, WAIT);
  assert.equal(
    await page(one, `http://${webAddress}/asked`),
    "http://db/healthz gives ok",
  );
});
