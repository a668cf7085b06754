import { VMM_CONTRACT } from "../../vmm/contract/contract.ts";
import {
  standInContractHost,
  standInPlace,
} from "../support/cloud_hypervisor/host.ts";
import { tempDir } from "../support/temp.ts";

for (const { name, run } of VMM_CONTRACT) {
  Deno.test(`cloud-hypervisor driver, stand-in: ${name}`, async () => {
    await using dir = await tempDir("ch");
    await using place = await standInPlace(dir.path);
    await run(standInContractHost(place));
  });
}
