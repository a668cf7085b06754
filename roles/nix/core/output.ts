/**
 * What nix prints, parsed: the shapes differ between 2.8 and 2.34 and are
 * made one here.
 *
 * @module
 */
import { z } from "zod";
import { AppError } from "../../model/errors.ts";
import { StorePath } from "../../model/ids.ts";
import { parseJsonWith, parseWith } from "../../model/parse.ts";
import type { RemotePath } from "./activity.ts";

/** A version of nix. */
export interface NixVersion {
  text: string;
  major: number;
  minor: number;
}

/** The version in `nix (Nix) 2.8.0`. */
export function parseVersion(printed: string): NixVersion {
  const found = /\b(\d+)\.(\d+)(?:\.\S+)?/.exec(printed);
  if (found === null) {
    throw new AppError(
      "failed",
      `Cannot tell the version of nix from ${
        JSON.stringify(printed.slice(0, 80))
      }`,
    );
  }
  return {
    text: found[0],
    major: Number(found[1]),
    minor: Number(found[2]),
  };
}

/** True when `version` is `major.minor` or later. */
export function atLeast(
  version: NixVersion,
  major: number,
  minor: number,
): boolean {
  return version.major > major ||
    (version.major === major && version.minor >= minor);
}

/** What is known of a valid path. */
export interface PathInfo {
  path: string;
  narHash: string;
  narSizeBytes: number;
  references: string[];
}

const Info = z.object({
  narHash: z.union([
    z.string(),
    // 2.34 with a newer JSON format gives hashes as objects.
    z.object({ hash: z.string() }).transform((value) => value.hash),
  ]),
  narSize: z.number().int().min(0),
  references: z.array(z.string()).default([]),
});
const Listed = z.array(
  z.object({ path: z.string(), valid: z.boolean().optional() }).loose(),
);
const Keyed = z.record(z.string(), z.unknown());

/** Paths and what is told of each; those that are not valid are left out. */
function pathItems(
  value: z.output<typeof Listed> | z.output<typeof Keyed>,
): [string, unknown][] {
  return Array.isArray(value)
    ? value.filter((item) => item.valid !== false).map((item) => [
      item.path,
      item,
    ])
    : Object.entries(value).filter(([, item]) => item !== null);
}

/** The output of `nix path-info --json`: a list in 2.8, keyed by path later. Paths that are not valid are left out. */
export function parsePathInfo(text: string): PathInfo[] {
  const what = "what nix path-info printed";
  const value = parseJsonWith(z.union([Listed, Keyed]), text, { what });
  return pathItems(value).map(([path, item]) => {
    const info = Info.parse(item);
    return {
      path,
      narHash: info.narHash,
      narSizeBytes: info.narSize,
      references: info.references,
    };
  });
}

/** What a binary cache says beside what a store does: where the file is. */
const RemoteInfo = z.object({
  narSize: z.number().int().min(0),
  url: z.string().max(1024).optional(),
});

/** The output of `nix path-info --json --store` of a binary cache. */
export function parseRemoteInfo(text: string): RemotePath[] {
  const what = "what nix path-info printed";
  const value = parseJsonWith(z.union([Listed, Keyed]), text, { what });
  return pathItems(value).flatMap(([path, item]) => {
    if (!StorePath.safeParse(path).success) return [];
    const { narSize: narSizeBytes, url } = RemoteInfo.parse(item);
    return [{ path, narSizeBytes, url }];
  });
}

const Built = z.array(
  z.object({ outputs: z.record(z.string(), z.string()).default({}) }).loose(),
);

/** The output paths in what `nix build --json` printed. */
export function parseBuilt(text: string): string[] {
  const built = parseJsonWith(Built, text, {
    what: "what nix build printed",
  });
  return built.flatMap((item) => Object.values(item.outputs));
}

/** Text and what it refers to: the derivations to build, and the sources that are in the store already. */
export interface Evaluated {
  text: string;
  derivations: string[];
  sources: string[];
}

/** Evaluated with {@linkcode Evaluated}: `nix eval --json --apply` of this gives what {@linkcode parseEvaluated} reads. */
export const WITH_CONTEXT =
  "text: { inherit text; context = builtins.getContext text; }";

const WithContext = z.object({
  text: z.string(),
  context: z.record(
    StorePath,
    z.object({
      path: z.boolean().optional(),
      allOutputs: z.boolean().optional(),
      outputs: z.array(z.string()).optional(),
    }),
  ),
});

/** The text and its context, in sorted order. */
export function parseEvaluated(printed: string): Evaluated {
  const { text, context } = parseJsonWith(WithContext, printed, {
    what: "what nix eval printed",
  });
  const paths = Object.keys(context).sort();
  const isBuilt = (path: string) =>
    context[path]?.outputs !== undefined || context[path]?.allOutputs === true;
  return {
    text,
    derivations: paths.filter(isBuilt),
    sources: paths.filter((path) => !isBuilt(path)),
  };
}

/** Checks of one flake: each is a build and a step of its job. */
const MAX_CHECKS = 1000;

/** They come from an expression: a `drvPath` may be any text, and becomes an argument of nix-store. */
const Checks = z.record(
  z.string().max(128).regex(/^[^\p{Cc}]+$/u, "must be a short printable name"),
  z.string().max(512).regex(
    /^\/nix\/store\/[0-9a-df-np-sv-z]{32}-[0-9A-Za-z+._?=-]+\.drv$/,
    "must be a derivation",
  ),
).refine(
  (checks) => Object.keys(checks).length <= MAX_CHECKS,
  `must be at most ${MAX_CHECKS}`,
);

/** Names and derivations of a flake's checks. */
export function parseChecks(value: unknown): Record<string, string> {
  return parseWith(Checks, value, { what: "the flake's checks" });
}

const Input = z.object({
  type: z.string().default(""),
  path: z.string().optional(),
  url: z.string().optional(),
}).loose();
const Metadata = z.object({
  locks: z.object({
    nodes: z.record(
      z.string(),
      z.object({ locked: Input.optional(), original: Input.optional() })
        .loose(),
    ),
  }).loose(),
}).loose();

function isLocal(input: z.output<typeof Input> | undefined): boolean {
  if (input === undefined) return false;
  if (input.type === "path") return input.path?.startsWith("/") !== false;
  return /^(file:|\/)/i.test(input.url ?? "");
}

/** From what `nix flake metadata --json` printed: the inputs, of inputs too, that are read from this machine's disk. */
export function parseLocalInputs(printed: string): string[] {
  const { locks } = parseJsonWith(Metadata, printed, {
    what: "what nix flake metadata printed",
  });
  return Object.entries(locks.nodes).filter(([, { locked, original }]) =>
    isLocal(locked) || isLocal(original)
  ).map(([name]) => name).sort();
}

/** The store paths in lines of output, without what is no store path. */
export function parsePaths(text: string): string[] {
  return text.split("\n").map((line) => line.trim()).filter((line) =>
    StorePath.safeParse(line).success
  );
}
