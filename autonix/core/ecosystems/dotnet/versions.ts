/**
 * Which .NET a project asks for: the SDK that global.json pins, what tools for
 * several languages pin, else the target framework.
 *
 * @module
 */
import { claim, type Draft } from "../../draft.ts";
import { at, textOf } from "../../formats/node.ts";
import type { Found, Reading } from "../../reading.ts";
import { claimPins, type Pinning } from "../shared/pins.ts";
import { frameworkOf, type ProjectFile, versionOf } from "./project_file.ts";

const VERSION = /^[0-9][\w.*+-]{0,40}$/;
function cleaned(text: string): string | null {
  const value = text.trim().replace(/^v(?=[0-9])/, "");
  return VERSION.test(value) ? value : null;
}

function ofGlobal(reading: Reading, file: string): Found | null {
  const node = at(reading.json(file), "sdk", "version");
  const value = cleaned(textOf(node) ?? "");
  return node === null || value === null
    ? null
    : { value, evidence: { file, line: node.line } };
}

const PINNING: Pinning = {
  files: [],
  tools: ["dotnet", "dotnet-core", "dotnet-sdk"],
  clean: cleaned,
  others: [["global.json", ofGlobal]],
};

export function claimVersion(
  draft: Draft,
  reading: Reading,
  project: ProjectFile,
): void {
  claimPins(draft, reading, PINNING);
  const framework = frameworkOf(project);
  const version = framework === null ? null : versionOf(framework.value);
  claim(
    draft,
    "runtimeVersion",
    version,
    "manifest",
    framework?.evidence ?? null,
  );
}
