/**
 * Texts that are asked for again and again, in memory, the least lately used
 * leaving first.
 *
 * @module
 */

/** A bounded map of texts. */
export class HotTexts {
  readonly #texts = new Map<string, string>();
  #chars = 0;

  /** @param maxChars bound over all texts together; keys count too. */
  constructor(private readonly maxChars: number) {}

  get(key: string): string | undefined {
    const text = this.#texts.get(key);
    if (text === undefined) return undefined;
    // A Map keeps the order of insertion: again at the end.
    this.#texts.delete(key);
    this.#texts.set(key, text);
    return text;
  }

  set(key: string, text: string): void {
    this.delete(key);
    this.#texts.set(key, text);
    this.#chars += key.length + text.length;
    for (const oldest of this.#texts.keys()) {
      if (this.#chars <= this.maxChars) return;
      this.delete(oldest);
    }
  }

  delete(key: string): void {
    const text = this.#texts.get(key);
    if (text === undefined) return;
    this.#texts.delete(key);
    this.#chars -= key.length + text.length;
  }

  /** Characters held now. */
  get chars(): number {
    return this.#chars;
  }
}
