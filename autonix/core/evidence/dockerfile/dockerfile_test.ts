import assert from "node:assert/strict";
import type { Line } from "../../reading.ts";
import { runtimeOfImage } from "./base_images.ts";
import { commandOf, textOf } from "./command.ts";
import { librariesIn } from "./packages.ts";
import { lineage, pairsOf, parseDockerfile, substitute } from "./parse.ts";

function lines(text: string): Line[] {
  return text.split("\n").map((line, index) => ({
    number: index + 1,
    text: line,
  }));
}

Deno.test("parseDockerfile() puts arguments into images and joins lines", () => {
  const stages = parseDockerfile(lines(
    "ARG V=3.12\nARG X\nfrom --platform=linux/amd64 python:${V}-slim as base\n" +
      "RUN a \\\n  # why\n  b\nFROM base\nCMD c",
  ));
  assert.deepEqual(stages.map(({ image, name }) => [image, name]), [
    ["python:3.12-slim", "base"],
    ["base", "1"],
  ]);
  assert.deepEqual(stages[0]?.instructions, [
    { keyword: "RUN", text: "a  b", line: 4 },
  ]);
  const last = stages[1];
  assert.ok(last !== undefined);
  assert.equal(lineage(stages, last).length, 2);
});

Deno.test("parseDockerfile() takes a here-document for a part of its instruction", () => {
  const [stage] = parseDockerfile(lines(
    "FROM a\nRUN <<EOF\nFROM b\nCMD x\nEOF\nCMD y",
  ));
  assert.deepEqual(stage?.instructions.map(({ keyword }) => keyword), [
    "RUN",
    "CMD",
  ]);
});

Deno.test("a stage that names itself is its own only base", () => {
  const stages = parseDockerfile(lines("FROM x AS x\nFROM x AS x\nCMD a"));
  const last = stages.at(-1);
  assert.ok(last !== undefined);
  assert.equal(lineage(stages, last).length, 2);
});

Deno.test("pairs of ENV are read in both forms", () => {
  assert.deepEqual(pairsOf('A=1 B="two words" C='), [
    ["A", "1"],
    ["B", "two words"],
    ["C", ""],
  ]);
  assert.deepEqual(pairsOf("MODE two words"), [["MODE", "two words"]]);
});

Deno.test("substitute() knows defaults and forgets what is unknown", () => {
  const values = new Map([["A", "1"]]);
  assert.equal(substitute("$A-${A}-${B:-2}-${A:+x}-$C", values), "1-1-2-x-");
});

function command(text: string): string | null {
  const stages = parseDockerfile(lines(`FROM a\n${text}`));
  const last = stages.at(-1);
  const found = last === undefined ? null : commandOf(lineage(stages, last));
  return found === null ? null : textOf(found, "/app");
}

Deno.test("commandOf() tells what is typed in the application's directory", () => {
  const cases: [string, string | null][] = [
    ['CMD ["node", "/app/server.js"]', "node server.js"],
    ["CMD npm start", "npm start"],
    [
      'CMD ["sh", "-c", "exec gunicorn app:app -b :$PORT"]',
      "gunicorn app:app -b :$PORT",
    ],
    [
      'ENTRYPOINT ["python"]\nCMD ["main.py", "two words"]',
      "python main.py 'two words'",
    ],
    ['ENTRYPOINT ["tini", "--"]\nCMD ["npm", "start"]', "npm start"],
    ['ENTRYPOINT ["./entrypoint.sh"]\nCMD ["rails", "server"]', "rails server"],
    ['ENTRYPOINT ["dumb-init", "--", "node", "a.js"]', "node a.js"],
    ['CMD ["broken", ', null],
    ["EXPOSE 80", null],
  ];
  for (const [text, expected] of cases) {
    assert.equal(command(text), expected, text);
  }
});

Deno.test("base images tell the runtime and its version", () => {
  const cases: [string, string | undefined, string | null | undefined][] = [
    ["node:20.11-alpine", "node", "20.11"],
    ["node:lts", "node", null],
    ["python:3.12.3-slim-bookworm", "python", "3.12.3"],
    ["ghcr.io/astral-sh/uv:0.4-python3.12-bookworm", "python", "3.12"],
    [
      "mcr.microsoft.com/devcontainers/python:1-3.12-bookworm",
      "python",
      "3.12",
    ],
    ["maven:3.9-eclipse-temurin-21", "jvm", "21"],
    ["eclipse-temurin:17-jre", "jvm", "17"],
    ["openjdk:11-jdk-slim", "jvm", "11"],
    ["mcr.microsoft.com/dotnet/aspnet:8.0", "dotnet", "8.0"],
    ["php:8.3-fpm", "php", "8.3"],
    ["oven/bun:1.1", "bun", "1.1"],
    ["lukemathwalker/cargo-chef:latest-rust-1.77", "rust", "1.77"],
    ["alpine:3.19", undefined, undefined],
    ["scratch", undefined, undefined],
  ];
  for (const [image, runtime, version] of cases) {
    const found = runtimeOfImage(image);
    assert.deepEqual(
      [found?.runtime, found?.version],
      [runtime, version],
      image,
    );
  }
});

Deno.test("librariesIn() tells libraries, not what only builds or fetches", () => {
  assert.deepEqual(
    librariesIn(
      "apt-get update && apt-get install -y --no-install-recommends git curl " +
        "build-essential libpq-dev=15.6-0 imagemagick xz-utils && rm -rf /var",
    ),
    ["postgresql", "imagemagick"],
  );
  assert.deepEqual(librariesIn("apk add --no-cache vips-dev ffmpeg"), [
    "vips",
    "ffmpeg",
  ]);
  assert.deepEqual(librariesIn("pip install ffmpeg"), []);
  assert.deepEqual(
    librariesIn(
      "docker-php-ext-install -j4 pdo_pgsql bcmath && pecl install imagick-3.7.0",
    ),
    ["postgresql", "imagemagick"],
  );
});
