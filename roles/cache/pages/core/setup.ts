/**
 * The lines that make a machine use this cache, to copy. Pure.
 *
 * @module
 */

/** What the lines are about. */
export interface Place {
  /** Without a slash at its end. */
  url: string;
  publicKeys: readonly string[];
  /** Reading takes a token too. */
  needsToken: boolean;
}

/** Lines to copy, and what they are for. */
export interface Recipe {
  title: string;
  about: string;
  lines: readonly string[];
}

function quoted(texts: readonly string[]): string {
  return texts.map((text) => `"${text}"`).join(" ");
}

/** Where a netrc file's lines are for; nix looks it up without a port. */
function hostOf(url: string): string {
  return new URL(url).hostname.replace(/^\[|\]$/g, "");
}

function nixConf({ url, publicKeys, needsToken }: Place): Recipe {
  return {
    title: "nix.conf",
    about: "/etc/nix/nix.conf, then systemctl restart nix-daemon",
    lines: [
      `extra-substituters = ${url}`,
      `extra-trusted-public-keys = ${publicKeys.join(" ")}`,
      ...(needsToken ? ["netrc-file = /etc/nix/netrc"] : []),
    ],
  };
}

function netrc({ url, needsToken }: Place): Recipe {
  return {
    title: "netrc, for the token",
    about: needsToken
      ? "/etc/nix/netrc, readable by root alone; a token of the role viewer reads, one of the role publisher pushes"
      : "for who pushes: a file of mode 0600 that netrc-file names; reading takes no token",
    lines: [`machine ${hostOf(url)} login procurator password TOKEN`],
  };
}

function nixos({ url, publicKeys, needsToken }: Place): Recipe {
  return {
    title: "NixOS",
    about: "in the system's configuration",
    lines: [
      "nix.settings = {",
      `  substituters = [ ${quoted([url])} ];`,
      `  trusted-public-keys = [ ${quoted(publicKeys)} ];`,
      ...(needsToken ? ['  netrc-file = "/etc/nix/netrc";'] : []),
      "};",
    ],
  };
}

function flake({ url, publicKeys }: Place): Recipe {
  return {
    title: "A flake",
    about: "beside its outputs; nix asks once whether to believe it",
    lines: [
      "nixConfig = {",
      `  extra-substituters = [ ${quoted([url])} ];`,
      `  extra-trusted-public-keys = [ ${quoted(publicKeys)} ];`,
      "};",
    ],
  };
}

/** zstd: xz, nix's default, takes a hundred times as long. */
function push({ url }: Place): Recipe {
  return {
    title: "Push",
    about: "a path with all it refers to",
    lines: [
      `nix copy --netrc-file ~/.netrc --to '${url}?compression=zstd' ./result`,
    ],
  };
}

/** All of them. */
export function recipesOf(place: Place): Recipe[] {
  return [
    nixConf(place),
    netrc(place),
    nixos(place),
    flake(place),
    push(place),
  ];
}
