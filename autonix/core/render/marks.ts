/**
 * The part of flake.nix that belongs to `procurator init`, between two marks.
 *
 * ```
 * # procurator:begin <sha256 of the lines between>
 * ...
 * # procurator:end
 * ```
 *
 * The hash tells whether somebody changed what is between them. What is outside
 * is the user's: it is written once and then kept byte for byte.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { nixString } from "./nix_text.ts";
import { NIXPKGS_URL } from "./nixpkgs_release.ts";

const BEGIN = "# procurator:begin";
const END = "# procurator:end";
const BEGIN_LINE = /^[ \t]*# procurator:begin[ \t]+([0-9a-f]{64})[ \t]*$/;
const END_LINE = /^[ \t]*# procurator:end[ \t]*$/;

/** The line of a part that is a cluster's flake of several repositories. */
export const CLUSTER_OUTPUTS = "outputs = inputs@{ nixpkgs, ... }:";
/** Of the marks in a flake of one repository. */
const INDENT = "      ";

export interface MarkedFile {
  /** Before the marks. */
  indent: string;
  before: string;
  part: string;
  after: string;
  /** True when the part is as it was written. */
  isUntouched: boolean;
}

function hashOf(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** Null for a file without the two marks, in this order and once. */
export function parseMarked(text: string): MarkedFile | null {
  const lines = text.split("\n");
  const begins = lines.flatMap((line, at) => line.includes(BEGIN) ? [at] : []);
  const ends = lines.flatMap((line, at) => line.includes(END) ? [at] : []);
  const [begin, secondBegin] = begins;
  const [end, secondEnd] = ends;
  if (begin === undefined || end === undefined || end < begin) return null;
  if (secondBegin !== undefined || secondEnd !== undefined) return null;
  const hash = BEGIN_LINE.exec(lines[begin] ?? "")?.[1];
  if (!END_LINE.test(lines[end] ?? "")) return null;
  const part = lines.slice(begin + 1, end).join("\n");
  return {
    indent: /^[ \t]*/.exec(lines[begin] ?? "")?.[0] ?? INDENT,
    before: lines.slice(0, begin).map((line) => `${line}\n`).join(""),
    part,
    after: lines.slice(end + 1).map((line) => `\n${line}`).join(""),
    isUntouched: hash === hashOf(part),
  };
}

/** A part between its marks. */
export function marked(part: string, indent = INDENT): string {
  return `${indent}${BEGIN} ${hashOf(part)}\n${part}\n${indent}${END}`;
}

/** True for the flake of several repositories, whose part is another one. */
export function isOfCluster(file: MarkedFile): boolean {
  return file.part.includes(CLUSTER_OUTPUTS);
}

/** The file with another part. */
export function withPart(file: MarkedFile, part: string): string {
  return `${file.before}${marked(part, file.indent)}${file.after}`;
}

/** A flake around the part, for a repository that has none. */
export function newFlake(part: string, cluster: string): string {
  return `{
  description = ${nixString(`${cluster}: built and run by procurator`)};

  inputs.nixpkgs.url = ${nixString(NIXPKGS_URL)};

  outputs = { self, nixpkgs }:
    let
      # Yours: \`procurator init\` keeps it as it is.
      cluster = ${nixString(cluster)};
      # Options of VMs, or VMs of your own: vms.web = { replicas = 2; labels.tier = "front"; };
      vms = { };
      # NixOS modules that are added to VMs: modules.web.systemd.services.web.environment.TOKEN_FILE = "/run/token";
      modules = { };
      # Hashes of what is fetched, by package: the first \`nix build .#web\` says it. hashes.web = "sha256-...";
      hashes = { };

${marked(part)}
    in
    procurator.merge generated {
      # Outputs of your own, as in packages.x86_64-linux.mine = ...;
    };
}
`;
}

/** The cluster's name in the part that is the user's; null where it is not as it was written. */
export function clusterOf(file: MarkedFile): string | null {
  const name = /^[ \t]*cluster = "([a-z0-9-]{1,63})";/m;
  const own = isOfCluster(file) ? file.after : file.before;
  return name.exec(own)?.[1] ?? null;
}

/** True when the user has filled in a package's hash. */
export function hasHash(file: MarkedFile, name: string): boolean {
  return file.before.includes(`${name} = "sha256-`);
}
