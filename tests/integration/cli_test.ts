/**
 * Commands as a user types them: what they print, where they connect, what
 * they exit with. The master is scripted; files, services and processes are real.
 *
 * @module
 */
import assert from "node:assert/strict";
import { AppError } from "../../roles/model/mod.ts";
import { runProcess } from "../../roles/process/mod.ts";
import type { StartRole } from "../../roles/cli/mod.ts";
import { COMMANDS } from "../../roles/cli/registry.ts";
import { cli } from "../support/cli.ts";
import { tempDir } from "../support/temp.ts";

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

Deno.test("a mistyped word below a role is named, with those there are", async () => {
  const { status, err } = await cli(["cache", "statsu"]);
  assert.equal(status, 2);
  assert.match(err, /There is no command "cache statsu"/);
  assert.match(err, /Try: one of status, .*fsck, .*key/);
  const none = await cli(["hub", "start"]);
  assert.match(none.err, /hub takes flags alone/);
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
