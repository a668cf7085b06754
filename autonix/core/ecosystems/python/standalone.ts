/**
 * Programs that are given a directory, not a file: notebooks, reflex, scrapy,
 * Pyramid's pserve.
 *
 * @module
 */
import { fileOf, type Project, relativeTo } from "./project.ts";
import type { Start } from "./start.ts";

interface Standalone {
  framework: string;
  /** The file that says that it is one: a name, or an extension. */
  marker: string | { extension: string };
  command: string;
}

const STANDALONE: readonly Standalone[] = [
  {
    framework: "reflex",
    marker: "rxconfig.py",
    command: "reflex run --env prod",
  },
  {
    framework: "pyramid",
    marker: "production.ini",
    command: "pserve production.ini",
  },
  {
    framework: "pyramid",
    marker: "development.ini",
    command: "pserve development.ini",
  },
];

/** Started only where nothing else is. */
const NOTEBOOKS: readonly Standalone[] = [
  ...["jupyterlab", "jupyter"].map((framework) => ({
    framework,
    marker: { extension: "ipynb" },
    command: "jupyter lab --ip 0.0.0.0 --no-browser",
  })),
  {
    framework: "notebook",
    marker: { extension: "ipynb" },
    command: "jupyter notebook --ip 0.0.0.0 --no-browser",
  },
];

function markedBy(project: Project, { marker }: Standalone): string | null {
  if (typeof marker === "string") return fileOf(project, marker);
  const suffix = `.${marker.extension}`;
  return project.reading.tree.below(project.path)
    .find((path) => path.endsWith(suffix)) ?? null;
}

export function startStandalone(project: Project): Start | null {
  return startMarked(project, STANDALONE);
}

/** Notebooks, or the one spider. */
export function startBeside(project: Project): Start | null {
  return startMarked(project, NOTEBOOKS) ?? startSpider(project);
}

function startMarked(
  project: Project,
  table: readonly Standalone[],
): Start | null {
  for (const one of table) {
    const used = project.frameworks.find(({ framework }) =>
      framework.name === one.framework
    );
    const marker = used === undefined ? null : markedBy(project, one);
    if (used === undefined || marker === null) continue;
    const evidence = { file: marker, line: null };
    return {
      command: one.command,
      source: "framework",
      evidence: [evidence],
      port: used.framework.port === null ? null : {
        value: used.framework.port,
        source: "framework",
        evidence: used.dependency?.evidence ?? evidence,
      },
    };
  }
  return null;
}

/** The one spider of a scrapy project; of several nobody says which. */
function startSpider(project: Project): Start | null {
  if (fileOf(project, "scrapy.cfg") === null) return null;
  const spiders = project.sources
    .filter(({ path, imports }) =>
      imports.has("scrapy") && relativeTo(project, path).includes("spiders/")
    )
    .flatMap(({ path }) =>
      project.reading.match(
        path,
        /^[ \t]{1,8}name[ \t]*=[ \t]*["']([\w.-]{1,100})["']/,
      ) ?? []
    );
  const [spider] = spiders;
  if (spider === undefined || spiders.length !== 1) return null;
  return {
    command: `scrapy crawl ${spider.value}`,
    source: "framework",
    evidence: [spider.evidence],
    port: null,
  };
}
