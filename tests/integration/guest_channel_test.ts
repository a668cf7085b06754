import assert from "node:assert/strict";
import { connectVsock } from "../../vmm/cloud_hypervisor/vsock.ts";
import { agentHost, COPY } from "../support/guest_agent.ts";
import { tempDir } from "../support/temp.ts";
import { until } from "../support/wait.ts";

/** A healthy command on a machine that is busy. */
const TIMEOUT_MS = 60_000;

type Host = Awaited<ReturnType<typeof agentHost>>;

/** Runs a command and collects what it writes. */
async function run(
  { channels }: Host,
  argv: string[],
  options: { stdin?: ReadableStream<Uint8Array>; maxOutputBytes?: number } = {},
) {
  const streams = { stdout: [] as number[], stderr: [] as number[] };
  const result = await channels.exec(COPY, argv, {
    timeoutMs: TIMEOUT_MS,
    onOutput: (stream, bytes) => void streams[stream].push(...bytes),
    ...options,
  });
  const textOf = (bytes: number[]) =>
    new TextDecoder().decode(new Uint8Array(bytes));
  return {
    ...result,
    stdout: textOf(streams.stdout),
    stderr: textOf(streams.stderr),
    bytes: new Uint8Array(streams.stdout),
  };
}

Deno.test("agent: answers, runs commands and tells both streams and the exit code", async () => {
  await using host = await agentHost();
  await host.channels.ready(COPY, TIMEOUT_MS);
  const words = ["printf", "%s|", "a b", "", "line\n", "*", "ü", "$(id)", "-n"];
  assert.equal((await run(host, words)).stdout, "a b||line\n|*|ü|$(id)|-n|");
  const both = await run(host, ["sh", "-c", "echo out; echo err >&2; exit 7"]);
  assert.deepEqual(
    [both.code, both.stdout, both.stderr],
    [7, "out\n", "err\n"],
  );
  const killed = await run(host, ["sh", "-c", "kill -9 $$"]);
  assert.equal(killed.code, 137);
  const missing = await run(host, ["no-such-command"]);
  assert.equal(missing.code, 127);
  assert.match(missing.stderr, /not found/);
  assert.equal(host.children.length, 1, "one connection for all");
});

Deno.test("agent: input and output pass unharmed, whatever their bytes", async () => {
  await using host = await agentHost();
  const sent = new Uint8Array(20_000).map((_, index) => (index * 7) % 256);
  const result = await run(host, ["cat"], {
    stdin: ReadableStream.from([sent.slice(0, 9000), sent.slice(9000)]),
  });
  assert.equal(result.code, 0);
  assert.deepEqual(result.bytes, sent);
  // A command that reads nothing of its input ends all the same.
  const deaf = await run(host, ["true"], {
    stdin: ReadableStream.from([sent]),
  });
  assert.equal(deaf.code, 0);
});

Deno.test("agent: a command that hangs keeps nobody waiting, and is ended with all it started", async () => {
  await using host = await agentHost();
  const marker = `31${Deno.pid}`;
  const hanging = host.channels.exec(COPY, [
    "sh",
    "-c",
    `sleep ${marker} & echo started; wait`,
  ], { timeoutMs: 1500 });
  const failed = assert.rejects(hanging, {
    code: "timeout",
    message: "It did not end within its time",
  });
  assert.equal((await run(host, ["echo", "hi"])).stdout, "hi\n");
  await failed;
  await until("what it started is gone", async () => {
    const { stdout } = await run(host, ["sh", "-c", "ps"]);
    return !stdout.includes(`sleep ${marker}`);
  }, { timeoutMs: TIMEOUT_MS });
});

Deno.test("agent: a reader that is slow slows its own command and nothing else", async () => {
  await using host = await agentHost();
  const first = Promise.withResolvers<void>();
  const goOn = Promise.withResolvers<void>();
  let seen = 0;
  const slow = host.channels.exec(COPY, ["head", "-c", "100000", "/dev/zero"], {
    timeoutMs: TIMEOUT_MS,
    onOutput: async (_stream, bytes) => {
      seen += bytes.length;
      first.resolve();
      await goOn.promise;
    },
  });
  await first.promise;
  assert.equal((await run(host, ["echo", "hi"])).stdout, "hi\n");
  assert.ok(seen <= 2250, `${seen} bytes without being asked for`);
  goOn.resolve();
  assert.deepEqual(await slow, { code: 0, truncated: false });
  assert.equal(seen, 100_000);
});

