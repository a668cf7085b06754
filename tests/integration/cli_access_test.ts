/**
 * Where commands connect and as whom: flags, login, tokens, certificates. The
 * master is scripted; files, services and processes are real.
 *
 * @module
 */
import assert from "node:assert/strict";
import { Registry } from "prom-client";
import { AppError } from "../../roles/model/mod.ts";
import { openTokenTable } from "../../roles/auth/mod.ts";
import { baseApp, serveHttp } from "../../roles/http/mod.ts";
import { logger } from "../../roles/log/mod.ts";
import { cli } from "../support/cli.ts";
import { clusterStatus } from "../support/specs.ts";
import { tempDir } from "../support/temp.ts";

const STATUS = clusterStatus();

Deno.test("flags win over the environment, that over the file; loopback without any", async () => {
  await using dir = await tempDir("cli");
  const file = `${dir.path}/procurator/client.json`;
  await Deno.mkdir(`${dir.path}/procurator`);
  await Deno.writeTextFile(
    file,
    JSON.stringify({ master: "tls://file", token: "t-file" }),
  );
  const status = { status: () => Promise.resolve(STATUS) };
  const target = async (args: string[], env: Record<string, string>) => {
    const { targets, err } = await cli(["status", ...args], {
      master: status,
      env,
    });
    assert.equal(err, "");
    return [targets[0]?.url, targets[0]?.token];
  };
  const env = { XDG_CONFIG_HOME: dir.path };
  assert.deepEqual(await target([], {}), ["tcp://127.0.0.1:6440", undefined]);
  assert.deepEqual(await target([], env), ["tls://file:6440", "t-file"]);
  const both = {
    ...env,
    PROCURATOR_MASTER: "tls://env:1",
    PROCURATOR_TOKEN: "t-env",
  };
  assert.deepEqual(await target([], both), ["tls://env:1", "t-env"]);
  await Deno.writeTextFile(`${dir.path}/token`, "t-flag\n");
  assert.deepEqual(
    await target(
      ["--master", "unix:/x", "--token-file", `${dir.path}/token`],
      both,
    ),
    ["unix:/x", "t-flag"],
  );
  assert.deepEqual(await target(["--client", file], {}), [
    "tls://file:6440",
    "t-file",
  ]);
});

Deno.test("login keeps what whoami confirmed, privately; a bad token changes nothing", async () => {
  await using dir = await tempDir("cli");
  const env = { XDG_CONFIG_HOME: dir.path };
  const file = `${dir.path}/procurator/client.json`;
  const refused = await cli(["login", "tls://cp"], {
    env,
    input: "bad",
    master: {
      whoami: () =>
        Promise.reject(
          new AppError("unauthenticated", "This token is unknown"),
        ),
    },
  });
  assert.equal(refused.status, 3);
  await assert.rejects(Deno.stat(file));
  const whoami = () =>
    Promise.resolve({ role: "viewer" as const, name: "me", tokenId: "1" });
  const done = await cli(["login", "tls://cp"], {
    env,
    input: "good",
    master: { whoami },
  });
  assert.equal(done.status, 0, done.err);
  assert.match(done.out, /logged in to tls:\/\/cp:6440 as viewer "me"/);
  assert.equal(((await Deno.stat(file)).mode ?? 0) & 0o777, 0o600);
  assert.deepEqual(JSON.parse(await Deno.readTextFile(file)), {
    master: "tls://cp:6440",
    token: "good",
    services: {},
  });
  const web = await cli(["login", "https://cp:6441"], { env, input: "x" });
  assert.equal(web.status, 2);
  assert.match(web.err, /Try: tls:\/\/cp:6440/);
  const plain = await cli(["login", "tcp://10.0.0.1"], {
    env,
    input: "x",
    master: { whoami },
  });
  assert.match(plain.err, /not encrypted/);
});

Deno.test("token makes the first one in the table, and talks to a service that runs", async () => {
  await using dir = await tempDir("cli");
  const made = await cli([
    "token",
    "create",
    "--state-dir",
    dir.path,
    "--role",
    "admin",
    "--name",
    "first",
    "--json",
  ]);
  assert.equal(made.status, 0, made.err);
  const { token, id } = JSON.parse(made.out);
  const tokens = openTokenTable(dir.path);
  const app = baseApp({
    role: "hub",
    ready: () => ({ ok: true, reasons: [] }),
    metrics: new Registry(),
    tokens,
    anonymousRole: "none",
    log: logger("test"),
  });
  const server = await serveHttp({ name: "hub", listen: "127.0.0.1:0", app });
  try {
    const env = { PROCURATOR_TOKEN: token };
    const service = ["--service", "hub", "--url", server.url];
    const viewer = await cli([
      "token",
      "create",
      ...service,
      "--role",
      "viewer",
      "--name",
      "screen",
      "--days",
      "30",
    ], { env });
    assert.equal(viewer.status, 0, viewer.err);
    const weak = await cli(["token", "list", ...service, "--json"], {
      env: { PROCURATOR_TOKEN: viewer.out.trim() },
    });
    assert.equal(weak.status, 3);
    assert.equal(JSON.parse(weak.out).error.code, "denied");
    const list = await cli(["token", "list", ...service], { env });
    assert.match(list.out, /screen +0 s ago +in (29|30) d/);
    const revoked = await cli(["token", "revoke", ...service, id], { env });
    assert.match(revoked.out, /revoked/);
    assert.equal((await cli(["token", "list", ...service], { env })).status, 3);
    const login = await cli(["login", server.url, "--service", "hub"], {
      env: { XDG_CONFIG_HOME: dir.path },
      input: viewer.out.trim(),
    });
    assert.match(login.out, /as viewer "screen"/);
  } finally {
    await server.stop();
    tokens.close();
  }
});

Deno.test("tls init makes certificates and says for whom", async () => {
  await using dir = await tempDir("cli");
  const made = await cli([
    "tls",
    "init",
    `${dir.path}/t`,
    "--host",
    "cp",
    "--host",
    "10.0.0.5",
    "--json",
  ]);
  assert.equal(made.status, 0, made.err);
  assert.deepEqual(JSON.parse(made.out).hosts, ["cp", "10.0.0.5"]);
  const again = await cli(["tls", "init", `${dir.path}/t`]);
  assert.match(again.out, /kept the CA/);
  assert.equal((await cli(["tls", "init", `${dir.path}/u`])).status, 2);
});
