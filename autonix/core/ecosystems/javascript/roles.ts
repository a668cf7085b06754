/**
 * What a package is to its repository, and how much speaks for JavaScript where
 * another ecosystem claims the same directory.
 *
 * @module
 */
import type { Draft } from "../../draft.ts";
import { isAside, isConfiguration } from "./asides.ts";
import type { Running } from "./commands.ts";
import { isImported } from "./entry.ts";
import type { Told } from "./frameworks.ts";
import { fieldOf, hasField } from "./manifest.ts";
import { dependsOn, hasFile, type Project } from "./project.ts";
import { isDelegating, isDevelopment, startsContainers } from "./scripts.ts";
import { relativeTo } from "../shared/owners.ts";

/** They build assets for a server in another language, which is what the directory is. */
const ASSETS: readonly string[] = [
  "laravel-vite-plugin",
  "laravel-mix",
  "vite-plugin-ruby",
  "vite-plugin-symfony",
  "@symfony/webpack-encore",
  "@symfony/stimulus-bridge",
  "@hotwired/turbo-rails",
  "@rails/webpacker",
  "@rails/ujs",
  "@rails/activestorage",
  "@rails/actioncable",
  "shakapacker",
  "hanami-assets",
  "@wordpress/scripts",
  "@roots/bud",
  "phoenix",
  "phoenix_live_view",
];
/** What only a package for others writes in its manifest. */
const FOR_OTHERS = [
  "exports",
  "types",
  "typings",
  "files",
  "publishConfig",
  "bin",
];
/** What templates of applications write too. */
const MAYBE_FOR_OTHERS = ["module", "peerDependencies"];

/** True for a package whose files end up in pages that another language serves. */
export function isForAssets(project: Project): boolean {
  return ASSETS.some((name) => dependsOn(project, name));
}

function isPrivate(project: Project): boolean {
  const node = project.manifest.root?.value;
  return node instanceof Map && node.get("private")?.value === true;
}

/** What package managers run by themselves. */
const LIFE_CYCLE =
  /^(?:pre|post)?(?:install|pack|publish|publishOnly|prepare)$/;

/** `npm init` asks for a name, a version and an entry; who publishes says where the sources are, too. */
function isPublished(project: Project): boolean {
  return !isPrivate(project) &&
    fieldOf(project.manifest, "version") !== null &&
    hasField(project.manifest, "repository");
}

/**
 * True for a package that only its manifest's `main` or an `index.js` would
 * start, and that others use: nothing in it is a server.
 */
export function isLibrary(
  project: Project,
  of: { running: Running; isServing: boolean; frameworks: readonly Told[] },
): boolean {
  const { start, lead, entry } = of.running;
  if (start?.source === "manifest") return false;
  const has = (key: string) => hasField(project.manifest, key);
  const isOnlyShown = lead === null || lead.told.dependency.isDev;
  // What is published may listen, or have pages, too: for whoever develops with it.
  if (!isPrivate(project) && FOR_OTHERS.some(has) && isOnlyShown) return true;
  if (lead !== null) return false;
  // In a workspace what nobody starts is used by the others, whatever port it names.
  if (project.workspace !== null && start === null) return true;
  if (of.isServing) return false;
  if (of.frameworks.some(({ framework }) => framework.kind === "library")) {
    return false;
  }
  if (FOR_OTHERS.some(has) || MAYBE_FOR_OTHERS.some(has)) return true;
  // In a workspace what nobody starts is used by the others.
  if (project.workspace !== null) return true;
  // Who publishes an application has a script for it.
  const isOnlyInstalled = [...project.manifest.scripts.keys()].every((name) =>
    LIFE_CYCLE.test(name)
  );
  if (isPublished(project) && isOnlyInstalled) return true;
  const isOfOthers = isPublished(project) || project.directory !== ".";
  if (entry !== null && isOfOthers && isImported(project, entry.file)) {
    return true;
  }
  return entry === null && !isPrivate(project) &&
    fieldOf(project.manifest, "main") !== null &&
    fieldOf(project.manifest, "version") !== null &&
    project.manifest.dependencies.length > 0 && project.sources.length > 0;
}

/** Something of its own beside its tools: a root that lists what all members need is none the more an application. */
function hasOwnCode(project: Project): boolean {
  return project.sources.some((path) => {
    const relative = relativeTo(project.directory, path);
    return relative.includes("/")
      ? /^(?:src|app|pages|server|routes)\//.test(relative)
      : !isConfiguration(relative);
  });
}

/** True for a package that holds others together and nothing else. */
function isRoot(project: Project, running: Running, isHolding: boolean) {
  if (running.start?.source === "manifest") return false;
  if (isHolding) {
    return !hasOwnCode(project) || hasFile(project, "nx.json") ||
      running.lead === null && running.start === null;
  }
  if (project.below.length === 0 || running.start !== null) return false;
  return [...project.manifest.scripts.values()].some(({ value }) =>
    isDelegating(value) || startsContainers(value)
  );
}

/** Sets role and weight. */
export function decideRole(
  project: Project,
  of: {
    running: Running;
    frameworks: readonly Told[];
    /** Something in its sources listens. */
    isServing: boolean;
    /** It is the root of a workspace with members. */
    isHolding: boolean;
  },
): void {
  const { draft, directory } = project;
  const { running, isHolding } = of;
  const set = (role: Draft["role"], weight: Draft["weight"]) => {
    draft.role = role;
    draft.weight = isAside(directory, project.workspace !== null) ? 1 : weight;
  };
  if (isForAssets(project)) {
    set("application", 1);
  } else if (isRoot(project, running, isHolding)) {
    set("root", 2);
  } else if (isLibrary(project, of)) {
    set("library", 2);
  } else if (running.start?.isPages === true) {
    // A page beside anything else is part of it.
    set("application", 1);
  } else if (running.start !== null || running.lead !== null) {
    // Pages alone yield to the server beside them that shows them.
    const isPages = running.lead?.told.framework.kind === "static" &&
      (running.start?.source === "framework" ||
        isDevelopment(running.start?.text ?? ""));
    set("application", isPages ? 2 : 3);
  } else {
    // Tools of a repository (formatters, bundlers, hooks) need a manifest and nothing to run.
    set("application", running.entry === null ? 1 : 2);
  }
}
