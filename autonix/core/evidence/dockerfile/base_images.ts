/**
 * Which runtime an image brings, and in which version.
 *
 * @module
 */
import type { Language } from "../../../../roles/model/analysis.ts";
import type { Ecosystem } from "../../draft.ts";
import {
  type ImageName,
  parseImage,
  versionOfTag,
} from "../../services/images.ts";
import type { Runtime } from "../targets.ts";

export interface BaseImage {
  runtime: Runtime;
  version: string | null;
}

/** By last part of the name, or the whole of it. */
const IMAGES: readonly (readonly [Runtime, string])[] = [
  [
    "node",
    "node nodejs cypress/base devcontainers/javascript-node devcontainers/typescript-node circleci/node cimg/node",
  ],
  ["bun", "bun oven/bun"],
  ["deno", "deno denoland/deno"],
  [
    "python",
    "python pypy uv-python miniconda3 continuumio/miniconda3 mambaorg/micromamba tiangolo/uvicorn-gunicorn-fastapi tiangolo/uvicorn-gunicorn tiangolo/uwsgi-nginx-flask devcontainers/python devcontainers/anaconda",
  ],
  ["go", "golang devcontainers/go cimg/go"],
  [
    "rust",
    "rust rust-musl-builder lukemathwalker/cargo-chef devcontainers/rust",
  ],
  [
    "jvm",
    "openjdk eclipse-temurin amazoncorretto maven gradle jdk jre java adoptopenjdk ibm-semeru-runtimes liberica-openjdk-alpine zulu-openjdk sbtscala/scala-sbt clojure devcontainers/java tomcat",
  ],
  ["ruby", "ruby jruby ruby-node devcontainers/ruby"],
  [
    "php",
    "php composer wordpress drupal joomla dunglas/frankenphp serversideup/php devcontainers/php webdevops/php-nginx",
  ],
  [
    "dotnet",
    "dotnet/sdk dotnet/aspnet dotnet/runtime dotnet/core/sdk dotnet/core/aspnet devcontainers/dotnet",
  ],
  ["elixir", "elixir hexpm/elixir"],
  ["gleam", "gleam-lang/gleam gleam"],
  ["haskell", "haskell"],
  ["ocaml", "ocaml/opam ocaml"],
  ["zig", "zig"],
  ["swift", "swift"],
  ["dart", "dart cirrusci/flutter"],
  ["crystal", "crystallang/crystal crystal"],
  ["c", "gcc silkeh/clang devcontainers/cpp"],
];

const BY_NAME = new Map(
  IMAGES.flatMap(([runtime, names]) =>
    names.split(" ").map((name) => [name, runtime] as const)
  ),
);

/** Images whose tag is the version of a tool; that of the runtime stands behind. */
const TOOL_FIRST = new Set([
  "maven",
  "gradle",
  "clojure",
  "scala-sbt",
  "sbt",
  "cargo-chef",
  "tomcat",
  "composer",
  "wordpress",
  "drupal",
  "joomla",
]);
/** The version of a JDK within such a tag: `3.9-eclipse-temurin-21`, `8.5-jdk17`. */
const JDK =
  /(?:jdk|jre|temurin|openjdk|corretto|java|graalvm|tem)[a-z-]{0,20}?-?(\d{1,2}(?:\.\d+){0,3})/;
const RUST_TOOL = /rust-?(\d+(?:\.\d+){1,2})/;
/** Tags of FrankenPHP: `1-php8.3`. */
const PHP_TOOL = /php(\d+(?:\.\d+){1,2})/;
const PYTHON_TOOL = /python-?(\d+(?:\.\d+){1,2})/;
/** Images of development containers count themselves before the runtime: `1-3.12`, `dev-20`. */
const DEVCONTAINER = /^(?:\d+|dev)(?:\.\d+){0,2}-(\d+(?:\.\d+){0,2})/;

function versionIn(image: ImageName, runtime: Runtime): string | null {
  const tag = image.tag;
  if (tag === null) return null;
  if (image.repository.includes("devcontainers/")) {
    return DEVCONTAINER.exec(tag)?.[1] ?? versionOfTag(image);
  }
  const inside = runtime === "jvm"
    ? JDK.exec(tag)?.[1]
    : runtime === "rust"
    ? RUST_TOOL.exec(tag)?.[1]
    : runtime === "php"
    ? PHP_TOOL.exec(tag)?.[1]
    : runtime === "python"
    ? PYTHON_TOOL.exec(tag)?.[1]
    : undefined;
  if (inside !== undefined) return inside;
  return TOOL_FIRST.has(image.name) ? null : versionOfTag(image);
}

/** The runtime an image brings; null for any other. */
export function runtimeOfImage(text: string): BaseImage | null {
  const image = parseImage(text);
  if (image === null) return null;
  const { repository, name } = image;
  const lastTwo = repository.split("/").slice(-2).join("/");
  const runtime = BY_NAME.get(repository) ?? BY_NAME.get(lastTwo) ??
    BY_NAME.get(repository.split("/").slice(-3).join("/")) ??
    (lastTwo === "astral-sh/uv" ? "python" : BY_NAME.get(name));
  if (runtime === undefined) return null;
  if (lastTwo === "astral-sh/uv") {
    return { runtime, version: PYTHON_TOOL.exec(image.tag ?? "")?.[1] ?? null };
  }
  return { runtime, version: versionIn(image, runtime) };
}

/** What an application is called that only its image tells of. */
export const LANGUAGES: Readonly<
  Record<Runtime, readonly [Ecosystem, Language]>
> = {
  node: ["javascript", "javascript"],
  bun: ["javascript", "typescript"],
  deno: ["javascript", "typescript"],
  python: ["python", "python"],
  go: ["go", "go"],
  rust: ["rust", "rust"],
  jvm: ["jvm", "java"],
  ruby: ["ruby", "ruby"],
  php: ["php", "php"],
  dotnet: ["dotnet", "csharp"],
  elixir: ["elixir", "elixir"],
  gleam: ["gleam", "gleam"],
  haskell: ["haskell", "haskell"],
  ocaml: ["ocaml", "ocaml"],
  zig: ["zig", "zig"],
  swift: ["swift", "swift"],
  dart: ["dart", "dart"],
  crystal: ["crystal", "crystal"],
  c: ["c", "c"],
};

const WEB_SERVERS = new Set([
  "nginx",
  "nginx-unprivileged",
  "httpd",
  "caddy",
  "static-web-server",
  "openresty",
  "lighttpd",
]);

/** True for an image that serves files: its command is no application's. */
export function isWebServer(text: string): boolean {
  const image = parseImage(text);
  return image !== null && WEB_SERVERS.has(image.name);
}
