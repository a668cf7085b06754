/**
 * Which seeds run: those that failed once, then some that the commit chooses.
 *
 * @module
 */
import text from "./seeds.txt" with { type: "text" };

/** Seeds are typed again by people. */
const MAX_SEED = 1_000_000_000;

/** The seeds of a seeds.txt: a number at the start of a line, a note behind it. */
export function parseSeeds(text: string): number[] {
  const seeds: number[] = [];
  for (const line of text.split("\n")) {
    const word = line.trim().split(/\s/)[0] ?? "";
    if (word === "" || word.startsWith("#")) continue;
    if (!/^[0-9]{1,9}$/.test(word)) {
      throw new Error(`seeds.txt: "${word}" is no seed`);
    }
    seeds.push(Number(word));
  }
  return seeds;
}

/** The seeds that failed once. */
export function failedSeeds(): number[] {
  return parseSeeds(text);
}

/** `count` seeds in a row, begun where the commit says: its own is the first. */
export function seedsOf(commit: string, count: number): number[] {
  const digits = /[0-9a-f]{7,}/.exec(commit)?.[0].slice(0, 7) ?? "1";
  const first = Number.parseInt(digits, 16) % (MAX_SEED - count);
  return Array.from({ length: count }, (_, index) => first + index);
}
