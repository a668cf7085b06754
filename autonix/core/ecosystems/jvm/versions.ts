/**
 * Which Java a project asks for.
 *
 * Files that pin it (`.java-version`, `.sdkmanrc`, `.tool-versions`, mise.toml,
 * system.properties) count for the directories below them too, the nearest
 * alone. The version of Scala, Kotlin or Clojure is a library's, none of the
 * runtime's.
 *
 * @module
 */
import { claim, type Draft } from "../../draft.ts";
import type { Found, Reading } from "../../reading.ts";
import {
  claimPins,
  lineReader,
  PIN_FILES as SHARED_PIN_FILES,
  type Pinning,
  type PinReader,
} from "../shared/pins.ts";

/** `17`, `21.0.2`, `temurin-21.0.2+13.0.LTS`, `17.0.10-tem`, `1.8`. */
const VERSION = /^(?=[^\s]{0,60}[0-9])[A-Za-z0-9][\w.+-]{0,60}$/;

function cleaned(text: string): string | null {
  const value = text.trim().replace(/^v(?=[0-9])/, "");
  return VERSION.test(value) ? value : null;
}

function line(pattern: RegExp): PinReader {
  return lineReader(cleaned, pattern);
}

const PINNING: Pinning = {
  files: [],
  tools: ["java"],
  clean: cleaned,
  others: [
    [".java-version", line(/^\s{0,8}([^#\s]{1,80})/)],
    [".sdkmanrc", line(/^\s{0,8}java\s{0,8}=\s{0,8}(\S{1,80})/)],
    [".jdk-version", line(/^\s{0,8}([^#\s]{1,80})/)],
    [
      "system.properties",
      line(/^\s{0,8}java\.runtime\.version\s{0,8}[=:]\s{0,8}(\S{1,80})/),
    ],
  ],
};

export const PIN_FILES: readonly string[] = [
  ...(PINNING.others ?? []).map(([name]) => name),
  ...SHARED_PIN_FILES,
];

export function claimVersion(
  draft: Draft,
  reading: Reading,
  told: Found | null,
): void {
  claimPins(draft, reading, PINNING);
  claim(
    draft,
    "runtimeVersion",
    told?.value ?? null,
    "manifest",
    told?.evidence ?? null,
  );
}
