/**
 * Commands as a user types them: what they print, where they connect, what
 * they exit with. The master is scripted; files, services and processes are real.
 *
 * @module
 */
import assert from "node:assert/strict";
import { Registry } from "prom-client";
import { AppError, type ClusterStatus } from "../../roles/model/mod.ts";
import { openTokenTable } from "../../roles/auth/mod.ts";
import { baseApp, serveHttp } from "../../roles/http/mod.ts";
import { logger } from "../../roles/log/mod.ts";
import { runProcess } from "../../roles/process/mod.ts";
import type { StartRole } from "../../roles/cli/mod.ts";
import { COMMANDS } from "../../roles/cli/registry.ts";
import { cli, scriptedMaster } from "../support/cli.ts";
import { tempDir } from "../support/temp.ts";

const STATUS: ClusterStatus = {
  cluster: "shop",
  activeGeneration: 1,
  commit: "abc123",
  held: null,
  convergencePercent: 100,
  highestGeneration: 1,
  rollout: null,
  planRevision: 1,
  workers: [],
  vms: [],
};

Deno.test("status prints a table, or JSON alone", async () => {
  const master = { status: () => Promise.resolve(STATUS) };
  const text = await cli(["status"], { master });
  assert.equal(text.status, 0);
  assert.match(
    text.out,
    /shop {2}generation 1 \(abc123\) is active, 100 % converged/,
  );
  const json = await cli(["status", "--json"], { master });
  assert.deepEqual(JSON.parse(json.out), STATUS);
  assert.equal(json.err, "");
});

Deno.test("status --wait ends when it has converged, and exits 4 when it does not", async () => {
  let looks = 0;
  const later = await cli(["status", "--wait", "20", "--json"], {
    master: () => {
      looks++;
      if (looks === 1) {
        return Promise.reject(new AppError("unavailable", "not yet"));
      }
      const status = { ...STATUS, convergencePercent: looks === 2 ? 50 : 100 };
      return Promise.resolve(
        scriptedMaster({ status: () => Promise.resolve(status) }),
      );
    },
  });
  assert.deepEqual([later.status, looks], [0, 3]);
  const never = await cli(["status", "--wait", "0"], {
    master: {
      status: () => Promise.resolve({ ...STATUS, convergencePercent: 50 }),
    },
  });
  assert.equal(never.status, 4);
  assert.match(never.err, /not converged within 0 s/);
});

Deno.test("status --watch shows each change once, until it is stopped", async () => {
  let looks = 0;
  const stop = Promise.withResolvers<void>();
  const watched = await cli(["status", "--watch", "--json"], {
    stopped: stop.promise,
    master: {
      status: () => {
        looks++;
        if (looks === 4) stop.resolve();
        return Promise.resolve({
          ...STATUS,
          convergencePercent: looks < 3 ? 50 : 100,
        });
      },
    },
  });
  assert.equal(watched.status, 0);
  const percents = watched.out.trim().split("\n").map((line) =>
    JSON.parse(line).convergencePercent
  );
  assert.deepEqual(percents, [50, 100]);
});

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

