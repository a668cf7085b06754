/**
 * How frameworks are built and started where that depends on configuration.
 *
 * A static build is started by serving its directory (`npx serve`): it has no
 * server of its own, and previews of bundlers are not meant to face users. A
 * server that would bind to this machine only is told to bind to all.
 *
 * @module
 */
import type { Evidence } from "../../../../roles/model/analysis.ts";
import { at, entriesOf, type Node, textOf } from "../../formats/node.ts";
import { nodeEvidence } from "../../reading.ts";
import {
  configIn,
  type ConfigText,
  literalIn,
  literalOf,
  portIn,
} from "./config_text.ts";
import type { Framework } from "./framework_table.ts";
import { executeOf, fetchAndExecuteOf } from "./package_manager.ts";
import { dependsOn, fileOf, hasFile, type Project } from "./project.ts";
import { shellWord } from "../../shell_word.ts";

export interface Plan {
  build: string | null;
  start: string | null;
  port: { value: number; evidence: Evidence | null } | null;
  /** What says how it is started, where that is configuration. */
  evidence: Evidence | null;
  /** Why there is no start. */
  why?: string;
}

/** `serve` listens on 3000 unless told otherwise. */
const SERVE_PORT = 3000;

/** Serves a directory; with `port`, on that one. */
export function serveOf(
  project: Project,
  output: string,
  of: { isSinglePage: boolean; port?: Plan["port"] },
): Pick<Plan, "start" | "port"> {
  const port = of.port ?? null;
  const command = [
    "serve",
    ...of.isSinglePage ? ["-s"] : [],
    ...port === null ? [] : ["-l", String(port.value)],
    shellWord(output),
  ].join(" ");
  return {
    start: dependsOn(project, "serve")
      ? executeOf(project.manager, command)
      : fetchAndExecuteOf(project.manager, command),
    port: port ?? { value: SERVE_PORT, evidence: null },
  };
}

function runIn(project: Project, command: string): string {
  return command.startsWith("node ")
    ? command
    : executeOf(project.manager, command);
}

/** What the table says. */
function usualPlan(project: Project, framework: Framework): Plan {
  const build = framework.build === undefined
    ? null
    : runIn(project, framework.build);
  if (framework.output !== undefined) {
    const served = serveOf(project, framework.output, {
      isSinglePage: framework.isSinglePage ?? false,
    });
    return { build, ...served, evidence: null };
  }
  return {
    build,
    start: framework.start === undefined
      ? null
      : runIn(project, framework.start),
    port: framework.port === undefined
      ? null
      : { value: framework.port, evidence: null },
    evidence: null,
  };
}

function evidenceOf(config: ConfigText | null): Evidence | null {
  return config === null ? null : { file: config.path, line: null };
}

function planNext(project: Project, framework: Framework): Plan {
  const usual = usualPlan(project, framework);
  const config = configIn(project.reading, project.directory, ["next.config"]);
  const output = config === null ? null : literalOf(config, "output");
  if (output?.value === "export") {
    const served = serveOf(project, "out", { isSinglePage: false });
    return { ...usual, ...served, evidence: output.evidence };
  }
  return output?.value === "standalone"
    ? {
      ...usual,
      start: "node .next/standalone/server.js",
      evidence: output.evidence,
    }
    : usual;
}

/** True for a script that builds by this command. */
function buildsBy(project: Project, pattern: RegExp): boolean {
  const script = project.manifest.scripts.get("build")?.value ?? "";
  return pattern.test(script.slice(0, 2_000));
}

function planNuxt(project: Project, framework: Framework): Plan {
  const usual = usualPlan(project, framework);
  const version = project.manifest.dependencies
    .find(({ name }) => name === "nuxt" || name === "nuxt-edge")?.version ?? "";
  if (buildsBy(project, /\bgenerate\b/)) {
    const output = /^[\^~]?2\b/.test(version) ? "dist" : ".output/public";
    return { ...usual, ...serveOf(project, output, { isSinglePage: false }) };
  }
  return /^[\^~]?2\b/.test(version)
    ? { ...usual, start: executeOf(project.manager, "nuxt start") }
    : usual;
}

