/**
 * The cache's configuration.
 *
 * @module
 */
import { z } from "zod";
import { DEFAULT_PORTS, serverConfigShape } from "../config/mod.ts";

/** 64 GiB unpacked: a VM's disk image fits, a decompression bomb ends. */
const DEFAULT_MAX_NAR_BYTES = 64 * 1024 ** 3;

/** `http(s)://HOST[/PATH]`, without credentials and query. */
function isCacheUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, username, password, search, hash } = new URL(text);
  return (protocol === "https:" || protocol === "http:") &&
    [username, password, search, hash].every((part) => part === "");
}

const Upstream = z.strictObject({
  url: z.string().max(2048).refine(
    isCacheUrl,
    "must be http(s)://HOST[/PATH] without credentials; those go to tokenFile",
  ),
  /** Keys (`name:base64`) one of which must have signed a narinfo of it. */
  publicKeys: z.array(z.string().max(256)).min(1).max(16),
  /** Upstreams with a lower number are asked first; by default what its nix-cache-info says. */
  priority: z.number().int().min(0).max(1_000_000).optional(),
  /** A file with a token (sent as Bearer) or with USER:PASSWORD (sent as Basic). */
  tokenFile: z.string().min(1).max(4096).optional(),
});

/** What is kept without a root: a generation that the master keeps, the head of a branch that ci built, or a pin. */
const Retention = z.strictObject({
  /** From one collection to the next; 0: only when asked for. Without masterUrl it runs only when asked for, or with `standalone`. */
  intervalHours: z.number().min(0).max(8760).default(24),
  /** What was asked for or stored within these days stays. nix remembers for 30 days what it was told is here, and does not push that again. */
  keepDays: z.number().min(0).max(36_500).default(30),
  /** Largest size of all nar files; beyond it the least lately used go before their days are over. */
  maxGiB: z.number().min(0).max(1_000_000).optional(),
  /** Most paths; as maxGiB. */
  maxPaths: z.number().int().min(0).max(1_000_000_000).optional(),
  /** The same when less of the disk is free than this. */
  minFreeGiB: z.number().min(0).max(1_000_000).default(0),
  /** What was asked for or stored within these hours stays whatever the bounds say: a push that is under way counts on it. So long may what master and ci told last stand for them. */
  graceHours: z.number().min(0).max(8760).default(24),
  /** No cluster uses this cache: it is collected though no master says what is in use. */
  standalone: z.boolean().default(false),
});

export const CacheConfig = z.strictObject({
  ...serverConfigShape("cache", DEFAULT_PORTS.cache),
  /** Where clients reach it, for the lines that its page gives to copy: behind a proxy. By default what the reader's browser was told. */
  publicUrl: z.url({ protocol: /^https?$/ }).max(2048).optional(),
  /** The name of the key that is made on the first start, in `signing.key` of the state directory. */
  keyName: z.string().regex(
    /^[A-Za-z0-9._+-]{1,128}$/,
    "must be letters, digits and . _ + -",
  ).default("procurator-cache-1"),
  /** More keys to sign with, in files as `nix key generate-secret` prints them. */
  signingKeyFiles: z.array(z.string().min(1).max(4096)).max(4).default([]),
  /** When given, an upload needs a valid signature of one of these `name:base64`. */
  trustedPublicKeys: z.array(z.string().max(256)).max(16).default([]),
  /** The store directory of every path here. */
  storeDir: z.string().regex(/^\/[A-Za-z0-9/._-]{1,128}[^/]$/).default(
    "/nix/store",
  ),
  /** Substituters with a lower number are asked first; cache.nixos.org says 40. */
  priority: z.number().int().min(0).max(1000).default(40),
  /** Largest nar, packed or unpacked. */
  maxNarBytes: z.number().int().min(1024).max(Number.MAX_SAFE_INTEGER).default(
    DEFAULT_MAX_NAR_BYTES,
  ),
  /** A nix store directory of this machine to serve beside what was uploaded: `/nix/store`, or `DIR/nix/store`. What it has is signed by this cache's keys, and is there only while that store keeps it; who may publish is not told of it, so that what is pushed is stored. */
  localStore: z.string().regex(/^\/[^\0]{1,4095}$/, "must be an absolute path")
    .optional(),
  /** Caches that are asked for what is not here; what is fetched from them is checked, stored and signed here. */
  upstreams: z.array(Upstream).max(16).refine(
    (list) => new Set(list.map(({ url }) => url)).size === list.length,
    "must name each upstream once",
  ).default([]),
  /** The master's RPC, asked for the generations in use; with the token for `master` in tokenFile (a viewer's). */
  masterUrl: z.string().min(1).max(4096).optional(),
  /** ci's HTTP, asked for what the heads of branches were built to; with the token for `ci` in tokenFile (a viewer's). */
  ciUrl: z.string().min(1).max(4096).optional(),
  /** Garbage collection. */
  gc: Retention.prefault({}),
  /** Nars received at once: each holds a decompressor's window. 16 times as many wait. */
  maxUploads: z.number().int().min(1).max(256).default(16),
  /** Nars sent at once: each holds an open file. */
  maxDownloads: z.number().int().min(1).max(8192).default(1024),
  /** An `internal` location of the nginx before this cache, with a slash at both ends: nars are handed to it by X-Accel-Redirect. Only for requests that nginx marked (see README.md): whoever comes past it is served from here. */
  accelRedirect: z.string().regex(
    /^\/([A-Za-z0-9_-]{1,64}\/){1,8}$/,
    "must be a location of letters, digits, - and _, as /internal/",
  ).optional(),
});
export type CacheConfig = z.output<typeof CacheConfig>;
