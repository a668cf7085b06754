/**
 * The ports an application listens on.
 *
 * A script that names one decides; then what the sources listen on, and the
 * configuration of the program that is started; where nothing is said, what
 * that program does by default.
 *
 * @module
 */
import { claim } from "../../draft.ts";
import { at, itemsOf, type Node } from "../../formats/node.ts";
import { nodeEvidence } from "../../reading.ts";
import type { Start } from "./commands.ts";
import { configIn, portIn } from "./config_text.ts";
import type { Told } from "./frameworks.ts";
import type { PortMention } from "./port_scan.ts";
import { fileOf, type Project } from "./project.ts";
import { portInScript, programPort, setsPort } from "./scripts.ts";

/** Where the port of a program that is started stands in its configuration. */
const CONFIGURED: readonly {
  program: RegExp;
  stem: string;
  key: string;
}[] = [
  { program: /\bvite preview\b/, stem: "vite.config", key: "preview" },
  {
    program: /(?:^|[\s;&|])vite\b(?! build)/m,
    stem: "vite.config",
    key: "server",
  },
  { program: /\bastro\b(?! build)/, stem: "astro.config", key: "server" },
  { program: /\bnuxt?i? dev\b/, stem: "nuxt.config", key: "devServer" },
  { program: /\bnuxt start\b/, stem: "nuxt.config", key: "server" },
  { program: /\brsbuild\b(?! build)/, stem: "rsbuild.config", key: "server" },
  {
    program: /\bvue-cli-service serve\b/,
    stem: "vue.config",
    key: "devServer",
  },
  {
    program: /\bwebpack(?: serve|-dev-server)\b/,
    stem: "webpack.config",
    key: "devServer",
  },
];

/** `ng serve` reads angular.json: the port of the first project that names one. */
function angularPort(project: Project, start: Start): boolean {
  const path = fileOf(project, "angular.json");
  if (path === null || !/\bng serve\b/.test(start.text)) return false;
  const projects: Node | null = at(project.reading.json(path), "projects");
  const all = projects?.value instanceof Map
    ? [...projects.value.values()]
    : itemsOf(projects);
  for (const one of all) {
    const port = at(one, "architect", "serve", "options", "port") ??
      at(one, "targets", "serve", "options", "port");
    if (typeof port?.value !== "number") continue;
    claim(
      project.draft,
      "port",
      port.value,
      "config",
      nodeEvidence(path, port),
    );
    return true;
  }
  return false;
}

function configuredPort(project: Project, start: Start): boolean {
  for (const { program, stem, key } of CONFIGURED) {
    if (!program.test(start.text)) continue;
    const config = configIn(project.reading, project.directory, [stem]);
    const port = config === null ? null : portIn(config, key);
    if (port === null) continue;
    claim(project.draft, "port", port.value, "config", port.evidence);
    return true;
  }
  return angularPort(project, start);
}

/** A mention with the file it stands in. */
export type Listening = PortMention & { file: string };

/** Tells the ports that sources listen on; true when there is one. */
function listenedPorts(
  project: Project,
  listening: readonly Listening[],
  start: Start | null,
): boolean {
  const isSet = start !== null && setsPort(start.text);
  const said = listening.filter(({ kind }) =>
    kind === "fixed" || kind === "default" && !isSet
  );
  for (const { port, file, line } of said) {
    claim(project.draft, "port", port, "source", { file, line });
  }
  return said.length > 0;
}

/** Tells the ports of an application. */
export function tellPorts(
  project: Project,
  of: {
    start: Start | null;
    lead: Told | null;
    frameworks: readonly Told[];
    listening: readonly Listening[];
  },
): void {
  const { start, lead, listening } = of;
  const { draft } = project;
  if (lead?.framework.kind === "program") return;
  const scripted = start === null || start.script === null
    ? null
    : portInScript(start.text);
  if (scripted !== null && start !== null) {
    claim(draft, "port", scripted, "manifest", start.evidence);
  }
  // Pages bring no port along: what listens in their sources is a server beside them.
  const isServed = start?.plan !== null && start?.plan !== undefined &&
    lead?.framework.kind === "static";
  const isListening = !isServed && listenedPorts(project, listening, start);
  if (scripted !== null) return;
  if (isServed && start.plan?.port?.evidence != null) {
    const { value, evidence } = start.plan.port;
    claim(draft, "port", value, "config", evidence);
    return;
  }
  if (start !== null && configuredPort(project, start)) return;
  if (isListening) return;
  usualPort(project, of);
}

/** What is listened on where nobody says anything. */
function usualPort(
  project: Project,
  of: {
    start: Start | null;
    lead: Told | null;
    frameworks: readonly Told[];
    listening: readonly Listening[];
  },
): void {
  const { start, lead, listening } = of;
  const { draft } = project;
  const planned = start?.plan?.port ?? null;
  if (start?.isPages === true && planned !== null) {
    claim(draft, "port", planned.value, "convention", start.evidence);
    return;
  }
  if (planned !== null && lead !== null) {
    claim(
      draft,
      "port",
      planned.value,
      "framework",
      planned.evidence ?? lead.dependency.evidence,
    );
    return;
  }
  const isFile = start?.script === null && !start.text.startsWith("meteor ");
  const program = start === null || isFile ? null : programPort(start.text);
  if (program !== null && start !== null) {
    claim(draft, "port", program, "framework", start.evidence);
    return;
  }
  const usual = listening.find(({ kind }) => kind === "usual");
  if (usual !== undefined) {
    const { file, line } = usual;
    claim(draft, "port", usual.port, "framework", { file, line });
    return;
  }
  if (start === null) return;
  const told = lead ??
    of.frameworks.find(({ framework }) => framework.port !== undefined);
  if (told?.framework.port === undefined || told.framework.kind === "static") {
    return;
  }
  claim(
    draft,
    "port",
    told.framework.port,
    "framework",
    told.dependency.evidence,
  );
}