Deno.test("agent: over vsock only the host is obeyed, no program of the guest's own", async () => {
  const peer = { PROCURATOR_AGENT_PEER: "vsock:2" };
  // Its own address by loopback, by its own number, and a peer that had gone.
  for (const from of ["vsock:1", "vsock:3", ""]) {
    await using host = await agentHost(undefined, {
      ...peer,
      REMOTE_ADDR: from,
    });
    await assert.rejects(host.channels.ready(COPY, TIMEOUT_MS), {
      code: "unavailable",
    });
    assert.equal((await host.children[0]?.status)?.code, 4);
  }
  await using host = await agentHost(undefined, {
    ...peer,
    REMOTE_ADDR: "vsock:2",
  });
  assert.equal((await run(host, ["echo", "yes"])).stdout, "yes\n");
});

Deno.test("agent: too much output is cut and told", async () => {
  await using host = await agentHost();
  const { code, stdout, truncated } = await run(
    host,
    ["head", "-c", "10000", "/dev/zero"],
    { maxOutputBytes: 5000 },
  );
  assert.deepEqual([code, stdout.length, truncated], [0, 5000, true]);
});

Deno.test("agent: a new connection ends what the former one had begun", async () => {
  await using host = await agentHost();
  const begun = Promise.withResolvers<void>();
  const running = host.channels.exec(COPY, [
    "sh",
    "-c",
    "echo begun; exec sleep 3600",
  ], { timeoutMs: 0, onOutput: () => begun.resolve() });
  await begun.promise;
  host.channels.forget(COPY);
  await assert.rejects(running, { code: "unavailable" });
  await host.children[0]?.status;
  assert.equal((await run(host, ["echo", "again"])).stdout, "again\n");
  assert.equal(host.children.length, 2);
});

Deno.test("agent: switches, tells a switch that fails, and refuses what the guest does not see", async () => {
  await using host = await agentHost();
  const system = async (name: string, script: string) => {
    const path = `${host.dir}/${name}`;
    await Deno.mkdir(`${path}/bin`, { recursive: true });
    await Deno.writeTextFile(
      `${path}/bin/switch-to-configuration`,
      `#!/bin/sh\n${script}\n`,
      { mode: 0o755 },
    );
    return path;
  };
  const options = { timeoutMs: TIMEOUT_MS };
  const good = await system("good", `echo "$1" >${host.dir}/done`);
  assert.deepEqual(await host.channels.switchTo(COPY, good, options), {
    kind: "switched",
  });
  assert.equal(await Deno.readTextFile(`${host.dir}/done`), "test\n");
  const bad = await system(
    "bad",
    "echo starting; echo unit failed >&2; exit 4",
  );
  assert.deepEqual(await host.channels.switchTo(COPY, bad, options), {
    kind: "failed",
    reason: "switch-to-configuration ended with 4: starting unit failed",
  });
  const absent = await host.channels.switchTo(COPY, "/nix/store/x", options);
  assert.equal(absent.kind, "refused");
  const hangs = await system("hangs", "exec sleep 1");
  const lost = await host.channels.switchTo(COPY, hangs, { timeoutMs: 200 });
  assert.deepEqual(lost, {
    kind: "lost",
    reason: "It did not end within its time",
  });
});

Deno.test("a guest that floods its channel costs the worker that channel, and nothing else", async () => {
  for (const words of [["cat", "/dev/zero"], ["yes", "ready"]]) {
    await using host = await agentHost(words);
    const before = Deno.memoryUsage().rss;
    const flood = { code: "unavailable", message: /floods its channel/ };
    const result = await Promise.allSettled([
      host.channels.ready(COPY, TIMEOUT_MS),
      host.channels.exec(COPY, ["true"], { timeoutMs: TIMEOUT_MS }),
    ]);
    for (const each of result) {
      assert.equal(each.status, "rejected", words.join(" "));
    }
    await assert.rejects(host.channels.ready(COPY, TIMEOUT_MS), flood);
    assert.equal(host.children.length, 1, "it is left alone for a while");
    await host.children[0]?.status;
    const grownMib = (Deno.memoryUsage().rss - before) / 1024 / 1024;
    assert.ok(grownMib < 64, `${grownMib} MiB for ${words.join(" ")}`);
  }
});

