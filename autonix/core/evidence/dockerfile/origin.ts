/**
 * Where an image's program comes from: the stage that built it, and whether the
 * application that the image is taken for knows the script it starts.
 *
 * @module
 */
import type { Draft } from "../../draft.ts";
import { basenameOf, joinPath } from "../../file_tree.ts";
import { at, textOf } from "../../formats/node.ts";
import type { Reading } from "../../reading.ts";
import { commandOf } from "./command.ts";
import type { Image } from "./image.ts";
import { copyOf, lineage, type Stage, stageNamed } from "./parse.ts";

/**
 * The stages that the started program was built in, where the image copies that
 * very file from another one; else null: any of them may have had a part in it.
 */
export function originOf({ stages, last }: Image): readonly Stage[] | null {
  const program = commandOf(last)?.words[0];
  if (program === undefined || !program.includes("/")) return null;
  const name = basenameOf(program);
  for (const { keyword, text } of last.flatMap((one) => one.instructions)) {
    const copy = keyword === "COPY" ? copyOf(text) : null;
    if (copy === null || copy.stage === null) continue;
    const names = [...copy.paths, copy.to].map(basenameOf);
    if (!names.includes(name)) continue;
    const stage = stageNamed(stages, copy.stage);
    if (stage !== null) return lineage(stages, stage);
  }
  return null;
}

const MANAGERS = new Set(["npm", "pnpm", "yarn", "bun"]);

/** The script of a package.json that a command runs; null when it runs none for sure. */
function scriptOf(words: readonly string[]): string | null {
  const [manager = "", verb = "", name = ""] = words;
  if (!MANAGERS.has(manager)) return null;
  if (verb === "run") return name.startsWith("-") ? null : name;
  return verb === "start" ? verb : null;
}

/** The script of the application's package.json that words run: `yarn serve`, `npm run serve`. */
export function scriptBehind(
  words: readonly string[],
  { reading, draft }: { reading: Reading; draft: Draft },
): string | null {
  const [manager = "", verb = ""] = words;
  if (!MANAGERS.has(manager)) return null;
  const path = joinPath(draft.path, "package.json");
  if (path === null || reading.tree.text(path) === null) return null;
  const name = scriptOf(words) ?? verb;
  return textOf(at(reading.json(path), "scripts", name));
}

/** True when the image starts a script that the application's package.json has not: it is another's. */
export function isForeignScript(
  { last }: Image,
  { reading, draft }: { reading: Reading; draft: Draft },
): boolean {
  const script = scriptOf(commandOf(last)?.words ?? []);
  const path = joinPath(draft.path, "package.json");
  if (script === null || script === "" || path === null) return false;
  if (reading.tree.text(path) === null) return false;
  const manifest = reading.json(path);
  return manifest !== null && at(manifest, "scripts", script) === null &&
    // `npm start` without a script runs this.
    !(script === "start" &&
      reading.tree.has(joinPath(draft.path, "server.js") ?? ""));
}
