import assert from "node:assert/strict";
import { pushesOf, type StoredPath } from "./pushes.ts";

const MINUTE_MS = 60_000;

function stored(by: string, minute: number, base = `${by}-${minute}`) {
  return { base, by, atMs: minute * MINUTE_MS, fileBytes: 10 };
}

function views(paths: StoredPath[], whole = true) {
  return pushesOf(paths, { storeDir: "/nix/store", count: 5, whole })
    .map(({ by, path, paths, bytes, whole }) =>
      `${by} ${path} ${paths} ${bytes}${whole ? "" : " +"}`
    );
}

Deno.test("a token's paths are one push until it pauses", () => {
  assert.deepEqual(
    views([stored("ci", 30), stored("ci", 26), stored("ci", 10)]),
    ["ci /nix/store/ci-30 2 20", "ci /nix/store/ci-10 1 10"],
  );
});

Deno.test("two who push at once have a push each, the latest first", () => {
  assert.deepEqual(
    views([stored("ci", 9), stored("ann", 8), stored("ci", 7)]),
    ["ci /nix/store/ci-9 2 20", "ann /nix/store/ann-8 1 10"],
  );
});

Deno.test("of what began before all that was looked at nobody knows the size", () => {
  assert.deepEqual(
    views([stored("ann", 60), stored("ci", 30), stored("ci", 29)], false),
    ["ann /nix/store/ann-60 1 10", "ci /nix/store/ci-30 2 20 +"],
  );
});
