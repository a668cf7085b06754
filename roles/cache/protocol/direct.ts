/**
 * What is answered before the app is asked (`roles/http/direct.ts`): narinfos
 * that are in memory.
 *
 * Not those of the database, though they take 4 µs: reading them can fail, and
 * the app has an answer to that. They are in memory afterwards.
 *
 * @module
 */
import type { DirectOptions } from "../../http/mod.ts";
import type { CacheService } from "../service.ts";
import { NARINFO_ROUTE, sendNarInfo } from "./narinfo.ts";

const SUFFIX = ".narinfo";
const HASH_CHARS = 32;

/** Answers from the hot texts, which have checked hashes as their keys. */
export function directNarInfos(
  service: CacheService,
): DirectOptions["answer"] {
  return (path, method) => {
    if (path.length !== 1 + HASH_CHARS + SUFFIX.length) return undefined;
    if (!path.endsWith(SUFFIX)) return undefined;
    const hash = path.slice(1, 1 + HASH_CHARS);
    const text = service.hot.get(hash);
    if (text === undefined) return undefined;
    const response = sendNarInfo(service, { hash, text, method });
    return { response, route: NARINFO_ROUTE };
  };
}
