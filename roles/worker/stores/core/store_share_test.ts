import assert from "node:assert/strict";
import {
  chooseStoreShare,
  readVirtiofsdHelp,
  shareWord,
  type StoreTools,
  virtiofsdArgs,
} from "./store_share.ts";

const C_HELP = "    -o source=PATH    shared directory tree";
const RUST_HELP = "  --shared-dir <SHARED_DIR>\n  --readonly  read-only\n";
const virtiofsd = readVirtiofsdHelp("/usr/lib/qemu/virtiofsd", C_HELP);
const ALL: StoreTools = {
  virtiofsd,
  canMount: true,
  erofs: true,
  squashfs: true,
};

Deno.test("chooseStoreShare() takes what the host can do, the cheapest first", () => {
  const cases: [Parameters<typeof chooseStoreShare>[0], StoreTools, string][] =
    [
      ["auto", ALL, "virtiofs"],
      ["image", ALL, "erofs"],
      ["auto", { ...ALL, virtiofsd: null }, "erofs"],
      // Without root: the store must not depend on the guest's good will.
      ["auto", { ...ALL, canMount: false }, "squashfs"],
      ["auto", { ...ALL, canMount: false, squashfs: false }, "none"],
      ["virtiofs", { ...ALL, canMount: false }, "none"],
      ["virtiofs", { ...ALL, virtiofsd: null }, "none"],
    ];
  for (const [wish, tools, word] of cases) {
    assert.equal(shareWord(chooseStoreShare(wish, tools)), word);
  }
});

Deno.test("chooseStoreShare() says what is missing", () => {
  const choice = chooseStoreShare("virtiofs", { ...ALL, virtiofsd: null });
  assert.ok(choice.kind === "none");
  assert.match(choice.reason, /virtiofsd is not installed/);
});

Deno.test("both virtiofsds are told the same in their own words", () => {
  const share = { source: "/nix/store", socketPath: "/run/s" };
  assert.ok(virtiofsd !== null);
  assert.equal(virtiofsd.flavour, "c");
  assert.ok(virtiofsdArgs(virtiofsd, share).includes("source=/nix/store"));
  const rust = readVirtiofsdHelp("/bin/virtiofsd", RUST_HELP);
  assert.ok(rust !== null);
  const args = virtiofsdArgs(rust, share);
  assert.ok(args.includes("--shared-dir=/nix/store"));
  assert.ok(args.includes("--readonly"));
  assert.equal(readVirtiofsdHelp("/bin/true", "usage: true"), null);
});
