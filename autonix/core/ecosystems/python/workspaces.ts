/**
 * Workspaces of uv: a root whose `tool.uv.workspace` names directories that
 * share its lockfile.
 *
 * @module
 */
import { directoryOf, withoutEndSlashes } from "../../file_tree.ts";
import { at, itemsOf, type Node, textOf } from "../../formats/node.ts";
import { relativeTo } from "../shared/owners.ts";
import type { Manifests } from "./project.ts";

/** A workspace names a few directories. */
const MAX_PATTERNS = 500;

/** True when a path fits a pattern of directories: `packages/*`, `apps/**`, `libs/a?`. */
export function fitsPattern(path: string, pattern: string): boolean {
  const parts = path.split("/");
  const wanted = withoutEndSlashes(pattern.replace(/^\.\//, "")).split("/");
  // Rows of a table instead of a search that tries every way.
  let reached = new Set([0]);
  for (const want of wanted) {
    const next = new Set<number>();
    for (const at of reached) {
      if (want === "**") {
        for (let to = at; to <= parts.length; to++) next.add(to);
      } else if (at < parts.length && fitsName(parts[at] ?? "", want)) {
        next.add(at + 1);
      }
    }
    reached = next;
  }
  return reached.has(parts.length);
}

/** One name against one pattern: stars and question marks, the greedy way, without a regexp. */
function fitsName(name: string, pattern: string): boolean {
  let at = 0;
  let want = 0;
  let star = -1;
  let retry = 0;
  while (at < name.length) {
    if (
      want < pattern.length &&
      (pattern[want] === "?" || pattern[want] === name[at]) &&
      pattern[want] !== "*"
    ) {
      at += 1;
      want += 1;
    } else if (pattern[want] === "*") {
      star = want;
      want += 1;
      retry = at;
    } else if (star >= 0) {
      want = star + 1;
      retry += 1;
      at = retry;
    } else return false;
  }
  while (pattern[want] === "*") want += 1;
  return want === pattern.length;
}

function patternsOf(node: Node | null): string[] {
  return itemsOf(node).slice(0, MAX_PATTERNS).flatMap((item) =>
    textOf(item)?.slice(0, 300) ?? []
  );
}

function isMember(relative: string, workspace: Node): boolean {
  const fits = (pattern: string) => fitsPattern(relative, pattern);
  return patternsOf(at(workspace, "members")).some(fits) &&
    !patternsOf(at(workspace, "exclude")).some(fits);
}

/** The directory above whose workspace this one is in. */
export function workspaceRootOf(manifests: Manifests): string | null {
  const { path, reading } = manifests;
  for (let here = path; here !== ".";) {
    here = directoryOf(here);
    const file = reading.tree.first(here, ["pyproject.toml"]);
    const workspace = file === null
      ? null
      : at(reading.toml(file), "tool", "uv", "workspace");
    if (workspace === null) continue;
    const relative = relativeTo(here, path);
    return isMember(relative, workspace) ? here : null;
  }
  return null;
}
