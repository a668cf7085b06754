/**
 * Seeing into VMs and acting on them, from the command line through a real
 * master to a real worker whose guests are simulated; and enrolling that
 * worker.
 *
 * @module
 */
import assert from "node:assert/strict";
import { run as runWorker } from "../../roles/worker/mod.ts";
import { intentHash } from "../../roles/model/mod.ts";
import { publishRequestToWire } from "../../rpc/convert.ts";
import type { RawTerminal } from "../../roles/cli/raw_terminal.ts";
import { cli } from "../support/cli.ts";
import {
  makeToken,
  openSession,
  startMaster,
} from "../support/master_process.ts";
import { tempDir } from "../support/temp.ts";
import { until } from "../support/wait.ts";
import { testVmSpec, workerConfig } from "../support/worker.ts";

const WAIT = { timeoutMs: 60_000 };
const VM = "shop/web-0";

/** A terminal whose keys the test presses. */
function keyboard() {
  const keys = new TransformStream<Uint8Array, Uint8Array>();
  const writer = keys.writable.getWriter();
  const reader = keys.readable.getReader();
  let isRestored = false;
  const terminal: RawTerminal = {
    size: () => ({ columns: 60, rows: 20 }),
    read: async () => (await reader.read()).value ?? null,
    [Symbol.dispose]: () => {
      isRestored = true;
    },
  };
  const press = (text: string) => writer.write(new TextEncoder().encode(text));
  return { terminal, press, isRestored: () => isRestored };
}

