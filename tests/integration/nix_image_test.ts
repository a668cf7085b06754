/** The minimal image in a real QEMU: it serves its page, says so on its console, and powers off when asked. */
import { equal, match, ok } from "node:assert/strict";
import { join } from "node:path";
import { parseBlueprint } from "../../roles/model/blueprint.ts";
import { killGroup } from "../../roles/process/mod.ts";
import { nixStore, sampleRepository } from "../support/nix_store.ts";
import { tempDir } from "../support/temp.ts";
import { until } from "../support/wait.ts";

/** Without KVM on two busy cores a boot takes up to 5 s; other tests run beside it. */
const BOOT_MS = 60_000;
const MARKER = "procurator: ready";

interface Guest extends AsyncDisposable {
  console(): string;
  url: string;
  /** Presses the power button. */
  powerOff(): Promise<void>;
  ended: Promise<Deno.CommandStatus>;
}

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

function boot(
  dir: string,
  image: { kernel: string; initrd: string; cmdline: string },
): Guest {
  const port = freePort();
  const serial = join(dir, `serial-${port}`);
  const child = new Deno.Command("qemu-system-x86_64", {
    args: [
      ...["-M", "q35", "-accel", "tcg", "-m", "128", "-nodefaults"],
      ...["-display", "none", "-no-reboot", "-monitor", "stdio"],
      ...["-kernel", image.kernel, "-initrd", image.initrd],
      ...["-append", image.cmdline, "-serial", `file:${serial}`],
      "-netdev",
      `user,id=n0,hostfwd=tcp:127.0.0.1:${port}-:80`,
      ...["-device", "virtio-net-pci,netdev=n0"],
    ],
    stdin: "piped",
    stdout: "null",
    stderr: "null",
    detached: true,
  }).spawn();
  const writer = child.stdin.getWriter();
  return {
    url: `http://127.0.0.1:${port}`,
    ended: child.status,
    console: () => Deno.readTextFileSync(serial),
    powerOff: () =>
      writer.write(new TextEncoder().encode("system_powerdown\n")),
    async [Symbol.asyncDispose]() {
      killGroup(child.pid, "SIGKILL");
      await child.status;
      await writer.close().catch(() => undefined);
    },
  };
}

/** Builds the sample with these options and gives what QEMU boots. */
async function imageOf(
  store: Awaited<ReturnType<typeof nixStore>>,
  options: { content: string; healthy: boolean },
) {
  const repository = await sampleRepository(store.path);
  const flake = repository.flakeRef(await repository.commit(options));
  const { text, derivations } = await store.nix.evalWithContext(
    flake,
    "blueprintJSON",
  );
  await store.nix.realise(derivations);
  const image = parseBlueprint(text).vmSpecs[0]?.image;
  ok(image !== undefined);
  return {
    kernel: store.nix.physicalPath(image.kernelPath),
    initrd: store.nix.physicalPath(image.initrdPath),
    cmdline: image.cmdline,
  };
}

Deno.test("a healthy image serves its commit's page and powers off by ACPI", async () => {
  await using store = await nixStore("img");
  const image = await imageOf(store, { content: "commit 7", healthy: true });
  await using dir = await tempDir("vm");
  await using guest = boot(dir.path, image);
  await until("the ready line", () => guest.console().includes(MARKER), {
    timeoutMs: BOOT_MS,
  });
  const page = await fetch(guest.url);
  equal(await page.text(), "commit 7");
  const health = await fetch(`${guest.url}/healthz`);
  equal(health.status, 200);
  match(await health.text(), /^ok$/m);
  await guest.powerOff();
  equal((await guest.ended).code, 0);
  ok(!guest.console().includes("cannot"), guest.console());
});

Deno.test("an image built to stay unhealthy boots, serves, and is never healthy or ready", async () => {
  await using store = await nixStore("img");
  const image = await imageOf(store, { content: "broken", healthy: false });
  await using dir = await tempDir("vm");
  await using guest = boot(dir.path, image);
  const line = "procurator: built to stay unhealthy";
  await until("its last line", () => guest.console().includes(line), {
    timeoutMs: BOOT_MS,
  });
  equal(await (await fetch(guest.url)).text(), "broken");
  const health = await fetch(`${guest.url}/healthz`);
  await health.body?.cancel();
  equal(health.status, 404);
  ok(!guest.console().includes(MARKER));
});
