/**
 * .do/app.yaml and .do/deploy.template.yaml of DigitalOcean's App Platform:
 * commands, ports and variables of each component, and the databases beside
 * them, whose addresses variables take by name (`${db.DATABASE_URL}`).
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
  port,
  type Reader,
  variable,
} from "./statements.ts";

const ENGINES: ReadonlyMap<string, string> = new Map([
  ["PG", "postgres"],
  ["MYSQL", "mysql"],
  ["REDIS", "redis"],
  ["VALKEY", "valkey"],
  ["MONGODB", "mongodb"],
  ["KAFKA", "kafka"],
  ["OPENSEARCH", "opensearch"],
]);
const ADDRESS =
  /^\$\{([\w-]{1,60})\.(?:DATABASE_URL|HOSTNAME|PORT|PRIVATE_URL)\}$/;

interface Component {
  node: Node;
  path: string;
}

/** `.do/` lies in what it speaks of. */
function componentsOf(root: Node, place: Place, keys: readonly string[]) {
  return keys.flatMap((key) =>
    itemsOf(at(root, key)).flatMap((node): Component[] => {
      const path = joinPath(
        place.path,
        (textOf(at(node, "source_dir")) ?? ".").replace(/^\//, ""),
      );
      return path === null ? [] : [{ node, path }];
    })
  );
}

function stateVariables(
  to: Gathering,
  envs: Node | null,
  place: Place,
): void {
  for (const node of itemsOf(envs)) {
    const name = textOf(at(node, "key"));
    if (name === null) continue;
    const value = scalarText(at(node, "value"));
    // Of another component, or kept as a secret.
    const isElsewhere = value === null || value.includes("${") ||
      textOf(at(node, "type")) === "SECRET";
    variable(to, place, {
      name,
      value: isElsewhere ? null : value,
      required: true,
      node,
    });
  }
}

/** Variables of a component that carry this database's address. */
function pointing(envs: Node | null, database: string | null): string[] {
  return itemsOf(envs).flatMap((node) => {
    const found = ADDRESS.exec(scalarText(at(node, "value")) ?? "")?.[1];
    return found !== undefined && found === database
      ? textOf(at(node, "key")) ?? []
      : [];
  });
}

function stateDatabase(
  to: Gathering,
  node: Node,
  of: { place: Place; shared: Node | null; components: readonly Component[] },
): void {
  const kind = ENGINES.get(textOf(at(node, "engine")) ?? "PG");
  if (kind === undefined) return;
  const name = textOf(at(node, "name"));
  const users = of.components.flatMap(({ node, path }) => {
    const env = pointing(at(node, "envs"), name);
    return env.length > 0 ? [{ path, env }] : [];
  });
  const env = pointing(of.shared, name);
  database(to, of.place, {
    kind,
    version: scalarText(at(node, "version")),
    name,
    users: users.length > 0 ? users : [{ path: null, env }],
    node,
  });
}

export const digitalocean: Reader = (to, whole, place) => {
  const root = at(whole, "spec") ?? whole;
  const started = componentsOf(root, place, ["services"]);
  const beside = componentsOf(root, place, ["workers", "static_sites", "jobs"]);
  const shared = at(root, "envs");
  for (const { node, path } of started) {
    const here = { ...place, path };
    command(to, here, "start", at(node, "run_command"));
    command(to, here, "build", at(node, "build_command"));
    port(to, here, at(node, "http_port"));
    stateVariables(to, shared, here);
  }
  const components = [...started, ...beside];
  for (const { node, path } of components) {
    stateVariables(to, at(node, "envs"), { ...place, path });
  }
  for (const node of itemsOf(at(root, "databases"))) {
    stateDatabase(to, node, { place, shared, components });
  }
};
