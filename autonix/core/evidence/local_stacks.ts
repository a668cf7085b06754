/**
 * Stacks that one works with on PHP, and what they run beside it: ddev's
 * `.ddev/config.yaml`, Lando's `.lando.yml`.
 *
 * @module
 */
import type { EvidenceDetector } from "../detector.ts";
import { directoryOf } from "../file_tree.ts";
import { at, entriesOf, type Node, scalarText } from "../formats/node.ts";
import { nodeEvidence } from "../reading.ts";
import { serviceKind } from "../services/catalog.ts";
import { type Gathering, gathering, service, state } from "./gathering.ts";
import { isOf, type Runtime, Targets } from "./targets.ts";

/** What both call a service. */
const KINDS: ReadonlyMap<string, string> = new Map([
  ["mysql", "mysql"],
  ["mariadb", "mariadb"],
  ["postgres", "postgres"],
  ["postgresql", "postgres"],
  ["mongo", "mongodb"],
  ["redis", "redis"],
  ["memcached", "memcached"],
  ["elasticsearch", "elasticsearch"],
  ["mailhog", "mailhog"],
]);
const VERSION = /^\d[\w.]{0,20}$/;

interface Stack {
  file: string;
  /** Directory it is for. */
  path: string;
  targets: Targets;
}

function stateVersion(
  to: Gathering,
  { file, path, targets }: Stack,
  of: { runtime: Runtime; node: Node | null },
): void {
  const value = scalarText(of.node);
  const owner = targets.owner(path);
  if (of.node === null || value === null || !VERSION.test(value)) return;
  if (owner === null || !isOf(owner, of.runtime)) return;
  state(to, {
    path,
    field: "runtimeVersion",
    value,
    source: "container",
    evidence: nodeEvidence(file, of.node),
  });
}

function declare(
  to: Gathering,
  { file, path }: Stack,
  of: { kind: string; version: string | null; name: string; node: Node },
): void {
  const kind = KINDS.get(of.kind);
  if (kind === undefined) return;
  to.services.push(service({
    kind,
    version: of.version !== null && VERSION.test(of.version)
      ? of.version
      : null,
    port: serviceKind(kind)?.port ?? null,
    usedBy: path,
    name: of.name,
    strength: "declared",
    place: "development",
    evidence: [nodeEvidence(file, of.node)],
  }));
}

function readDdev(to: Gathering, root: Node, stack: Stack): void {
  stateVersion(to, stack, { runtime: "php", node: at(root, "php_version") });
  stateVersion(to, stack, {
    runtime: "node",
    node: at(root, "nodejs_version"),
  });
  const database = at(root, "database");
  if (database !== null) {
    declare(to, stack, {
      kind: scalarText(at(database, "type")) ?? "",
      version: scalarText(at(database, "version")),
      name: "db",
      node: database,
    });
    return;
  }
  // As older versions said it.
  for (const kind of ["mariadb", "mysql"]) {
    const node = at(root, `${kind}_version`);
    if (node === null) continue;
    declare(to, stack, { kind, version: scalarText(node), name: "db", node });
  }
}

/** `mariadb:10.6`, `redis`. */
function declareTyped(
  to: Gathering,
  stack: Stack,
  of: { name: string; node: Node | null },
): void {
  const [kind = "", version = null] = scalarText(of.node)?.split(":", 2) ?? [];
  if (of.node === null) return;
  declare(to, stack, { kind, version, name: of.name, node: of.node });
}

function readLando(to: Gathering, root: Node, stack: Stack): void {
  stateVersion(to, stack, { runtime: "php", node: at(root, "config", "php") });
  const database = at(root, "config", "database");
  declareTyped(to, stack, { name: "database", node: database });
  for (const [name, node] of entriesOf(at(root, "services"))) {
    declareTyped(to, stack, { name, node: at(node, "type") });
  }
}

export const localStacks: EvidenceDetector = {
  name: "stacks for work",
  reads: { manifests: [".ddev/config.yaml", ".lando.yml"] },
  gather(reading, drafts) {
    const found = gathering();
    const targets = new Targets(drafts);
    for (const file of reading.tree.named("config.yaml")) {
      const directory = directoryOf(file);
      if (!/(?:^|\/)\.ddev$/.test(directory) || targets.isAside(file)) continue;
      const root = reading.yaml(file);
      const stack = { file, path: directoryOf(directory), targets };
      if (root !== null) readDdev(found, root, stack);
    }
    for (const file of reading.tree.named(".lando.yml")) {
      if (targets.isAside(file)) continue;
      const root = reading.yaml(file);
      const stack = { file, path: directoryOf(file), targets };
      if (root !== null) readLando(found, root, stack);
    }
    return found;
  },
};
