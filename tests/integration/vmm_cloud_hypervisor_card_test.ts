import assert from "node:assert/strict";
import { AppError } from "../../roles/model/errors.ts";
import { COPY } from "../../vmm/contract/host.ts";
import { findByMarker } from "../../vmm/host/process_table.ts";
import {
  answersHttp,
  STAND_IN_TIMEOUT_MS,
  standInDriver,
  standInMachine,
  type StandInPlace,
  standInPlace,
} from "../support/cloud_hypervisor/host.ts";
import { tempDir } from "../support/temp.ts";
import { until } from "../support/wait.ts";

const WAIT = { timeoutMs: STAND_IN_TIMEOUT_MS };

/** The VMMs below a place, and the shells that are to become them. */
async function vmmsOf({ dir }: StandInPlace): Promise<number> {
  return (await findByMarker(`path=${dir}/run/`)).length;
}

/** What VMMs have left in their directories, logs aside. */
function filesOf({ dir }: StandInPlace): string[] {
  return [`${dir}/run`, `${dir}/tmp`].flatMap((root) =>
    [...Deno.readDirSync(root)].flatMap(({ name }) =>
      [...Deno.readDirSync(`${root}/${name}`)].map((file) =>
        `${name}/${file.name}`
      )
    )
  ).filter((path) => !path.includes("/serial-"));
}

Deno.test("cloud-hypervisor driver: the VMM is begun while the card is made, its guest is not", async () => {
  await using dir = await tempDir("ch");
  await using place = await standInPlace(dir.path);
  const vmm = standInDriver(place);
  const card = Promise.withResolvers<void>();
  const machine = standInMachine(place, COPY, "serves");
  let isStarted = false;
  const started = vmm.start(machine, { nicMade: card.promise })
    .then(() => isStarted = true);
  await until("its VMM runs", async () => await vmmsOf(place) === 1, WAIT);
  assert.equal(isStarted, false);
  assert.deepEqual(await vmm.list(), []);
  card.resolve();
  await started;
  await until("it answers", () => answersHttp(vmm, COPY), WAIT);
  await vmm.stop(COPY, { graceMs: 0 });
  assert.deepEqual(filesOf(place), []);
  await vmm.close();
});

Deno.test("cloud-hypervisor driver: a card that cannot be made leaves no VMM and no file, and the next start runs", async () => {
  await using dir = await tempDir("ch");
  await using place = await standInPlace(dir.path);
  const vmm = standInDriver(place);
  const card = Promise.withResolvers<void>();
  const machine = standInMachine(place, COPY, "serves");
  const refused = assert.rejects(
    vmm.start(machine, { nicMade: card.promise }),
    { code: "failed", message: "there is no bridge" },
  );
  await until("its VMM runs", async () => await vmmsOf(place) > 0, WAIT);
  card.reject(new AppError("failed", "there is no bridge"));
  await refused;
  assert.equal(await vmmsOf(place), 0);
  assert.deepEqual(filesOf(place), []);
  await vmm.start(machine);
  await until("it answers", () => answersHttp(vmm, COPY), WAIT);
  await vmm.stop(COPY, { graceMs: 0 });
  await vmm.close();
});
