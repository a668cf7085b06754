import assert from "node:assert/strict";
import { AppError } from "../../model/errors.ts";
import type { StagedFile } from "../storage/files.ts";
import { Pull } from "./pull.ts";

/** Staged in memory; writes end when the test says so. */
function stagedFile() {
  const bytes: number[] = [];
  const writes: (() => void)[] = [];
  const file: StagedFile = {
    async write(chunk) {
      await new Promise<void>((resolve) => writes.push(resolve));
      bytes.push(...chunk);
    },
    reader(start) {
      let at = start;
      return Promise.resolve({
        read(into) {
          const part = bytes.slice(at, at + into.length);
          into.set(part);
          at += part.length;
          return Promise.resolve(part.length);
        },
        [Symbol.dispose]: () => {},
      });
    },
    publish: () => Promise.resolve(),
    discard: () => Promise.resolve(),
  };
  return { file, writes };
}

const FAILED = new AppError("unavailable", "Cannot go on: it was cut");

Deno.test("a write that ends after the pull has failed does not bring it back", async () => {
  const { file, writes } = stagedFile();
  let late: Promise<void> | undefined;
  const pull = new Pull(
    10,
    [],
    { stage: () => Promise.resolve(file) },
    async (stage) => {
      const staged = await stage();
      late = staged.write(new Uint8Array(4));
      await Promise.reject(FAILED);
    },
  );
  await pull.ready;
  await pull.done;
  for (const end of writes) end();
  await late;
  const stream = await pull.opened.stream(0, 10);
  // It would wait for bytes that nobody brings.
  await assert.rejects(stream.getReader().read(), FAILED);
});

Deno.test("what was found true stays true when it cannot be stored", async () => {
  const { file, writes } = stagedFile();
  const pull = new Pull(
    4,
    [],
    { stage: () => Promise.resolve(file) },
    async (stage, isTrue) => {
      const staged = await stage();
      const written = staged.write(new Uint8Array(4));
      for (const end of writes) end();
      await written;
      isTrue();
      throw new AppError("storage", "Cannot store it: the disk is full");
    },
  );
  await pull.ready;
  await pull.done;
  const stream = await pull.opened.stream(0, 4);
  assert.equal((await new Response(stream).bytes()).length, 4);
});
