/**
 * Seeing into VMs and acting on them, from the command line through a real
 * master to a real worker whose guests are simulated.
 *
 * @module
 */
import assert from "node:assert/strict";
import { startEnrolled } from "../support/enrolled_worker.ts";
import { keyboard } from "../support/keyboard.ts";
import { tempDir } from "../support/temp.ts";
import { until } from "../support/wait.ts";

const WAIT = { timeoutMs: 60_000 };
const VM = "shop/web-0";

Deno.test("a VM is looked into and acted on from the command line; who did is on record, viewers may not", async () => {
  await using dir = await tempDir("seeing");
  await using all = await startEnrolled(dir.path);
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
