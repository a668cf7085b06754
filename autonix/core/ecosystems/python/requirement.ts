/**
 * One requirement as Python's tools write it (PEP 508), and names as they are
 * compared (PEP 503).
 *
 * @module
 */

/** A line is cut here: what a person writes is shorter. */
export const MAX_LINE = 2_000;

export interface Requirement {
  /** Normalised; null when only a path or URL without a name is given. */
  name: string | null;
  extras: readonly string[];
  /** `>=2,<3`; null where none is written. */
  version: string | null;
  /** A URL or a path instead of a version. */
  location: string | null;
}

/** `Django_REST.framework` is `django-rest-framework`. */
export function normaliseName(name: string): string {
  return name.toLowerCase().replace(/[-_.]+/g, "-");
}

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]*/;
const LOCATION = /^(?:[a-z]+\+)?[a-z]+:\/\/|^\.{0,2}\/|^\.{1,2}$|^file:/;

/** The part before the first of these, trimmed. */
function before(text: string, ...marks: readonly string[]): string {
  let end = text.length;
  for (const mark of marks) {
    const at = text.indexOf(mark);
    if (at >= 0 && at < end) end = at;
  }
  return text.slice(0, end).trim();
}

/** `git+https://host/shop.git@v1#egg=shop` names shop. */
function eggOf(location: string): string | null {
  const at = location.indexOf("#egg=");
  const name = at < 0 ? null : NAME.exec(location.slice(at + 5))?.[0];
  return name === null || name === undefined ? null : normaliseName(name);
}

/** Null for what is no requirement. */
export function parseRequirement(written: string): Requirement | null {
  const text = written.slice(0, MAX_LINE).trim();
  if (LOCATION.test(text)) {
    const location = before(text, " ", ";");
    return { name: eggOf(location), extras: [], version: null, location };
  }
  const found = NAME.exec(text)?.[0];
  if (found === undefined) return null;
  const name = normaliseName(found);
  let rest = text.slice(found.length).trimStart();
  let extras: string[] = [];
  if (rest.startsWith("[")) {
    const end = rest.indexOf("]");
    if (end < 0) return null;
    extras = rest.slice(1, end).split(",").map((one) =>
      normaliseName(one.trim())
    )
      .filter((one) => one !== "");
    rest = rest.slice(end + 1).trimStart();
  }
  if (rest.startsWith("@")) {
    const location = before(rest.slice(1), " ;", " --");
    return { name, extras, version: null, location };
  }
  if (rest !== "" && !/^[<>=!~;( ]|^--|^#/.test(rest)) return null;
  const version = before(rest, ";", " --", " #", "#")
    .replace(/^\(|\)$/g, "").replace(/[ \t]+/g, "");
  return {
    name,
    extras,
    version: version === "" ? null : version,
    location: null,
  };
}

/** Where a location lies in the repository, seen from a directory; null for a URL. */
export function pathOf(location: string): string | null {
  const text = location.replace(/^file:(?:\/\/)?/, "")
    .replace(/^\/?\$\{PROJECT_ROOT\}\/?/, "./");
  if (text.includes("://") || text.startsWith("/")) return null;
  return before(text, "#", "[");
}
