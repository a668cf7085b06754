/**
 * The domains that a guest may reach. Pure. What a spec names is hostile text
 * that ends in configuration files: only what is a DNS name gets through.
 *
 * @module
 */
import { AppError } from "../../../model/errors.ts";
import { PEERS_DOMAIN } from "./names.ts";

/** Everything outside, by any address. */
export const EVERYWHERE = "*";
/** Host names, and the underscore that service names begin with. */
const LABEL = /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/;
/** DNS names are at most 253 characters long. */
const MAX_LENGTH = 253;

/** Why `text` is not a domain that can be allowed, or the domain. */
function readDomain(text: string): { domain: string } | { why: string } {
  if (text === EVERYWHERE) return { domain: EVERYWHERE };
  const bare = text.toLowerCase().replace(/^\*?\./, "").replace(/\.$/, "");
  if (bare === "" || bare.length > MAX_LENGTH) {
    return { why: `it has no name of 1 to ${MAX_LENGTH} characters` };
  }
  const labels = bare.split(".");
  if (!labels.every((label) => LABEL.test(label))) {
    return {
      why:
        "names are letters, digits and hyphens between dots; others are written in their xn-- form",
    };
  }
  if (/^\d+$/.test(labels.at(-1) ?? "")) {
    return { why: "it is an address: only names can be allowed" };
  }
  if (`.${bare}`.endsWith(`.${PEERS_DOMAIN}`)) {
    return { why: "names of peers come from allowedPeers" };
  }
  return { domain: bare };
}

/**
 * The domains of a spec, each once, in order. `example.com` means it and all
 * below it, as do `.example.com` and `*.example.com`; `*` means everything.
 *
 * @throws {AppError} `invalid`: no guest with such a spec can start.
 */
export function parseDomains(texts: readonly string[]): string[] {
  const domains = texts.map((text) => {
    const read = readDomain(text);
    if ("domain" in read) return read.domain;
    throw new AppError(
      "invalid",
      `Cannot allow the domain ${JSON.stringify(text)}: ${read.why}`,
      { hint: "correct network.allowedDomains" },
    );
  });
  return [...new Set(domains)].sort();
}
