/**
 * Enrolling a worker by a one-time token, from the command line through a real
 * master.
 *
 * @module
 */
import assert from "node:assert/strict";
import { startEnrolled } from "../support/enrolled_worker.ts";
import { openSession } from "../support/master_process.ts";
import { tempDir } from "../support/temp.ts";

Deno.test("a worker enrols once, by itself, and is no other worker", async () => {
  await using dir = await tempDir("enrol");
  await using all = await startEnrolled(dir.path);
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
  await using all = await startEnrolled(dir.path);
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
