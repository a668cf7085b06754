/**
 * render.yaml: applications with their commands, databases and key-value stores,
 * and who takes whose address.
 *
 * @module
 */
import { joinPath } from "../../file_tree.ts";
import {
  at,
  itemsOf,
  type Node,
  scalarText,
  textOf,
} from "../../formats/node.ts";
import type { Gathering } from "../gathering.ts";
import {
  command,
  database,
  type Place,
  type Reader,
  variable,
} from "./statements.ts";

const RENDER_KINDS = new Map([
  ["redis", "redis"],
  ["keyvalue", "valkey"],
]);

/** Variables of a service, those of the groups it names among them. */
function variablesOf(one: Node, root: Node): readonly Node[] {
  const groups = itemsOf(at(root, "envVarGroups"));
  return itemsOf(at(one, "envVars")).flatMap((item) => {
    const name = textOf(at(item, "fromGroup"));
    if (name === null) return [item];
    const group = groups.find((one) => textOf(at(one, "name")) === name);
    return itemsOf(at(group ?? null, "envVars"));
  });
}

function renderService(
  to: Gathering,
  { one, root }: { one: Node; root: Node },
  place: Place,
): void {
  const type = textOf(at(one, "type")) ?? "web";
  const path = renderPath(one, place);
  if (path === null) return;
  const here = { ...place, path };
  if (type === "web" || type === "pserv") {
    command(to, here, "start", at(one, "startCommand"));
    command(to, here, "build", at(one, "buildCommand"));
  }
  for (const item of variablesOf(one, root)) {
    const name = textOf(at(item, "key"));
    if (name === null) continue;
    variable(to, here, {
      name,
      value: scalarText(at(item, "value")),
      required: at(item, "generateValue") === null,
      node: item,
    });
  }
}

/** Directory of a service of render.yaml. */
function renderPath(one: Node, place: Place): string | null {
  const base = textOf(at(one, "rootDir")) ?? textOf(at(one, "dockerContext"));
  return base === null ? place.path : joinPath(place.path, base);
}

/** Services that take a variable from a database or another service by name. */
function renderUsers(root: Node, place: Place, name: string | null) {
  return itemsOf(at(root, "services")).flatMap((one) => {
    const env = itemsOf(at(one, "envVars")).flatMap((item) => {
      const from = at(item, "fromDatabase") ?? at(item, "fromService");
      const isAddress = ["connectionString", "host", "port", "hostport"]
        .includes(textOf(at(from, "property")) ?? "");
      return name !== null && isAddress && textOf(at(from, "name")) === name
        ? textOf(at(item, "key")) ?? []
        : [];
    });
    const path = renderPath(one, place);
    return env.length === 0 || path === null ? [] : [{ path, env }];
  });
}

/** render.yaml */
export const render: Reader = (to, root, place) => {
  for (const node of itemsOf(at(root, "databases"))) {
    const version = scalarText(at(node, "postgresMajorVersion"));
    const name = textOf(at(node, "name"));
    const users = renderUsers(root, place, name);
    database(to, place, { kind: "postgres", version, name, users, node });
  }
  for (const node of itemsOf(at(root, "services"))) {
    const kind = RENDER_KINDS.get(textOf(at(node, "type")) ?? "");
    if (kind === undefined) {
      renderService(to, { one: node, root }, place);
      continue;
    }
    const name = textOf(at(node, "name"));
    const users = renderUsers(root, place, name);
    database(to, place, { kind, version: null, name, users, node });
  }
};