Deno.test("agent: a switch that a former worker began is never ended, and the next one waits for it", async () => {
  await using host = await agentHost();
  const path = `${host.dir}/slow`;
  const log = `${host.dir}/log`;
  await Deno.mkdir(`${path}/bin`, { recursive: true });
  await Deno.writeTextFile(
    `${path}/bin/switch-to-configuration`,
    `#!/bin/sh\necho begin >>${log}\nsleep 1\necho end >>${log}\n`,
    { mode: 0o755 },
  );
  const options = { timeoutMs: TIMEOUT_MS };
  const first = host.channels.switchTo(COPY, path, options);
  await until("it has begun", async () => {
    return (await Deno.readTextFile(log)).startsWith("begin");
  }, options);
  host.channels.forget(COPY);
  assert.equal((await first).kind, "lost");
  const second = await host.channels.switchTo(COPY, path, options);
  assert.deepEqual(second, { kind: "switched" });
  assert.equal(await Deno.readTextFile(log), "begin\nend\nbegin\nend\n");
});

/**
 * An agent that answers as it should, and says all kinds of things beside: what
 * is for nobody, twice, too early, too long, cut or no text at all.
 */
const LIAR = `
say() { printf '%s\\n' "$*"; }
while read -r kind session id rest; do
  case $kind in
    hello)
      say ready $session 1 liar.1 .
      say ready $session 1 liar.1 .
      say ready $session 1 liar.2 .
      say ready fedcba9876543210 2 liar.3 .
      say exit $session 98 0 .
      say out $session 98 aGk= .
      say took $session 99 .
      say no $session 99 aGk= .
      printf '\\377\\376\\000 %s\\200\\n' "out $session 98 aGk= ."
      head -c 300000 /dev/zero | tr '\\0' x; say
      ;;
    exec)
      for code in 256 -1 1e1 0x0 '' ' ' NaN 4294967296; do
        say exit $session $id "$code" .
      done
      say out $session $id aGk .
      say out $session $id "$(head -c 4000 /dev/zero | base64 -w 0)" .
      say out $session $id - .
      say err $session -$id aGk= .
      say out $session $id $(printf hi | base64) .
      say exit $session $id 7 .
      say exit $session $id 0 .
      say out $session $id aGk= .
      say took $session $id .
      ;;
    switch)
      say exit $session 1000000000 0 .
      say exit $session $id .
      say exit fedcba9876543210 $id 0 .
      ;;
  esac
done
`;

Deno.test("an agent that lies is believed nothing but its answers to what was asked", async () => {
  await using dir = await tempDir("liar");
  const script = `${dir.path}/liar.sh`;
  await Deno.writeTextFile(script, LIAR);
  await using host = await agentHost(["sh", script]);
  const before = Deno.memoryUsage().rss;
  for (let turn = 0; turn < 3; turn++) {
    const result = await run(host, ["anything"]);
    assert.deepEqual(
      [result.code, result.stdout, result.stderr],
      [7, "hi", ""],
    );
  }
  // It never says that the switch which was asked for has ended.
  assert.deepEqual(
    await host.channels.switchTo(COPY, "/nix/store/x", { timeoutMs: 1500 }),
    { kind: "lost", reason: "It did not end within its time" },
  );
  assert.equal((await run(host, ["again"])).code, 7);
  assert.equal(host.children.length, 1, "its connection is as good as before");
  const grownMib = (Deno.memoryUsage().rss - before) / 1024 / 1024;
  assert.ok(grownMib < 64, `${grownMib} MiB`);
});

Deno.test("a vsock whose other end says something else than its port is told so, and costs no memory", async () => {
  await using dir = await tempDir("vsock");
  const answers: [what: string, said: Uint8Array][] = [
    ["nothing", new Uint8Array()],
    ["no number", new TextEncoder().encode("OK\n")],
    ["no line", new TextEncoder().encode("OK 1073741824")],
    ["a line without end", new Uint8Array(8 * 1024 * 1024).fill(57)],
    ["no text", new Uint8Array([255, 254, 0, 10])],
    ["another word", new TextEncoder().encode("KO 1\n")],
  ];
  for (const [index, [what, said]] of answers.entries()) {
    const path = `${dir.path}/vsock${index}`;
    const listener = Deno.listen({ transport: "unix", path });
    const serving = listener.accept().then(async (connection) => {
      try {
        await connection.read(new Uint8Array(64));
        for (let done = 0; done < said.length;) {
          done += await connection.write(said.subarray(done));
        }
      } catch {
        // It has heard enough.
      }
      connection.close();
    });
    let ended = 0;
    await assert.rejects(connectVsock(path, "the guest", () => ended++), {
      code: "unavailable",
      message: /^Cannot connect to the guest: /,
      hint: /agent/,
    }, what);
    assert.equal(ended, 0, "it had not begun");
    await serving;
    listener.close();
  }
});
