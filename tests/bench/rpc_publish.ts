/**
 * `publishFull1000` of `deno task bench rpc`: the real publishState of 1000
 * specs against a master in a process of its own: validated, hashed and
 * committed to its store each time.
 *
 * @module
 */
import { intentHash } from "../../roles/model/hashes.ts";
import type { VmSpec } from "../../roles/model/vm_spec.ts";
import { publishRequestToWire } from "../../rpc/convert.ts";
import { Gate } from "../../rpc/generated/master.ts";
import { connectRpc } from "../../rpc/mod.ts";
import { makeToken } from "../support/master_process.ts";
import { storePath, vmSpec } from "../support/specs.ts";
import { median } from "./median.ts";

const CHILD = new URL("../support/master_child.ts", import.meta.url).pathname;
const ROOT = new URL("../../", import.meta.url).pathname;
const SPECS = 1000;
/** Published before the clock starts: the compiler of the runtime warms up. */
const WARM_UP = 10;
const COUNTED = 40;
/** The median of them is the figure, as for the other keys. */
const RUNS = 5;

/** Specs as a real service has them. Each round changes every one, so that nothing can be known from the round before. */
function specsOf(round: number): VmSpec[] {
  const image = storePath("image");
  return Array.from({ length: SPECS }, (_, index) =>
    vmSpec({
      name: `web-${index}`,
      labels: { tier: "web", round: String(round) },
      env: { PORT: "80", RELEASE: `${round}-${index}` },
      image: {
        toplevel: image,
        kernelPath: `${image}/bzImage`,
        initrdPath: `${image}/initrd`,
        cmdline: "console=ttyS0",
      },
      network: { ports: [{ name: "http", guest: 80 }] },
      healthChecks: [{
        name: "http",
        kind: "http",
        port: 80,
        path: "/healthz",
      }],
    }));
}

/** Starts a master on free ports; gives its RPC address. */
async function startMasterProcess(directory: string) {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-check", "-A", CHILD, directory],
    cwd: ROOT,
    stdin: "null",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  while (!text.includes("\n")) {
    const { value, done } = await reader.read();
    if (done) throw new Error("The master ended before it listened");
    text += value;
  }
  await reader.cancel();
  const { rpc } = JSON.parse(text) as { rpc: string };
  return {
    rpc,
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await child.status;
    },
  };
}

/** What generation `number` publishes: made before the clock starts. */
function requestOf(number: number) {
  const vmSpecs = specsOf(number);
  return publishRequestToWire({
    cluster: "bench",
    repository: "bench",
    commit: "abcdef",
    generation: number,
    parent: number - 1,
    intentHash: intentHash(vmSpecs),
    vmSpecs,
  });
}

/** Publishes per second, one after the other: the median of the runs. */
export async function measurePublishFull(): Promise<number> {
  const directory = await Deno.makeTempDir({ prefix: "procurator-bench-" });
  try {
    const token = makeToken(`${directory}/master`, "publisher");
    await using master = await startMasterProcess(directory);
    const session = await connectRpc({ url: master.rpc });
    const gate = session.bootstrap(Gate);
    const { publisher } = gate.login({ token }).session.publisher();
    let published = 0;
    const publishMany = async (count: number) => {
      const requests = Array.from(
        { length: count },
        (_, index) => requestOf(published + index + 1),
      );
      const begin = performance.now();
      for (const request of requests) await publisher.publishState(request);
      published += count;
      return 1000 * count / (performance.now() - begin);
    };
    await publishMany(WARM_UP);
    const rates: number[] = [];
    for (let run = 0; run < RUNS; run++) {
      rates.push(await publishMany(COUNTED));
    }
    session.close();
    return median(rates);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}
