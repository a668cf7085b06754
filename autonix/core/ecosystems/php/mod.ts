/**
 * PHP: an application is what a composer.json describes; a front controller
 * (`index.php`, `public/index.php`) is one without it.
 *
 * | file            | what                                              |
 * | --------------- | ------------------------------------------------- |
 * | `project.ts`    | a directory with its manifest opened              |
 * | `frameworks.ts` | tables: frameworks, document roots, libraries     |
 * | `start.ts`      | the ways to start, in order                       |
 * | `commands.ts`   | install, the build of assets, test                |
 * | `extensions.ts` | extensions that sources call                      |
 * | `variables.ts`  | variables and ports in sources                    |
 *
 * @module
 */
import type { EcosystemDetector } from "../../detector.ts";
import { claim, type Draft } from "../../draft.ts";
import { joinPath } from "../../file_tree.ts";
import { textOf } from "../../formats/node.ts";
import { fileEvidence, type Reading } from "../../reading.ts";
import { spareInLaravel } from "../shared/laravel_variables.ts";
import { claimPins, PIN_FILES, type Pinning } from "../shared/pins.ts";
import { relativeTo } from "../shared/owners.ts";
import { type Place, placesOf, sourcesOf } from "../shared/places.ts";
import {
  claimFound,
  claimFrameworks,
  claimManager,
  claimNative,
  claimStart,
  fileOf,
  weightOf,
} from "../shared/project.ts";
import { scanFiles } from "../shared/source_scan.ts";
import { claimBuild, claimInstall, claimTest } from "./commands.ts";
import { addExtensions, addWordpressDatabase } from "./extensions.ts";
import { FRAMEWORKS, NATIVE } from "./frameworks.ts";
import {
  FRONTS,
  manifestOf,
  openProject,
  type Project,
  said,
  saidText,
} from "./project.ts";
import { isLibrary, type Start, startOf } from "./start.ts";
import { CADDY, DEMANDED, PHP, SYMFONY } from "./variables.ts";

const PINNING: Pinning = {
  files: [".php-version"],
  tools: ["php"],
  prefix: "php-",
};

function claimIdentity(project: Project): void {
  const { draft, manifest, lock } = project;
  const evidence = manifestOf(project);
  claim(
    draft,
    "language",
    "php",
    manifest === null ? "source" : "manifest",
    evidence,
  );
  const name = saidText(project, "name");
  claimFound(draft, "name", name);
  if (name !== null) draft.provides.push(name.value);
  if (manifest === null) return;
  claimManager(draft, {
    manager: "composer",
    manifest: fileEvidence(manifest),
    lock,
  });
}

function claimVersion(project: Project): void {
  const { draft, reading } = project;
  claimPins(draft, reading, PINNING);
  const platform = saidText(project, "config", "platform", "php");
  claim(
    draft,
    "runtimeVersion",
    platform?.value ?? null,
    "pin",
    platform?.evidence ?? null,
  );
  claimFound(draft, "runtimeVersion", saidText(project, "require", "php"));
}

/** Files that only WordPress brings, or that only it takes. */
function claimWordpress(project: Project): boolean {
  const part = project.wordpress;
  if (part !== null) {
    claim(project.draft, "framework", "wordpress", "source", part.evidence);
    return true;
  }
  const file = fileOf(
    project,
    "wp-load.php",
    "wp-config-sample.php",
    "wp-config.php",
  );
  if (
    file === null ||
    fileOf(
        project,
        "wp-settings.php",
        "wp-config.php",
        "wp-config-sample.php",
      ) === null
  ) {
    return false;
  }
  claim(
    project.draft,
    "framework",
    "wordpress",
    "convention",
    fileEvidence(file),
  );
  return true;
}

/** CodeIgniter of before it came by composer: it lies in the repository. */
function claimCodeigniter(project: Project): boolean {
  const core = fileOf(project, "system/core/CodeIgniter.php");
  if (core === null) return false;
  claim(
    project.draft,
    "framework",
    "codeigniter",
    "convention",
    fileEvidence(core),
  );
  return true;
}

/** True for a path of what WordPress itself brings. */
const OF_WORDPRESS =
  /^(?:wp-admin|wp-includes|wp-content\/(?:plugins|themes))\//;