Deno.test("rpc state publish sends sample specs; a wrong hash exits 3 and shows both", async () => {
  const sent: unknown[] = [];
  const master = {
    highestGeneration: () =>
      Promise.resolve({ generation: 4, intentHash: "", commit: "" }),
    publish: (
      request: {
        generation: number;
        parent: number;
        intentHash: string;
        vmSpecs: unknown[];
        cluster: string;
        repository: string;
      },
    ) => {
      sent.push(request);
      return Promise.resolve({
        cluster: request.cluster,
        generation: request.generation,
        state: "pending" as const,
        intentHash: request.intentHash,
        created: true,
      });
    },
  };
  const done = await cli([
    "rpc",
    "state",
    "publish",
    "-c",
    "abc123",
    "-g",
    "5",
    "-n",
    "3",
  ], { master });
  assert.equal(done.status, 0, done.out + done.err);
  const [request] = sent as [
    {
      parent: number;
      vmSpecs: unknown[];
      cluster: string;
      repository: string;
      intentHash: string;
    },
  ];
  assert.deepEqual([
    request.parent,
    request.vmSpecs.length,
    request.cluster,
    request.repository,
  ], [4, 3, "sample", "manual"]);
  const wrong = await cli([
    "rpc",
    "state",
    "publish",
    "-c",
    "abc123",
    "-g",
    "6",
    "-i",
    "beef",
  ], { master });
  assert.equal(wrong.status, 3);
  const { message } = JSON.parse(wrong.out).error;
  assert.ok(
    message.includes("beef") && message.includes(request.intentHash),
    message,
  );
  const huge = await cli([
    "rpc",
    "state",
    "publish",
    "-c",
    "abc123",
    "-g",
    "18446744073709551615",
  ], { master });
  assert.equal(huge.status, 2);
  assert.equal(sent.length, 1);
});

Deno.test("errors are said once, with what to do, and their status", async () => {
  const master = () =>
    Promise.reject(
      new AppError("unavailable", "Cannot reach tcp://127.0.0.1:6440", {
        hint: "start it",
      }),
    );
  const text = await cli(["status"], { master });
  assert.deepEqual([text.status, text.out, text.err], [
    1,
    "",
    "error: Cannot reach tcp://127.0.0.1:6440\nTry: start it\n",
  ]);
  const json = await cli(["status", "--json"], { master });
  assert.deepEqual(JSON.parse(json.out).error.code, "unavailable");
  assert.equal(json.err, "");
});

Deno.test("wrong words exit 2 and suggest the right ones", async () => {
  const typo = await cli(["statsu"]);
  assert.equal(typo.status, 2);
  assert.match(typo.err, /Did you mean status\?/);
  const flag = await cli(["status", "--jsn"]);
  assert.match(flag.err, /Did you mean --json\?/);
  assert.equal((await cli([])).status, 2);
  assert.equal((await cli(["retry", "0"])).status, 2);
  const json = await cli(["token", "create", "--json"]);
  assert.equal(json.status, 2);
  assert.equal(JSON.parse(json.out).error.code, "usage");
  assert.equal((await cli(["--version"])).status, 0);
});

Deno.test("every command file is in the registry, and every command has an example", async () => {
  const registry = await Deno.readTextFile(
    new URL("../../roles/cli/registry.ts", import.meta.url),
  );
  for await (
    const { name } of Deno.readDir(
      new URL("../../roles/cli/commands", import.meta.url),
    )
  ) {
    assert.ok(
      registry.includes(`"./commands/${name}"`),
      `${name} is not in registry.ts`,
    );
  }
  assert.ok(COMMANDS.length > 0);
  const help = async (words: string[]): Promise<void> => {
    const { out, status } = await cli([...words, "--help"]);
    assert.equal(status, 0, words.join(" "));
    const subcommands = [...out.matchAll(/^ {2}([a-z]+)\b/gm)].map((match) =>
      match[1] ?? ""
    );
    assert.ok(
      out.includes("Examples:\n  $ procurator "),
      `${words.join(" ")} has no example`,
    );
    if (out.includes("\nCommands:\n")) {
      for (const sub of subcommands) {
        if (sub !== "help") await help([...words, sub]);
      }
    }
  };
  await help([]);
});

