/**
 * A worker that is no part of a `dev`: it pulls from that cache and has a master
 * of its own, so that what goes wrong there is seen and harms nothing here.
 *
 * @module
 */
import { openTokenTable, type TokenRole } from "../../roles/auth/mod.ts";
import { connectMaster } from "../../roles/cli/master_rpc.ts";
import { systemClock, systemRandom } from "../../roles/clock/mod.ts";
import { intentHash, type VmSpec } from "../../roles/model/mod.ts";
import { MasterConfig, run as runMaster } from "../../roles/master/mod.ts";
import { run as runWorker, WorkerConfig } from "../../roles/worker/mod.ts";
import { until } from "./wait.ts";
import { STEP_TIMEOUT_MS } from "./healthy_dev.ts";

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

/** A master and a worker of their own; the worker has an empty store, pulls from `cacheUrl` and trusts `keys`. */
export async function outsiderOf(
  dir: string,
  { cacheUrl, keys }: { cacheUrl: string; keys: readonly string[] },
) {
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
  const worker = await runWorker(WorkerConfig.parse({
    stateDir: `${dir}/worker`,
    runDir: `${dir}/run-worker`,
    listen: "127.0.0.1:0",
    name: "outsider",
    masterUrl: master.endpoints["rpc"],
    tokenFile: `${dir}/tokens`,
    cacheUrl,
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
export async function messageOf(
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
