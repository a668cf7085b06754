/**
 * Whether stack or cabal builds a package, and with which GHC.
 *
 * stack.yaml and cabal.project lie beside the package or above it. Where both
 * do, the nearer one counts, beside each other stack: a cabal.project is often
 * there for an editor alone. A snapshot of Stackage (`lts-22.7`) is what pins
 * GHC, and is told as it stands.
 *
 * @module
 */
import type { Evidence } from "../../../../roles/model/analysis.ts";
import { directoryOf } from "../../file_tree.ts";
import { at, itemsOf, textOf } from "../../formats/node.ts";
import {
  fileEvidence,
  type Found,
  nodeEvidence,
  type Reading,
} from "../../reading.ts";

export interface Toolchain {
  manager: "stack" | "cabal";
  /** stack.yaml or cabal.project. */
  file: string | null;
  lock: string | null;
  evidence: Evidence | null;
  version: Found | null;
  /** `nix: packages:` of a stack.yaml. */
  libraries: Found[];
}

/** `22/7` of a snapshot's address. */
const ADDRESS = /\b(lts|nightly)\/(\d{1,4})\/(\d{1,3})(?:\/(\d{1,2}))?\.yaml$/;

function snapshot(text: string): string | null {
  const [, kind, ...numbers] = ADDRESS.exec(text.slice(0, 300)) ?? [];
  if (kind !== undefined) {
    const parts = numbers.filter((one) => one !== undefined);
    return kind === "lts"
      ? `lts-${parts.join(".")}`
      : `nightly-${parts.join("-")}`;
  }
  const ghc = /^ghc-(\d[\d.]{0,20})$/.exec(text.slice(0, 60))?.[1];
  if (ghc !== undefined) return ghc;
  return /^(?:lts|nightly)-[\d.-]{1,20}$/.test(text) ? text : null;
}

function readStack(reading: Reading, file: string): Toolchain {
  const root = reading.yaml(file);
  let version: Found | null = null;
  for (const key of ["compiler", "snapshot", "resolver"]) {
    const node = at(root, key);
    const value = snapshot(textOf(node) ?? textOf(at(node, "url")) ?? "");
    if (node === null || value === null) continue;
    version = { value, evidence: nodeEvidence(file, node) };
    break;
  }
  const libraries = itemsOf(at(root, "nix", "packages")).flatMap((node) => {
    const value = textOf(node);
    return value === null
      ? []
      : [{ value, evidence: nodeEvidence(file, node) }];
  });
  const lock = reading.tree.first(directoryOf(file), ["stack.yaml.lock"]);
  return {
    manager: "stack",
    file,
    lock,
    evidence: fileEvidence(file),
    version,
    libraries,
  };
}

function readCabalProject(reading: Reading, file: string): Toolchain {
  return {
    manager: "cabal",
    file,
    lock: reading.tree.first(directoryOf(file), ["cabal.project.freeze"]),
    evidence: fileEvidence(file),
    version: reading.match(file, /^with-compiler:\s{0,20}ghc-(\d[\d.]{0,20})/),
    libraries: [],
  };
}

/** Of a package in a directory; `isHpack` where only a package.yaml describes it. */
export function toolchainOf(
  reading: Reading,
  path: string,
  of: { isHpack: boolean },
): Toolchain {
  for (let here = path;; here = directoryOf(here)) {
    const stack = reading.tree.first(here, ["stack.yaml"]);
    if (stack !== null) return readStack(reading, stack);
    const project = reading.tree.first(here, ["cabal.project"]);
    if (project !== null) return readCabalProject(reading, project);
    if (here === ".") break;
  }
  return {
    manager: of.isHpack ? "stack" : "cabal",
    file: null,
    lock: null,
    evidence: null,
    version: null,
    libraries: [],
  };
}
