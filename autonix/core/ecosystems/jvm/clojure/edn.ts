/**
 * Clojure's data notation, as far as project.clj and deps.edn need it: forms
 * that know their line. Runs no reader macro; what is tagged, quoted or has
 * metadata is the form itself.
 *
 * @module
 */

export interface Form {
  kind: "map" | "vector" | "list" | "text" | "keyword" | "symbol";
  /** Of a text, keyword (without colon) or symbol. */
  text: string;
  items: readonly Form[];
  /** From 1. */
  line: number;
}

/** Manifests have some kilobytes. */
const MAX_TEXT = 256 * 1024;
/** Deeper ones end what is read. */
const MAX_DEPTH = 100;

const CLOSERS: Readonly<Record<string, string>> = {
  "(": ")",
  "[": "]",
  "{": "}",
};
const KINDS: Readonly<Record<string, Form["kind"]>> = {
  "(": "list",
  "[": "vector",
  "{": "map",
};
const BLANK = /[\s,]/;
const ATOM = /[^\s,()[\]{}"';`~@]{1,500}/y;

class Reader {
  readonly #text: string;
  #at = 0;
  #line = 1;

  constructor(text: string) {
    this.#text = text.slice(0, MAX_TEXT);
  }

  readAll(): Form[] {
    const forms: Form[] = [];
    while (this.#at < this.#text.length) {
      const before = this.#at;
      const form = this.#read(0);
      if (form !== null) forms.push(form);
      // A bracket too many.
      if (this.#at === before) this.#at += 1;
    }
    return forms;
  }

  #skipBlanks(): void {
    for (; this.#at < this.#text.length; this.#at++) {
      const character = this.#text.charAt(this.#at);
      if (character === "\n") this.#line += 1;
      else if (character === ";") {
        const end = this.#text.indexOf("\n", this.#at);
        this.#at = (end < 0 ? this.#text.length : end) - 1;
      } else if (!BLANK.test(character)) return;
    }
  }

  /** The next form; null at a closing bracket and at the end. */
  #read(depth: number): Form | null {
    for (;;) {
      this.#skipBlanks();
      const character = this.#text.charAt(this.#at);
      if (character === "" || ")]}".includes(character)) return null;
      if (depth > MAX_DEPTH) {
        this.#at = this.#text.length;
        return null;
      }
      if (this.#text.startsWith("#_", this.#at)) {
        this.#at += 2;
        this.#read(depth + 1);
      } else if (character === "^" || this.#text.startsWith("#^", this.#at)) {
        this.#at += character === "^" ? 1 : 2;
        this.#read(depth + 1);
      } else if ("'`~@#".includes(character)) this.#skipMark(character);
      else return this.#form(character, depth);
    }
  }

  /** `#{`, `#(`, `#"`, `#?(`: the form; `#tag form`: the form too. */
  #skipMark(character: string): void {
    this.#at += 1;
    if (character !== "#") return;
    if (this.#text.charAt(this.#at) === "?") this.#at += 1;
    if (/[A-Za-z:]/.test(this.#text.charAt(this.#at))) this.#atom();
  }

  #form(character: string, depth: number): Form {
    const line = this.#line;
    const kind = KINDS[character];
    if (kind !== undefined) {
      this.#at += 1;
      const items: Form[] = [];
      for (;;) {
        const item = this.#read(depth + 1);
        if (item === null) break;
        items.push(item);
      }
      if (this.#text.charAt(this.#at) === CLOSERS[character]) this.#at += 1;
      return { kind, text: "", items, line };
    }
    if (character === '"') {
      return { kind: "text", text: this.#string(), items: [], line };
    }
    const text = this.#atom();
    return text.startsWith(":")
      ? { kind: "keyword", text: text.slice(1), items: [], line }
      : { kind: "symbol", text, items: [], line };
  }

  #string(): string {
    let text = "";
    for (this.#at += 1; this.#at < this.#text.length; this.#at++) {
      const character = this.#text.charAt(this.#at);
      if (character === '"') break;
      if (character === "\n") this.#line += 1;
      if (character === "\\") this.#at += 1;
      text += this.#text.charAt(this.#at);
    }
    this.#at += 1;
    return text;
  }

  #atom(): string {
    ATOM.lastIndex = this.#at;
    const text = ATOM.exec(this.#text)?.[0] ?? "";
    this.#at += Math.max(1, text.length);
    return text;
  }
}

/** Every form of a text; what is broken ends what is read. */
export function readForms(text: string): Form[] {
  return new Reader(text).readAll();
}

/** Value of a key in a map, or in a list of keys and values. */
export function get(form: Form | null | undefined, key: string): Form | null {
  const items = form?.items ?? [];
  for (const [index, item] of items.entries()) {
    if (item.kind === "keyword" && item.text === key) {
      return items[index + 1] ?? null;
    }
  }
  return null;
}

/** Pairs of a map. */
export function pairsOf(form: Form | null | undefined): [Form, Form][] {
  const items = form?.items ?? [];
  const pairs: [Form, Form][] = [];
  for (let index = 0; index + 1 < items.length; index += 2) {
    const [key, value] = [items[index], items[index + 1]];
    if (key !== undefined && value !== undefined) pairs.push([key, value]);
  }
  return pairs;
}
