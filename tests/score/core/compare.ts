/**
 * An Analysis beside what a plan states: right, wrong, missing.
 *
 * @module
 */
import type {
  AnalysedApplication,
  Analysis,
} from "../../../roles/model/analysis.ts";
import type { Stated } from "./plan.ts";
import { runsSame, type Scripts } from "./start.ts";

export const SCORED = [
  "language",
  "packageManager",
  "framework",
  "version",
  "start",
] as const;
export type Scored = (typeof SCORED)[number];
export type Verdict = "right" | "wrong" | "missing";

/** One statement and what was told instead. */
export interface Judged {
  field: Scored;
  verdict: Verdict;
  stated: string;
  told: string | null;
}

/** The application a plan is about: the root's, else the first that can be started, else the first. */
export function subjectOf(analysis: Analysis): AnalysedApplication | null {
  const all = analysis.applications;
  return all.find(({ path }) => path === ".") ??
    all.find(({ commands }) => commands.start !== null) ?? all[0] ?? null;
}

const LTS: ReadonlyMap<string, string> = new Map([
  ["argon", "4"],
  ["boron", "6"],
  ["carbon", "8"],
  ["dubnium", "10"],
  ["erbium", "12"],
  ["fermium", "14"],
  ["gallium", "16"],
  ["hydrogen", "18"],
  ["iron", "20"],
  ["jod", "22"],
  ["krypton", "24"],
]);

/** `>=18`, `>=18 <23`: whether it lets a major version in; null for what is no such range. */
function admits(told: string, major: number): boolean | null {
  const from = />=?\s*v?(\d+)/.exec(told)?.[1];
  if (from === undefined) return null;
  const to = /<(=?)\s*v?(\d+)/.exec(told);
  const end = to === null ? Infinity : Number(to[2]) + (to[1] === "=" ? 1 : 0);
  return major >= Number(from) && major < end;
}

/** True when a version as pinned asks for the stated one, as far as both go, or lets it in. */
export function meetsVersion(told: string, stated: string): boolean {
  const name = told.toLowerCase().replace(/^lts\//, "");
  const text = LTS.get(name) ?? told;
  const wanted = stated.split(".");
  if (wanted.length === 1) {
    const isIn = admits(text, Number(stated));
    if (isIn !== null) return isIn;
  }
  return [...text.matchAll(/\d+(?:\.\d+)*/g)].some(([found]) => {
    const parts = (found.startsWith("1.8") ? found.slice(2) : found).split(".");
    return wanted.every((part, index) =>
      parts[index] === undefined ? index > 0 : parts[index] === part
    );
  });
}

function judge(
  field: Scored,
  stated: string,
  told: string | null,
  isRight: boolean,
): Judged {
  const verdict = told === null ? "missing" : isRight ? "right" : "wrong";
  return { field, verdict, stated, told };
}

/** Every statement of a plan, judged. */
export function compare(
  analysis: Analysis,
  stated: Stated,
  scripts: Scripts,
): Judged[] {
  const subject = subjectOf(analysis);
  const language = subject?.language.value ?? null;
  const judged: Judged[] = [
    judge(
      "language",
      stated.languages.join(" or "),
      language,
      language !== null && stated.languages.includes(language),
    ),
  ];
  if (stated.packageManagers.length > 0) {
    const told = subject?.packageManager?.value ?? null;
    judged.push(judge(
      "packageManager",
      stated.packageManagers.join(" or "),
      told,
      told !== null && stated.packageManagers.includes(told),
    ));
  }
  for (const framework of stated.frameworks) {
    const told = subject?.frameworks.map(({ value }) => value) ?? [];
    judged.push(judge(
      "framework",
      framework,
      told.length === 0 ? null : told.join(", "),
      told.includes(framework),
    ));
  }
  if (stated.version !== null) {
    const told = subject?.runtimeVersion?.value ?? null;
    judged.push(judge(
      "version",
      stated.version,
      told,
      told !== null && meetsVersion(told, stated.version),
    ));
  }
  if (stated.start !== null) {
    const told = subject?.commands.start?.value ?? null;
    judged.push(judge(
      "start",
      stated.start,
      told,
      told !== null &&
        runsSame(told, stated.start, scripts, subject?.path),
    ));
  }
  return judged;
}
