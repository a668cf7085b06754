/**
 * `analyze --json`: what Autonix tells of a repository.
 *
 * @module
 */
import { z } from "zod";

/** Paths are relative to the analysed root, with `/`; the root itself is `.`. */
const Path = z.string().min(1);

export const Evidence = z.strictObject({
  file: Path,
  /** From 1; null: the whole file, or that it is there. */
  line: z.number().int().min(1).nullable(),
});
export type Evidence = z.output<typeof Evidence>;

/** Something that was found out, how sure that is, and where it stands. */
function factOf<V extends z.ZodType>(value: V) {
  return z.strictObject({
    value,
    confidence: z.number().min(0).max(1),
    evidence: z.array(Evidence),
  });
}

export const Language = z.enum([
  "javascript",
  "typescript",
  "python",
  "go",
  "rust",
  "java",
  "kotlin",
  "scala",
  "clojure",
  "ruby",
  "php",
  "csharp",
  "fsharp",
  "elixir",
  "gleam",
  "haskell",
  "ocaml",
  "zig",
  "swift",
  "dart",
  "crystal",
  "c",
  "cpp",
  "static",
  "shell",
]);
export type Language = z.output<typeof Language>;

export const PackageManager = z.enum([
  "npm",
  "yarn",
  "pnpm",
  "bun",
  "deno",
  "pip",
  "poetry",
  "pdm",
  "pipenv",
  "uv",
  "conda",
  "go",
  "cargo",
  "maven",
  "gradle",
  "sbt",
  "lein",
  "clj",
  "bundler",
  "composer",
  "nuget",
  "mix",
  "gleam",
  "cabal",
  "stack",
  "opam",
  "zig",
  "swiftpm",
  "pub",
  "shards",
  "make",
  "cmake",
  "meson",
]);
export type PackageManager = z.output<typeof PackageManager>;

export const TextFact = factOf(z.string());
export type TextFact = z.output<typeof TextFact>;
export const PortFact = factOf(z.number().int().min(1).max(65535));
export type PortFact = z.output<typeof PortFact>;

export const EnvVariable = z.strictObject({
  name: z.string().min(1),
  /** False where it has a default, or where what reads it does without. */
  required: z.boolean(),
  default: z.string().optional(),
  evidence: z.array(Evidence),
});
export type EnvVariable = z.output<typeof EnvVariable>;

export const AnalysedApplication = z.strictObject({
  path: Path,
  name: z.string().min(1),
  language: factOf(Language),
  /** As pinned, without a leading v. */
  runtimeVersion: TextFact.nullable(),
  packageManager: factOf(PackageManager).nullable(),
  /** By their npm, PyPI or gem name; spring-boot, laravel, phoenix. */
  frameworks: z.array(TextFact),
  /** Each run by a shell in the application's directory. */
  commands: z.strictObject({
    install: TextFact.nullable(),
    build: TextFact.nullable(),
    start: TextFact.nullable(),
    test: TextFact.nullable(),
  }),
  ports: z.array(PortFact),
  env: z.array(EnvVariable),
  /** Attribute names of nixpkgs. */
  nativeLibraries: z.array(TextFact),
  /** Paths of other applications in this answer. */
  dependsOn: z.array(Path),
});
export type AnalysedApplication = z.output<typeof AnalysedApplication>;

export const AnalysedService = z.strictObject({
  /** postgres, redis, rabbitmq ... */
  kind: z.string().min(1),
  version: z.string().nullable(),
  port: z.number().int().min(1).max(65535).nullable(),
  usedBy: z.array(Path),
  /** Variables that carry its address. */
  env: z.array(z.string()),
  evidence: z.array(Evidence),
});
export type AnalysedService = z.output<typeof AnalysedService>;

/** What could not be told, or was left out, and why. */
export const Unknown = z.strictObject({
  path: Path,
  what: z.string(),
  why: z.string(),
});
export type Unknown = z.output<typeof Unknown>;

/** Lists are sorted: by path, kind, name; commands and versions are the text of the repository. */
export const Analysis = z.strictObject({
  schema: z.literal(1),
  applications: z.array(AnalysedApplication),
  services: z.array(AnalysedService),
  unknown: z.array(Unknown),
});
export type Analysis = z.output<typeof Analysis>;
