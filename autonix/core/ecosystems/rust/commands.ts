/**
 * How a package is fetched, built, started and tested, and where frameworks
 * that bring their own builder differ.
 *
 * What is built lies in the workspace's `target`, so a member's program is
 * started from `../../target/release`.
 *
 * @module
 */
import type { Evidence } from "../../../../roles/model/analysis.ts";
import { claim, type Draft } from "../../draft.ts";
import { joinPath } from "../../file_tree.ts";
import { at, itemsOf, scalarText, textOf } from "../../formats/node.ts";
import { fileEvidence, nodeEvidence, type Reading } from "../../reading.ts";
import { portOfAddress } from "../shared/mentions.ts";
import { upTo } from "../shared/owners.ts";
import { shellWord } from "../../shell_word.ts";
import { targetOf } from "./cargo_config.ts";
import type { Manifest } from "./manifest.ts";
import { lockOf } from "./native.ts";
import type { Program } from "./programs.ts";

export interface Package {
  reading: Reading;
  draft: Draft;
  manifest: Manifest;
  program: Program | null;
  sources: readonly string[];
}

/** A program that the manifest names is there. */
const DECLARED = 0.95;
/** What is built asks Shuttle for its resources, and does not run by itself. */
const SHUTTLE = "cargo shuttle run --external";
/** A static server, for pages that a framework builds. */
const PAGES = "caddy file-server --listen :8080 --root dist";

function hasCrate({ manifest }: Package, name: string): boolean {
  return manifest.crates.some((crate) => crate.name === name && !crate.isDev);
}

function startOf({ reading, manifest }: Package, program: Program): string {
  const top = manifest.workspace?.directory ?? manifest.directory;
  const target = targetOf(reading, manifest.directory);
  // What flashes it, or stands in for the machine, is cargo's runner.
  if (target?.isBare === true) return "cargo run --release";
  const folder = target === null ? "target" : `target/${target.triple}`;
  return shellWord(
    `${upTo(top, manifest.directory)}/${folder}/release/${program.name}`,
  );
}

/** Where Rocket listens: without a word only at this machine itself. */
function rocketStart(of: Package, command: string): string {
  const file = joinPath(of.manifest.directory, "Rocket.toml") ?? "";
  const config = of.reading.toml(file);
  const isBound = ["default", "release", "global"].some((profile) =>
    /^(?:0\.0\.0\.0|::)$/.test(textOf(at(config, profile, "address")) ?? "")
  );
  return isBound ? command : `ROCKET_ADDRESS=0.0.0.0 ${command}`;
}

function claimRocketPort({ reading, draft, manifest }: Package): void {
  const file = joinPath(manifest.directory, "Rocket.toml") ?? "";
  for (const profile of ["release", "global", "default"]) {
    const port = at(reading.toml(file), profile, "port");
    const value = Number(scalarText(port) ?? "");
    if (port === null || !(value >= 1 && value <= 65_535)) continue;
    claim(draft, "port", value, "config", nodeEvidence(file, port));
    return;
  }
}

/** Trunk builds pages of WebAssembly: Trunk.toml, or a page made for it. */
function trunkOf({ reading, manifest }: Package): Evidence | null {
  const { tree } = reading;
  const config = tree.first(manifest.directory, ["Trunk.toml"]);
  if (config !== null) return fileEvidence(config);
  const page = joinPath(manifest.directory, "index.html") ?? "";
  return reading.match(page, /\bdata-trunk\b/)?.evidence ?? null;
}

/** cargo-leptos builds the server and what browsers run. */
function claimLeptos(of: Package): boolean {
  const { draft, manifest, program } = of;
  const { file, root, workspace } = manifest;
  const own = at(root, "package", "metadata", "leptos");
  const project = itemsOf(
    at(workspace?.root, "workspace", "metadata", "leptos"),
  )
    .find((one) => textOf(at(one, "bin-package")) === manifest.name?.value);
  const node = own ?? project ?? null;
  if (node === null || program === null) return false;
  const at_ = nodeEvidence(own === null ? workspace?.file ?? file : file, node);
  claim(draft, "build", "cargo leptos build --release", "framework", at_);
  claim(
    draft,
    "start",
    `LEPTOS_SITE_ADDR=0.0.0.0:${sitePort(node)} ${startOf(of, program)}`,
    "framework",
    at_,
  );
  claim(draft, "port", sitePort(node), "config", at_);
  return true;
}

