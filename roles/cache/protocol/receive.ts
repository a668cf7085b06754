/**
 * Receives a nar: hashed packed and unpacked while it is written, durable
 * under its name when it is what its name says, gone without a trace otherwise.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { AppError } from "../../model/errors.ts";
import type { NarRecord } from "../core/admission.ts";
import type { NarName } from "../../nar/core/names.ts";
import { formatSha256 } from "../../nar/core/sha256.ts";
import { chunksOf } from "./body.ts";
import { unpacker } from "../../nar/decompress.ts";
import type { NarFiles, StagedFile } from "../storage/files.ts";
import { toStorageError } from "../storage/storage_error.ts";

/** A revoked token's upload ends within this; a look-up takes some 20 µs. */
const STILL_MAY_MS = 2000;

/** Counts and hashes what passes by, up to a bound. */
class Meter {
  readonly #hash = createHash("sha256");
  #bytes = 0;

  constructor(
    private readonly what: string,
    private readonly maxBytes: number,
  ) {}

  add(chunk: Uint8Array): void {
    this.#bytes += chunk.length;
    if (this.#bytes > this.maxBytes) {
      throw new AppError(
        "invalid",
        `Cannot receive ${this.what}: it is larger than ${this.maxBytes} bytes`,
        { hint: "raise maxNarBytes in the cache's configuration" },
      );
    }
    this.#hash.update(chunk);
  }

  end(): { sha256: string; bytes: number } {
    return {
      sha256: formatSha256(new Uint8Array(this.#hash.digest())),
      bytes: this.#bytes,
    };
  }
}

/** One step of an upload whose failure means: these bytes are not what they claim. */
async function unpacking<T>(
  name: NarName,
  action: () => Promise<T>,
): Promise<T> {
  try {
    return await action();
  } catch (cause) {
    if (cause instanceof AppError) throw cause;
    throw new AppError(
      "invalid",
      `Cannot receive nar/${name.file}: it does not unpack as ${name.compression}`,
      { cause, hint: "push again; repair the local store if it stays so" },
    );
  }
}

/** Where a nar goes, and what is asked of it. */
export interface ReceiveOptions {
  files: Pick<NarFiles, "stage">;
  maxBytes: number;
  /** Throws when it is not what was expected: it is not published then. */
  check?: (nar: NarRecord) => void;
  /** Throws when who sends it may not any more. Asked every few seconds and before it is published. */
  stillMay?: () => void;
}

async function receiveInto(
  staged: StagedFile,
  body: ReadableStream<Uint8Array>,
  name: NarName,
  { maxBytes, check, stillMay }: ReceiveOptions,
): Promise<NarRecord> {
  const what = `nar/${name.file}`;
  let askedMs = performance.now();
  const packed = new Meter(what, maxBytes);
  const unpacked = new Meter(`${what}, unpacked`, maxBytes);
  const unpack = await unpacker(
    name.compression,
    (chunk) => unpacked.add(chunk),
  );
  try {
    for await (const chunk of chunksOf(body, what)) {
      packed.add(chunk);
      if (performance.now() - askedMs > STILL_MAY_MS) {
        askedMs = performance.now();
        stillMay?.();
      }
      // The disk writes while this thread hashes and unpacks.
      // Both have ended when one has failed: nothing may be written after that.
      const steps = await Promise.allSettled([
        unpacking(name, () => unpack.write(chunk)),
        staged.write(chunk),
      ]);
      for (const step of steps) {
        if (step.status === "rejected") throw step.reason;
      }
    }
    const file = packed.end();
    if (file.sha256 !== name.fileHash) {
      throw new AppError(
        "invalid",
        `Cannot receive ${what}: its contents have the hash ${file.sha256}, ${file.bytes} bytes came`,
        { hint: "the upload was cut or changed on its way: push again" },
      );
    }
    await unpacking(name, () => unpack.end());
    const nar = unpacked.end();
    const record = {
      file: name.file,
      fileSize: file.bytes,
      narHash: nar.sha256,
      narSize: nar.bytes,
    };
    stillMay?.();
    check?.(record);
    await staged.publish(name.file);
    return record;
  } finally {
    unpack.close();
  }
}

/**
 * Stores the nar that `body` carries under `name`.
 *
 * @throws {AppError} `invalid` when it is not what its name says or too large,
 * `timeout` when it stalls, `storage` when the disk is full. Nothing is left then.
 */
export async function receiveNar(
  body: ReadableStream<Uint8Array>,
  name: NarName,
  options: ReceiveOptions,
): Promise<NarRecord> {
  let staged: StagedFile | undefined;
  try {
    staged = await options.files.stage();
    return await receiveInto(staged, body, name, options);
  } catch (error) {
    await staged?.discard();
    throw toStorageError(`nar/${name.file}`, error);
  }
}
