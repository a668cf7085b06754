/** What a machine is told when something must be installed, and what fetch.sh does and refuses. */
import { deepEqual, equal, match } from "node:assert/strict";
import { join } from "node:path";
import { FETCH_SCRIPT } from "../../nix/examples/sample_project.ts";
import { kernelFolder, missingPackages } from "../../roles/debian/mod.ts";
import { runChecked, runProcess } from "../../roles/process/mod.ts";
import { testKernelFolder } from "../support/nix_store.ts";
import { tempDir } from "../support/temp.ts";

const MODULE = new URL("../../roles/debian/mod.ts", import.meta.url).href;
const CONFIG = new URL("../../deno.json", import.meta.url).pathname;

function fetchScript(...args: string[]) {
  return runProcess("sh", ["-s", ...args], {
    stdin: new TextEncoder().encode(FETCH_SCRIPT),
  });
}

Deno.test("a machine that runs these tests lacks nothing they need", () => {
  deepEqual(missingPackages(["nix", "qemu", "busybox", "git"]), []);
});

Deno.test("a machine that is not Debian is told which packages it lacks", async () => {
  await using dir = await tempDir("nodebian");
  const file = join(dir.path, "main.ts");
  await Deno.writeTextFile(
    file,
    `import { ensureDebian } from ${JSON.stringify(MODULE)};
    await ensureDebian(["nix", "qemu"]).catch((error) =>
      console.log([error.code, error.message, error.hint].join("\\n")));`,
  );
  const printed = await runChecked(Deno.execPath(), [
    "run",
    "-A",
    "--config",
    CONFIG,
    file,
  ], { env: { PATH: dir.path } });
  deepEqual(printed.trim().split("\n"), [
    "missing_dependency",
    "Cannot go on without nix-bin, qemu-system-x86: this is not Debian, so they are not installed for you",
    "sudo apt-get install --no-install-recommends nix-bin qemu-system-x86",
  ]);
});

Deno.test("fetch.sh says what to do when it is called wrongly", async () => {
  const none = await fetchScript();
  equal(none.code, 1);
  match(none.stderrTail, /expected one argument.*\nTry: sh fetch\.sh/);
  await using dir = await tempDir("fetch");
  const occupied = await fetchScript(dir.path);
  equal(occupied.code, 1);
  match(occupied.stderrTail, /is not a folder this script made\nTry: remove/);
});

Deno.test("fetch.sh fills a folder once, with the versions in it", async () => {
  const folder = await testKernelFolder();
  match(
    await Deno.readTextFile(join(folder, "manifest")),
    /^linux-image-\S+-cloud-amd64 \d\S+\nbusybox-static \d\S*:?\S+\n$/,
  );
  const before = (await Deno.stat(join(folder, "linux/bzImage"))).mtime;
  equal((await fetchScript(folder)).code, 0);
  equal(await kernelFolder(join(folder, "..")), folder);
  const after = (await Deno.stat(join(folder, "linux/bzImage"))).mtime;
  deepEqual(after, before);
});
