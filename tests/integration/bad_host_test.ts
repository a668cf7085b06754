/**
 * A host that lacks what is needed, from end to end: a full disk, no qemu, no
 * nix. Each is told with what to do, blames no commit, and is over once the
 * host has it.
 *
 * @module
 */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { join } from "node:path";
import { intentHash } from "../../roles/model/mod.ts";
import { ensureDebian } from "../../roles/debian/mod.ts";
import { runChecked, runProcess } from "../../roles/process/mod.ts";
import { chaosDirectory, DevCluster } from "../chaos/dev_cluster.ts";
import { machines } from "../chaos/machines.ts";
import { projectFiles } from "../chaos/project.ts";
import { GitProject } from "../support/proof_project.ts";
import { vmSpec } from "../support/specs.ts";
import { tempDir } from "../support/temp.ts";
import { until } from "../support/wait.ts";
import { GOOD, refused, STEP_TIMEOUT_MS } from "../support/healthy_dev.ts";

/** A `dev` with a project of its own. */
async function secondDev(
  options: { stateDir?: string; env?: Record<string, string>; driver?: "qemu" },
) {
  await ensureDebian(["nix", "busybox", "git"]);
  const directory = await chaosDirectory();
  const dev = new DevCluster({
    directory,
    driver: options.driver ?? "simulated",
    ...(options.stateDir === undefined ? {} : { stateDir: options.stateDir }),
    ...(options.env === undefined ? {} : { env: options.env }),
  });
  const own = await GitProject.create(join(directory, "project"));
  return { dev, own };
}

Deno.test("a full disk refuses what cannot be kept, harms nothing that runs, and is gone once there is room", async () => {
  await using dir = await tempDir("full");
  const disk = join(dir.path, "disk");
  await Deno.mkdir(disk);
  await runChecked("mount", ["-t", "tmpfs", "-o", "size=24m", "tmpfs", disk]);
  await using stack = new AsyncDisposableStack();
  stack.defer(async () => {
    await runChecked("umount", [disk]);
  });
  const { dev, own } = await secondDev({ stateDir: join(disk, "state") });
  stack.use(dev);
  await dev.start(null);
  await dev.createRepository();
  const first = await own.commit("first", projectFiles(GOOD));
  equal((await own.push(await dev.gitTarget())).code, 0);
  await until("the first commit", async () => {
    const seen = await dev.ask();
    return seen.activeCommit === first && seen.convergencePercent === 100;
  }, { timeoutMs: STEP_TIMEOUT_MS });
  const before = await dev.ask();
  const running = await machines(dev.machinesOf);

  // dd ends with an error when the disk is full, which is the point.
  await runProcess("dd", ["if=/dev/zero", `of=${disk}/filler`, "bs=4k"]);
  const second = await own.commit(
    "second",
    projectFiles({ ...GOOD, content: "second" }),
  );
  const pushed = await own.push(await dev.gitTarget());
  ok(pushed.code !== 0, "git has it not acknowledged");
  match(pushed.stderrTail, /No space left on device|disk/i);
  const master = await dev.master();
  const vmSpecs = [vmSpec({ name: "web" })];
  const refusal = await refused(master.publish({
    cluster: "other",
    repository: "other",
    commit: "abcdef",
    generation: 1,
    parent: 0,
    intentHash: intentHash(vmSpecs),
    vmSpecs,
  }));
  equal(refusal.code, "storage", refusal.message);
  ok((refusal.hint ?? "").length > 0, "says what to do");
  deepEqual(await dev.ask(), before, "it answers, and nothing changed");
  deepEqual(await machines(dev.machinesOf), running);
  equal(dev.process.ended(), null);

  await Deno.remove(join(disk, "filler"));
  equal((await own.push(await dev.gitTarget())).code, 0);
  await until("the second commit", async () => {
    const seen = await dev.ask();
    return seen.activeCommit === second && seen.convergencePercent === 100;
  }, { timeoutMs: STEP_TIMEOUT_MS });
});

/** git, which everything begins with, and what every Debian has: a shell and util-linux. */
const ALWAYS_THERE = [
  "git",
  "sh",
  "flock",
  "prlimit",
  "fallocate",
  "setpriv",
] as const;

/** A directory with links to these programs, for a PATH. */
async function pathWith(
  dir: string,
  programs: readonly string[],
): Promise<string> {
  await Deno.mkdir(dir, { recursive: true });
  for (const program of programs) {
    const found = await runChecked("sh", ["-c", `command -v ${program}`]);
    await Deno.symlink(found.trim(), join(dir, program));
  }
  return dir;
}

Deno.test("without qemu and without nix it says what to install, and goes on once it is there", async () => {
  await using dir = await tempDir("bare");
  const noQemu = await pathWith(join(dir.path, "no-qemu"), [
    ...ALWAYS_THERE,
    "nix",
    "nix-store",
  ]);
  const { dev, own } = await secondDev({
    driver: "qemu",
    env: { PATH: noQemu },
  });
  await using _ = dev;
  await dev.start(null);
  await dev.createRepository();
  const commit = await own.commit("first", projectFiles(GOOD));
  equal((await own.push(await dev.gitTarget())).code, 0);
  const message = await until("the reason", async () => {
    const { vms } = await dev.ask();
    return vms.find(({ message }) => /qemu/.test(message))?.message;
  }, { timeoutMs: STEP_TIMEOUT_MS });
  match(message, /qemu-system-x86_64.*not installed/);
  const seen = await dev.ask();
  equal(
    seen.generations.find((one) => one.commit === commit)?.state,
    "rolling",
    "the commit is not to blame",
  );
  await dev.kill();

  const nothing = await pathWith(join(dir.path, "no-nix"), ALWAYS_THERE);
  const bare = new DevCluster({
    directory: join(dir.path, "bare"),
    driver: "simulated",
    env: { PATH: nothing },
  });
  await Deno.mkdir(join(dir.path, "bare/run"), { recursive: true });
  await using __ = bare;
  await bare.start(null);
  await bare.createRepository();
  equal((await own.push(await bare.gitTarget())).code, 0);
  const job = await until("ci's reason", async () => {
    const found = await bare.job(commit);
    return /nix/.test(found?.message ?? "") ? found : null;
  }, { timeoutMs: STEP_TIMEOUT_MS });
  match(job.message, /nix.*not installed/);
  match(job.hint ?? "", /nix-bin/);

  // Installing it is all that is needed.
  await pathWith(nothing, ["nix", "nix-store"]);
  await until("the commit to become active", async () => {
    const seen = await bare.ask();
    return seen.activeCommit === commit && seen.convergencePercent === 100;
  }, { timeoutMs: STEP_TIMEOUT_MS });
});
