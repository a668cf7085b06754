/**
 * Services among the tools that a repository pins: `postgres 16.2` in
 * `.tool-versions`, `redis = "7"` in `mise.toml`. Versions of runtimes are the
 * ecosystems'.
 *
 * @module
 */
import type { EvidenceDetector } from "../detector.ts";
import { directoryOf } from "../file_tree.ts";
import { at, entriesOf, scalarText } from "../formats/node.ts";
import { nodeEvidence, type Reading } from "../reading.ts";
import type { Evidence } from "../../../roles/model/analysis.ts";
import { pinned } from "./ci/versions.ts";
import { type Gathering, gathering, service } from "./gathering.ts";

/** Of tools only those that are nothing but servers: `consul` or `vault` may be for their clients. */
const TOOLS: ReadonlyMap<string, string> = new Map([
  ["postgres", "postgres"],
  ["postgresql", "postgres"],
  ["mysql", "mysql"],
  ["mariadb", "mariadb"],
  ["redis", "redis"],
  ["valkey", "valkey"],
  ["mongodb", "mongodb"],
  ["elasticsearch", "elasticsearch"],
  ["rabbitmq", "rabbitmq"],
  ["minio", "minio"],
  ["clickhouse", "clickhouse"],
  ["memcached", "memcached"],
]);

function tell(
  to: Gathering,
  of: { tool: string; version: string; evidence: Evidence },
): void {
  const kind = TOOLS.get(of.tool);
  if (kind === undefined) return;
  to.services.push(service({
    kind,
    version: pinned(of.version),
    usedBy: directoryOf(of.evidence.file),
    strength: "declared",
    place: "development",
    evidence: [of.evidence],
  }));
}

function readAsdf(to: Gathering, reading: Reading, file: string): void {
  for (const { number, text } of reading.lines(file).slice(0, 500)) {
    const [tool = "", version = ""] = text.slice(0, 300).trim().split(/\s+/);
    tell(to, { tool, version, evidence: { file, line: number } });
  }
}

function readMise(to: Gathering, reading: Reading, file: string): void {
  for (const [tool, node] of entriesOf(at(reading.toml(file), "tools"))) {
    const version = scalarText(node) ?? scalarText(at(node, "version")) ?? "";
    tell(to, { tool, version, evidence: nodeEvidence(file, node) });
  }
}

export const toolVersions: EvidenceDetector = {
  name: "services among pinned tools",
  reads: { manifests: [".tool-versions", "mise.toml", ".mise.toml"] },
  gather(reading) {
    const found = gathering();
    const { tree } = reading;
    for (const file of tree.named(".tool-versions")) {
      readAsdf(found, reading, file);
    }
    for (const name of ["mise.toml", ".mise.toml"]) {
      for (const file of tree.named(name)) readMise(found, reading, file);
    }
    return found;
  },
};
