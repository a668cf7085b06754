import assert from "node:assert/strict";
import type { CommitReport, ExamineRequest } from "../../autonix/examiner.ts";
import { AppError } from "../model/errors.ts";
import { VirtualClock } from "../../tests/support/virtual_clock.ts";
import { Analyses } from "./analyses.ts";
import type { Repository } from "./repositories.ts";

const commitOf = (at: number) => at.toString(16).padStart(40, "0");

function reportOf(chars: number): CommitReport {
  return {
    analysis: {
      schema: 1,
      applications: [],
      services: [],
      unknown: [{ path: ".", what: "files", why: "x".repeat(chars) }],
    },
    graph: { schema: 1, title: "", nodes: [], edges: [] },
    isWhole: true,
  };
}

/** Analyses of one repository, whose examiner a test answers for. */
function scripted(
  examine: (request: ExamineRequest) => Promise<CommitReport>,
  branches: Repository["branches"] = [],
) {
  const asked: string[] = [];
  const clock = new VirtualClock();
  const stopping = new AbortController();
  const analyses = new Analyses({
    repositories: {
      pathOf: (name) => `/nowhere/${name}.git`,
      read: (name) => Promise.resolve({ name, head: "main", branches }),
    },
    examiner: {
      examine: (request) => {
        asked.push(request.commit);
        return examine(request);
      },
    },
    clock,
    stopping: stopping.signal,
  });
  return { analyses, asked, clock, stopping };
}

Deno.test("Analyses: who asks for the same commit shares one look, then it is kept", async () => {
  const gate = Promise.withResolvers<CommitReport>();
  const commit = commitOf(1);
  const { analyses, asked } = scripted(() => gate.promise, [
    { name: "main", commit, subject: "", committedAtMs: 0 },
  ]);
  const both = [analyses.of("shop"), analyses.of("shop", { commit })];
  gate.resolve(reportOf(1));
  const [branch, alone] = await Promise.all(both);
  assert.equal(branch?.branch, "main");
  assert.equal(alone?.branch, null);
  await analyses.of("shop", { branch: "main" });
  assert.deepEqual(asked, [commit]);
});

Deno.test("Analyses: one commit at a time, so many wait, the rest is refused", async () => {
  let running = 0;
  let most = 0;
  const gate = Promise.withResolvers<void>();
  const { analyses } = scripted(async () => {
    most = Math.max(most, ++running);
    await gate.promise;
    running -= 1;
    return reportOf(1);
  });
  const all = Array.from(
    { length: 40 },
    (_, at) => analyses.of("shop", { commit: commitOf(at) }),
  );
  const settled = Promise.allSettled(all);
  gate.resolve();
  const refused = (await settled).flatMap((one) =>
    one.status === "rejected" ? [one.reason] : []
  );
  assert.equal(most, 1);
  assert.equal(refused.length, 7);
  assert.ok(
    refused.every((error) =>
      error instanceof AppError && error.code === "overloaded"
    ),
  );
});

Deno.test("Analyses: what was not asked for the longest is given up for others", async () => {
  const { analyses, asked } = scripted(() =>
    Promise.resolve(reportOf(1024 * 1024))
  );
  const look = (at: number) => analyses.of("shop", { commit: commitOf(at) });
  for (let at = 0; at < 7; at++) await look(at);
  await look(0);
  assert.equal(asked.length, 7);
  for (let at = 7; at < 9; at++) await look(at);
  await look(0);
  assert.equal(asked.length, 9, "it was asked for in between");
  await look(1);
  assert.equal(asked.length, 10);
});

Deno.test("Analyses: a failure is kept for a while, a commit that is not there is not", async () => {
  const codes: AppError["code"][] = ["timeout", "timeout", "not_found"];
  const { analyses, asked, clock } = scripted(() => {
    const code = codes[Math.min(asked.length, codes.length) - 1] ?? "failed";
    return Promise.reject(new AppError(code, "it did not work"));
  });
  const look = () =>
    assert.rejects(analyses.of("shop", { commit: commitOf(1) }), {
      message: "it did not work",
    });
  await look();
  await look();
  assert.equal(asked.length, 1);
  clock.advance(300_001);
  await look();
  assert.equal(asked.length, 2);
  clock.advance(300_001);
  await look();
  await look();
  assert.equal(asked.length, 4);
});

Deno.test("Analyses: a hub that stops ends those that wait, and keeps no failure of it", async () => {
  const { analyses, stopping } = scripted(({ signal }) =>
    new Promise((_, reject) =>
      signal.addEventListener("abort", () => reject(signal.reason))
    )
  );
  const both = [1, 2].map((at) =>
    analyses.of("shop", { commit: commitOf(at) })
  );
  const settled = Promise.allSettled(both);
  stopping.abort(new Error("stopping"));
  for (const one of await settled) assert.equal(one.status, "rejected");
});

Deno.test("Analyses: nothing pushed, no such branch", async () => {
  const { analyses } = scripted(() => Promise.resolve(reportOf(1)));
  await assert.rejects(analyses.of("shop"), {
    code: "not_found",
    message: 'Nothing was pushed to "shop" yet',
  });
});
