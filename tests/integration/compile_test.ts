/**
 * The executable as users have it: run from nothing, raced, without a home,
 * with directories that cannot or must not be used.
 *
 * @module
 */
import assert from "node:assert/strict";
import manifest from "../../deno.json" with { type: "json" };
import { runProcess, type RunResult } from "../../roles/process/mod.ts";
import { compiledExecutable } from "../support/executable.ts";
import { tempDir } from "../support/temp.ts";
import { until } from "../support/wait.ts";
import { makeSelfExtracting } from "../tasks/executable.ts";

/** "nobody": a user that owns nothing. */
const NOBODY = 65_534;
const START_TIMEOUT_MS = 60_000;

interface Made {
  /** Holds the executable and the directories of the tests; anyone may enter. */
  path: string;
  executable: string;
}

function run(
  made: Made,
  args: string[],
  env: Record<string, string>,
  uid = 0,
): Promise<RunResult> {
  const as = uid === 0
    ? []
    : [`--reuid=${uid}`, `--regid=${uid}`, "--clear-groups"];
  return runProcess("setpriv", [...as, made.executable, ...args], {
    clearEnv: true,
    env: { PATH: "/usr/bin:/bin", ...env },
    timeoutMs: START_TIMEOUT_MS,
  });
}

async function assertRuns(result: RunResult): Promise<void> {
  assert.deepEqual(
    [result.code, result.stdout.trim()],
    [0, manifest.version],
    result.stderrTail,
  );
}

async function ownDirectory(path: string, uid: number): Promise<string> {
  await Deno.mkdir(path);
  await Deno.chown(path, uid, uid);
  return path;
}

async function names(path: string): Promise<string[]> {
  return (await Array.fromAsync(Deno.readDir(path))).map((entry) => entry.name);
}

async function firstRunsRace(made: Made): Promise<void> {
  const cache = `${made.path}/raced`;
  const env = { PROCURATOR_CACHE_DIR: cache };
  // What a first run that was killed left behind.
  const [hash] = /^hash=(\w+)$/m.exec(await headerOf(made))?.slice(1) ?? [];
  await Deno.mkdir(`${cache}/procurator`, { recursive: true, mode: 0o700 });
  await Deno.mkdir(`${cache}/procurator/${hash}.999999999.tmp`);
  const results = await Promise.all(
    [1, 2, 3].map(() => run(made, ["--version"], env)),
  );
  for (const result of results) await assertRuns(result);
  assert.deepEqual(await names(`${cache}/procurator`), [hash]);
}

async function headerOf(made: Made): Promise<string> {
  using file = await Deno.open(made.executable);
  const bytes = new Uint8Array(4096);
  const count = await file.read(bytes);
  return new TextDecoder().decode(bytes.subarray(0, count ?? 0));
}

async function withoutHome(made: Made): Promise<void> {
  const temporary = await ownDirectory(`${made.path}/tmp1`, NOBODY);
  await assertRuns(
    await run(made, ["--version"], { TMPDIR: temporary }, NOBODY),
  );
  assert.deepEqual(await names(temporary), [`procurator-${NOBODY}`]);
}

async function readOnlyHome(made: Made): Promise<void> {
  const home = await ownDirectory(`${made.path}/home`, NOBODY);
  await Deno.chmod(home, 0o555);
  const temporary = await ownDirectory(`${made.path}/tmp2`, NOBODY);
  await assertRuns(
    await run(made, ["--version"], { HOME: home, TMPDIR: temporary }, NOBODY),
  );
  assert.deepEqual(await names(home), []);
}

async function foreignDirectory(made: Made): Promise<void> {
  const temporary = `${made.path}/tmp3`;
  const hash = /^hash=(\w+)$/m.exec(await headerOf(made))?.[1] ?? "";
  const planted = `${temporary}/procurator-${NOBODY}/${hash}`;
  await Deno.mkdir(planted, { recursive: true });
  await Deno.writeTextFile(`${planted}/deno`, "#!/bin/sh\necho planted\n", {
    mode: 0o755,
  });
  await Deno.writeTextFile(`${planted}/procurator.js`, "");
  const cache = await ownDirectory(`${made.path}/own`, NOBODY);
  // The planted one comes first in the order of places.
  const env = {
    PROCURATOR_CACHE_DIR: `${temporary}/procurator-${NOBODY}`,
    XDG_CACHE_HOME: cache,
  };
  await Deno.rename(planted, `${temporary}/x`);
  await Deno.mkdir(`${temporary}/procurator-${NOBODY}/procurator`);
  await Deno.rename(
    `${temporary}/x`,
    `${temporary}/procurator-${NOBODY}/procurator/${hash}`,
  );
  await assertRuns(await run(made, ["--version"], env, NOBODY));
}

async function statusAndSignals(made: Made): Promise<void> {
  const env = { PROCURATOR_CACHE_DIR: `${made.path}/raced`, HOME: made.path };
  assert.equal((await run(made, ["no-such-word"], env)).code, 2);
  assert.equal(
    (await run(made, ["status", "--master", "unix:/nonexistent"], env)).code,
    1,
  );
  const child = new Deno.Command(made.executable, {
    args: [
      "hub",
      "--port-base",
      "0",
      "--state-dir",
      `${made.path}/hub`,
      "--run-dir",
      `${made.path}/run`,
    ],
    env,
    stdout: "null",
    stderr: "piped",
  }).spawn();
  let said = "";
  const reading = (async () => {
    for await (
      const text of child.stderr.pipeThrough(new TextDecoderStream())
    ) said += text;
  })();
  await until(
    "the hub's ready line",
    () => said.includes("procurator hub is ready"),
    { timeoutMs: START_TIMEOUT_MS },
  );
  // The process is deno itself, not a shell around it: signals and exit statuses are its own.
  assert.match(await Deno.readLink(`/proc/${child.pid}/exe`), /\/deno$/);
  child.kill("SIGTERM");
  assert.equal((await child.status).code, 0, said);
  await reading;
}

Deno.test("the self-extracting executable", async (t) => {
  await using dir = await tempDir("exe");
  await Deno.chmod(dir.path, 0o755);
  const parts = `${dir.path}/parts`;
  await Deno.mkdir(parts);
  const made = { path: dir.path, executable: `${dir.path}/procurator` };
  await makeSelfExtracting(parts, made.executable);
  await t.step(
    "first runs race, and clean up after one that was killed",
    () => firstRunsRace(made),
  );
  await t.step(
    "it passes exit statuses and signals",
    () => statusAndSignals(made),
  );
  await t.step("it runs without a home", () => withoutHome(made));
  await t.step(
    "a home that cannot be written is passed over",
    () => readOnlyHome(made),
  );
  await t.step(
    "a directory of somebody else is not trusted",
    () => foreignDirectory(made),
  );
});

Deno.test("`deno task compile` makes dist/procurator, and it runs", async () => {
  const executable = await compiledExecutable();
  await using dir = await tempDir("exe");
  const result = await runProcess(executable, ["--version"], {
    env: { PROCURATOR_CACHE_DIR: dir.path },
    timeoutMs: START_TIMEOUT_MS,
  });
  await assertRuns(result);
});
