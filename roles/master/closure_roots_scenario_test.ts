import assert from "node:assert/strict";
import { cluster, rejects, web } from "../../tests/support/master.ts";
import { storePath } from "../../tests/support/specs.ts";

function image(name: string) {
  return {
    toplevel: storePath(name),
    kernelPath: `${storePath("kernel")}/bzImage`,
    initrdPath: `${storePath(name)}/initrd`,
    cmdline: "",
    root: "initrd" as const,
  };
}

Deno.test("every kept generation tells what it names in the store, an old one after a restart too", async () => {
  const s = await cluster();
  for (const name of ["a", "b", "a"]) {
    await s.publish([web(name, { image: image(name) })]);
    await s.untilActive(s.master.views.highestGeneration("").generation);
  }
  await s.restart();
  const { generations, more } = s.master.views.closureRoots("", 0);
  assert.equal(more, false);
  assert.deepEqual(
    generations.map(({ generation, paths }) => [generation, paths]),
    ["a", "b", "a"].map((name, at) => [
      at + 1,
      [storePath(name), storePath("kernel")].sort(),
    ]),
  );
  assert.deepEqual(
    s.master.views.closureRoots("shop", 2).generations.map((one) =>
      one.generation
    ),
    [3],
  );
  await rejects(
    (async () => s.master.views.closureRoots("other", 0))(),
    "not_found",
    /no cluster "other"/,
  );
});
