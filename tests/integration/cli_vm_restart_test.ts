/**
 * What one who looks into a VM sees when its worker or the master goes and
 * comes back: from the command line through a real master to a real worker
 * whose guests are simulated.
 *
 * @module
 */
import assert from "node:assert/strict";
import { run as runWorker } from "../../roles/worker/mod.ts";
import { startEnrolled } from "../support/enrolled_worker.ts";
import { keyboard } from "../support/keyboard.ts";
import { startMasterChild } from "../support/master_process.ts";
import { tempDir } from "../support/temp.ts";
import { until } from "../support/wait.ts";
import { workerConfig } from "../support/worker.ts";

const WAIT = { timeoutMs: 60_000 };
const VM = "shop/web-0";

Deno.test("who looks at a console is told when its worker goes; who follows a log goes on when it is back", async () => {
  await using dir = await tempDir("seeing");
  await using all = await startEnrolled(dir.path);
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

Deno.test("the master is killed: a log is followed again when it is back; a console and a command end, and say so", async () => {
  await using dir = await tempDir("seeing");
  await using first = await startMasterChild(dir.path);
  const port = new URL(first.rpc).port;
  await using all = await startEnrolled(dir.path, {
    begin: () => Promise.resolve(first),
  });
  await all.publish();
  const { as } = all;
  const stop = Promise.withResolvers<void>();
  let followed = "";
  let said = "";
  const following = as("viewer", ["logs", "-f", VM], {
    stopped: stop.promise,
    onOut: (text) => {
      followed += text;
    },
    onErr: (text) => {
      said += text;
    },
  });
  const attached = keyboard();
  let shown = "";
  const typing = as("admin", ["console", VM], {
    rawTerminal: attached.terminal,
    onOut: (text) => {
      shown += text;
    },
  });
  const command = as("admin", ["exec", VM, "--", "sleep", "600"]);
  await until(
    "both see something, and the command runs",
    async () =>
      shown !== "" && followed !== "" &&
      (await as("viewer", ["audit"])).out.includes("sleep 600"),
    WAIT,
  );
  await first.kill();
  const left = await typing;
  assert.equal(left.status, 1);
  assert.ok(attached.isRestored());
  assert.match(left.err, /\nerror: .*\nTry: the VM runs on; /);
  const lost = await command;
  assert.equal(lost.status, 125);
  assert.match(lost.err, /connection/i);
  await until("it waits", () => said.includes("; waiting"), WAIT);

  await using _second = await startMasterChild(dir.path, {
    config: { rpcListen: `127.0.0.1:${port}` },
  });
  await until("it goes on", () => said.includes("followed again"), WAIT);
  const again = keyboard();
  const console = as("admin", ["console", VM], {
    rawTerminal: again.terminal,
  });
  await again.press("still here\r");
  await until(
    "what is typed is in the log that is followed",
    () => followed.includes("still here"),
    WAIT,
  );
  await again.press("~.");
  assert.equal((await console).status, 0);
  // Nothing twice, and the boot is the same one.
  assert.equal(followed.split("simulated: booting").length, 2, followed);
  stop.resolve();
  assert.equal((await following).status, 0);
});
