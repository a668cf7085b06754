/**
 * Static sites: pages that a server only has to hand out, as they are or as
 * hugo, zola or mdbook make them (`generators.ts`).
 *
 * Pages without a manifest weigh little: beside any application they are part
 * of it. Where they lie: a Staticfile says it, else where an index.html is.
 *
 * @module
 */
import type { Source } from "../../claims.ts";
import type { EcosystemDetector } from "../../detector.ts";
import { claim, type Draft, draftOf } from "../../draft.ts";
import {
  basenameOf,
  directoryOf,
  joinPath,
  withoutEndSlashes,
} from "../../file_tree.ts";
import { at, type Node, textOf } from "../../formats/node.ts";
import { fileEvidence, nodeEvidence, type Reading } from "../../reading.ts";
import { isAside, isForeign, withoutAsides } from "../shared/asides.ts";
import { claimPins, PIN_FILES } from "../shared/pins.ts";
import { shellWord } from "../../shell_word.ts";
import {
  type Generator,
  GENERATORS,
  outputOf,
  readConfiguration,
} from "./generators.ts";
import { tellGeneratorVersion } from "./versions.ts";

/** Where pages are handed out, unless something else says so. */
const PORT = 8080;
/** Directories that hold the pages of the one they lie in. */
const PAGES = [
  "public",
  "site",
  "www",
  "html",
  "htdocs",
  "public_html",
  "web",
  "static",
  "dist",
  "src",
  "docs",
];
/** Pages of tools, of other languages' templates, of reports. */
const NO_SITE =
  /(?:^|\/)(?:templates?|views|layouts|_layouts|_includes|themes|coverage|htmlcov|javadoc|apidoc|reports?|emails?|partials|storybook-static|resources|assets)(?:\/|$)/i;

/** A server of files that is in nixpkgs and needs no configuration. */
function serve(directory: string): string {
  return `caddy file-server --listen :${PORT} --root ${shellWord(directory)}`;
}

/** A draft of pages, which the file says that they are. */
function draftOfPages(
  path: string,
  of: { weight: Draft["weight"]; file: string; source?: Source },
): Draft {
  const { weight, file, source = "manifest" } = of;
  const draft = draftOf({
    path,
    ecosystem: "static",
    role: "application",
    weight,
  });
  claim(draft, "language", "static", source, fileEvidence(file));
  return draft;
}

function claimServing(
  draft: Draft,
  directory: string,
  evidence: Parameters<typeof claim>[4],
): void {
  claim(draft, "start", serve(directory), "convention", evidence);
  claim(draft, "port", PORT, "convention", evidence);
}

/** `root: site` of a Staticfile, which is YAML. */
function staticfileDrafts(reading: Reading): Draft[] {
  return reading.tree.named("Staticfile").filter((file) =>
    !isForeign(directoryOf(file))
  ).map((file) => {
    const directory = directoryOf(file);
    const root = at(reading.yaml(file), "root");
    const named = textOf(root);
    const isInside = named !== null && joinPath(directory, named) !== null;
    const usual = PAGES.find((name) =>
      reading.tree.has(joinPath(directory, `${name}/index.html`) ?? "")
    );
    const hasOwn = reading.tree.has(joinPath(directory, "index.html") ?? "");
    const draft = draftOfPages(directory, { weight: 2, file });
    claimServing(
      draft,
      isInside ? named : hasOwn ? "." : usual ?? ".",
      isInside && root !== null ? nodeEvidence(file, root) : fileEvidence(file),
    );
    return draft;
  });
}

/** Configuration of hosts that hand pages out, and where in it their directory stands. */
const HOSTED: readonly (readonly [string, readonly string[]])[] = [
  ["firebase.json", ["hosting", "public"]],
  ["static.json", ["root"]],
];

/** Pages that a host is told of, as they lie there: what a build makes of a package is the package's. */
function hostedDrafts(reading: Reading): Draft[] {
  const { tree } = reading;
  return HOSTED.flatMap(([name, keys]) =>
    tree.named(name).flatMap((file) => {
      const directory = directoryOf(file);
      if (isForeign(directory) || isAside(directory)) return [];
      if (tree.has(joinPath(directory, "package.json") ?? "")) return [];
      const root = at(reading.json(file), ...keys);
      const pages = withoutEndSlashes(textOf(root) ?? "");
      const index = joinPath(directory, `${pages}/index.html`);
      if (root === null || index === null || !tree.has(index)) return [];
      const draft = draftOfPages(directory, { weight: 2, file });
      claimServing(draft, pages, nodeEvidence(file, root));
      return [draft];
    })
  );
}

/** What a site is made of. */
const FOLDERS = ["content", "archetypes", "layouts", "templates", "themes"];

interface Site {
  generator: Generator;
  directory: string;
  file: string;
  root: Node | null;
}

