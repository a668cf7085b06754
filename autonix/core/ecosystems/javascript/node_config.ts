/**
 * The package `config`: files below config/ hold what an application is set up
 * with, and custom-environment-variables names the variables that override it.
 *
 * Files that are programs are left to the scan of sources.
 *
 * @module
 */
import { claim } from "../../draft.ts";
import { at, entriesOf, type Node, scalarText } from "../../formats/node.ts";
import { nodeEvidence } from "../../reading.ts";
import { isSecretName } from "../../secrets.ts";
import { isAsked } from "./env_names.ts";
import { portOf } from "./port_scan.ts";
import { fileOf, type Project, runsWith } from "./project.ts";

const ENDS = ["json", "yaml", "yml"];
/** Where an application says what it listens on. */
const PORTS: readonly (readonly string[])[] = [
  ["port"],
  ["server", "port"],
  ["app", "port"],
  ["http", "port"],
  ["api", "port"],
];
/** Settings nest two or three deep. */
const MAX_DEPTH = 6;
const MAX_VARIABLES = 500;

interface Settings {
  file: string;
  root: Node;
}

function settingsOf(project: Project, stem: string): Settings | null {
  for (const end of ENDS) {
    const file = fileOf(project, `config/${stem}.${end}`);
    if (file === null) continue;
    const root = end === "json"
      ? project.reading.json(file)
      : project.reading.yaml(file);
    if (root !== null) return { file, root };
  }
  return null;
}

function tellPort(project: Project, { file, root }: Settings): void {
  for (const keys of PORTS) {
    const node = at(root, ...keys);
    const port = portOf(scalarText(node) ?? undefined);
    if (node === null || port === null) continue;
    claim(project.draft, "port", port, "config", nodeEvidence(file, node));
    return;
  }
}

/** What may be a secret is nobody's business, committed or not. */
function isTold(name: string, value: string | null): value is string {
  return value !== null && value !== "" && !isSecretName(name);
}

/** Leaves are names of variables, or `{ "__name": NAME, "__format": "json" }`. */
function tellVariables(
  project: Project,
  variables: Settings,
  defaults: Settings | null,
): void {
  let count = 0;
  const visit = (node: Node, keys: readonly string[]) => {
    if (keys.length > MAX_DEPTH) return;
    for (const [key, value] of entriesOf(node)) {
      const here = [...keys, key];
      const name = scalarText(value) ?? scalarText(at(value, "__name"));
      if (name === null) {
        visit(value, here);
        continue;
      }
      if (!isAsked(name) || ++count > MAX_VARIABLES) continue;
      const standard = scalarText(at(defaults?.root ?? null, ...here));
      const variable = {
        name,
        required: standard === null,
        ...isTold(name, standard) ? { default: standard } : {},
      };
      const evidence = nodeEvidence(variables.file, value);
      claim(project.draft, "env", variable, "config", evidence);
    }
  };
  visit(variables.root, []);
}

/** Tells the port and the variables of the files below config/. */
export function tellNodeConfig(project: Project, isStarted: boolean): void {
  if (
    !runsWith(project, "config") &&
    !runsWith(project, "@feathersjs/configuration")
  ) {
    return;
  }
  const defaults = settingsOf(project, "default");
  const variables = settingsOf(project, "custom-environment-variables");
  if (defaults !== null && isStarted) tellPort(project, defaults);
  if (variables !== null) tellVariables(project, variables, defaults);
}
