/** What may lie in the place of a worker's files and directories when it starts: each is named, with what to do about it. */
import assert from "node:assert/strict";
import { CpuBoosts } from "../../roles/worker/host/cpu_boosts.ts";
import { run } from "../../roles/worker/mod.ts";
import { copyDirectoryName } from "../../vmm/mod.ts";
import { tempDir } from "../support/temp.ts";
import { VirtualClock } from "../support/virtual_clock.ts";
import { DirectoryMaster, workerConfig } from "../support/worker.ts";

const COPY = { id: "shop/web-0", incarnation: 1 };

Deno.test("worker: what keeps it from starting is named, with what to do, and stays as it was", async () => {
  const file = (path: string) => Deno.writeTextFile(path, "not ours\n");
  const directory = (path: string) =>
    Deno.mkdir(`${path}/not-ours`, { recursive: true });
  const table: [
    at: string,
    make: (path: string) => Promise<void>,
    expected: { code: string; hint: RegExp },
  ][] = [
    ["state/memory", file, { code: "storage", hint: /move that away/ }],
    ["run/vms", file, { code: "storage", hint: /move that away/ }],
    ["state/tmp", file, { code: "storage", hint: /move that away/ }],
    ["state/format.json", directory, {
      code: "storage",
      hint: /move that away/,
    }],
    ["state/format.json", file, {
      code: "refused",
      hint: /write {"format":1}/,
    }],
    ["state/tokens.sqlite", file, { code: "storage", hint: /moved away/ }],
    ["state/lock", directory, { code: "refused", hint: /--state-dir/ }],
    ["run/lock", directory, { code: "refused", hint: /--run-dir/ }],
  ];
  for (const [at, make, expected] of table) {
    await using dir = await tempDir("files");
    for (const name of ["state", "run", "master"]) {
      await Deno.mkdir(`${dir.path}/${name}`);
    }
    const path = `${dir.path}/${at}`;
    await make(path);
    // Closing the token table of a file that is none adds nothing to it.
    const before = await Deno.lstat(path);
    await assert.rejects(
      run(workerConfig(dir.path, { driver: "cloud-hypervisor" }), {
        link: () => new DirectoryMaster(`${dir.path}/master`),
      }),
      (error: Error & { code?: string; hint?: string }) => {
        assert.equal(error.code, expected.code, `${at}: ${error}`);
        assert.match(error.hint ?? "", expected.hint, at);
        assert.ok(error.message.includes(path), `${at}: ${error.message}`);
        return true;
      },
    );
    const after = await Deno.lstat(path);
    assert.deepEqual([after.isFile, after.size], [before.isFile, before.size]);
  }
});

Deno.test("worker: a boost of a VM's processors that cannot be read is told with what it means, and its place is free again", async () => {
  await using dir = await tempDir("files");
  const lowered: string[] = [];
  const warnings: string[] = [];
  const boosts = () =>
    new CpuBoosts({
      boostMs: 1000,
      dir: `${dir.path}/cgroups`,
      clock: new VirtualClock(),
      lower: (name) => Promise.resolve(void lowered.push(name)),
      onWarning: (message) => warnings.push(message),
    });
  const path = `${dir.path}/cgroups/${copyDirectoryName(COPY)}.json`;
  await Deno.mkdir(`${path}/not-ours`, { recursive: true });
  const first = boosts();
  await first.adopt([COPY]);
  assert.match(
    warnings.join(),
    /cgroups\/.*\.json: shop\/web-0 may use whole processors until its next start/,
  );
  await first.begin(COPY, 250);
  await first.close();
  assert.equal((await Deno.stat(path)).isFile, true);
  await Deno.writeTextFile(path, '{"endMs":"soon"}');
  const second = boosts();
  await second.adopt([COPY]);
  assert.equal(warnings.length, 2);
  await second.end(COPY);
  assert.deepEqual([...Deno.readDirSync(`${dir.path}/cgroups`)], []);
  await Deno.remove(`${dir.path}/cgroups`);
  await Deno.writeTextFile(`${dir.path}/cgroups`, "");
  await assert.rejects(second.begin(COPY, 250), {
    code: "storage",
    message: /cgroups/,
    hint: /move that away/,
  });
  await second.close();
});

Deno.test("worker: a run directory too long for sockets is refused when it starts, not by each VM", async () => {
  await using dir = await tempDir("files");
  const config = workerConfig(dir.path, {
    driver: "cloud-hypervisor",
    runDir: `${dir.path}/${"long".repeat(20)}`,
  });
  const link = () => new DirectoryMaster(dir.path);
  await assert.rejects(run(config, { link }), {
    code: "invalid",
    message: /a unix socket below it would have more than 107 bytes/,
    hint: /shorter --run-dir/,
  });
  const worker = await run({ ...config, driver: "simulated" }, { link });
  await worker.stop();
  await worker.finished;
});
