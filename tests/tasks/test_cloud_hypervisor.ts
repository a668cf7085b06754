/**
 * `deno task test:cloud-hypervisor`: the driver's contract and more on the real
 * binary that `CLOUD_HYPERVISOR` names, in a network namespace of its own. Not
 * part of `test`, since no registry offers the binary. Needs root and /dev/kvm.
 *
 * `--openapi FILE` compares what we know of the API with the OpenAPI file of a
 * release (`vmm/src/api/openapi/cloud-hypervisor.yaml`) instead; with `--write`
 * derives it anew.
 *
 * @module
 */
import assert from "node:assert/strict";
import { formatError } from "../../roles/model/errors.ts";
import { DIGEST } from "../support/cloud_hypervisor/digest.ts";
import { digestOf } from "../support/cloud_hypervisor/openapi.ts";
import { tempDir } from "../support/temp.ts";
import { realProgram } from "../support/cloud_hypervisor/real_host.ts";

const SUPPORT = new URL("../support/cloud_hypervisor/", import.meta.url)
  .pathname;
/**
 * Namespaces of its own for the network, whose loopback is down at first, and
 * for mounts: devices that VMMs of another user may open, as a host's group kvm
 * lets them.
 */
const INSIDE = `
ip link set lo up
mount -t sysfs none /sys
devices=$1; shift
for device in kvm:10:232 net/tun:10:200; do
  name=\${device%%:*} numbers=\${device#*:}
  file=$devices/\${name##*/}
  mknod -m 666 "$file" c "\${numbers%:*}" "\${numbers#*:}"
  mount --bind "$file" "/dev/$name"
done
exec "$@"
`;

async function runReal(): Promise<number> {
  const test = [Deno.execPath(), "test", "-A", "--no-check"];
  await using devices = await tempDir("dev");
  const { code } = await new Deno.Command("unshare", {
    args: [
      "-nm",
      "sh",
      "-ec",
      INSIDE,
      "sh",
      devices.path,
      ...test,
      `${SUPPORT}real_cases.ts`,
    ],
    env: { CLOUD_HYPERVISOR: realProgram() },
  }).spawn().status;
  return code;
}

async function compare(path: string, isWritten: boolean): Promise<void> {
  const found = digestOf(await Deno.readTextFile(path), {
    endpoints: Object.keys(DIGEST.endpoints),
    schemas: Object.keys(DIGEST.schemas),
  });
  if (isWritten) {
    await Deno.writeTextFile(
      `${SUPPORT}openapi_digest.json`,
      `${JSON.stringify(found, null, 2)}\n`,
    );
  } else assert.deepEqual(DIGEST, found);
  const endpoints = Object.keys(found.endpoints).length;
  const schemas = Object.keys(found.schemas).length;
  console.log(`${endpoints} endpoints and ${schemas} schemas agree`);
}

async function main(args: readonly string[]): Promise<number> {
  const at = args.indexOf("--openapi");
  const path = args[at + 1];
  if (at < 0 || path === undefined) return await runReal();
  await compare(path, args.includes("--write"));
  return 0;
}

try {
  Deno.exit(await main(Deno.args));
} catch (error) {
  console.error(formatError(error));
  Deno.exit(1);
}
