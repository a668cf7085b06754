import assert from "node:assert/strict";
import type { CacheCheckReport } from "../../model/cache_files.ts";
import {
  formatCacheBackup,
  formatCacheRestore,
  formatCheck,
  formatFilesProgress,
} from "./cache_files_view.ts";
import { painter } from "./table.ts";

const GIB = 1024 ** 3;
const REPORT: CacheCheckReport = {
  state: "incomplete",
  deep: true,
  repair: true,
  resumedAfter: "0abc.nar.zst",
  checked: { nars: 3, paths: 1, bytes: GIB },
  problems: 60,
  mended: 1,
  findings: [{
    kind: "nar-corrupt",
    name: "nar/0abc.nar.zst",
    why: "its bytes have another hash",
    todo: "moved to quarantine/",
    isMended: true,
  }],
  pushAgain: ["/nix/store/abc-leaf"],
  pushAgainMore: 2,
  notes: ["https://up is passed over: it is down"],
};

Deno.test("formatCheck() says what, what was done, what to push, and what it could not tell", () => {
  assert.equal(
    formatCheck(REPORT, painter(false)),
    `nar-corrupt nar/0abc.nar.zst: its bytes have another hash
  moved to quarantine/
... and 59 more: --json names them
push again: nix copy --to this cache
  /nix/store/abc-leaf
... and 2 more: --json names them
note: https://up is passed over: it is down
taken up behind nar/0abc.nar.zst; --restart begins anew
3 nars and 1 path checked, 1.0 GiB read; 60 problems, 1 mended
what is left is sound; push what is named above again
`,
  );
});

Deno.test("formatFilesProgress() has bytes where there are any", () => {
  assert.match(
    formatFilesProgress({ phase: "nars", doneBytes: GIB, totalBytes: 4 * GIB }),
    /nars 1\.0 GiB of 4\.0 GiB, 25 %$/,
  );
  assert.match(
    formatFilesProgress({ phase: "paths", doneBytes: 0, totalBytes: 0 }),
    /paths$/,
  );
});

Deno.test("a backup and a restore name what they left out", () => {
  const backup = formatCacheBackup({
    directory: "/backup",
    paths: 2,
    nars: 1,
    bytes: GIB,
    copiedNars: 1,
    copiedBytes: GIB,
    removedNars: 0,
    damaged: ["0abc.nar.zst"],
  });
  assert.match(backup, /^left out, damaged: nar\/0abc[^]*fsck --deep --repair/);
  assert.match(backup, /2 paths, 1 nar of 1\.0 GiB/);
  const restore = formatCacheRestore({
    paths: 2,
    nars: 1,
    copiedNars: 1,
    copiedBytes: GIB,
    replaced: null,
    keyRestored: false,
    tokensRestored: true,
    damaged: [],
  });
  assert.match(restore, /^restored 2 paths and 1 nar/);
  assert.match(restore, /no database before\nthe signing keys that were there/);
});
