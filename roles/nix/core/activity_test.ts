import { deepEqual, equal } from "node:assert/strict";
import { CopyTracker } from "./activity.ts";

const A = "/nix/store/62lcmrn2sch47wprmn83adp0swmacj2c-one";
const B = "/nix/store/by7mcvl1sn8j1l5ny63fwiyn7jcdvkpk-two";
const line = (value: unknown) => `@nix ${JSON.stringify(value)}`;

function tracker() {
  return new CopyTracker([
    { path: A, narSizeBytes: 1000, url: "nar/a.nar.zst" },
    { path: B, narSizeBytes: 500, url: "nar/b.nar.zst" },
  ]);
}

Deno.test("a copy is followed by its transfers, and counts whole at its end", () => {
  const copy = tracker();
  const lines = [
    // As nix 2.8 and 2.34 print them, fields that nobody needs left out.
    { action: "start", id: 1, level: 3, type: 100, fields: [A, "c", "local"] },
    {
      action: "start",
      id: 2,
      level: 4,
      type: 101,
      fields: ["http://127.0.0.1:1/x/nar/a.nar.zst"],
    },
    { action: "result", id: 2, type: 105, fields: [0, 0, 0, 0] },
    { action: "result", id: 2, type: 105, fields: [50, 200, 0, 0] },
    { action: "result", id: 9, type: 106, fields: [101, 7] },
  ];
  for (const each of lines) deepEqual(copy.take(line(each)), []);
  deepEqual(copy.progress, {
    paths: 0,
    ofPaths: 2,
    bytes: 250,
    ofBytes: 1500,
  });
  copy.take(line({ action: "stop", id: 2 }));
  copy.take(line({ action: "stop", id: 1 }));
  deepEqual(copy.progress, {
    paths: 1,
    ofPaths: 2,
    bytes: 1000,
    ofBytes: 1500,
  });
});

Deno.test("messages are lines for people, what else is there is left as it is", () => {
  const copy = tracker();
  const error = { action: "msg", level: 0, msg: "error: no\n       more" };
  deepEqual(copy.take(line(error)), ["error: no", "       more"]);
  deepEqual(copy.take(line({ action: "msg", level: 5, msg: "debug" })), []);
  deepEqual(copy.take("plain text"), ["plain text"]);
});

Deno.test("lines that lie change nothing", () => {
  const copy = tracker();
  const lies = [
    "@nix {",
    "@nix null",
    line({ action: "start", id: 1, type: 100, fields: ["/etc/passwd"] }),
    line({ action: "stop", id: 1 }),
    line({ action: "start", id: 3, type: 101, fields: ["x/nar/a.nar.zst"] }),
    line({ action: "result", id: 3, type: 105, fields: [1e9, -1] }),
    line({ action: "result", id: 3, type: 105, fields: ["a", "b"] }),
  ];
  for (const lie of lies) copy.take(lie);
  equal(copy.progress.bytes, 0);
  equal(copy.progress.paths, 0);
});
