import assert from "node:assert/strict";
import { LogStore } from "./log_store.ts";

/** Everything that is kept of a job's log. */
function readAll(logs: LogStore, id: number) {
  const all = [];
  for (
    let lines = logs.read(id, 0);
    lines.length > 0;
    lines = logs.read(id, lines.at(-1)?.sequence ?? 0)
  ) {
    all.push(...lines);
  }
  return all;
}

Deno.test("LogStore keeps the end of a log that is too large, and numbers go on", () => {
  const logs = new LogStore(":memory:");
  const text = "x".repeat(15_000);
  for (let i = 1; i <= 1000; i++) logs.append(1, "build", `${i} ${text}`, 0);
  logs.append(2, "build", "another job", 0);
  const lines = readAll(logs, 1);
  const bytes = lines.reduce((sum, line) => sum + line.text.length, 0);
  assert.ok(bytes <= 8 * 1024 * 1024, `${bytes} bytes are kept`);
  assert.ok(bytes >= 6 * 1024 * 1024, `${bytes} bytes are kept`);
  assert.equal(lines.at(-1)?.sequence, 1000);
  assert.match(lines.at(-1)?.text ?? "", /^1000 /);
  assert.deepEqual(readAll(logs, 2).map((line) => line.text), ["another job"]);
  logs.append(1, "build", "y".repeat(100_000), 0);
  const last = readAll(logs, 1).at(-1)?.text ?? "";
  assert.ok(last.length < 17_000 && last.endsWith("(cut)"));
  logs.close();
});

Deno.test("LogStore wakes who waits at the next line, at a change, and at an abort", async () => {
  const logs = new LogStore(":memory:");
  const never = new AbortController();
  const line = logs.wait(1, never.signal);
  logs.append(1, "eval", "hello", 0);
  logs.flush();
  await line;
  const change = logs.wait(1, never.signal);
  logs.changed(1);
  await change;
  const gone = logs.wait(1, never.signal);
  never.abort();
  await gone;
  logs.close();
});

Deno.test("LogStore drops the logs of jobs that are no longer kept", () => {
  const logs = new LogStore(":memory:");
  logs.append(1, "eval", "old", 0);
  logs.append(2, "eval", "new", 0);
  logs.flush();
  logs.prune((id) => id === 2);
  assert.deepEqual([readAll(logs, 1).length, readAll(logs, 2).length], [0, 1]);
  logs.close();
});
