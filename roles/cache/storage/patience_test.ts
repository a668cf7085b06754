import assert from "node:assert/strict";
import { AppError } from "../../model/errors.ts";
import { Patience } from "./patience.ts";
import { toStorageError } from "./storage_error.ts";

const full = () => Object.assign(new Error("no space"), { code: "ENOSPC" });

Deno.test("what fails as the disk is full is done again until there is room", async () => {
  let tries = 0;
  const stored = await new Patience().retry(() => {
    if (++tries === 1) throw full();
    if (tries === 2) throw toStorageError("x", full());
    return "stored";
  });
  assert.deepEqual([stored, tries], ["stored", 3]);
});

Deno.test("the wait ends, and who comes while it is still full does not wait again", async () => {
  const patience = new Patience(150);
  await assert.rejects(patience.retry(() => Promise.reject(full())), /space/);
  let tries = 0;
  await assert.rejects(
    patience.retry(() => {
      tries++;
      throw full();
    }),
    /space/,
  );
  assert.equal(tries, 1);
});

Deno.test("other failures are not tried again", async () => {
  let tries = 0;
  await assert.rejects(
    new Patience().retry(() => {
      tries++;
      throw new AppError("invalid", "no");
    }),
    /no/,
  );
  assert.equal(tries, 1);
});
