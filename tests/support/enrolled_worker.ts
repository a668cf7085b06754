/**
 * A master, a worker with simulated guests that enrolled by the command line,
 * and command lines of those who may look and act.
 *
 * @module
 */
import assert from "node:assert/strict";
import { run as runWorker } from "../../roles/worker/mod.ts";
import { intentHash } from "../../roles/model/mod.ts";
import { publishRequestToWire } from "../../rpc/convert.ts";
import { cli } from "./cli.ts";
import { makeToken, openSession, startMaster } from "./master_process.ts";
import { until } from "./wait.ts";
import { testVmSpec, workerConfig } from "./worker.ts";

const WAIT = { timeoutMs: 60_000 };

/** A master, a worker that enrolled by the command line, and one VM. */
export async function startEnrolled(
  dir: string,
  { begin = startMaster }: {
    begin?: (dir: string) => Promise<{ rpc: string } & AsyncDisposable>;
  } = {},
) {
  await Deno.mkdir(`${dir}/master`, { recursive: true });
  const tokens = {
    admin: makeToken(`${dir}/master`, "admin", { name: "boss" }),
    viewer: makeToken(`${dir}/master`, "viewer"),
    publisher: makeToken(`${dir}/master`, "publisher"),
  };
  await using stack = new AsyncDisposableStack();
  const master = stack.use(await begin(dir));
  const as = (
    role: keyof typeof tokens,
    args: string[],
    more: Parameters<typeof cli>[1] = {},
  ) =>
    cli(args, {
      env: { PROCURATOR_MASTER: master.rpc, PROCURATOR_TOKEN: tokens[role] },
      realMaster: true,
      ...more,
    });
  const made = await as("admin", [
    ...["token", "create", "--role", "worker", "--one-time"],
    ...["--name", "rack 4"],
  ]);
  assert.equal(made.status, 0, made.err);
  const tokenFile = `${dir}/worker.token`;
  const oneTime = made.out.trim();
  const enroll = (name: string, file = tokenFile) =>
    as("viewer", [
      ...["worker", "enroll", "--master", master.rpc, "--token", oneTime],
      ...["--name", name, "--token-file", file],
    ]);
  const enrolled = await enroll("w1");
  assert.equal(enrolled.status, 0, enrolled.err);
  const worker = await runWorker(workerConfig(dir, {
    driver: "simulated",
    masterUrl: master.rpc,
    tokenFile,
  }));
  stack.defer(() => worker.stop());
  const kept = stack.move();
  return {
    ...{ master, worker, as, enroll, tokenFile, oneTime },
    async publish() {
      const spec = testVmSpec({
        cmdline: "simulated.boot_ms=50",
        spec: { update: { minHealthyTimeMs: 100 } },
      });
      using opened = await openSession(master.rpc, tokens.publisher);
      const { publisher } = opened.session.publisher();
      await publisher.publishState(publishRequestToWire({
        cluster: "shop",
        repository: "shop",
        commit: "abcdef1",
        generation: 1,
        parent: 0,
        intentHash: intentHash([spec]),
        vmSpecs: [spec],
      }));
      await until(
        "the VM is healthy",
        async () =>
          (await as("viewer", ["status", "--json"])).out.includes(
            '"health": "healthy"',
          ),
        WAIT,
      );
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}