function findSites(reading: Reading): Site[] {
  const { tree } = reading;
  const found = new Map<string, Site>();
  for (const generator of GENERATORS) {
    for (const name of generator.files) {
      for (const file of tree.named(basenameOf(name))) {
        if (file !== name && !file.endsWith(`/${name}`)) continue;
        const directory = file === name ? "." : file.slice(0, -name.length - 1);
        if (
          found.has(directory) || isForeign(directory) ||
          NO_SITE.test(directory)
        ) continue;
        // A folder of configuration is not the site.
        if (!name.includes("/") && /(?:^|\/)_default$/.test(directory)) {
          continue;
        }
        // Anybody has a config.yml: it is not even parsed where nothing looks like a site.
        const isUsual = !/(?:^|\/)config\.\w{3,4}$/.test(file) ||
          FOLDERS.some((folder) =>
            tree.hasDirectory(joinPath(directory, folder) ?? "")
          );
        if (!isUsual) continue;
        const root = readConfiguration(reading, file);
        if (generator.isOwn({ tree, directory, file, root })) {
          found.set(directory, { generator, directory, file, root });
        }
      }
    }
  }
  return [...found.values()];
}

function draftOfSite(
  reading: Reading,
  { generator, directory, file, root }: Site,
): Draft {
  const weight = isAside(directory) ? 1 : 3;
  const draft = draftOfPages(directory, { weight, file });
  const evidence = fileEvidence(file);
  claim(draft, "framework", generator.name, "manifest", evidence);
  claimPins(draft, reading, { files: [], tools: generator.words });
  tellGeneratorVersion(reading, draft, generator.name);
  claim(draft, "build", generator.build, "framework", evidence);
  claim(
    draft,
    "start",
    serve(outputOf(generator, root)),
    "framework",
    evidence,
  );
  claim(draft, "port", PORT, "convention", evidence);
  return draft;
}

/** The directory that an index.html makes a site, and where in it the pages lie. */
function placeOf(
  reading: Reading,
  page: string,
): { directory: string; pages: string } {
  const pages = directoryOf(page);
  const above = directoryOf(pages);
  // An image of its own makes it a site of its own: `www/` beside `status/`.
  const isOwn = reading.tree.hasIn(pages, "Dockerfile");
  return pages !== "." && !isOwn &&
      PAGES.includes(basenameOf(pages).toLowerCase())
    ? { directory: above, pages: basenameOf(pages) }
    : { directory: pages, pages: "." };
}

/** How deep sites of a repository of several lie. */
const MAX_DEPTH = 4;
/** More pages with a directory of their own are what a generator made. */
const MAX_SITES = 100;

function pageDrafts(reading: Reading): Draft[] {
  const found = new Map<string, { pages: string; file: string }>();
  const all = reading.tree.named("index.html").filter((file) =>
    !isForeign(directoryOf(file)) && !NO_SITE.test(directoryOf(file)) &&
    file.split("/").length <= MAX_DEPTH
  );
  const candidates = withoutAsides(
    all,
    (file) => directoryOf(file) === "docs" ? "." : directoryOf(file),
  );
  // The nearest to the root first: pages below a site are pages of it.
  const byDepth = candidates.toSorted((a, b) =>
    a.split("/").length - b.split("/").length
  );
  for (const file of byDepth) {
    const { directory, pages } = placeOf(reading, file);
    const isPart = [...found.keys()].some((other) =>
      other === directory || other === "." || directory.startsWith(`${other}/`)
    );
    if (!isPart) found.set(directory, { pages, file });
    if (found.size >= MAX_SITES) break;
  }
  return [...found].map(([directory, { pages, file }]) => {
    const draft = draftOfPages(directory, {
      weight: 1,
      file,
      source: "source",
    });
    claimServing(draft, pages, fileEvidence(file));
    return draft;
  });
}

export const staticSites: EcosystemDetector = {
  ecosystem: "static",
  reads: {
    manifests: [
      "Staticfile",
      "netlify.toml",
      ".github/workflows/*.yml",
      ".github/workflows/*.yaml",
      ...HOSTED.map(([name]) => name),
      ...new Set(GENERATORS.flatMap(({ files }) => files)),
      ...PIN_FILES,
    ],
  },
  detect(reading) {
    const sites = findSites(reading);
    const firm = withoutAsides(sites, ({ directory }) => directory)
      .map((site) => draftOfSite(reading, site));
    const told = [
      ...staticfileDrafts(reading),
      ...hostedDrafts(reading),
      ...firm,
    ];
    const paths = new Set(told.map(({ path }) => path));
    const within = (path: string) =>
      [...paths].some((other) =>
        other === "." || path === other || path.startsWith(`${other}/`)
      );
    return [
      ...told,
      ...pageDrafts(reading).filter(({ path }) => !within(path)),
    ];
  },
};
