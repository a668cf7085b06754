/**
 * Sends planned paths as one stream of frames: narinfos as they are stored, nar
 * files as they are stored. Decides nothing; what cannot be sent ends it with
 * an error frame.
 *
 * @module
 */
import {
  encodeFrame,
  encodeMagic,
  frameHeader,
  MAX_DATA_BYTES,
} from "../../closure/core/frames.ts";
import { encodeMessage } from "../../closure/core/messages.ts";
import { AppError } from "../../model/errors.ts";
import type { OpenFile } from "../storage/files.ts";
import type { StoredPath } from "./core/walk.ts";

/** What is sent from. */
export interface Shelf {
  /** The narinfo of a path that is still here. */
  narInfo(hash: string): Promise<string | undefined>;
  open(file: string): Promise<OpenFile | undefined>;
  /** It is going to be opened soon: what comes from afar may set out. */
  prepare(file: string): Promise<void>;
  /** Told of every file whose bytes went out. */
  onSent(bytes: number): void;
  /** A path that is known and cannot be sent. */
  onLost(path: StoredPath, why: string): void;
}

/**
 * Sent at once: a write each of narinfos, headers and the 64 KiB that files are
 * read in costs more than copying them together does.
 */
const BATCH_BYTES = 256 * 1024;

/** Paths on their way from other sources before their turn comes: half of what one upstream is asked for at once. */
const AHEAD = 8;

/** Joins pieces until they are worth a write. */
class Batch {
  #pieces: Uint8Array[] = [];
  #bytes = 0;

  /** Gives what is to be sent now. */
  *add(piece: Uint8Array): Generator<Uint8Array> {
    this.#pieces.push(piece);
    this.#bytes += piece.length;
    if (this.#bytes >= BATCH_BYTES) yield* this.flush();
  }

  *flush(): Generator<Uint8Array> {
    if (this.#bytes === 0) return;
    const joined = new Uint8Array(this.#bytes);
    let at = 0;
    for (const piece of this.#pieces) {
      joined.set(piece, at);
      at += piece.length;
    }
    this.#pieces = [];
    this.#bytes = 0;
    yield joined;
  }
}

function lost(why: string): AppError {
  return new AppError("not_found", why);
}

async function* fileFrames(
  path: StoredPath,
  shelf: Shelf,
): AsyncGenerator<Uint8Array> {
  const opened = await shelf.open(path.file);
  if (opened === undefined || opened.size !== path.fileSize) {
    opened?.close();
    throw lost(`nar/${path.file} is lost or damaged on disk`);
  }
  let sent = 0;
  for await (const chunk of await opened.stream(0, opened.size)) {
    for (let at = 0; at < chunk.length; at += MAX_DATA_BYTES) {
      const part = chunk.subarray(at, at + MAX_DATA_BYTES);
      yield frameHeader("data", part.length);
      yield part;
    }
    sent += chunk.length;
  }
  if (sent !== path.fileSize) {
    throw lost(`nar/${path.file} could not be read to its end`);
  }
  shelf.onSent(sent);
}

async function* pathFrames(
  path: StoredPath,
  shelf: Shelf,
): AsyncGenerator<Uint8Array> {
  const text = await shelf.narInfo(path.base.slice(0, 32));
  if (text === undefined) throw lost("it has just been deleted");
  if (!text.includes(`\nURL: nar/${path.file}\n`)) {
    throw lost("it has just been stored anew");
  }
  const info = new TextEncoder().encode(text);
  yield encodeFrame("path", info);
  yield* fileFrames(path, shelf);
}

/** What a response carries: head, paths, and an end or an error. */
async function* closureFrames(
  plan: { paths: readonly StoredPath[]; elsewhere: number; headOnly: boolean },
  shelf: Shelf,
): AsyncGenerator<Uint8Array> {
  yield encodeMagic();
  const head = encodeMessage({
    paths: plan.paths.map(({ base, narSize, fileSize }) => [
      base,
      narSize,
      fileSize,
    ]),
    elsewhere: plan.elsewhere,
  });
  yield encodeFrame("head", head);
  const paths = plan.headOnly ? [] : plan.paths;
  let prepared = 0;
  for (const [at, path] of paths.entries()) {
    for (; prepared < Math.min(at + AHEAD, paths.length); prepared++) {
      // What it fails with is told when it is opened.
      shelf.prepare(paths[prepared]?.file ?? "").catch(() => undefined);
    }
    try {
      yield* pathFrames(path, shelf);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      shelf.onLost(path, why);
      const told = { path: path.base, why: why.slice(0, 1000) };
      yield encodeFrame("error", encodeMessage(told));
      return;
    }
  }
  yield encodeFrame("end", encodeMessage({ paths: paths.length }));
}

/** The bytes of a response, in pieces worth a write each. */
export async function* sendClosure(
  plan: { paths: readonly StoredPath[]; elsewhere: number; headOnly: boolean },
  shelf: Shelf,
): AsyncGenerator<Uint8Array> {
  const batch = new Batch();
  for await (const piece of closureFrames(plan, shelf)) {
    yield* batch.add(piece);
  }
  yield* batch.flush();
}
