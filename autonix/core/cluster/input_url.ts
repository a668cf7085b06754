/**
 * Where a flake finds a repository of a folder: where it was cloned from, else
 * the directory itself.
 *
 * @module
 */

/** Longer ones are no addresses. */
const MAX_LENGTH = 500;
/** `git@host:acme/shop.git` */
const SCP = /^([\w.-]{1,60}@)?([\w.-]{2,250}):([\w.~-][\w.\/~-]{0,300})$/;
const URL_PARTS = /^(https?|ssh|git):\/\/([^/?#\s]{1,250})\/([^?#\s]{1,300})$/;

/** What `git clone` was given, as an input of a flake; null for a path, which is another one elsewhere. */
export function inputOfOrigin(origin: string): string | null {
  if (origin.length > MAX_LENGTH) return null;
  const [, scheme, authority, path] = URL_PARTS.exec(origin) ?? [];
  if (scheme !== undefined && authority !== undefined && path !== undefined) {
    const at = authority.lastIndexOf("@");
    const host = authority.slice(at + 1);
    // Of `https://token@host` only the host; a user of ssh is part of the address.
    const user = scheme === "ssh" ? authority.slice(0, at + 1) : "";
    const isBare = /^[\w.-]+\/[\w.-]+$/.test(path);
    if (host === "github.com" && isBare && scheme === "https") {
      return `github:${path.replace(/\.git$/, "")}`;
    }
    return scheme === "git"
      ? origin
      : `git+${scheme}://${user.replace(/:.*@$/, "@")}${host}/${path}`;
  }
  const [, user = "git@", host, below] = SCP.exec(origin) ?? [];
  return host === undefined || below === undefined
    ? null
    : `git+ssh://${user}${host}/${below}`;
}

/** A directory beside the flake. */
export function inputOfDirectory(name: string): string {
  return `path:./${encodeURIComponent(name)}`;
}

/** The URL of `origin` in a repository's `.git/config`; null without one. */
export function originIn(config: string): string | null {
  let isOrigin = false;
  for (const line of config.split("\n")) {
    const text = line.slice(0, 2 * MAX_LENGTH).trim();
    if (text.startsWith("[")) isOrigin = text === '[remote "origin"]';
    else if (isOrigin) {
      const url = /^url\s*=\s*(\S+)$/.exec(text)?.[1];
      if (url !== undefined) return url;
    }
  }
  return null;
}
