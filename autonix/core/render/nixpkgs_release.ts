/**
 * What one release of nixpkgs has: the versions of languages and of their
 * managers, by attribute.
 *
 * The release is 25.05 ("Warbler"): the last one that Debian 12's Nix 2.8
 * evaluates (`lib/minver.nix` says 2.3.17 there and 2.18 from 25.11 on), and
 * one that still has Node.js 20. Written down in May 2025 from the release's
 * package set and its notes (`doc/release-notes/rl-2505.section.md`). Digits
 * behind a line's own (20.19 of nodejs_20) move with the release's fixes; the
 * lines do not.
 *
 * @module
 */

export const RELEASE = "25.05";
export const NIXPKGS_URL = "github:NixOS/nixpkgs/nixos-25.05";

/** One version of a runtime that the release has. */
export interface RuntimeLine {
  version: string;
  /** Attribute path below `pkgs`. */
  attribute: string;
}

export interface RuntimeFamily {
  /** As a comment names it. */
  title: string;
  /** How many leading parts of a version are one line: 1 for Node.js 20, 2 for Python 3.12. */
  precision: 1 | 2;
  /** Oldest first. */
  lines: readonly RuntimeLine[];
  /** Of those, what the release itself takes. */
  standard: string;
}

/** `20.19 nodejs_20, 22.16 nodejs_22`. */
function family(
  title: string,
  precision: 1 | 2,
  standard: string,
  lines: string,
): RuntimeFamily {
  return {
    title,
    precision,
    standard,
    lines: lines.split(", ").map((line) => {
      const [version = "", attribute = ""] = line.split(" ");
      return { version, attribute };
    }),
  };
}

export const RUNTIMES = {
  nodejs: family(
    "Node.js",
    1,
    "nodejs_22",
    "20.19 nodejs_20, 22.16 nodejs_22, 24.1 nodejs_24",
  ),
  bun: family("Bun", 1, "bun", "1.2 bun"),
  deno: family("Deno", 1, "deno", "2.3 deno"),
  python: family(
    "Python",
    2,
    "python312",
    "3.9.22 python39, 3.10.17 python310, 3.11.12 python311, 3.12.10 python312, 3.13.3 python313",
  ),
  go: family("Go", 2, "go_1_24", "1.23.9 go_1_23, 1.24.3 go_1_24"),
  rust: family("Rust", 2, "rustc", "1.86.0 rustc"),
  jdk: family(
    "Java",
    1,
    "jdk21",
    "8.0.452 jdk8, 11.0.27 jdk11, 17.0.15 jdk17, 21.0.7 jdk21, 24.0.1 jdk24",
  ),
  ruby: family(
    "Ruby",
    2,
    "ruby_3_3",
    "3.2.8 ruby_3_2, 3.3.8 ruby_3_3, 3.4.3 ruby_3_4",
  ),
  php: family(
    "PHP",
    2,
    "php84",
    "8.1.32 php81, 8.2.28 php82, 8.3.21 php83, 8.4.7 php84",
  ),
  dotnet: family(
    ".NET",
    1,
    "dotnet-sdk_8",
    "8.0.408 dotnet-sdk_8, 9.0.203 dotnet-sdk_9",
  ),
  elixir: family(
    "Elixir",
    2,
    "elixir_1_18",
    "1.15.8 elixir_1_15, 1.16.3 elixir_1_16, 1.17.3 elixir_1_17, 1.18.3 elixir_1_18",
  ),
  gleam: family("Gleam", 2, "gleam", "1.10.0 gleam"),
  ghc: family(
    "GHC",
    2,
    "ghc",
    "9.4.8 haskell.compiler.ghc948, 9.6.7 haskell.compiler.ghc967, 9.8.4 ghc",
  ),
  ocaml: family("OCaml", 2, "ocaml", "5.3.0 ocaml"),
  zig: family("Zig", 2, "zig_0_14", "0.13.0 zig_0_13, 0.14.0 zig_0_14"),
  swift: family("Swift", 2, "swift", "5.8 swift"),
  dart: family("Dart", 1, "dart", "3.8.0 dart"),
  crystal: family("Crystal", 2, "crystal", "1.16.3 crystal"),
  gcc: family("GCC", 1, "gcc", "14.2.1 gcc"),
} as const satisfies Record<string, RuntimeFamily>;

export type RuntimeName = keyof typeof RUNTIMES;

/** Majors of services that nixpkgs has several of. */
export const SERVICE_LINES: Readonly<Record<string, RuntimeFamily>> = {
  postgres: family(
    "PostgreSQL",
    1,
    "postgresql_17",
    "13.21 postgresql_13, 14.18 postgresql_14, 15.13 postgresql_15, 16.9 postgresql_16, 17.5 postgresql_17",
  ),
  mysql: family("MySQL", 2, "mysql84", "8.0.42 mysql80, 8.4.5 mysql84"),
  mariadb: family(
    "MariaDB",
    2,
    "mariadb_1011",
    "10.6.22 mariadb_106, 10.11.11 mariadb_1011, 11.4.5 mariadb_114",
  ),
};
