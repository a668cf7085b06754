import assert from "node:assert/strict";
import { storePath } from "../../tests/support/specs.ts";
import { BranchClosures } from "./branch_closures.ts";
import type { Stage } from "./core/job.ts";
import { JobStore } from "./store.ts";

const POLICY = { firstDelayMs: 1, maxDelayMs: 1, maxWaitMs: 1 };
const commit = (seed: string) => seed.repeat(40);

/** Jobs in memory: heads that were seen, and how far each was built. */
class Fixture {
  readonly store = new JobStore(":memory:", POLICY);
  readonly closures = new BranchClosures(this.store);
  #at = 1;

  see(branch: string, seed: string): number {
    this.store.applyQueue([{
      kind: "want",
      repository: "shop",
      branch,
      commit: commit(seed),
      publishes: branch === "main",
      expectedRevision: null,
    }], { at: this.#at++, traceparent: () => `00-${"1".repeat(32)}` });
    return this.store.ofCommit("shop", commit(seed))?.id ?? 0;
  }

  build(id: number, seed: string, until: Stage): void {
    this.store.step(id, { kind: "started", at: this.#at++, resumeAt: "fetch" });
    const image = storePath("image", seed);
    const blueprint = JSON.stringify({
      version: 1,
      cluster: "shop",
      vms: {
        web: {
          cpu: 1,
          memoryMib: 128,
          image: { toplevel: image, kernelPath: image, initrdPath: image },
        },
      },
    });
    for (const stage of ["fetch", "eval", "build", "copy"] as const) {
      if (stage === until) return;
      const evaluation = { blueprint, derivations: [], checks: {} };
      this.store.step(
        id,
        { kind: "stageDone", at: this.#at++, stage },
        stage === "eval" ? { evaluation } : {},
      );
    }
  }

  async paths(): Promise<Record<string, string[]>> {
    const found: Record<string, string[]> = {};
    for (const { branch, paths } of await this.closures.list()) {
      (found[branch] ??= []).push(...paths);
    }
    return found;
  }
}

Deno.test("BranchClosures: a head counts once it is uploaded; until then the one before it counts too", async () => {
  const at = new Fixture();
  at.build(at.see("main", "a"), "a", "publish");
  const second = at.see("main", "b");
  assert.deepEqual(await at.paths(), { main: [storePath("image", "a")] });
  at.build(second, "b", "copy");
  assert.deepEqual(await at.paths(), {
    main: [storePath("image", "b"), storePath("image", "a")],
  });
  at.build(second, "b", "publish");
  assert.deepEqual(await at.paths(), { main: [storePath("image", "b")] });
  at.store.close();
});

Deno.test("BranchClosures: each branch has its own, and none when it is gone", async () => {
  const at = new Fixture();
  at.build(at.see("main", "a"), "a", "publish");
  at.build(at.see("topic", "c"), "c", "publish");
  assert.deepEqual(Object.keys(await at.paths()).sort(), ["main", "topic"]);
  at.store.applyQueue([{
    kind: "forget",
    repository: "shop",
    branch: "topic",
  }], { at: 9, traceparent: () => "" });
  assert.deepEqual(Object.keys(await at.paths()), ["main"]);
  at.store.close();
});

Deno.test("BranchClosures: what cannot be read is not left out in silence", async () => {
  const at = new Fixture();
  const id = at.see("main", "a");
  at.store.step(id, { kind: "started", at: 5, resumeAt: "eval" });
  at.store.step(id, { kind: "stageDone", at: 6, stage: "eval" }, {
    evaluation: { blueprint: "{}", derivations: [], checks: {} },
  });
  await assert.rejects(at.closures.list(), /that job 1 evaluated a/);
  at.store.close();
});
