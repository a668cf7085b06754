/**
 * Crystal: a project is what a shard.yml describes; its targets are built into
 * `bin/`. Where it names none, a main source is compiled alone.
 *
 * @module
 */
import type { Evidence } from "../../../../roles/model/analysis.ts";
import type { Source } from "../../claims.ts";
import type { EcosystemDetector } from "../../detector.ts";
import { claim, type Draft } from "../../draft.ts";
import { basenameOf, joinPath } from "../../file_tree.ts";
import { at, entriesOf, type Node, textOf } from "../../formats/node.ts";
import { fileEvidence, nodeEvidence, type Reading } from "../../reading.ts";
import { shellWord } from "../../shell_word.ts";
import { assetsOf } from "../shared/assets.ts";
import { relativeTo } from "../shared/owners.ts";
import { PIN_FILES } from "../shared/pins.ts";
import { type Place, readProjects, type Sources } from "../shared/places.ts";
import {
  claimFrameworkPort,
  claimFrameworks,
  claimNative,
  type FrameworkTable,
  type NativeTable,
  weightOf,
} from "../shared/project.ts";
import { scanFiles, type Syntax } from "../shared/source_scan.ts";
import { draftOfManifest, type Layout } from "../shared/dependency_maps.ts";

const LAYOUT: Layout = {
  ecosystem: "crystal",
  manager: "shards",
  development: ["development_dependencies"],
  version: ["crystal"],
};
const FRAMEWORKS: FrameworkTable = [
  ["kemal", "kemal"],
  ["lucky", "lucky"],
  ["amber", "amber"],
  ["athena", "athena", "athena-framework"],
  ["grip", "grip"],
  ["marten", "marten"],
  ["spider-gazelle", "action-controller"],
];
const PORTS: ReadonlyMap<string, number> = new Map([
  ["kemal", 3000],
  ["amber", 3000],
  ["athena", 3000],
  ["grip", 4004],
  ["marten", 8000],
  ["spider-gazelle", 3000],
]);
const NATIVE: NativeTable = new Map([
  ["sqlite3", ["sqlite"]],
  ["magickwand-crystal", ["imagemagick"]],
  ["crystal-vips", ["vips"]],
  ["crystal-libsodium", ["libsodium"]],
  ["sodium", ["libsodium"]],
]);

