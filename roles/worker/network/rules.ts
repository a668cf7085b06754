/**
 * The two tables in the kernel: laid over what is there at first, then changed
 * by what differs. Knows what it loaded last; the kernel is asked only when
 * that is not known.
 *
 * @module
 */
import type { Commands } from "./commands.ts";
import type { FoundForward } from "./core/nft_found.ts";
import {
  changeScript,
  type FoundTable,
  removalScript,
  wholeScript,
} from "./core/nft_script.ts";
import type { Ruleset } from "./core/ruleset.ts";

export class Rules {
  readonly #commands: Commands;
  readonly #name: string;
  #loaded: Ruleset | null = null;
  #found: Map<string, FoundTable | null> | null = null;

  constructor(commands: Commands, name: string) {
    this.#commands = commands;
    this.#name = name;
  }

  /** False until {@linkcode find} or {@linkcode load}, and after a load that failed. */
  get isKnown(): boolean {
    return this.#loaded !== null || this.#found !== null;
  }

  /** Asks the kernel what is there; the ports that it forwards. */
  async find(): Promise<readonly FoundForward[]> {
    const families = ["inet", "bridge"];
    const [forwards, ...tables] = await Promise.all([
      this.#commands.forwards(this.#name),
      ...families.map((family) => this.#commands.table(family, this.#name)),
    ]);
    this.#found = new Map(
      families.map((family, index) => [family, tables[index] ?? null]),
    );
    return forwards;
  }

  /** @throws {AppError} `failed`; the rules before it stand then. */
  async load(ruleset: Ruleset): Promise<void> {
    const change = this.#loaded === null
      ? null
      : changeScript(this.#loaded, ruleset);
    if (change === "") return;
    try {
      await this.#commands.nft(change ?? await this.#whole(ruleset));
      this.#loaded = ruleset;
      this.#found = null;
    } catch (error) {
      // Whatever was believed of the kernel was wrong.
      this.forget();
      throw error;
    }
  }

  /** Whether the kernel still has both tables. */
  async isThere(): Promise<boolean> {
    const listing = await this.#commands.checked("list tables", "nft", [
      "list",
      "tables",
    ]);
    const lines = listing.split("\n").map((line) => line.trim());
    return ["inet", "bridge"].every((family) =>
      lines.includes(`table ${family} ${this.#name}`)
    );
  }

  /** The next load asks the kernel first. */
  forget(): void {
    this.#loaded = null;
    this.#found = null;
  }

  async remove(): Promise<void> {
    await this.#commands.nft(removalScript(this.#name));
    this.forget();
  }

  async #whole(ruleset: Ruleset): Promise<string> {
    if (this.#found === null) await this.find();
    return wholeScript(ruleset, (family) => this.#found?.get(family) ?? null);
  }
}
