/**
 * Folders beside their sources that frameworks write to, once started. What is
 * installed is read-only: a VM lays folders of its own over these.
 *
 * @module
 */
import type { AnalysedApplication } from "../../../roles/model/analysis.ts";

const WRITES: ReadonlyMap<string, readonly string[]> = new Map(
  Object.entries({
    rails: ["log", "storage", "tmp"],
    hanami: ["log", "tmp"],
    laravel: [
      "bootstrap/cache",
      "storage/app",
      "storage/framework/cache/data",
      "storage/framework/sessions",
      "storage/framework/views",
      "storage/logs",
    ],
    symfony: ["var"],
    next: [".next/cache"],
  }),
);

export function writableFolders(
  { frameworks }: AnalysedApplication,
): readonly string[] {
  for (const { value } of frameworks) {
    const folders = WRITES.get(value);
    if (folders !== undefined) return folders;
  }
  return [];
}
