/**
 * `.travis.yml`: the versions that a build is tried with, the services it
 * switches on by name, and its test command.
 *
 * @module
 */
import type { EvidenceDetector } from "../../detector.ts";
import { at, itemsOf, type Node, scalarText } from "../../formats/node.ts";
import { nodeEvidence } from "../../reading.ts";
import { type Gathering, gathering, service } from "../gathering.ts";
import { type Runtime, Targets } from "../targets.ts";
import { type CiContext, stateTest, stateVersion } from "./gathering.ts";
import { newest, pinned } from "./versions.ts";

const FILE = ".travis.yml";

/** Keys with versions. */
const VERSIONS: readonly (readonly [string, Runtime])[] = [
  ["node_js", "node"],
  ["python", "python"],
  ["rvm", "ruby"],
  ["go", "go"],
  ["php", "php"],
  ["jdk", "jvm"],
  ["elixir", "elixir"],
  ["rust", "rust"],
  ["dotnet", "dotnet"],
  ["crystal", "crystal"],
];
/** What `services` calls them. */
const SERVICES: ReadonlyMap<string, string> = new Map([
  ["postgresql", "postgres"],
  ["postgres", "postgres"],
  ["mysql", "mysql"],
  ["mariadb", "mariadb"],
  ["redis", "redis"],
  ["redis-server", "redis"],
  ["mongodb", "mongodb"],
  ["rabbitmq", "rabbitmq"],
  ["memcached", "memcached"],
  ["elasticsearch", "elasticsearch"],
  ["cassandra", "cassandra"],
  ["couchdb", "couchdb"],
  ["neo4j", "neo4j"],
  ["rethinkdb", "rethinkdb"],
  ["zookeeper", "zookeeper"],
]);
/** Of these a version is an addon. */
const ADDONS: readonly (readonly [string, string])[] = [
  ["postgresql", "postgres"],
  ["mariadb", "mariadb"],
  ["rethinkdb", "rethinkdb"],
];

/** A value, or those of a list. */
function listOf(node: Node | null): { text: string; node: Node }[] {
  const nodes = node === null || scalarText(node) === null
    ? [...itemsOf(node)]
    : [node];
  return nodes.slice(0, 200).flatMap((node) => {
    const text = scalarText(node);
    return text === null ? [] : [{ text, node }];
  });
}

/** `openjdk11` is 11, `1.8.x` is 1.8. */
function versionOf(text: string): string | null {
  return pinned(text.replace(/^(?:openjdk|oraclejdk)/, "").replace(/\.x$/, ""));
}

function stateVersions(to: Gathering, context: CiContext, root: Node): void {
  for (const [key, runtime] of VERSIONS) {
    const found = listOf(at(root, key)).flatMap(({ text, node }) => {
      const version = versionOf(text);
      return version === null ? [] : [{ version, node }];
    });
    const version = newest(found.map((one) => one.version));
    const one = found.find((one) => one.version === version);
    if (version === null || one === undefined) continue;
    stateVersion(to, context, {
      runtime,
      version,
      directory: ".",
      evidence: nodeEvidence(context.file, one.node),
      isOneOfMany: found.length > 1,
    });
  }
}

function stateServices(to: Gathering, { file }: CiContext, root: Node): void {
  const declare = (kind: string, version: string | null, node: Node) =>
    to.services.push(service({
      kind,
      version,
      strength: "declared",
      place: "ci",
      evidence: [nodeEvidence(file, node)],
    }));
  for (const { text, node } of listOf(at(root, "services"))) {
    const kind = SERVICES.get(text);
    if (kind !== undefined) declare(kind, null, node);
  }
  for (const [name, kind] of ADDONS) {
    const node = at(root, "addons", name);
    const version = versionOf(scalarText(node) ?? "");
    if (node !== null && version !== null) declare(kind, version, node);
  }
}

function stateScripts(to: Gathering, context: CiContext, root: Node): void {
  const jobs = [
    root,
    ...itemsOf(at(root, "jobs", "include")),
    ...itemsOf(at(root, "matrix", "include")),
  ];
  for (const job of jobs.slice(0, 100)) {
    const [first, ...rest] = listOf(at(job, "script"));
    if (first === undefined) continue;
    stateTest(to, context, {
      script: [first, ...rest].map(({ text }) => text).join("\n"),
      directory: ".",
      evidence: nodeEvidence(context.file, first.node),
    });
  }
}

export const travis: EvidenceDetector = {
  name: "Travis CI",
  reads: { manifests: [FILE] },
  gather(reading, drafts) {
    const found = gathering();
    // Of others' code that lies below it says nothing.
    const root = reading.tree.text(FILE) === null ? null : reading.yaml(FILE);
    if (root === null) return found;
    const context = { reading, targets: new Targets(drafts), file: FILE };
    stateVersions(found, context, root);
    stateServices(found, context, root);
    stateScripts(found, context, root);
    return found;
  },
};