/** A master, a worker that enrolled by the command line, and one VM. */
async function startAll(dir: string) {
  await Deno.mkdir(`${dir}/master`, { recursive: true });
  const tokens = {
    admin: makeToken(`${dir}/master`, "admin", { name: "boss" }),
    viewer: makeToken(`${dir}/master`, "viewer"),
    publisher: makeToken(`${dir}/master`, "publisher"),
  };
  await using stack = new AsyncDisposableStack();
  const master = stack.use(await startMaster(dir));
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

Deno.test("a worker enrols once, by itself, and is no other worker", async () => {
  await using dir = await tempDir("enrol");
  await using all = await startAll(dir.path);
  const { as, enroll, tokenFile, oneTime } = all;
  const text = await Deno.readTextFile(tokenFile);
  assert.match(text, /^master pcr_worker_[0-9a-f]{16}_[0-9a-f]{64}\n$/);
  assert.equal((await Deno.stat(tokenFile)).mode! & 0o777, 0o600);
  // The proof went with the first answer: a stranger with the same token is one.
  const again = await enroll("w1", `${dir.path}/stolen`);
  assert.equal(again.status, 3);
  assert.match(again.err, /was used up, by worker "w1"/);
  assert.match(again.err, /Try: .*revoke that worker's token/);
  const own = text.split(" ")[1]?.trim() ?? "";
  const other = await openSession(all.master.rpc, own).then(
    async (opened) => {
      using session = opened;
      return await session.session.workerLink({ name: "w2" }).then(
        () => null,
        (error: unknown) => error,
      );
    },
  );
  assert.match(String(other), /this token belongs to worker "w1"/);
  await assert.rejects(() => openSession(all.master.rpc, oneTime), {
    code: "unauthenticated",
    message: /one-time token: it logs nobody in/,
  });
  const list = await as("admin", ["token", "list"]);
  assert.match(list.out, /worker, one-time +rack 4 .*used by w1/);
  const audit = await as("admin", ["audit"]);
  assert.match(audit.out, /w1 \(worker.*a token .* for w1 was enrolled/);
});

Deno.test("one who lost the answer asks again and is given the same; of two at once one wins", async () => {
  await using dir = await tempDir("enrol");
  await using all = await startAll(dir.path);
  const made = await all.as("admin", [
    ...["token", "create", "--role", "worker", "--one-time"],
    ...["--expires", "5m", "--name", "x", "--json"],
  ]);
  const { token } = JSON.parse(made.out);
  const asked = (worker: string, file: string) =>
    all.as("viewer", [
      ...["worker", "enroll", "--master", all.master.rpc, "--token", token],
      ...["--name", worker, "--token-file", `${dir.path}/${file}`],
    ]);
  const both = await Promise.all([asked("w2", "a"), asked("w3", "b")]);
  assert.deepEqual(both.map(({ status }) => status).sort(), [0, 3]);
  // With the answer the proof goes; the loser keeps its own.
  const [won, lost] = both[0]?.status === 0 ? ["a", "b"] : ["b", "a"];
  assert.match(
    await Deno.readTextFile(`${dir.path}/${won}`),
    /^master pcr_worker_/,
  );
  await assert.rejects(() => Deno.stat(`${dir.path}/${won}.enrolling`));
  await assert.rejects(() => Deno.stat(`${dir.path}/${lost}`));

  // The same command again, as after an answer that was lost.
  const next = await all.as("admin", [
    ...["token", "create", "--role", "worker", "--one-time", "--name", "y"],
  ]);
  const oneTime = next.out.trim();
  const tokenId = oneTime.split("_")[2];
  const proof = "c".repeat(64);
  const file = `${dir.path}/w9.token`;
  const run = async () => {
    await Deno.writeTextFile(
      `${file}.enrolling`,
      JSON.stringify({ tokenId, worker: "w9", proof }),
    );
    const { status, err } = await all.as("viewer", [
      ...["worker", "enroll", "--master", all.master.rpc, "--name", "w9"],
      ...["--token", oneTime, "--token-file", file],
    ]);
    assert.equal(status, 0, err);
    return await Deno.readTextFile(file);
  };
  assert.equal(await run(), await run());
});

Deno.test("a VM is looked into and acted on from the command line; who did is on record, viewers may not", async () => {
  await using dir = await tempDir("seeing");
  await using all = await startAll(dir.path);
  await all.publish();
  const { as, worker } = all;

  // Logs: the end, a boot, and following over a restart of the guest.
  assert.match((await as("viewer", ["logs", VM])).out, /simulated/);
  const boot = await as("viewer", ["logs", VM, "--boot", "1"]);
  assert.match(boot.text, /simulated/);
  assert.match(boot.err, /--- boot 1, generation 1 ---/);
  assert.equal((await as("viewer", ["logs", "shop/no-0", "-f"])).status, 1);
  const stop = Promise.withResolvers<void>();
  let followed = "";
  const following = as("viewer", ["logs", "-f", VM, "--json"], {
    stopped: stop.promise,
    onOut: (text) => {
      followed += text;
    },
  });
  await until("it is followed", () => followed.includes('"boot":1'), WAIT);

  // The console: the last lines at once, keys to the guest, the way out.
  const { terminal, press, isRestored } = keyboard();
  let shown = "";
  const attached = as("admin", ["console", VM], {
    rawTerminal: terminal,
    onOut: (text) => {
      shown += text;
    },
  });
  await until("the last lines are shown", () => shown !== "", WAIT);
  await press("hello\r");
  await until("the guest echoes", () => /hello/.test(shown), WAIT);
  await press("~.");
  const left = await attached;
  assert.equal(left.status, 0, left.err);
  assert.match(left.err, /leave with ~\.[^]*stty cols 60 rows 20[^]*detached/);
  assert.ok(isRestored());
  const noTerminal = await as("admin", ["console", VM]);
  assert.equal(noTerminal.status, 2);

  // Commands: output, input, exit status, what cannot be run.
  const echo = await as("admin", ["exec", VM, "--", "echo", "a", "b"]);
  assert.deepEqual([echo.status, echo.text], [0, "a b\n"], echo.err);
  assert.equal((await as("admin", ["exec", VM, "--", "false"])).status, 1);
  const cat = await as("admin", ["exec", VM, "-i", "--", "cat"], {
    input: "typed\n",
  });
  assert.deepEqual([cat.status, cat.text], [0, "typed\n"], cat.err);
  const slow = await as("admin", [
    ...["exec", VM, "--timeout", "1s", "--", "sleep", "600"],
  ]);
  assert.equal(slow.status, 124, slow.err);
  const absent = await as("admin", ["exec", "shop/no-0", "--", "true"]);
  assert.equal(absent.status, 125);
  const json = await as("admin", ["exec", VM, "--json", "--", "echo", "x"]);
  assert.equal(JSON.parse(json.out).stdout, "x\n");

  // Pauses: shown, and judged by nobody.
  assert.equal((await as("admin", ["vm", "pause", VM])).status, 0);
  await until(
    "it is shown as paused",
    async () => /Paused/.test((await as("viewer", ["status"])).out),
    WAIT,
  );
  assert.equal((await as("admin", ["vm", "resume", VM])).status, 0);
  await until(
    "it runs again",
    async () => /Running +healthy/.test((await as("viewer", ["status"])).out),
    WAIT,
  );

  // Snapshots: made, listed, bounded, gone on from.
  const snap = await as("admin", ["vm", "snapshot", VM, "before"]);
  assert.equal(snap.status, 0, snap.err);
  const twice = await as("admin", ["vm", "snapshot", VM, "before"]);
  assert.equal(twice.status, 3);
  assert.match((await as("viewer", ["vm", "snapshots", VM])).out, /^before /m);
  const restored = await as("admin", ["vm", "restore", VM, "before"]);
  assert.equal(restored.status, 0, restored.err);
  await until(
    "the next boot is followed",
    () => /"boot":2/.test(followed),
    WAIT,
  );
  const gone = await as("admin", ["vm", "snapshots", VM, "--delete", "before"]);
  assert.equal(gone.status, 0, gone.err);
  assert.equal(
    (await as("viewer", ["vm", "snapshots", VM])).out,
    "no snapshots\n",
  );
  stop.resolve();
  assert.equal((await following).status, 0);

  // Figures: for people, for programs, for Prometheus; each a moment behind the restart.
  await until(
    "figures are shown",
    async () =>
      /shop\/web-0 .*MiB/.test((await as("viewer", ["vm", "figures"])).out),
    WAIT,
  );
  const figures = await as("viewer", ["vm", "figures", VM, "--json"]);
  assert.equal(JSON.parse(figures.out)[0].figures.diskReadBytes, 2 ** 20);
  const http = worker.endpoints.http ?? "";
  const series =
    /procurator_vm_memory_bytes\{vm="shop\/web-0",incarnation="\d+"\} \d+/;
  await until(
    "they are metrics",
    async () => series.test(await (await fetch(`${http}/metrics`)).text()),
    WAIT,
  );
  const log = await fetch(`${http}/api/v1/vms/${VM}/log?boot=1`);
  assert.equal(log.headers.get("procurator-boot"), "1");
  assert.match(await log.text(), /simulated/);

  // Who did what.
  const audit = (await as("admin", ["audit", "--after", "0"])).out;
  for (
    const act of [
      "its console was attached to, on w1",
      "a command was run inside: echo a b",
      "asked on w1: pause",
      "asked on w1: restore the snapshot before",
    ]
  ) {
    assert.ok(
      audit.split("\n").some((line) =>
        line.includes("boss") && line.includes(VM) && line.includes(act)
      ),
      act,
    );
  }
  for (
    const [args, status] of [
      [["console", VM, "--watch"], 3],
      [["exec", VM, "--", "true"], 125],
      [["vm", "pause", VM], 3],
      [["vm", "snapshot", VM, "x"], 3],
    ] as const
  ) {
    const denied = await as("viewer", [...args]);
    assert.equal(denied.status, status, args.join(" "));
    assert.match(denied.err, /role is viewer, it takes operator/);
  }
});

Deno.test("who looks at a console is told when its worker goes; who follows a log goes on when it is back", async () => {
  await using dir = await tempDir("seeing");
  await using all = await startAll(dir.path);
  await all.publish();
  const { as, tokenFile, master } = all;
  let shown = "";
  const watching = as("admin", ["console", VM, "--watch"], {
    onOut: (text) => {
      shown += text;
    },
  });
  const stop = Promise.withResolvers<void>();
  let followed = "";
  const following = as("viewer", ["logs", "-f", VM], {
    stopped: stop.promise,
    onOut: (text) => {
      followed += text;
    },
  });
  await until(
    "both see something",
    () => shown !== "" && followed !== "",
    WAIT,
  );
  await all.worker.stop();
  const watched = await watching;
  assert.equal(watched.status, 1);
  assert.match(watched.err, /w1 is not connected any more|worker is stopping/);
  const second = await runWorker(workerConfig(dir.path, {
    driver: "simulated",
    masterUrl: master.rpc,
    tokenFile,
  }));
  try {
    await until(
      "the worker is back",
      async () => (await as("admin", ["vm", "pause", VM])).status === 0,
      WAIT,
    );
    // A pause outlives the worker; the guest that was paused is what is adopted.
    await second.stop();
    const third = await runWorker(workerConfig(dir.path, {
      driver: "simulated",
      masterUrl: master.rpc,
      tokenFile,
    }));
    try {
      assert.equal(third.view.observed()[0]?.state, "Paused");
      await until(
        "it goes on",
        async () => (await as("admin", ["vm", "resume", VM])).status === 0,
        WAIT,
      );
      const before = followed.length;
      const console = keyboard();
      const typing = as("admin", ["console", VM], {
        rawTerminal: console.terminal,
      });
      await console.press("still here\r");
      await until(
        "what is typed is in the log that is followed",
        () => /still here/.test(followed.slice(before)),
        WAIT,
      );
      await console.press("~.");
      assert.equal((await typing).status, 0);
    } finally {
      await third.stop();
    }
  } finally {
    await second.stop();
  }
  stop.resolve();
  const end = await following;
  assert.equal(end.status, 0);
  assert.match(end.err, /waiting/);
});
