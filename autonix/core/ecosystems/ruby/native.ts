/**
 * Libraries that gems need.
 *
 * @module
 */
import { claim } from "../../draft.ts";
import { claimNative } from "../shared/project.ts";
import { NATIVE, NATIVE_FROM_SOURCE } from "./frameworks.ts";
import type { Project } from "./project.ts";

/** Line of a gem in a lockfile's list: `    nokogiri (1.16.5-x86_64-linux)`. */
const LOCKED = /^ {4}([\w.-]{1,100}) \(([^)]{1,60})\)/;

/** Gems of a lockfile that are only there to be compiled. */
function fromSource(project: Project): Set<string> {
  const plain = new Set<string>();
  const precompiled = new Set<string>();
  if (project.lock === null) return plain;
  for (const { text } of project.reading.lines(project.lock)) {
    const [, name, version] = LOCKED.exec(text.slice(0, 200)) ?? [];
    if (name === undefined || !NATIVE_FROM_SOURCE.has(name)) continue;
    if (/-.*linux/.test(version ?? "")) precompiled.add(name);
    else plain.add(name);
  }
  return new Set([...plain].filter((name) => !precompiled.has(name)));
}

export function claimLibraries(project: Project): void {
  claimNative(project.draft, NATIVE);
  const compiled = fromSource(project);
  for (const { name, isDev, evidence } of project.draft.dependencies) {
    if (isDev || !compiled.has(name)) continue;
    for (const library of NATIVE_FROM_SOURCE.get(name) ?? []) {
      claim(project.draft, "nativeLibrary", library, "manifest", evidence);
    }
  }
}