const LITERAL = `"([^"#\\n]{0,200})"|(\\d[\\d_]{0,12})\\b`;
const CRYSTAL: Syntax = {
  comments: ["#"],
  hints: ["ENV", "port", "Kemal", "bind_tcp", "listen"],
  mentions: [
    { pattern: /\bENV\["(\w{1,100})"\](?!\?)/g, isNeeded: true },
    { pattern: /\bENV\["(\w{1,100})"\]\?/g, isNeeded: false },
    { pattern: /\bENV\.fetch\(?\s{0,4}"(\w{1,100})"/g, isNeeded: true },
    { pattern: /\bENV\.has_key\?\(?\s{0,4}"(\w{1,100})"/g, isNeeded: false },
  ],
  defaults: [
    new RegExp(`^\\s{0,4}\\|\\|\\s{0,8}(?:${LITERAL})`),
    new RegExp(`^\\s{0,4},\\s{0,8}(?:${LITERAL})`),
    new RegExp(`^\\s{0,4}\\)?\\s{0,4}\\{\\s{0,4}(?:${LITERAL})\\s{0,4}\\}`),
  ],
  raising: /^\s{0,4}\|\|\s{0,8}(?:raise(?:_\w{1,60})?|abort)\b/,
  optional: /^\s{0,4}(?:\|\||==|!=|\.try\b|\?\s|,\s{0,8}nil|\{)/,
  asking: /\b(?:if|unless|elsif)\s{1,4}$/,
  ports: [
    /\bKemal\.run\(?\s{0,4}(?:port:\s{0,4})?(\d{2,5})\b/,
    /\bKemal\.config\.port\s{0,4}=\s{0,4}(\d{2,5})\b/,
    /\bbind_tcp\(?\s{0,4}(?:"[\w.:]{0,40}",\s{0,4})?(\d{2,5})\b/,
    /\.listen\(?\s{0,4}(?:"[\w.:]{0,40}",\s{0,4})?(\d{2,5})\b/,
    /\bconfig\.port\s{0,4}=\s{0,4}(\d{2,5})\b/,
  ],
};

/** A target with its main source; the one named as the shard or as what serves before others. */
function targetOf(root: Node | null, name: string | null) {
  const targets = entriesOf(at(root, "targets"));
  const usual = [name ?? "", "server", "app", "web", "start_server"];
  for (const one of usual) {
    const found = targets.find(([target]) => target === one);
    if (found !== undefined) return found;
  }
  return targets[0] ?? null;
}

/** True for a target whose main source brings what starts the server. */
function startsServer(
  reading: Reading,
  path: string,
  target: Node | null,
): boolean {
  const main = joinPath(path, textOf(at(target, "main")) ?? "");
  return main !== null &&
    reading.match(main, /^\s{0,8}require\s{1,4}"\.\/start_server"/) !== null;
}

/** A source that starts something although no target names it. */
function mainSource(
  reading: Reading,
  of: { path: string; name: string | null; isWeb: boolean },
): string | null {
  const own = of.isWeb && of.name !== null ? [`src/${of.name}.cr`] : [];
  return reading.tree.first(of.path, [
    "src/main.cr",
    "src/app.cr",
    "src/server.cr",
    ...own,
    "main.cr",
    "app.cr",
  ]);
}

/** A build, behind that of the assets that a script builds beside it. */
function claimBuild(
  draft: Draft,
  reading: Reading,
  of: { command: string; source: Source; evidence: Evidence },
): void {
  const assets = assetsOf(reading, draft.path);
  claim(
    draft,
    "build",
    assets === null
      ? of.command
      : `${assets.install} && ${assets.build} && ${of.command}`,
    of.source,
    assets === null ? of.evidence : [assets.evidence, of.evidence],
  );
}

function claimCommands(
  draft: Draft,
  reading: Reading,
  of: { file: string; root: Node | null; name: string | null; isWeb: boolean },
): void {
  const { file, root, name, isWeb } = of;
  const target = targetOf(root, name);
  // Where Lucky's target is what its tasks use another source starts it.
  const starter = startsServer(reading, draft.path, target?.[1] ?? null)
    ? null
    : reading.tree.first(draft.path, ["src/start_server.cr"]);
  if (target !== null && starter === null) {
    const evidence = nodeEvidence(file, target[1]);
    claimBuild(draft, reading, {
      command: "shards build --release",
      source: "manifest",
      evidence,
    });
    claim(draft, "start", shellWord(`./bin/${target[0]}`), "source", evidence);
  } else {
    const main = starter ??
      mainSource(reading, { path: draft.path, name, isWeb });
    if (main === null) draft.role = "library";
    else {
      const source = relativeTo(draft.path, main);
      const program = basenameOf(main).slice(0, -".cr".length);
      const evidence = fileEvidence(main);
      claimBuild(draft, reading, {
        command: `crystal build --release ${shellWord(source)} -o ${
          shellWord(program)
        }`,
        source: "convention",
        evidence,
      });
      claim(draft, "start", shellWord(`./${program}`), "convention", evidence);
    }
  }
  const helper = reading.tree.first(draft.path, ["spec/spec_helper.cr"]) ??
    reading.tree.filesIn(joinPath(draft.path, "spec") ?? "spec")
      .filter((one) => one.endsWith("_spec.cr"))
      .map((one) => joinPath(draft.path, `spec/${one}`))[0] ??
    null;
  claim(
    draft,
    "test",
    "crystal spec",
    "convention",
    helper === null ? null : fileEvidence(helper),
  );
}

function readProject(reading: Reading, place: Place, sources: Sources): Draft {
  const { path } = place;
  const file = joinPath(path, "shard.yml") ?? "shard.yml";
  const root = reading.yaml(file);
  const lock = reading.tree.first(path, ["shard.lock"]);
  const { draft, name, manifest } = draftOfManifest(reading, LAYOUT, {
    path,
    file,
    root,
    lock,
  });
  claim(
    draft,
    "install",
    "shards install",
    "convention",
    lock === null ? manifest : fileEvidence(lock),
  );
  const frameworks = claimFrameworks(draft, FRAMEWORKS);
  claimNative(draft, NATIVE);
  const isWeb = frameworks.length > 0;
  claimCommands(draft, reading, {
    file,
    root,
    name,
    isWeb,
  });
  claimFrameworkPort(draft, { frameworks, ports: PORTS, manifest });
  draft.weight = weightOf(draft, place);
  scanFiles(draft, reading, sources.own, { syntax: CRYSTAL });
  return draft;
}

export const crystal: EcosystemDetector = {
  ecosystem: "crystal",
  reads: {
    manifests: ["shard.yml", ".crystal-version", ...PIN_FILES],
    sources: ["*.cr"],
  },
  detect: (reading) =>
    readProjects(reading, {
      manifest: "shard.yml",
      extensions: ["cr"],
      isTest: /_spec\.cr$/,
    }, readProject),
};
