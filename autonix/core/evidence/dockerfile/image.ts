/**
 * A Dockerfile with what its last stage has taken over from those before.
 *
 * @module
 */
import { withoutEndSlashes } from "../../file_tree.ts";
import type { Reading } from "../../reading.ts";
import { parseImage } from "../../services/images.ts";
import { type BaseImage, runtimeOfImage } from "./base_images.ts";
import {
  lineage,
  pairsOf,
  parseDockerfile,
  type Stage,
  stagesUpTo,
  substitute,
} from "./parse.ts";

export interface Image {
  path: string;
  stages: readonly Stage[];
  /** The last stage and those it builds on. */
  last: Stage[];
}

/** The image of a file, or of one of its stages. */
export function readImage(
  reading: Reading,
  path: string,
  target: string | null,
): Image | null {
  const stages = stagesUpTo(parseDockerfile(reading.lines(path)), target);
  const last = stages.at(-1);
  return last === undefined
    ? null
    : { path, stages, last: lineage(stages, last) };
}

/** `ENV` and `ARG` of the last stage: what `$X` in it stands for. */
export function variablesOf({ last }: Image) {
  const values = new Map<string, string>();
  const env: { name: string; value: string; line: number }[] = [];
  for (const { instructions } of last.toReversed()) {
    for (const { keyword, text, line } of instructions) {
      if (keyword !== "ENV" && keyword !== "ARG") continue;
      for (const [name, raw] of pairsOf(text)) {
        const value = substitute(raw, values);
        values.set(name, value);
        if (keyword === "ENV") env.push({ name, value, line });
      }
    }
  }
  return { values, env };
}

/** Instructions of the last stage and of those it builds on, by line. */
export function instructionsOf({ last }: Image, keyword: string) {
  return last.toReversed().flatMap(({ instructions }) =>
    instructions.filter((one) => one.keyword === keyword)
  );
}

export function workdirOf(
  image: Image,
  values: ReadonlyMap<string, string>,
): string {
  let here = "/";
  for (const { text } of instructionsOf(image, "WORKDIR")) {
    const path = substitute(text, values).replace(/^["']|["']$/g, "");
    here = path.startsWith("/") ? path : `${here.replace(/\/$/, "")}/${path}`;
  }
  return withoutEndSlashes(here) || "/";
}

/** What an image puts before its command. */
export function launcherOf(
  image: Image,
  words: readonly string[],
): string | null {
  const base = parseImage(image.last.at(-1)?.image ?? "")?.name ?? "";
  const hasEntry = instructionsOf(image, "ENTRYPOINT").length > 0;
  const [program = ""] = words;
  if (!hasEntry && /^nodejs\d*-debian/.test(base)) return "node";
  if (!hasEntry && /^python3?-debian/.test(base)) return "python3";
  return /\.(?:c|m)?js$/.test(program) ? "node" : null;
}

export function baseOf(stage: Stage): BaseImage | null {
  const distroless = /distroless\/(nodejs|java|python)(\d*)-debian/.exec(
    stage.image,
  );
  if (distroless === null) return runtimeOfImage(stage.image);
  const [, name = "", version = ""] = distroless;
  const runtime = name === "nodejs"
    ? "node"
    : name === "java"
    ? "jvm"
    : "python";
  return {
    runtime,
    version: runtime === "python" || version === "" ? null : version,
  };
}