Deno.test("a role gets its configuration from file and flags, and stops when told", async () => {
  await using dir = await tempDir("cli");
  await Deno.writeTextFile(
    `${dir.path}/hub.json`,
    JSON.stringify({
      stateDir: "/from-file",
      listen: "127.0.0.1:1",
      gitProcesses: 3,
    }),
  );
  const { HubConfig } = await import("../../roles/hub/config.ts");
  const seen: unknown[] = [];
  const hub: StartRole = async (load) => {
    const { stateDir, listen, gitProcesses } = await load(HubConfig);
    seen.push([stateDir, listen, gitProcesses]);
    return {
      name: "hub",
      endpoints: { http: "http://x" },
      stop: () => Promise.resolve(),
      finished: Promise.resolve(),
    };
  };
  const run = (args: string[]) => cli(["hub", ...args], { roles: { hub } });
  const done = await run([
    "--config",
    `${dir.path}/hub.json`,
    "--listen",
    "127.0.0.1:2",
    "--set",
    "gitProcesses=4",
  ]);
  assert.equal(done.status, 0, done.err);
  assert.equal(done.err, "procurator hub is ready: http=http://x\n");
  await run(["--port-base", "0", "--state-dir", "/s"]);
  assert.deepEqual(seen, [["/from-file", "127.0.0.1:2", 4], [
    "/s",
    "127.0.0.1:0",
    16,
  ]]);
  const unknown = await run(["--set", "nonsense=1"]);
  assert.equal(unknown.status, 2);
  assert.match(unknown.err, /nonsense/);
});

Deno.test("completion works in bash as it is installed", async () => {
  await using dir = await tempDir("cli");
  const { out } = await cli(["completion", "bash"]);
  await Deno.writeTextFile(`${dir.path}/completion`, out);
  const answered = await cli(["complete", "--", "token", ""]);
  assert.match(answered.out, /^create\tmake a token/m);
  await Deno.writeTextFile(`${dir.path}/answer`, answered.out);
  await Deno.writeTextFile(
    `${dir.path}/procurator`,
    `#!/bin/sh\ncat ${dir.path}/answer\n`,
    { mode: 0o755 },
  );
  const script =
    `source ${dir.path}/completion; COMP_WORDS=(procurator token ""); COMP_CWORD=2; _procurator; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const result = await runProcess("bash", ["-c", script], {
    env: { PATH: `${dir.path}:${Deno.env.get("PATH")}` },
  });
  assert.equal(result.stdout, "create\nlist\nrevoke\n");
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

Deno.test("a VM's console does not steer the terminal, and is whole in a file", async () => {
  const text = "\x1b]0;title\x07\x1b[2Jready\r\n\tok\n";
  const master = { logs: () => Promise.resolve({ text, truncated: false }) };
  const shown = await cli(["logs", "shop/web-0"], { master, terminal: true });
  assert.equal(shown.out, "]0;titleready\n\tok\n");
  const piped = await cli(["logs", "shop/web-0"], { master });
  assert.equal(piped.out, text);
  const refused = await cli(["logs", "shop/web-0"], {
    master: {
      logs: () => Promise.reject(new AppError("failed", "no \x1b[2J log")),
    },
  });
  assert.ok(!refused.err.includes("\x1b"), refused.err);
});

Deno.test("worker unit writes units that systemd may read, tells what is next, and a directory that is not there", async () => {
  await using dir = await tempDir("unit");
  const units = [{ name: "procurator-worker.service", text: "[Unit]\n" }];
  const workerHost = { units: () => Promise.resolve(units) };
  const into = await cli(["worker", "unit", "--into", dir.path], {
    workerHost,
  });
  assert.equal(into.status, 0, into.err);
  assert.match(into.err, /wrote .*procurator-worker\.service\nnow: systemctl/);
  const path = `${dir.path}/procurator-worker.service`;
  assert.equal(await Deno.readTextFile(path), "[Unit]\n");
  assert.equal(((await Deno.stat(path)).mode ?? 0) & 0o777, 0o644);
  const nowhere = await cli(
    ["worker", "unit", "--into", `${dir.path}/nowhere`],
    { workerHost },
  );
  assert.equal(nowhere.status, 1);
  assert.match(nowhere.err, /^error: Cannot write .*\/nowhere\/[^\n]*\nTry: /);
  assert.doesNotMatch(nowhere.err, / at /);
  const json = await cli(["worker", "unit", "--json"], { workerHost });
  assert.deepEqual(JSON.parse(json.out), units);
});