function sitePort(node: Parameters<typeof at>[0]): number {
  return portOfAddress(textOf(at(node, "site-addr")) ?? "") ?? 3000;
}

/** A library for pages: what wasm-pack makes is a package of npm. */
function claimWasm({ draft, manifest, program }: Package): boolean {
  const kinds = at(manifest.root, "lib", "crate-type");
  const isLoaded = itemsOf(kinds).some((one) => textOf(one) === "cdylib");
  const bindgen = manifest.crates.find(({ name }) => name === "wasm-bindgen");
  if (program !== null || !isLoaded || bindgen === undefined) return false;
  claim(draft, "build", "wasm-pack build", "framework", bindgen.evidence);
  return true;
}

/** Tests of wasm-bindgen run where the pages do, and not under cargo. */
function wasmTest({ reading, manifest }: Package, test: string): string | null {
  const isTold = manifest.crates.some(({ name }) =>
    name === "wasm-bindgen-test"
  );
  const text = reading.tree.text(test) ?? "";
  if (!isTold || !text.includes("wasm_bindgen_test")) return null;
  return text.includes("run_in_browser")
    ? "wasm-pack test --headless --firefox"
    : "wasm-pack test --node";
}

/** True when a framework's own builder says how. */
function claimBuilder(of: Package): boolean {
  if (hasCrate(of, "leptos") && claimLeptos(of)) return true;
  if (claimWasm(of)) return true;
  const trunk = trunkOf(of);
  if (trunk !== null) {
    claim(of.draft, "build", "trunk build --release", "framework", trunk);
    claim(of.draft, "start", PAGES, "framework", trunk);
    claim(of.draft, "port", 8080, "convention", trunk);
    return true;
  }
  const tauri = of.reading.tree.first(of.manifest.directory, [
    "tauri.conf.json",
    "tauri.conf.json5",
    "Tauri.toml",
  ]);
  if (tauri === null || of.program === null) return false;
  claim(
    of.draft,
    "build",
    "cargo tauri build",
    "framework",
    fileEvidence(tauri),
  );
  claim(
    of.draft,
    "start",
    startOf(of, of.program),
    "framework",
    fileEvidence(tauri),
  );
  return true;
}

function claimTests(of: Package): void {
  const { reading, draft, manifest, sources } = of;
  const folder = joinPath(manifest.directory, "tests") ?? "";
  const test = sources.find((path) =>
    path.startsWith(`${folder}/`) ||
    /#\[(?:cfg\(test\)|test\]|tokio::test|actix_web::test|sqlx::test|rstest)/
      .test(reading.tree.text(path) ?? "")
  );
  if (test !== undefined) {
    const command = wasmTest(of, test) ?? "cargo test";
    claim(draft, "test", command, "convention", fileEvidence(test));
  }
}

export function claimCommands(of: Package): void {
  const { reading, draft, manifest, program } = of;
  const lock = lockOf(reading, manifest);
  const [first] = manifest.crates;
  if (first !== undefined) {
    const evidence = lock === null ? first.evidence : fileEvidence(lock);
    claim(draft, "install", "cargo fetch", "convention", evidence);
  }
  claimTests(of);
  if (hasCrate(of, "rocket")) claimRocketPort(of);
  if (claimBuilder(of)) return;
  const features = program?.requiredFeatures ?? [];
  const flags = features.length === 0
    ? ""
    : ` --features ${shellWord(features.join(","))}`;
  claim(
    draft,
    "build",
    `cargo build --release${flags}`,
    "convention",
    fileEvidence(manifest.file),
  );
  if (program === null) return;
  const plain = startOf(of, program);
  const loco = hasCrate(of, "loco-rs") ? `${plain} start` : plain;
  const start = hasCrate(of, "shuttle-runtime")
    ? SHUTTLE
    : hasCrate(of, "rocket")
    ? rocketStart(of, loco)
    : loco;
  const { evidence } = program;
  if (!program.isDeclared) claim(draft, "start", start, "source", evidence);
  // Images give it arguments: they say more than a manifest does.
  else {
    draft.claims.push({
      field: "start",
      value: start,
      source: "source",
      evidence: [evidence],
      confidence: DECLARED,
    });
  }
}