function claimSources(project: Project): void {
  const { draft, reading, sources, place } = project;
  const isCodeigniter = project.frameworks.includes("codeigniter");
  const own = sources.own.filter((file) =>
    !OF_WORDPRESS.test(relativeTo(place.path, file)) &&
    !(isCodeigniter && relativeTo(place.path, file).startsWith("system/"))
  );
  scanFiles(draft, reading, own, { syntax: PHP });
  addExtensions(draft, reading, own);
  if (project.wordpress === null) addWordpressDatabase(draft);
  const isSpare = spareInLaravel(draft, reading);
  if (isSpare !== null) {
    draft.claims = draft.claims.filter(({ field, value }) =>
      field !== "env" || typeof value !== "object" ||
      !isSpare({
        name: value.name,
        value: value.default ?? null,
        isRequired: value.required,
      })
    );
  }
  for (const one of draft.claims) {
    if (one.field !== "env" || typeof one.value !== "object") continue;
    const { name } = one.value;
    if (DEMANDED.has(name)) one.value = { name, required: true };
  }
  const caddy = fileOf(project, "Caddyfile", "frankenphp/Caddyfile");
  if (caddy !== null) {
    scanFiles(draft, reading, [caddy], { syntax: CADDY, source: "config" });
  }
  const config = joinPath(place.path, "config");
  const yaml = config === null || !project.frameworks.includes("symfony")
    ? []
    : reading.tree.below(config).filter((file) => /\.ya?ml$/.test(file));
  scanFiles(draft, reading, yaml, { syntax: SYMFONY, source: "config" });
}

/** Pages without a manifest count less the deeper they lie. */
function weightOfProject(project: Project): 1 | 2 | 3 {
  const { draft, place, manifest } = project;
  const isPage = manifest === null &&
    (fileOf(project, ...FRONTS) === null || place.path.split("/").length > 2);
  return isPage ? 1 : weightOf(draft, place);
}

function roleOf(project: Project, start: Start | null): Draft["role"] {
  if (isLibrary(project)) return "library";
  if (start !== null || project.manifest === null) return "application";
  const type = textOf(said(project, "type")?.node);
  return type === "project" || project.frameworks.length > 0
    ? "application"
    : "library";
}

function readProject(project: Project): Draft {
  const { draft, reading } = project;
  claimIdentity(project);
  claimVersion(project);
  project.frameworks = claimFrameworks(draft, FRAMEWORKS);
  if (project.frameworks.length === 0 && claimWordpress(project)) {
    project.frameworks = ["wordpress"];
  }
  if (project.frameworks.length === 0 && claimCodeigniter(project)) {
    project.frameworks = ["codeigniter"];
  }
  const start = startOf(project);
  draft.role = roleOf(project, start);
  claimStart(draft, start);
  claim(
    draft,
    "port",
    start?.port ?? null,
    start?.portSource ?? "framework",
    start?.evidence ?? null,
  );
  draft.weight = weightOfProject(project);
  claimInstall(project);
  claimBuild(project);
  claimTest(project);
  claimSources(project);
  claimNative(draft, NATIVE);
  const [framework] = project.frameworks;
  if (
    start === null && framework !== undefined && draft.role === "application"
  ) {
    reading.report({
      path: project.manifest ?? project.place.path,
      what: "start command",
      why: project.wordpress === null
        ? `${framework} is used, but nothing that serves it was found`
        : "this is a part of a WordPress that is not in the repository",
    });
  }
  return draft;
}

/** The directory whose wp-content this lies in; null for what lies in none. */
function siteOf(file: string): string | null {
  const at = `/${file}`.indexOf("/wp-content/");
  return at < 0 ? null : at === 0 ? "." : file.slice(0, at - 1);
}

/** A directory of pages without a composer.json: that of the front controller, or above `public`. */
function frontPlaces(reading: Reading): Place[] {
  // A theme's page is served by the WordPress around it, however deep it lies.
  const fronts = reading.tree.named("index.php")
    .filter((file) => file.split("/").length <= 4 || siteOf(file) !== null);
  const directories = fronts.map((file) => {
    const site = siteOf(file);
    if (site !== null) return `${site}/index.php`;
    const front = FRONTS.find((name) =>
      file === name || file.endsWith(`/${name}`)
    );
    return file.slice(0, file.length - (front ?? "index.php").length) +
      "index.php";
  });
  const places = placesOf(reading, directories).filter((place) =>
    !place.isAside
  );
  // Pages below others are of the same site.
  return places.filter(({ path }) =>
    !places.some((other) =>
      other.path !== path &&
      (other.path === "." || path.startsWith(`${other.path}/`))
    )
  );
}

function loosePlaces(reading: Reading): Place[] {
  const fronts = frontPlaces(reading);
  if (fronts.length > 0) return fronts;
  const atRoot = reading.tree.filesIn(".").filter((name) =>
    name.endsWith(".php")
  );
  return placesOf(reading, atRoot);
}

function detect(reading: Reading): Draft[] {
  const manifests = reading.tree.named("composer.json");
  const places = manifests.length > 0
    ? placesOf(reading, manifests)
    : loosePlaces(reading);
  const sources = sourcesOf(reading, places, {
    extensions: ["php"],
    isTest: /Test\.php$/,
  });
  return places.map((place) =>
    readProject(openProject(reading, place, sources(place.path)))
  );
}

export const php: EcosystemDetector = {
  ecosystem: "php",
  reads: {
    // Not composer.lock: that it is there says enough, and it has megabytes.
    manifests: [
      "composer.json",
      "package.json",
      ".php-version",
      ...PIN_FILES,
      "Caddyfile",
      "config/services.yaml",
      "packages/*.yaml",
      "config/*.php",
    ],
    sources: ["*.php"],
  },
  detect,
};
