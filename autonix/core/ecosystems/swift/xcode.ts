/**
 * Applications of Xcode: a directory with a `.xcodeproj` and Swift below it.
 *
 * They run on devices and are built on macOS alone, so they have no commands;
 * that is told.
 *
 * @module
 */
import { claim, type Draft, draftOf } from "../../draft.ts";
import { basenameOf, directoryOf } from "../../file_tree.ts";
import { fileEvidence, type Reading } from "../../reading.ts";
import { isAside, isForeign } from "../shared/asides.ts";
import { isOfDevice } from "../shared/device_shells.ts";

const PROJECT = ".xcodeproj";

function draftAt(reading: Reading, file: string): Draft | null {
  const project = directoryOf(file);
  const path = directoryOf(project);
  const source = reading.tree.below(path).find((one) => one.endsWith(".swift"));
  if (source === undefined) return null;
  const draft = draftOf({
    path,
    ecosystem: "swift",
    role: "application",
    weight: 2,
  });
  const evidence = fileEvidence(file);
  const name = basenameOf(project).slice(0, -PROJECT.length);
  claim(draft, "language", "swift", "manifest", evidence);
  claim(draft, "name", name === "" ? null : name, "manifest", evidence);
  reading.report({
    path: project,
    what: "build command",
    why: "an application of Xcode is built on macOS, for devices",
  });
  return draft;
}

/** Those that lie beside no Package.swift, each directory once. */
export function xcodeDrafts(
  reading: Reading,
  packages: ReadonlySet<string>,
): Draft[] {
  const drafts: Draft[] = [];
  const seen = new Set(packages);
  for (const file of reading.tree.named("project.pbxproj")) {
    const project = directoryOf(file);
    const path = directoryOf(project);
    if (!project.endsWith(PROJECT) || seen.has(path)) continue;
    if (isForeign(path) || isAside(path) || isOfDevice(reading, path)) continue;
    seen.add(path);
    const draft = draftAt(reading, file);
    if (draft !== null) drafts.push(draft);
  }
  return drafts;
}
