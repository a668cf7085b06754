/**
 * Extensions that sources call without a composer.json that asks for them:
 * pages of PHP have none, and frameworks ask for few. They are dependencies all
 * the same: what they speak to, and which libraries they need, is told of them.
 *
 * @module
 */
import type { Draft } from "../../draft.ts";
import type { Reading } from "../../reading.ts";

interface Called {
  extension: string;
  /** Stands in every file that has it: others are not looked into. */
  hint: string;
  /** On one line. */
  pattern: RegExp;
}

const CALLED: readonly Called[] = [
  {
    extension: "ext-mysqli",
    hint: "mysqli",
    pattern:
      /\bmysqli_(?:real_)?connect\s{0,4}\(|\bnew\s{1,4}\\?mysqli\s{0,4}\(/,
  },
  {
    extension: "ext-mysql",
    hint: "mysql_",
    pattern: /\bmysql_p?connect\s{0,4}\(/,
  },
  {
    extension: "ext-pdo_mysql",
    hint: "mysql:",
    pattern: /["']mysql:(?:host|dbname|unix_socket|port)=/,
  },
  {
    extension: "ext-pdo_pgsql",
    hint: "pgsql:",
    pattern: /["']pgsql:(?:host|dbname|port)=/,
  },
  {
    extension: "ext-pgsql",
    hint: "pg_",
    pattern: /\bpg_p?connect\s{0,4}\(/,
  },
  {
    extension: "ext-redis",
    hint: "Redis",
    pattern: /\bnew\s{1,4}\\?Redis\s{0,4}\(\s{0,4}\)/,
  },
  {
    extension: "ext-memcached",
    hint: "Memcached",
    pattern: /\bnew\s{1,4}\\?Memcached\s{0,4}\(/,
  },
  {
    extension: "ext-mongodb",
    hint: "MongoDB",
    pattern: /\bnew\s{1,4}\\?MongoDB\\Driver\\Manager\s{0,4}\(/,
  },
];
const COMMENT = /^\s{0,200}(?:\/\/|#|\*|\/\*)/;
const MAX_LINE = 2_000;

/** Adds what these files call and nothing declares. */
export function addExtensions(
  draft: Draft,
  reading: Reading,
  files: readonly string[],
): void {
  const known = new Set(draft.dependencies.map(({ name }) => name));
  for (const file of files) {
    const text = reading.tree.text(file);
    if (text === null) continue;
    for (const { extension, hint, pattern } of CALLED) {
      if (known.has(extension) || !text.includes(hint)) continue;
      const found = reading.lines(file).find(({ text }) => {
        const line = text.slice(0, MAX_LINE);
        return pattern.test(line) && !COMMENT.test(line);
      });
      if (found === undefined) continue;
      known.add(extension);
      draft.dependencies.push({
        name: extension,
        version: null,
        isDev: false,
        evidence: { file, line: found.number },
      });
    }
  }
}

/** WordPress speaks to no other database, whoever asks for the extension. */
export function addWordpressDatabase(draft: Draft): void {
  const said = draft.claims.find(({ field, value }) =>
    field === "framework" && value === "wordpress"
  )?.evidence[0];
  const isKnown = draft.dependencies.some(({ name }) => name === "ext-mysqli");
  if (said === undefined || isKnown) return;
  draft.dependencies.push({
    name: "ext-mysqli",
    version: null,
    isDev: false,
    evidence: said,
  });
}