function planRemix(project: Project, framework: Framework): Plan {
  const isVite = configIn(project.reading, project.directory, [
    "vite.config",
  ]) !== null;
  const serve = isVite
    ? "remix-serve ./build/server/index.js"
    : "remix-serve ./build/index.js";
  return {
    ...usualPlan(project, framework),
    build: executeOf(
      project.manager,
      isVite ? "remix vite:build" : "remix build",
    ),
    start: dependsOn(project, "@remix-run/serve")
      ? executeOf(project.manager, serve)
      : null,
  };
}

function planReactRouter(project: Project, framework: Framework): Plan {
  const usual = usualPlan(project, framework);
  const config = configIn(project.reading, project.directory, [
    "react-router.config",
  ]);
  if (config !== null && /\bssr\s{0,3}:\s{0,3}false\b/.test(config.text)) {
    const served = serveOf(project, "build/client", { isSinglePage: true });
    return { ...usual, ...served, evidence: evidenceOf(config) };
  }
  return {
    ...usual,
    start: dependsOn(project, "@react-router/serve")
      ? executeOf(project.manager, "react-router-serve ./build/server/index.js")
      : null,
  };
}

function planSvelteKit(project: Project, framework: Framework): Plan {
  const usual = usualPlan(project, framework);
  const config = configIn(project.reading, project.directory, [
    "svelte.config",
  ]);
  const out = config === null ? null : literalOf(config, "out");
  if (dependsOn(project, "@sveltejs/adapter-static")) {
    const pages = config === null ? null : literalOf(config, "pages");
    const isSinglePage = config !== null &&
      /\bfallback\s{0,3}:/.test(config.text);
    const served = serveOf(project, pages?.value ?? "build", { isSinglePage });
    return { ...usual, ...served, evidence: evidenceOf(config) };
  }
  if (dependsOn(project, "@sveltejs/adapter-node")) {
    return {
      ...usual,
      start: `node ${shellWord(out?.value ?? "build")}`,
      evidence: evidenceOf(config),
    };
  }
  return {
    ...usual,
    start: null,
    port: null,
    why: "its adapter is for a platform; @sveltejs/adapter-node makes a server",
  };
}

