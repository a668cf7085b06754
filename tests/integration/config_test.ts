/**
 * Configuration files, directory locks, token files and tables on a real disk.
 *
 * @module
 */
import assert from "node:assert/strict";
import { z } from "zod";
import {
  loadConfig,
  lockDirectory,
  readTokens,
  serverConfigShape,
} from "../../roles/config/mod.ts";
import { openTokenTable } from "../../roles/auth/mod.ts";
import { AppError } from "../../roles/model/mod.ts";
import { systemRandom } from "../../roles/clock/mod.ts";
import { until } from "../support/wait.ts";
import { tempDir } from "../support/temp.ts";

const Config = z.strictObject({
  ...serverConfigShape("cache", 6445),
  maxJobs: z.number().default(1),
});

Deno.test("flags win over the file, the file over defaults, unknown keys name file and key", async () => {
  await using dir = await tempDir("config");
  const file = `${dir.path}/cache.json`;
  await Deno.writeTextFile(
    file,
    JSON.stringify({ maxJobs: 2, logLevel: "debug" }),
  );
  const config = await loadConfig(Config, {
    file,
    overrides: { maxJobs: 3, listen: undefined },
  });
  assert.deepEqual([config.maxJobs, config.logLevel, config.listen], [
    3,
    "debug",
    "127.0.0.1:6445",
  ]);
  const broken = async (text: string, message: RegExp) => {
    await Deno.writeTextFile(file, text);
    await assert.rejects(loadConfig(Config, { file, overrides: {} }), {
      code: "invalid",
      message,
    });
  };
  await broken(`{"maxJob":2}`, /cache\.json.*maxJob/);
  await broken(
    `{"listen":"nowhere"}`,
    /cache\.json.*listen: Cannot listen on "nowhere"/,
  );
  await broken(`{"tlsCert":"/c"}`, /tlsKey is missing/);
  await broken(`[]`, /must be a JSON object/);
  await broken(`{`, /not JSON/);
  await assert.rejects(
    loadConfig(Config, { file: `${dir.path}/none`, overrides: {} }),
    { code: "not_found" },
  );
});

Deno.test("a directory belongs to one process until that ends, by kill -9 too", async () => {
  await using dir = await tempDir("lock");
  const state = `${dir.path}/state`;
  const script = `import { lockDirectory } from ${
    JSON.stringify(import.meta.resolve("../../roles/config/mod.ts"))
  };
    await lockDirectory(${
    JSON.stringify(state)
  }); console.log("locked"); setInterval(() => {}, 1000);`;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["eval", script],
    stdout: "piped",
  }).spawn();
  try {
    await until(
      "the child's lock",
      async () => (await Deno.readTextFile(`${state}/lock`)).trim() !== "",
      { timeoutMs: 20_000 },
    );
    await assert.rejects(lockDirectory(state), {
      code: "refused",
      message: new RegExp(`in use by process ${child.pid}$`),
    });
  } finally {
    child.kill("SIGKILL");
    await child.stdout.cancel();
    await child.status;
  }
  {
    await using _mine = await lockDirectory(state);
    await assert.rejects(lockDirectory(state), { code: "refused" });
  }
  await using _again = await lockDirectory(state);
});

Deno.test("a directory that cannot be made is named, with what to do", async () => {
  await using dir = await tempDir("lock");
  await Deno.writeTextFile(`${dir.path}/file`, "");
  const path = `${dir.path}/file/state`;
  const error = await lockDirectory(path).then(() => null, (error) => error);
  assert.ok(error instanceof AppError, String(error));
  assert.equal(error.code, "refused");
  assert.ok(error.message.startsWith(`Cannot use ${path}: `), error.message);
  assert.match(error.hint ?? "", /--state-dir/);
});

Deno.test("tokens are stored privately and revoked for every process at once", async () => {
  await using dir = await tempDir("tokens");
  const table = openTokenTable(dir.path);
  const { token, info } = table.create({ role: "viewer", name: "x" }, {
    now: 1,
    random: systemRandom,
  });
  for await (const entry of Deno.readDir(dir.path)) {
    const mode = (await Deno.stat(`${dir.path}/${entry.name}`)).mode ?? 0;
    assert.equal(mode & 0o077, 0, entry.name);
  }
  const other = openTokenTable(dir.path);
  assert.equal(other.authenticate(token, 2).tokenId, info.id);
  table.revoke(info.id);
  assert.throws(() => other.authenticate(token, 2), { message: /revoked/ });
  table.close();
  other.close();
});

Deno.test("token files", async () => {
  await using dir = await tempDir("tokens");
  const file = `${dir.path}/token`;
  await Deno.writeTextFile(file, "master one\n", { mode: 0o600 });
  assert.equal((await readTokens(file))("master"), "one");
  await assert.rejects(readTokens(dir.path), {
    code: "invalid",
    message: /is a directory/,
  });
});
