import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { logger } from "../../log/mod.ts";
import { encodeNixBase32 } from "../../nar/core/nix_base32.ts";
import type { NarFiles } from "../storage/files.ts";
import { Gate } from "./gate.ts";
import type { SourceMetrics } from "./metrics.ts";
import type { Pull } from "./pull.ts";
import { UpstreamNars } from "./upstream_nars.ts";

const NAR = new TextEncoder().encode("nix-archive-1");
const HASH = encodeNixBase32(createHash("sha256").update(NAR).digest());
const METRICS: SourceMetrics = {
  lookup: () => {},
  pulled: () => {},
  failure: () => {},
};
const FILES: Pick<NarFiles, "stage"> = {
  stage: () =>
    Promise.resolve({
      write: () => Promise.resolve(),
      reader: () => Promise.reject(new Error("nobody reads it")),
      publish: () => Promise.resolve(),
      discard: () => Promise.resolve(),
    }),
};

Deno.test("who comes when a pulled nar is in the storage is sent there, not to its pull", async () => {
  const name = "http://up.example";
  const pulls = new Map<string, Pull>();
  const storing = Promise.withResolvers<void>();
  const synced = Promise.withResolvers<void>();
  const nars = new UpstreamNars({
    name,
    client: {
      open: () =>
        Promise.resolve({
          body: new Blob([NAR]).stream(),
          length: NAR.length,
          encoding: "",
          via: [],
        }),
    },
    gate: new Gate({
      name,
      nowMs: () => 0,
      metrics: METRICS,
      log: logger("test"),
    }),
    files: FILES,
    pulls,
    hasRoom: () => Promise.resolve(true),
    store() {
      storing.resolve();
      return synced.promise;
    },
    metrics: METRICS,
  });
  const file = `${HASH}.nar`;
  const offer = {
    info: {
      storeDir: "/nix/store",
      base: `${"a".repeat(32)}-a`,
      file,
      compression: "none" as const,
      fileHash: `sha256:${HASH}`,
      fileSize: NAR.length,
      narHash: `sha256:${HASH}`,
      narSize: NAR.length,
      references: [],
      signatures: [],
    },
    text: "",
    url: `nar/${file}`,
  };
  await nars.open(offer, [], []);
  const done = pulls.get(file)?.done;
  await storing.promise;
  // Seen, and not on disk yet: it may be deleted there, where its pull would look for it.
  assert.equal(pulls.has(file), false);
  synced.resolve();
  await done;
});