function planAstro(project: Project, framework: Framework): Plan {
  const config = configIn(project.reading, project.directory, [
    "astro.config",
  ]);
  const told = config === null ? null : portIn(config, "server");
  const usual = usualPlan(project, framework);
  const out = config === null ? null : literalOf(config, "outDir");
  const output = out?.value.replace(/^\.\//, "").replace(/\/$/, "") ?? "dist";
  const isServer = config !== null &&
    /\boutput\s{0,3}:\s{0,3}["'](?:server|hybrid)["']|\badapter\s{0,3}:/.test(
      config.text,
    );
  if (!isServer) {
    const served = serveOf(project, output, {
      isSinglePage: false,
      port: told,
    });
    return { ...usual, ...served, evidence: out?.evidence ?? null };
  }
  if (!dependsOn(project, "@astrojs/node")) {
    return {
      ...usual,
      start: null,
      port: null,
      why: "its adapter is for a platform; @astrojs/node makes a server",
    };
  }
  return {
    ...usual,
    start: `HOST=0.0.0.0 node ./${shellWord(output)}/server/entry.mjs`,
    port: told ?? { value: 4321, evidence: null },
    evidence: evidenceOf(config),
  };
}

function planRsbuild(project: Project, framework: Framework): Plan {
  const usual = usualPlan(project, framework);
  const config = configIn(project.reading, project.directory, [
    "rsbuild.config",
  ]);
  if (config === null) return usual;
  const out = literalIn(config, "distPath", "root");
  const output = out?.value.replace(/^\.\//, "").replace(/\/$/, "") ?? "dist";
  const port = portIn(config, "server");
  const served = serveOf(project, output, { isSinglePage: true, port });
  return { ...usual, ...served, evidence: out?.evidence ?? null };
}

function planVite(project: Project, framework: Framework): Plan {
  const config = configIn(project.reading, project.directory, ["vite.config"]);
  const usual = usualPlan(project, framework);
  if (config === null) return usual;
  const out = literalIn(config, "build", "outDir");
  const output = out?.value.replace(/^\.\//, "").replace(/\/$/, "") ?? "dist";
  // Whoever names a port for development means the application.
  const port = portIn(config, "preview") ?? portIn(config, "server");
  const served = serveOf(project, output, { isSinglePage: true, port });
  return { ...usual, ...served, evidence: out?.evidence ?? null };
}

/** The project of angular.json that is built unless another is named. */
function angularProject(root: Node | null): readonly [string, Node] | null {
  const projects = entriesOf(at(root, "projects"));
  const standard = textOf(at(root, "defaultProject"));
  return projects.find(([name]) => name === standard) ??
    projects.find(([, one]) =>
      textOf(at(one, "projectType")) === "application"
    ) ?? projects[0] ?? null;
}

function planAngular(project: Project, framework: Framework): Plan {
  const usual = usualPlan(project, framework);
  const path = fileOf(project, "angular.json");
  const found = path === null
    ? null
    : angularProject(project.reading.json(path));
  if (path === null || found === null) return usual;
  const [name, node] = found;
  return { ...usual, ...angularPlan(project, { name, node, path, up: "" }) };
}

/** How a project of angular.json is started; `up` leads to where that lies. */
export function angularPlan(
  project: Project,
  of: { name: string; node: Node; path: string; up: string },
): Pick<Plan, "start" | "port" | "evidence"> {
  const { name, node, path, up } = of;
  const build = at(node, "architect", "build") ?? at(node, "targets", "build");
  const options = at(build, "options");
  const told = textOf(at(options, "outputPath")) ??
    textOf(at(options, "outputPath", "base")) ?? `dist/${name}`;
  const isApplication =
    textOf(at(build, "builder"))?.endsWith(":application") ?? false;
  const evidence = nodeEvidence(path, options ?? node);
  const ssr = at(options, "ssr") ?? at(options, "server");
  if (isApplication && ssr !== null && ssr.value !== false) {
    return {
      start: `node ${shellWord(`${up}${told}/server/server.mjs`)}`,
      port: { value: 4000, evidence: null },
      evidence,
    };
  }
  const output = `${up}${told}${isApplication ? "/browser" : ""}`;
  return { ...serveOf(project, output, { isSinglePage: true }), evidence };
}

/** Pages may lie below docs/: `vitepress build docs`. */
function planPages(project: Project, framework: Framework): Plan {
  const usual = usualPlan(project, framework);
  const program = framework.bin ?? framework.name;
  for (const { value } of project.manifest.scripts.values()) {
    const folder = new RegExp(`\\b${program} build\\s{1,3}([\\w./-]{1,100})`)
      .exec(value.slice(0, 2_000))?.[1];
    if (folder === undefined || folder.startsWith("-")) continue;
    const output = `${folder.replace(/\/$/, "")}/${framework.output}`;
    return { ...usual, ...serveOf(project, output, { isSinglePage: false }) };
  }
  return usual;
}

/** Express adapter of qwik: its build leaves a server. */
function planQwik(project: Project, framework: Framework): Plan {
  const usual = usualPlan(project, framework);
  return hasFile(project, "src/entry.express.tsx")
    ? { ...usual, start: "node server/entry.express" }
    : {
      ...usual,
      start: null,
      port: null,
      why: "its adapter is for a platform; that for Express makes a server",
    };
}

const PLANS: ReadonlyMap<
  string,
  (project: Project, framework: Framework) => Plan
> = new Map([
  ["next", planNext],
  ["nuxt", planNuxt],
  ["@remix-run/react", planRemix],
  ["react-router", planReactRouter],
  ["@sveltejs/kit", planSvelteKit],
  ["@builder.io/qwik-city", planQwik],
  ["astro", planAstro],
  ["vite", planVite],
  ["@rsbuild/core", planRsbuild],
  ["@angular/core", planAngular],
  ["vitepress", planPages],
  ["vuepress", planPages],
]);

/** How an application of this framework is built and started. */
export function planOf(project: Project, framework: Framework): Plan {
  return (PLANS.get(framework.name) ?? usualPlan)(project, framework);
}
