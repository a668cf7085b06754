/**
 * Build scripts of Gradle and sbt, and HOCON, as statements with the blocks
 * they stand in. One pass over the characters, no evaluator:
 *
 * ```
 * java { toolchain { languageVersion = of(21) } }
 *   -> blocks ["java", "toolchain"], text "languageVersion = of(21)"
 * ```
 *
 * Sees what is written where it is meant. What a script computes (a version
 * from git, projects included in a loop, plugins of a class in another
 * language) it cannot see.
 *
 * @module
 */

export interface Statement {
  /** Without comments; lines of one statement are kept apart. */
  text: string;
  /** From 1. */
  line: number;
  /** Heads of the blocks around it, outermost first. */
  blocks: readonly string[];
}

export interface Dialect {
  /** Characters that begin a text. */
  quotes: string;
  /** `#` begins a comment. */
  hasHash?: boolean;
}

export const GRADLE: Dialect = { quotes: `"'` };
export const SBT: Dialect = { quotes: `"` };
export const HOCON: Dialect = { quotes: `"`, hasHash: true };

/** The largest build scripts have some 100 KiB. */
const MAX_TEXT = 512 * 1024;
/** All settings of a project of sbt are one statement. */
const MAX_STATEMENT = 40_000;
const MAX_STATEMENTS = 20_000;
/** Deeper ones are read as text. */
const MAX_BLOCKS = 64;

/** What a statement that is not over yet ends with, or its next line begins with. */
const GOES_ON = /(?:[,=%+]|&&|\|\|)$/;

/** Characters that mean nothing to the scanner. */
const PLAIN = /[^"'\n;{}()[\]/#]*/y;

class Scanner {
  readonly statements: Statement[] = [];
  readonly #text: string;
  readonly #dialect: Dialect;
  #at = 0;
  #line = 1;
  #pending = "";
  #pendingLine = 1;
  /** Open brackets around, within which a line's end ends nothing. */
  #nesting = 0;
  #blocks: readonly string[] = [];

  constructor(text: string, dialect: Dialect) {
    this.#text = text.slice(0, MAX_TEXT);
    this.#dialect = dialect;
  }

  run(): Statement[] {
    while (
      this.#at < this.#text.length && this.statements.length < MAX_STATEMENTS
    ) {
      if (!this.#skipComment() && !this.#takeQuoted()) this.#takeCharacter();
    }
    this.#flush();
    return this.statements;
  }

  #skipComment(): boolean {
    const text = this.#text;
    const isLine = text.startsWith("//", this.#at) ||
      this.#dialect.hasHash === true && text[this.#at] === "#";
    if (isLine) {
      const end = text.indexOf("\n", this.#at);
      this.#at = end < 0 ? text.length : end;
      return true;
    }
    if (!text.startsWith("/*", this.#at)) return false;
    const end = text.indexOf("*/", this.#at + 2);
    this.#goTo(end < 0 ? text.length : end + 2);
    return true;
  }

  #takeQuoted(): boolean {
    const quote = this.#text[this.#at] ?? "";
    if (!this.#dialect.quotes.includes(quote)) return false;
    const triple = quote.repeat(3);
    if (this.#text.startsWith(triple, this.#at)) {
      const end = this.#text.indexOf(triple, this.#at + 3);
      this.#take(end < 0 ? this.#text.length : end + 3);
      return true;
    }
    let end = this.#at + 1;
    for (; end < this.#text.length; end++) {
      const character = this.#text[end];
      if (character === "\\") end += 1;
      else if (character === quote || character === "\n") break;
    }
    this.#take(this.#text[end] === "\n" ? end : end + 1);
    return true;
  }

  #takeCharacter(): void {
    const character = this.#text[this.#at] ?? "";
    if (character === "\n" || character === ";") this.#endOfLine(character);
    else if (
      character === "{" && this.#nesting === 0 && !this.#pending.endsWith("$")
    ) this.#open();
    else if (character === "}" && this.#nesting === 0) {
      this.#flush();
      this.#blocks = this.#blocks.slice(0, -1);
      this.#at += 1;
    } else {
      if ("([{".includes(character)) this.#nesting += 1;
      else if (")]}".includes(character)) {
        this.#nesting = Math.max(0, this.#nesting - 1);
      }
      PLAIN.lastIndex = this.#at + 1;
      this.#take(this.#at + 1 + (PLAIN.exec(this.#text)?.[0].length ?? 0));
    }
  }

  #endOfLine(character: string): void {
    const goesOn = this.#nesting > 0 || character === "\n" && this.#isOpen();
    if (goesOn) this.#take(this.#at + 1);
    else {
      this.#flush();
      this.#goTo(this.#at + 1);
    }
  }

  /** True when the next line belongs to this statement. */
  #isOpen(): boolean {
    if (this.#pending === "") return false;
    if (GOES_ON.test(this.#pending.slice(-80).trimEnd())) return true;
    const next = /\S/.exec(this.#text.slice(this.#at, this.#at + 200))?.[0];
    return next === ".";
  }

  #open(): void {
    if (this.#blocks.length >= MAX_BLOCKS) {
      this.#nesting += 1;
      this.#take(this.#at + 1);
      return;
    }
    const head = this.#pending.trim();
    this.#flush();
    this.#blocks = [...this.#blocks, head];
    this.#at += 1;
  }

  #take(end: number): void {
    const part = this.#text.slice(this.#at, end);
    if (this.#pending === "") {
      const from = part.trimStart();
      if (from !== "") this.#pendingLine = this.#line;
      this.#pending = from;
    } else if (this.#pending.length < MAX_STATEMENT) {
      this.#pending += part.slice(0, MAX_STATEMENT);
    }
    this.#goTo(end);
  }

  #goTo(end: number): void {
    for (let at = this.#at; at < end; at++) {
      if (this.#text.charCodeAt(at) === 0x0a) this.#line += 1;
    }
    this.#at = end;
  }

  #flush(): void {
    const text = this.#pending.trim();
    this.#pending = "";
    if (text === "") return;
    this.statements.push({
      text,
      line: this.#pendingLine,
      blocks: this.#blocks,
    });
  }
}

/** The statements of a script; the head of a block is one of its own. */
export function statementsOf(text: string, dialect: Dialect): Statement[] {
  return new Scanner(text, dialect).run();
}

/** Line of what stands at `index` in a statement. */
export function lineIn(statement: Statement, index: number): number {
  let line = statement.line;
  for (
    let at = statement.text.indexOf("\n");
    at >= 0 && at < index;
    at = statement.text.indexOf("\n", at + 1)
  ) {
    line += 1;
  }
  return line;
}

/** Texts in quotes, without them and their escapes. */
export function quotedIn(text: string): string[] {
  return [...text.matchAll(/"([^"\n]{1,500})"|'([^'\n]{1,500})'/g)]
    .map(([, double, single]) => double ?? single ?? "");
}
