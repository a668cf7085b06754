/**
 * Which application a file speaks of that lies elsewhere: by directory, by
 * name, or because there is only one.
 *
 * Each detector of evidence makes one from the drafts it is given.
 *
 * @module
 */
import type { PackageManager } from "../../../roles/model/analysis.ts";
import { mergeDrafts, ownerOf } from "../applications.ts";
import { claimsOf } from "../claims.ts";
import type { Draft, Ecosystem } from "../draft.ts";
import {
  BENCHMARKS,
  DOCUMENTS,
  EXAMPLES,
  FOREIGN,
  TEMPLATES,
} from "../ecosystems/shared/asides.ts";
import { basenameOf } from "../file_tree.ts";

/** Directories whose compose files, manifests and workflows are of no application. */
const ASIDE: ReadonlySet<string> = new Set([
  ...FOREIGN,
  ...EXAMPLES,
  ...DOCUMENTS,
  ...BENCHMARKS,
  ...TEMPLATES,
  // Not all of tests: what they run beside them is what the application needs.
  "fixture",
  "fixtures",
  "testdata",
  "__fixtures__",
  "hack",
]);

export class Targets {
  readonly all: readonly Draft[];
  readonly #byPath: ReadonlyMap<string, Draft>;
  #byName: ReadonlyMap<string, ReadonlySet<Draft>> | null = null;

  constructor(drafts: readonly Draft[]) {
    this.all = mergeDrafts(drafts);
    this.#byPath = new Map(this.all.map((draft) => [draft.path, draft]));
  }

  /** The draft of just this directory. */
  at(path: string): Draft | null {
    return this.#byPath.get(path) ?? null;
  }

  /** The nearest at or above a directory. */
  owner(path: string): Draft | null {
    return ownerOf(path, this.#byPath);
  }

  /** The one whose directory or manifest has this name, if it is the only one. */
  named(name: string): Draft | null {
    const found = this.#namedAs().get(name.toLowerCase());
    return found?.size === 1 ? [...found][0] ?? null : null;
  }

  /** Drafts by directory and by name, with and without its scope; made when first asked for. */
  #namedAs(): ReadonlyMap<string, ReadonlySet<Draft>> {
    if (this.#byName !== null) return this.#byName;
    const byName = new Map<string, Set<Draft>>();
    const add = (name: string, draft: Draft) => {
      if (name === "") return;
      const known = byName.get(name.toLowerCase());
      if (known === undefined) byName.set(name.toLowerCase(), new Set([draft]));
      else known.add(draft);
    };
    for (const draft of this.all) {
      add(basenameOf(draft.path), draft);
      for (const { value } of claimsOf(draft.claims, "name")) {
        add(value, draft);
        add(basenameOf(value), draft);
      }
    }
    this.#byName = byName;
    return byName;
  }

  /** The only application there is. */
  get only(): Draft | null {
    const found = this.all.filter(({ role }) => role === "application");
    return found.length === 1 ? found[0] ?? null : null;
  }

  /** True for a file among examples, documentation or test data, unless applications lie there too. */
  isAside(path: string): boolean {
    const parts = path.split("/").slice(0, -1);
    const end = parts.findIndex((part) => ASIDE.has(part.toLowerCase()));
    if (end < 0) return false;
    const above = parts.slice(0, end + 1).join("/");
    return !this.all.some((draft) =>
      draft.path === above || draft.path.startsWith(`${above}/`)
    );
  }
}

/** True for pages of PHP that are told to be served by PHP's own server. */
export function servesItself(draft: Draft): boolean {
  return draft.ecosystem === "php" &&
    claimsOf(draft.claims, "start").some(({ value }) =>
      /^php (?:-S|artisan serve) /.test(value)
    );
}

/** True when a version of this ecosystem's runtime is one of this draft's. */
export function isOf(draft: Draft, runtime: Runtime): boolean {
  const { ecosystem, managers, isUsual } = RUNTIMES[runtime];
  if (draft.ecosystem !== ecosystem) return false;
  if (managers === undefined) return true;
  const own = claimsOf(draft.claims, "packageManager");
  if (own.length === 0) return isUsual === true;
  return own.some(({ value }) => managers.includes(value));
}

/** What runs an application: mostly one for each ecosystem. */
export type Runtime =
  | "node"
  | "bun"
  | "deno"
  | Exclude<Ecosystem, "javascript" | "static" | "shell">;

interface RuntimeOf {
  ecosystem: Ecosystem;
  /** Where an ecosystem has several runtimes: whose packages they run. */
  managers?: readonly PackageManager[];
  /** The one where no package manager is known. */
  isUsual?: boolean;
}

const RUNTIMES: Readonly<Record<Runtime, RuntimeOf>> = {
  node: {
    ecosystem: "javascript",
    managers: ["npm", "yarn", "pnpm"],
    isUsual: true,
  },
  bun: { ecosystem: "javascript", managers: ["bun"] },
  deno: { ecosystem: "javascript", managers: ["deno"] },
  python: { ecosystem: "python" },
  go: { ecosystem: "go" },
  rust: { ecosystem: "rust" },
  jvm: { ecosystem: "jvm" },
  ruby: { ecosystem: "ruby" },
  php: { ecosystem: "php" },
  dotnet: { ecosystem: "dotnet" },
  elixir: { ecosystem: "elixir" },
  gleam: { ecosystem: "gleam" },
  haskell: { ecosystem: "haskell" },
  ocaml: { ecosystem: "ocaml" },
  zig: { ecosystem: "zig" },
  swift: { ecosystem: "swift" },
  dart: { ecosystem: "dart" },
  crystal: { ecosystem: "crystal" },
  c: { ecosystem: "c" },
};
