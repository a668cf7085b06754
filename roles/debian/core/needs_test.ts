import { deepEqual, equal } from "node:assert/strict";
import { installCommand, packagesFor } from "./needs.ts";

const nothing = { program: () => false, file: () => false };
const everything = { program: () => true, file: () => true };

Deno.test("packagesFor() names nothing on a machine that has all", () => {
  deepEqual(packagesFor(["nix", "qemu", "git"], everything), []);
});

Deno.test("packagesFor() names each missing package once, in the order asked", () => {
  deepEqual(packagesFor(["qemu", "nix", "qemu"], nothing), [
    "qemu-system-x86",
    "nix-bin",
  ]);
});

Deno.test("packagesFor() asks for the package when a program is there and its file is not", () => {
  deepEqual(packagesFor(["git"], { ...everything, file: () => false }), [
    "git",
  ]);
});

Deno.test("installCommand() can be pasted", () => {
  equal(
    installCommand(["nix-bin", "git"]),
    "sudo apt-get install --no-install-recommends nix-bin git",
  );
});
