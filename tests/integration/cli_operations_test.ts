/**
 * The commands of operators against a scripted master, and once against a real
 * one: what they print, their exit status, and what Ctrl-C does.
 *
 * @module
 */
import assert from "node:assert/strict";
import { AppError } from "../../roles/model/errors.ts";
import type { Event } from "../../roles/model/event.ts";
import type { Operation } from "../../roles/model/operation.ts";
import { systemClock } from "../../roles/clock/mod.ts";
import { workerReportToWire } from "../../rpc/convert.ts";
import { cli } from "../support/cli.ts";
import { FakeWorker } from "../support/master.ts";
import {
  makeToken,
  openSession,
  startMaster,
} from "../support/master_process.ts";
import { tempDir } from "../support/temp.ts";

const DRAIN: Operation = {
  id: "drain-17",
  kind: "drain",
  target: "w1",
  state: "running",
  by: { role: "operator", name: "night shift", tokenId: "t1" },
  reason: "new disks",
  createdAtMs: 0,
  endedAtMs: null,
  deadlineAtMs: null,
  force: false,
  done: 1,
  total: 3,
  message: "moves shop/web-0, shop/web-1",
};

const EVENT: Event = {
  index: 41,
  atMs: Date.UTC(2026, 10, 23, 4, 5, 6),
  topic: "vm",
  cluster: "shop",
  subject: "shop/web-0",
  message: "moved from w1 to w2: w1 is drained (drain-17)",
  by: { role: "system", name: "master", tokenId: "" },
  data: {},
};

Deno.test("a drain is waited for, with its progress; what it came to is the exit status", async () => {
  for (
    const [state, status] of [["done", 0], ["failed", 1], [
      "cancelled",
      1,
    ]] as const
  ) {
    const looks: Operation[] = [
      { ...DRAIN, done: 2 },
      { ...DRAIN, done: 2 },
      { ...DRAIN, state, done: 3, message: "w1 is empty" },
    ];
    const asked: unknown[] = [];
    const result = await cli(
      ["drain", "w1", "--deadline", "60", "--force", "--reason", "new disks"],
      {
        master: {
          drain: (worker, options) => {
            asked.push([worker, options]);
            return Promise.resolve(DRAIN);
          },
          operation: () => Promise.resolve(looks.shift() ?? DRAIN),
        },
      },
    );
    assert.deepEqual(asked, [[
      "w1",
      { deadlineMs: 60_000, force: true, reason: "new disks" },
    ]]);
    assert.equal(result.status, status, state);
    assert.equal(
      result.err,
      "drain-17 running 1/3: moves shop/web-0, shop/web-1\n" +
        "drain-17 running 2/3: moves shop/web-0, shop/web-1\n",
    );
    assert.equal(result.out, `drain-17 ${state} 3/3: w1 is empty\n`);
  }
});

Deno.test("stopping the command leaves the drain running and says how to stop it", async () => {
  const result = await cli(["drain", "w1"], {
    master: {
      drain: () => Promise.resolve(DRAIN),
      operation: () => Promise.resolve(DRAIN),
    },
    stopped: Promise.resolve(),
  });
  assert.equal(result.status, 4);
  assert.match(
    result.err,
    /^drain goes on; stop it with: procurator cancel drain-17$/m,
  );
});

Deno.test("--no-wait and --json: the record alone, at once", async () => {
  const result = await cli(["drain", "w1", "--no-wait", "--json"], {
    master: { drain: () => Promise.resolve(DRAIN) },
  });
  assert.deepEqual([result.status, result.err], [0, ""]);
  assert.deepEqual(JSON.parse(result.out), DRAIN);
});

Deno.test("a master that is away for a moment does not end the wait", async () => {
  let look = 0;
  const result = await cli(["drain", "w1"], {
    master: {
      drain: () => Promise.resolve(DRAIN),
      operation: () =>
        ++look === 1
          ? Promise.reject(new AppError("unavailable", "gone"))
          : Promise.resolve({ ...DRAIN, state: "done" }),
    },
  });
  assert.equal(result.status, 0);
  assert.match(result.err, /the master does not answer; it goes on/);
});

Deno.test("refusals exit 3 and say what to do", async () => {
  const refuse = () =>
    Promise.reject(
      new AppError("refused", "Cannot uncordon w1: drain-17 drains it", {
        hint: "stop that first: procurator cancel drain-17",
      }),
    );
  const result = await cli(["uncordon", "w1"], {
    master: { uncordon: refuse },
  });
  assert.equal(result.status, 3);
  assert.match(result.err, /drain-17 drains it[^]*procurator cancel drain-17/);
  assert.equal((await cli(["drain", "w1", "--deadline", "0"])).status, 2);
  assert.equal((await cli(["cordon"])).status, 2);
});

