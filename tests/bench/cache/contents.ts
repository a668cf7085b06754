/**
 * What both servers serve: pushed into a cache as any client would, then linked
 * into a directory for nginx, so that both read the same pages.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { encodeNixBase32 } from "../../../roles/nar/core/nix_base32.ts";
import { formatSha256 } from "../../../roles/nar/core/sha256.ts";
import { startCacheProcess } from "../../support/cache.ts";

const MIB = 1024 * 1024;
const NAR_MIB = 64;
/** More than one, so that no processor's cache holds them; few, so that the machine's memory does. */
const NARS = 8;
const LARGE_MIB = 1024;
/** More than one, so that no answer is a repetition; each costs syncs to push. */
const NARINFOS = 100;
/** Each block of a file differs by so much, which the server does not look at. */
const DRAWN_BYTES = 256;
const BLOCK_BYTES = 64 * 1024;

/** URL paths on both servers, with a slash in front. */
export interface Contents {
  narinfos: string[];
  /** Of 64 MiB. */
  nars: string[];
  narMib: number;
  /** Of 1 GiB. */
  large: string;
}

interface Target {
  url: string;
  token: string;
  stateDir: string;
  wwwDir: string;
}

async function put(target: Target, path: string, body: BodyInit) {
  const answer = await fetch(target.url + path, {
    method: "PUT",
    body,
    headers: { authorization: `Bearer ${target.token}` },
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`PUT ${path}: ${answer.status} ${text}`);
}

interface Pushed {
  path: string;
  hash: Uint8Array;
  size: number;
}

async function pushNar(target: Target, mib: number): Promise<Pushed> {
  const bytes = new Uint8Array(mib * MIB);
  for (let at = 0; at < bytes.length; at += BLOCK_BYTES) {
    crypto.getRandomValues(bytes.subarray(at, at + DRAWN_BYTES));
  }
  const hash = new Uint8Array(createHash("sha256").update(bytes).digest());
  const file = `${encodeNixBase32(hash)}.nar`;
  const path = `/nar/${file}`;
  await put(target, path, bytes);
  await Deno.link(
    `${target.stateDir}/nar/${file.slice(0, 2)}/${file}`,
    target.wwwDir + path,
  );
  return { path, hash, size: bytes.length };
}

async function pushNarInfo(
  target: Target,
  nar: Pushed,
  name: string,
): Promise<string> {
  const drawn = new Uint8Array(createHash("sha256").update(name).digest());
  const hash = encodeNixBase32(drawn).slice(0, 32);
  const path = `/${hash}.narinfo`;
  const stated = formatSha256(nar.hash);
  await put(
    target,
    path,
    `StorePath: /nix/store/${hash}-${name}
URL: ${nar.path.slice(1)}
Compression: none
FileHash: ${stated}
FileSize: ${nar.size}
NarHash: ${stated}
NarSize: ${nar.size}
References: 
`,
  );
  const stored = await (await fetch(target.url + path)).text();
  await Deno.writeTextFile(target.wwwDir + path, stored);
  return path;
}

/** Fills a cache in `stateDir`, and `wwwDir` with the same; the cache has ended when it returns. */
export async function fill(
  stateDir: string,
  wwwDir: string,
): Promise<Contents> {
  await Deno.mkdir(`${wwwDir}/nar`, { recursive: true });
  await using cache = await startCacheProcess(stateDir);
  const token = cache.token("publisher");
  const target = { url: cache.url, token, stateDir, wwwDir };
  const nars: Pushed[] = [];
  for (let at = 0; at < NARS; at++) nars.push(await pushNar(target, NAR_MIB));
  const large = await pushNar(target, LARGE_MIB);
  const narinfos: string[] = [];
  for (let at = 0; at < NARINFOS; at++) {
    narinfos.push(await pushNarInfo(target, large, `path-${at}`));
  }
  return {
    narinfos,
    nars: nars.map(({ path }) => path),
    narMib: NAR_MIB,
    large: large.path,
  };
}
