/**
 * What nix says while it copies, in its `internal-json` log: how far it is, and
 * the lines that a person would have seen. Pure.
 *
 * The types are those of nix's `logging.hh`, the same from 2.8 to 2.34: 100 is
 * the copy of a path, 101 a file being downloaded, result 105 its
 * `[done, expected, ...]` in bytes.
 *
 * @module
 */
import { z } from "zod";

const COPY_PATH = 100;
const FILE_TRANSFER = 101;
const PROGRESS = 105;
const PREFIX = "@nix ";
/** Level of what is shown without `-v`: 0 errors, 1 warnings, 3 what it does. */
const MAX_LEVEL = 3;
/** Transfers at once are 25 by default; ids that were never stopped must not pile up. */
const MAX_ACTIVE = 10_000;

const Id = z.number();
const Start = z.object({
  action: z.literal("start"),
  id: Id,
  type: z.number(),
  fields: z.array(z.unknown()).default([]),
});
const Stop = z.object({ action: z.literal("stop"), id: Id });
const Result = z.object({
  action: z.literal("result"),
  id: Id,
  type: z.literal(PROGRESS),
  fields: z.tuple([z.number(), z.number()]).rest(z.unknown()),
});
const Message = z.object({
  action: z.literal("msg"),
  level: z.number(),
  msg: z.string(),
});
const Line = z.discriminatedUnion("action", [Start, Stop, Result, Message]);

/** A path that is to be copied, as the cache tells of it. */
export interface RemotePath {
  path: string;
  narSizeBytes: number;
  /** Its file below the cache's address; absent: unknown. */
  url?: string | undefined;
}

/** How much has been copied, of what. */
export interface CopyProgress {
  paths: number;
  ofPaths: number;
  bytes: number;
  ofBytes: number;
}

/** Follows one `nix copy` of these paths. */
export class CopyTracker {
  readonly #sizes: ReadonlyMap<string, number>;
  /** By the end of a transfer's address. */
  readonly #byUrl = new Map<string, string>();
  /** Copies and transfers under way, by id. */
  readonly #copying = new Map<number, string>();
  readonly #fetching = new Map<number, string>();
  /** Share of a path's file that is here. */
  readonly #share = new Map<string, number>();
  readonly #done = new Set<string>();
  readonly #ofBytes: number;

  constructor(paths: readonly RemotePath[]) {
    this.#sizes = new Map(
      paths.map(({ path, narSizeBytes }) => [path, narSizeBytes]),
    );
    for (const { path, url } of paths) {
      if (url !== undefined) this.#byUrl.set(url, path);
    }
    this.#ofBytes = paths.reduce((sum, path) => sum + path.narSizeBytes, 0);
  }

  /** Takes a raw line; gives what of it is for people. */
  take(raw: string): string[] {
    if (!raw.startsWith(PREFIX)) return [raw];
    // Hundreds come for each path: only those that count are parsed.
    if (raw.includes('"action":"result"') && !raw.includes('"type":105')) {
      return [];
    }
    const line = parseLine(raw.slice(PREFIX.length));
    switch (line?.action) {
      case "start":
        this.#begin(line);
        return [];
      case "stop":
        this.#end(line.id);
        return [];
      case "result":
        this.#note(line.id, line.fields);
        return [];
      case "msg":
        return line.level <= MAX_LEVEL ? line.msg.split("\n") : [];
      default:
        return [];
    }
  }

  get progress(): CopyProgress {
    let bytes = 0;
    for (const path of this.#done) bytes += this.#sizes.get(path) ?? 0;
    for (const [path, share] of this.#share) {
      if (this.#done.has(path)) continue;
      bytes += share * (this.#sizes.get(path) ?? 0);
    }
    return {
      paths: this.#done.size,
      ofPaths: this.#sizes.size,
      bytes: Math.round(bytes),
      ofBytes: this.#ofBytes,
    };
  }

  #begin({ id, type, fields: [first] }: z.output<typeof Start>): void {
    if (typeof first !== "string") return;
    if (type === COPY_PATH && this.#sizes.has(first)) {
      if (this.#copying.size < MAX_ACTIVE) this.#copying.set(id, first);
    } else if (type === FILE_TRANSFER) {
      const path = this.#byUrl.get(first.split("/").slice(-2).join("/"));
      if (path !== undefined && this.#fetching.size < MAX_ACTIVE) {
        this.#fetching.set(id, path);
      }
    }
  }

  #end(id: number): void {
    const path = this.#copying.get(id);
    // It also stops when it has failed: then nix ends with an error, and this is not read any more.
    if (path !== undefined) this.#done.add(path);
    this.#copying.delete(id);
    this.#fetching.delete(id);
  }

  #note(id: number, [done, expected]: readonly unknown[]): void {
    const path = this.#fetching.get(id);
    if (path === undefined) return;
    if (typeof done !== "number" || typeof expected !== "number") return;
    if (expected <= 0 || done < 0) return;
    this.#share.set(path, Math.min(1, done / expected));
  }
}

function parseLine(text: string): z.output<typeof Line> | null {
  try {
    return Line.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    // Builders print into the same stream: what is no JSON is no line of nix's.
    return null;
  }
}
