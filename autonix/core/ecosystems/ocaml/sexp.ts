/**
 * S-expressions as dune and opam's relatives write them: atoms, strings, lists,
 * comments that begin with `;`.
 *
 * @module
 */

export interface Sexp {
  line: number;
  /** An atom's or a string's text. */
  atom: string | null;
  items: readonly Sexp[];
}

/** dune files have hundreds; what has more was made to be slow. */
const MAX_NODES = 20_000;
const MAX_DEPTH = 100;
const TOKEN = /;[^\n]*|"(?:[^"\\\n]|\\.){0,2000}"|[()]|[^\s()";]+|\n/g;

/** The top-level expressions; null for a text whose parentheses do not fit. */
export function parseSexp(text: string): Sexp[] | null {
  const top: Sexp[] = [];
  const open: { line: number; items: Sexp[] }[] = [];
  let line = 1;
  let count = 0;
  for (const [token] of text.matchAll(TOKEN)) {
    if (token === "\n") line += 1;
    else if (token.startsWith(";")) continue;
    else if (token === "(") open.push({ line, items: [] });
    else {
      let made: Sexp = {
        line,
        atom: token.startsWith('"') ? token.slice(1, -1) : token,
        items: [],
      };
      if (token === ")") {
        const closed = open.pop();
        if (closed === undefined) return null;
        made = { line: closed.line, atom: null, items: closed.items };
      }
      (open.at(-1)?.items ?? top).push(made);
    }
    if (++count > MAX_NODES || open.length > MAX_DEPTH) return null;
  }
  return open.length === 0 ? top : null;
}

/** Lists that begin with this word: `(name main)`. */
export function stanzas(of: readonly Sexp[], word: string): Sexp[] {
  return of.filter(({ items }) => items[0]?.atom === word);
}

/** Atoms behind the word of the first such list. */
export function atomsOf(of: readonly Sexp[], word: string): string[] {
  return stanzas(of, word)[0]?.items.slice(1)
    .flatMap(({ atom }) => atom ?? []) ?? [];
}
