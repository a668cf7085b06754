import assert from "node:assert/strict";
import type { JobView } from "../../model/build.ts";
import {
  describeBuild,
  formatBuilds,
  formatRepositories,
  remoteUrl,
} from "./build_view.ts";
import { painter } from "./table.ts";

const JOB: JobView = {
  id: 7,
  repository: "shop",
  branch: "main",
  commit: "0123456789abcdef0123456789abcdef01234567",
  publishes: true,
  state: "succeeded",
  stage: null,
  message: "published as generation 3",
  hint: null,
  cluster: "shop",
  generation: 3,
  traceparent: "",
  queuedAtMs: 0,
  startedAtMs: 0,
  endedAtMs: 9000,
  seconds: { eval: 1.23, build: null },
};

Deno.test("builds say what they came to, the newest first", () => {
  assert.match(
    formatBuilds([JOB], 60_000, painter(false)),
    /^7 +succeeded +shop +main +01234567 +shop 3 +60 s ago +1\.2 +- +published as generation 3$/m,
  );
  assert.match(formatBuilds([], 0, painter(false)), /^no build yet/);
});

Deno.test("a failed build's line keeps to the screen and says what to do", () => {
  const failed = {
    ...JOB,
    state: "failed" as const,
    message: `failed in eval: \x1b[2J${"x".repeat(300)}\nsecond line`,
    hint: "mend it",
  };
  const text = formatBuilds([failed], 0, painter(false));
  assert.ok(text.includes("…") && !text.includes("second line"));
  assert.ok(!text.includes("\x1b"));
  assert.match(
    describeBuild(failed),
    /^build 7 of shop 01234567: .*\nTry: mend it\n$/,
  );
});

Deno.test("repositories show where git pushes to, also before the first push", () => {
  const text = formatRepositories(
    [{ name: "shop", head: "main", branches: [] }],
    "http://hub:3001/",
    0,
    painter(false),
  );
  assert.match(
    text,
    /^shop +main +- +- +http:\/\/hub:3001\/shop\.git +nothing pushed yet$/m,
  );
  assert.equal(remoteUrl("https://hub", "a"), "https://hub/a.git");
});
