/**
 * cloud-hypervisor's driver and what a worker that died has left: VMMs that run
 * guests are taken over, all others ended.
 *
 * @module
 */
import assert from "node:assert/strict";
import { COPY } from "../../vmm/contract/host.ts";
import { RunDirectory } from "../../vmm/host/run_directory.ts";
import {
  answersHttp,
  STAND_IN_TIMEOUT_MS,
  standInDriver,
  standInMachine,
  standInPlace,
} from "../support/cloud_hypervisor/host.ts";
import { tempDir } from "../support/temp.ts";
import { until } from "../support/wait.ts";
import { leftOf, listing } from "../support/cloud_hypervisor/left.ts";

const WAIT = { timeoutMs: STAND_IN_TIMEOUT_MS };
/** Of VMMs that are meant to hang. */
const SHORT_MS = 1000;

Deno.test("cloud-hypervisor driver: a VMM that does not answer is ended, not adopted", async () => {
  await using dir = await tempDir("ch");
  await using place = await standInPlace(dir.path, ["hang=vm.info"]);
  const first = standInDriver(place);
  await first.start(standInMachine(place, COPY, "silent"));
  await first.close();
  const second = standInDriver(place, { requestTimeoutMs: SHORT_MS });
  assert.deepEqual(await second.list(), []);
  assert.deepEqual(await leftOf(place), []);
  await second.close();
});

Deno.test("cloud-hypervisor driver: a VMM whose record was never finished is found by its marker", async () => {
  await using dir = await tempDir("ch");
  await using place = await standInPlace(dir.path);
  const first = standInDriver(place);
  const instance = await first.start(standInMachine(place, COPY, "serves"));
  await first.close();
  const { record: path } = new RunDirectory(`${dir.path}/run`).paths(COPY);
  const record = JSON.parse(await Deno.readTextFile(path));
  await Deno.writeTextFile(
    path,
    JSON.stringify({ ...record, state: { kind: "starting" } }),
  );
  const second = standInDriver(place);
  assert.deepEqual(await second.list(), [instance]);
  await until("it answers", () => answersHttp(second, COPY), WAIT);
  await second.stop(COPY, { graceMs: 0 });
  assert.deepEqual(await leftOf(place), []);
  await second.close();
});

Deno.test("cloud-hypervisor driver: a VMM without a guest and one without a record are ended", async () => {
  await using dir = await tempDir("ch");
  await using place = await standInPlace(dir.path);
  const first = standInDriver(place);
  await first.start(standInMachine(place, COPY, "silent"));
  const paths = new RunDirectory(`${dir.path}/run`).paths(COPY);
  // As a worker that died between the VMM's start and its guest's.
  const client = Deno.createHttpClient({
    proxy: { transport: "unix", path: paths.api },
  });
  const response = await fetch("http://localhost/api/v1/vm.shutdown", {
    method: "PUT",
    client,
  });
  assert.equal(response.status, 204);
  client.close();
  await first.close();
  const second = standInDriver(place);
  assert.deepEqual(await second.list(), []);
  await second.close();
  assert.deepEqual(await leftOf(place), []);

  const third = standInDriver(place);
  await third.start(standInMachine(place, COPY, "silent"));
  await third.close();
  await Deno.remove(paths.record);
  const fourth = standInDriver(place);
  assert.deepEqual(await fourth.list(), []);
  await until(
    "it is ended",
    async () => (await leftOf(place)).length === 0,
    WAIT,
  );
  await fourth.close();
});

Deno.test("cloud-hypervisor driver: a guest that a snapshot stopped runs on when its worker has died; one that was paused stays so", async () => {
  await using dir = await tempDir("ch");
  await using place = await standInPlace(dir.path);
  const first = standInDriver(place);
  await first.start(standInMachine(place, COPY, "serves"));
  await first.pause(COPY);
  await first.close();
  const second = standInDriver(place);
  assert.deepEqual((await second.list()).map(({ paused }) => paused), [true]);
  await second.close();
  // What a worker that died in the middle of a snapshot leaves.
  const [scratch] = listing(`${dir.path}/tmp`);
  const mark = `${dir.path}/tmp/${scratch?.name}/resume`;
  await Deno.writeTextFile(mark, "");
  const third = standInDriver(place);
  assert.deepEqual((await third.list()).map(({ paused }) => paused), [false]);
  await until("it answers", () => answersHttp(third, COPY), WAIT);
  await third.stop(COPY, { graceMs: 0 });
  await third.close();
});

Deno.test("cloud-hypervisor driver: a VMM that is busy with a snapshot of a worker that died is taken over, and its guest runs on", async () => {
  await using dir = await tempDir("ch");
  const busy = `${dir.path}/busy`;
  await using place = await standInPlace(dir.path, [`busy=${busy}`]);
  const first = standInDriver(place);
  const { pid } = await first.start(standInMachine(place, COPY, "serves"));
  await first.pause(COPY);
  await first.close();
  const [name] = listing(`${dir.path}/tmp`).map(({ name }) => name);
  const scratch = `${dir.path}/tmp/${name}`;
  await Deno.writeTextFile(`${scratch}/resume`, "");
  await Deno.mkdir(`${scratch}/snapshot`);
  await Deno.writeTextFile(`${scratch}/snapshot/memory-ranges`, "half");
  await Deno.writeTextFile(busy, "");
  const second = standInDriver(place, { requestTimeoutMs: SHORT_MS });
  using _watch = second.watch(() => undefined);
  const [adopted] = await second.list();
  assert.deepEqual([adopted?.pid, adopted?.paused], [pid, false]);
  await assert.rejects(second.snapshot(COPY, `${dir.path}/another`), {
    code: "unavailable",
    message: /still busy with one that was given up/,
  });
  await Deno.remove(busy);
  await until("it answers", () => answersHttp(second, COPY), WAIT);
  await until(
    "nothing of the snapshot is left",
    () => !listing(scratch).some(({ name }) => /resume|snapshot/.test(name)),
    WAIT,
  );
  await until(
    "another one is made",
    () => second.snapshot(COPY, `${dir.path}/another`),
    WAIT,
  );
  await second.stop(COPY, { graceMs: 0 });
  await second.close();
});
