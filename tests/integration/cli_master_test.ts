/**
 * The CLI against a real master in a process of its own: the first token,
 * login, single RPC calls, roles that may not, TLS.
 *
 * @module
 */
import assert from "node:assert/strict";
import { cli, type CliResult } from "../support/cli.ts";
import { tempDir } from "../support/temp.ts";
import { until } from "../support/wait.ts";

const MAIN = new URL("../../main.ts", import.meta.url).pathname;
/** A start on a busy machine. */
const READY_MS = 60_000;

/** Runs `procurator ARGS` until its ready line; `stop` ends it and returns its exit status. */
async function startProcess(args: string[]): Promise<
  & { endpoints: Record<string, string>; stop(): Promise<number> }
  & AsyncDisposable
> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", MAIN, ...args],
    stdout: "null",
    stderr: "piped",
  }).spawn();
  let said = "";
  const reading = (async () => {
    for await (
      const text of child.stderr.pipeThrough(new TextDecoderStream())
    ) said += text;
  })();
  const stop = async () => {
    try {
      child.kill("SIGTERM");
    } catch {
      // It has ended by itself; its status says how.
    }
    const { code } = await child.status;
    await reading;
    return code;
  };
  try {
    const line = await until(
      "the ready line",
      () => /^procurator \w+ is ready: .*\n/m.exec(said)?.[0],
      { timeoutMs: READY_MS },
    );
    const pairs = [...line.matchAll(/(\w+)=(\S+)/g)].map((
      match,
    ) => [match[1], match[2]]);
    return {
      endpoints: Object.fromEntries(pairs),
      stop,
      [Symbol.asyncDispose]: async () => void await stop(),
    };
  } catch (cause) {
    await stop();
    throw new Error(`procurator ${args.join(" ")} did not start: ${said}`, {
      cause,
    });
  }
}

function user(env: Record<string, string>) {
  return (args: string[], input = ""): Promise<CliResult> =>
    cli(args, { env, input, realMaster: true });
}

async function firstToken(stateDir: string): Promise<string> {
  const made = await cli([
    "token",
    "create",
    "--state-dir",
    stateDir,
    "--role",
    "admin",
    "--name",
    "first",
  ]);
  assert.equal(made.status, 0, made.err);
  return made.out.trim();
}

Deno.test("a first user: token, login, publish by hand, status, and what other roles may not", async () => {
  await using dir = await tempDir("master");
  const state = `${dir.path}/state`;
  const token = await firstToken(state);
  await using master = await startProcess([
    "master",
    "--state-dir",
    state,
    "--run-dir",
    `${dir.path}/run`,
    "--port-base",
    "0",
  ]);
  const me = user({ XDG_CONFIG_HOME: dir.path });
  const login = await me(["login", master.endpoints["rpc"] ?? ""], token);
  assert.equal(login.status, 0, login.err);
  assert.equal((await me(["status"])).status, 1, "there is no cluster yet");

  const publish = (...more: string[]) =>
    me(["rpc", "state", "publish", "-c", "abc123", ...more]);
  const first = await publish("-g", "1", "-n", "3");
  assert.equal(JSON.parse(first.out).created, true, first.out);
  const again = await publish("-g", "1", "-n", "3");
  assert.equal(JSON.parse(again.out).created, false);
  const wrong = await publish("-g", "2", "-i", "a".repeat(64));
  assert.equal(wrong.status, 3);
  assert.ok(JSON.parse(wrong.out).error.message.includes("a".repeat(64)));
  assert.ok(
    JSON.parse(wrong.out).error.message.includes(
      JSON.parse(first.out).intentHash,
    ),
  );

  const status = JSON.parse((await me(["rpc", "control", "status"])).out);
  assert.deepEqual([
    status.cluster,
    status.vms.length,
    status.highestGeneration,
  ], ["sample", 3, 1]);
  assert.match(
    (await me(["generations"])).out,
    /^1 +rolling +abc123 +manual +3 /m,
  );
  assert.equal((await me(["status", "--wait", "0"])).status, 4);

  const made = await me([
    "token",
    "create",
    "--role",
    "viewer",
    "--name",
    "screen",
    "--json",
  ]);
  const viewer = user({
    XDG_CONFIG_HOME: dir.path,
    PROCURATOR_TOKEN: JSON.parse(made.out).token,
  });
  assert.equal((await viewer(["status"])).status, 0);
  for (
    const args of [["rollback"], ["token", "list"], [
      "rpc",
      "state",
      "publish",
      "-c",
      "abc124",
      "-g",
      "2",
    ]]
  ) {
    const denied = await viewer(args);
    assert.equal(denied.status, 3, args.join(" "));
    assert.match(
      denied.err + denied.out,
      /role is viewer, it takes (operator|admin|publisher)/,
    );
  }
  assert.equal(
    (await me(["token", "revoke", JSON.parse(made.out).id])).status,
    0,
  );
  const revoked = await viewer(["status"]);
  assert.deepEqual([revoked.status, /revoked/.test(revoked.err)], [3, true]);
  assert.equal(await master.stop(), 0);
  assert.equal((await me(["status"])).status, 1);
});

Deno.test("over TLS: the CA is kept by login, a wrong one is refused", async () => {
  await using dir = await tempDir("master");
  const state = `${dir.path}/state`;
  const token = await firstToken(state);
  for (const name of ["tls", "other"]) {
    await cli(["tls", "init", `${dir.path}/${name}`, "--host", "127.0.0.1"]);
  }
  await using master = await startProcess([
    "master",
    "--state-dir",
    state,
    "--run-dir",
    `${dir.path}/run`,
    "--port-base",
    "0",
    "--tls-cert",
    `${dir.path}/tls/server.crt`,
    "--tls-key",
    `${dir.path}/tls/server.key`,
  ]);
  const url = master.endpoints["rpc"] ?? "";
  assert.match(url, /^tls:/);
  const me = user({ XDG_CONFIG_HOME: dir.path });
  const wrong = await me([
    "login",
    url,
    "--ca-file",
    `${dir.path}/other/ca.crt`,
  ], token);
  assert.equal(wrong.status, 3);
  assert.match(
    wrong.err,
    /Cannot trust tls:[^]*UnknownIssuer[^]*Try: give the CA/,
  );
  const plain = await me(["login", url.replace("tls:", "tcp:")], token);
  assert.equal(plain.status, 1);
  assert.match(plain.err, /Try: is it the master's RPC address, with tls:/);
  const right = await me(
    ["login", url, "--ca-file", `${dir.path}/tls/ca.crt`],
    token,
  );
  assert.equal(right.status, 0, right.err);
  assert.equal((await me(["rpc", "control", "whoami"])).status, 0);
});