Deno.test("a rebalance is shown, and done only when that is said", async () => {
  const proposal = {
    moves: [{
      vm: "shop/web-0",
      fromWorker: "w1",
      toWorker: "w2",
      reason: "empties w1",
    }],
    message: "1 move empties 1 worker: w1",
    freedWorkers: 1,
  };
  const asked: unknown[] = [];
  const master = {
    rebalance: (
      cluster: string,
      options: { maxMoves: number; apply: boolean },
    ) => {
      asked.push([cluster, options]);
      return Promise.resolve({
        proposal,
        operation: options.apply
          ? { ...DRAIN, id: "rebalance-3", state: "done" as const }
          : null,
      });
    },
  };
  const shown = await cli(["rebalance", "--cluster", "shop"], { master });
  assert.match(shown.out, /shop\/web-0 +w1 +w2 +empties w1/);
  assert.match(shown.out, /nothing was done; do it with: .* --apply/);
  const done = await cli(["rebalance", "--apply", "--max-moves", "5"], {
    master,
  });
  assert.match(done.out, /^rebalance-3 done/);
  assert.deepEqual(asked, [
    ["shop", { maxMoves: 20, apply: false }],
    ["", { maxMoves: 5, apply: true }],
  ]);
  const json = await cli(["rebalance", "--json"], { master });
  assert.deepEqual(JSON.parse(json.out), proposal);
});

Deno.test("events and audit: lines for people, JSON lines for programs, and following over a break", async () => {
  const by = DRAIN.by;
  const shown = await cli(["events", "--topic", "vm,worker"], {
    master: {
      events: (filter, { take }) => {
        assert.deepEqual(filter, {
          after: 0,
          follow: false,
          topics: ["vm", "worker"],
          cluster: "",
          audit: false,
          tail: 50,
        });
        take([EVENT, { ...EVENT, index: 42, message: "a\x1b[2Jb", by }]);
        return Promise.resolve();
      },
    },
  });
  assert.equal(
    shown.out,
    "    41  2026-11-23 04:05:06  vm          shop/web-0  moved from w1 to w2: w1 is drained (drain-17)\n" +
      "    42  2026-11-23 04:05:06  vm          shop/web-0  a [2Jb  by night shift\n",
  );
  const audit = await cli(["audit", "--after", "0", "--json"], {
    master: {
      events: (filter, { take }) => {
        assert.deepEqual([filter.audit, filter.tail], [true, 0]);
        take([{ ...EVENT, by }]);
        return Promise.resolve();
      },
    },
  });
  assert.deepEqual(JSON.parse(audit.out), { ...EVENT, by });
  const after: number[] = [];
  const stop = Promise.withResolvers<void>();
  const followed = await cli(["events", "--follow", "--after", "40"], {
    stopped: stop.promise,
    master: {
      events: (filter, { take, signal }) => {
        after.push(filter.after);
        if (after.length === 1) {
          take([EVENT]);
          return Promise.reject(new AppError("unavailable", "went away"));
        }
        stop.resolve();
        return new Promise((resolve) =>
          signal.addEventListener("abort", () => resolve())
        );
      },
    },
  });
  assert.deepEqual([after, followed.status], [[40, 41], 0]);
  const wrong = await cli(["events", "--topic", "nonsense"]);
  assert.equal(wrong.status, 2);
  assert.match(wrong.err, /It must be one of generation, rollout, vm/);
});

Deno.test("against a real master: cordon, drain, who asked, and who may not", async () => {
  await using dir = await tempDir("operations");
  await Deno.mkdir(`${dir.path}/master`);
  const admin = makeToken(`${dir.path}/master`, "admin", { name: "boss" });
  const viewer = makeToken(`${dir.path}/master`, "viewer");
  await using master = await startMaster(dir.path);
  {
    using opened = await openSession(master.rpc, admin);
    const { link } = opened.session.workerLink({ name: "w1" });
    await link.pushData(
      workerReportToWire(new FakeWorker("w1", systemClock).report()),
    );
  }
  const as = (token: string) => (...args: string[]) =>
    cli(args, {
      env: { PROCURATOR_MASTER: master.rpc, PROCURATOR_TOKEN: token },
      realMaster: true,
    });
  const me = as(admin);
  const cordoned = await me("cordon", "w1", "--reason", "new disks");
  assert.deepEqual([cordoned.status, cordoned.out], [
    0,
    "cordon-1 done: w1 takes no new VMs\n",
  ]);
  const drained = await me("drain", "w1");
  assert.equal(drained.status, 0, drained.err);
  assert.match(drained.out, /^drain-2 done: w1 is empty/);
  const list = await me("operations");
  assert.match(list.out, /^drain-2 +w1 +done +- .*boss/m);
  assert.equal((await me("uncordon", "w1")).status, 0);
  assert.equal((await me("cancel", "drain-2")).status, 3);
  assert.equal((await me("operations", "drain-99")).status, 1);
  const removed = await me("worker", "remove", "w1");
  assert.equal(removed.status, 3);
  assert.match(removed.err, /Cannot remove w1: it is alive, not lost/);
  const audit = await me("audit");
  assert.match(
    audit.out,
    /boss \(admin, token [0-9a-f]+\) {2}operation drain-2: drain of w1 is done/,
  );
  const events = await me("events", "--topic", "worker", "--json");
  const messages = events.out.trim().split("\n").map((line) =>
    JSON.parse(line).message
  );
  assert.deepEqual(messages, [
    "joined with 4 cores, 1024 MiB",
    "takes no new VMs: new disks",
    "takes new VMs again",
  ]);
  const other = as(viewer);
  assert.equal((await other("audit")).status, 0);
  for (
    const args of [["cordon", "w1"], ["drain", "w1"], ["cancel", "drain-2"]]
  ) {
    const denied = await other(...args);
    assert.equal(denied.status, 3, args.join(" "));
    assert.match(denied.err, /role is viewer, it takes operator/);
  }
});
