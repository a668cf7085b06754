/**
 * What applications of one repository are to each other: members of an
 * umbrella share its configuration, and what another one is built with is
 * started with it, not by itself.
 *
 * @module
 */
import { claimsOf } from "../../claims.ts";
import { claim, type Draft } from "../../draft.ts";
import { directoryOf } from "../../file_tree.ts";
import { lineFinder } from "../../formats/node.ts";
import type { Reading } from "../../reading.ts";
import { relativeTo } from "../shared/owners.ts";
import { scanFiles } from "../shared/source_scan.ts";
import { shellWord } from "../../shell_word.ts";
import { RUN } from "./commands.ts";
import { ELIXIR_CONFIG } from "./variables.ts";

export function configOf(reading: Reading, path: string): string[] {
  return [
    "config/runtime.exs",
    "config/prod.exs",
    "config/config.exs",
    "config/releases.exs",
  ]
    .flatMap((name) => reading.tree.first(path, [name]) ?? []);
}

/** Where an umbrella keeps mix.lock and its configuration. */
export function umbrellaAbove(reading: Reading, path: string): string | null {
  const above = directoryOf(path);
  const root = path === "." ? null : directoryOf(above);
  const file = root === null ? null : reading.tree.first(root, ["mix.exs"]);
  return file !== null && reading.match(file, /\bapps_path:/) !== null
    ? root
    : null;
}

function isServing({ role, claims }: Draft): boolean {
  return role === "application" &&
    claims.some(({ field, value }) =>
      field === "framework" && value === "phoenix"
    );
}

function isStarted({ claims }: Draft): boolean {
  return claims.some(({ field }) => field === "start");
}

/** What belongs to one application of a configuration: up to the next `config`. */
const MAX_BLOCK = 1_500;
/** Nobody configures one application more often in a file. */
const MAX_BLOCKS = 200;
const PORT =
  /\bport:\s{0,8}(?:String\.to_integer\(\s{0,8})?(?:System\.get_env\(\s{0,4}"\w{1,60}"\s{0,4}\)?\s{0,8}(?:,|\|\|)\s{0,8})?"?(\d{2,5})\b/;

/** The port that the root's configuration gives an application by name: `config :shop_web, ...`. */
function claimOwnPort(reading: Reading, draft: Draft, root: string): void {
  const [app] = draft.provides;
  const dev = reading.tree.first(root, ["config/dev.exs"]);
  const files = [...configOf(reading, root), ...dev === null ? [] : [dev]];
  for (const file of app === undefined ? [] : files) {
    const text = reading.tree.text(file) ?? "";
    const block = new RegExp(`^[ \\t]{0,8}config :${app},`, "gm");
    for (const { index } of text.matchAll(block).take(MAX_BLOCKS)) {
      const rest = text.slice(index, index + MAX_BLOCK);
      const end = rest.slice(1).search(/^[ \t]{0,8}config :/m);
      const found = PORT.exec(end < 0 ? rest : rest.slice(0, end + 1));
      if (found === null) continue;
      const line = lineFinder(text)(index + found.index);
      claim(draft, "port", Number(found[1]), "config", { file, line });
      return;
    }
  }
}

/**
 * Configuration at an umbrella's root is that of its applications. Told of the
 * one that serves; of several, nobody knows whose it is. Where the root makes
 * the release, it is the root that reads it.
 */
export function shareConfiguration(
  reading: Reading,
  drafts: readonly Draft[],
): void {
  for (const root of drafts.filter(({ role }) => role === "root")) {
    const serving = drafts.filter((draft) =>
      isServing(draft) && umbrellaAbove(reading, draft.path) === root.path
    );
    const [only] = serving;
    if (only === undefined || isStarted(root)) continue;
    if (serving.length > 1) {
      for (const draft of serving) claimOwnPort(reading, draft, root.path);
      continue;
    }
    scanFiles(only, reading, configOf(reading, root.path), {
      syntax: ELIXIR_CONFIG,
      source: "config",
    });
  }
}

const PROD = "MIX_ENV=prod mix";

function becomePart(draft: Draft): void {
  draft.role = "library";
  draft.claims = draft.claims.filter(({ field, source }) =>
    field !== "start" && !(field === "port" && source === "framework")
  );
}

/** The steps that build a member's assets, from the umbrella's root. */
function assetsOf(root: Draft, member: Draft): string[] {
  return claimsOf(member.claims, "build").flatMap(({ value }) => {
    const [compile, ...assets] = value.split(" && ");
    if (compile !== "mix compile" || assets.length === 0) return [];
    const directory = shellWord(relativeTo(root.path, member.path));
    const own = assets.map((step) => step.replace(/^mix /, `${PROD} `));
    return [`(cd ${directory} && ${own.join(" && ")})`];
  });
}

/**
 * The release of an umbrella is its members: built, configured and started
 * together. That it is stands where the release is named; what a member's own
 * sources say stays with the member.
 */
function release(reading: Reading, root: Draft, drafts: readonly Draft[]) {
  const [start] = claimsOf(root.claims, "start");
  const evidence = start?.evidence ?? [];
  const steps: string[] = [];
  for (const member of drafts) {
    if (umbrellaAbove(reading, member.path) !== root.path) continue;
    root.links.push(member.path);
    for (const field of ["framework", "nativeLibrary"] as const) {
      for (const { value } of claimsOf(member.claims, field)) {
        claim(root, field, value, "manifest", evidence);
      }
    }
    for (const { value } of claimsOf(member.claims, "port")) {
      claim(root, "port", value, "convention", evidence);
    }
    steps.push(...assetsOf(root, member));
    becomePart(member);
  }
  const build = root.claims.find(({ field }) => field === "build");
  if (build !== undefined && !String(build.value).includes("assets.deploy")) {
    root.claims = root.claims.filter((one) => one !== build);
    claim(
      root,
      "build",
      [...steps, String(build.value)].join(" && "),
      build.source,
      build.evidence,
    );
  }
}

/** Takes the start from what others start. */
export function claimParts(reading: Reading, drafts: readonly Draft[]): void {
  for (const root of drafts) {
    if (root.role === "root" && isStarted(root)) {
      release(reading, root, drafts);
    }
  }
  const used = new Set(
    drafts.flatMap(({ dependencies }) =>
      dependencies.flatMap(({ name, isDev }) => isDev ? [] : name)
    ),
  );
  for (const draft of drafts) {
    const isRun = draft.claims.some(({ field, value }) =>
      field === "start" && value === RUN
    );
    if (isRun && draft.provides.some((name) => used.has(name))) {
      becomePart(draft);
    }
  }
}
