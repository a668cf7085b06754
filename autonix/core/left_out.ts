/**
 * Directories that hold what others wrote or what a tool made: vendored
 * packages, build outputs, caches. They are not walked, and nothing is told of
 * them: a fresh clone and one that was built are the same repository.
 *
 * Owns the table with the reasons. A name that people use for their own things
 * too needs a sign: a file beside it, or in it.
 *
 * @module
 */

interface Rule {
  /** The reason, for who reads the table. */
  why: string;
  /** Only beside one of these: names, or `*.ext`. */
  beside?: readonly string[];
  /** Only within a directory of this name. */
  within?: string;
}

const HISTORY: Rule = { why: "what version control keeps" };
const PACKAGES: Rule = { why: "packages that a manager installed" };
const OUTPUT: Rule = { why: "what a build made" };
const CACHE: Rule = { why: "what a tool keeps for its next run" };

function named(rule: Rule, ...names: readonly string[]) {
  return names.map((name) => [name, rule] as const);
}

const RULES: ReadonlyMap<string, Rule> = new Map([
  ...named(HISTORY, ".git", ".hg", ".svn", ".jj", ".bzr", "CVS"),
  ...named(
    PACKAGES,
    "node_modules",
    "bower_components",
    "jspm_packages",
    "web_modules",
    ".pnpm-store",
    ".venv",
    "__pypackages__",
    "site-packages",
    ".eggs",
    "Pods",
    "elm-stuff",
    "_opam",
    "_esy",
    ".pub-cache",
    ".bundle-cache",
    ".terraform",
    ".terragrunt-cache",
  ),
  ...named({ ...PACKAGES, within: ".yarn" }, "cache", "unplugged"),
  ...named({ ...PACKAGES, within: "vendor" }, "bundle", "cache", "bundler"),
  ...named({ ...PACKAGES, within: "wwwroot" }, "lib"),
  ...named({ ...PACKAGES, beside: ["mix.exs"] }, "deps"),
  ...named({ ...PACKAGES, beside: ["Cartfile"] }, "Carthage"),
  ...named(
    OUTPUT,
    ".next",
    ".nuxt",
    ".output",
    ".svelte-kit",
    ".astro",
    ".vercel",
    ".serverless",
    ".aws-sam",
    "cdk.out",
    "storybook-static",
    "dist-newstyle",
    ".stack-work",
    "zig-out",
    "cmake-build-debug",
    "cmake-build-release",
    "DerivedData",
  ),
  ...named(
    {
      ...OUTPUT,
      beside: [
        "Cargo.toml",
        "pom.xml",
        "build.sbt",
        "build.properties",
        "project.clj",
        "deps.edn",
      ],
    },
    "target",
  ),
  ...named(
    {
      ...OUTPUT,
      beside: [
        "build.gradle",
        "build.gradle.kts",
        "settings.gradle",
        "settings.gradle.kts",
        "gleam.toml",
        "pubspec.yaml",
      ],
    },
    "build",
  ),
  ...named(
    { ...OUTPUT, beside: ["package.json", "setup.py", "pyproject.toml"] },
    "dist",
  ),
  ...named(
    { ...OUTPUT, beside: ["mix.exs", "dune-project", "rebar.config"] },
    "_build",
  ),
  ...named({ ...OUTPUT, beside: ["Package.swift"] }, ".build"),
  ...named({ ...OUTPUT, beside: ["_config.yml", "_config.yaml"] }, "_site"),
  ...named(
    { ...OUTPUT, beside: ["*.csproj", "*.fsproj", "*.vbproj"] },
    "bin",
    "obj",
  ),
  ...named(
    CACHE,
    "__pycache__",
    ".tox",
    ".nox",
    ".mypy_cache",
    ".pytest_cache",
    ".ruff_cache",
    ".ipynb_checkpoints",
    ".gradle",
    ".kotlin",
    ".metals",
    ".bloop",
    ".bsp",
    ".cpcache",
    ".shadow-cljs",
    ".clj-kondo",
    ".lsp",
    ".elixir_ls",
    ".lexical",
    ".dart_tool",
    ".zig-cache",
    "zig-cache",
    ".angular",
    ".turbo",
    ".nx",
    ".parcel-cache",
    ".cache",
    ".docusaurus",
    ".expo",
    ".wrangler",
    ".vagrant",
    ".direnv",
    ".devenv",
    ".nyc_output",
    "htmlcov",
    ".sass-cache",
    ".jekyll-cache",
  ),
  ...named({ ...CACHE, beside: ["package.json"] }, "coverage"),
  ...named({ ...CACHE, beside: ["Gemfile"] }, "tmp"),
]);

/** A directory that holds one of these is such a tree, whatever its name; a slash ends the name of a directory. */
const SIGNS_WITHIN: ReadonlyMap<string, Rule> = new Map([
  ["pyvenv.cfg", PACKAGES],
  ["conda-meta/", PACKAGES],
  [".shards.info", PACKAGES],
  ["CACHEDIR.TAG", CACHE],
  ["CMakeCache.txt", OUTPUT],
  ["meson-info/", OUTPUT],
  [".procurator", { why: "what procurator init wrote" }],
]);

/** The shortest and the longest of them. */
const SIGN_LENGTHS = [10, 14] as const;

/** In a directory called `vendor`: what a manager put there, not what people keep in one. */
const VENDOR_SIGNS: ReadonlySet<string> = new Set([
  // Go, Composer, Cargo.
  "modules.txt",
  "autoload.php",
  ".cargo-checksum.json",
]);

function isBeside(names: readonly string[], sign: string): boolean {
  return sign.startsWith("*")
    ? names.some((name) => name.endsWith(sign.slice(1)))
    : names.includes(sign);
}

/** Why a directory is not entered, known before it is listed; null when it is. `within` is the name of the directory it lies in. */
export function whyLeftOut(
  name: string,
  of: { beside: readonly string[]; within: string },
): string | null {
  const rule = RULES.get(name);
  if (rule === undefined) return null;
  if (rule.within !== undefined && rule.within !== of.within) return null;
  const { beside } = rule;
  if (
    beside === undefined || beside.some((sign) => isBeside(of.beside, sign))
  ) {
    return rule.why;
  }
  return null;
}

/** The same, known from what it holds. Never of the root: that is what was asked for. */
export function whyLeftOutFor(
  name: string,
  holds: readonly string[],
): string | null {
  for (const held of holds) {
    // Names are many, and to look one up costs more than this.
    if (held.length < SIGN_LENGTHS[0] || held.length > SIGN_LENGTHS[1]) {
      continue;
    }
    const why = SIGNS_WITHIN.get(held)?.why;
    if (why !== undefined) return why;
  }
  const isVendored = name === "vendor" &&
    holds.some((held) => VENDOR_SIGNS.has(held));
  return isVendored ? PACKAGES.why : null;
}
