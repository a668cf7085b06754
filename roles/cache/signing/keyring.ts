/**
 * The keys this cache signs with: its own, in `signing.key` of the state
 * directory, and those of the configuration.
 *
 *     made on the first start --> current --rotate--> still signing --retire--> gone
 *
 * `signing.key` has a key a line, the current one first. It is replaced in one
 * step, so that a key is told to clients only when it is on disk. Every key
 * here signs whatever is stored: a client may know any of them. Never tells a
 * secret.
 *
 * @module
 */
import { generateKeyPairSync } from "node:crypto";
import { z } from "zod";
import { readSmallFile } from "../../config/mod.ts";
import { writeFileAtomic } from "../../files/mod.ts";
import { AppError } from "../../model/errors.ts";
import { nextKeyName } from "../core/resign.ts";
import { parseSecretKey, type SecretKey } from "../../nar/core/signature.ts";

/** Two while clients change over; more are forgotten ones, and each is a signature in every narinfo. */
const MAX_OWN_KEYS = 4;
/** A key is some 230 characters with the longest name. */
const MAX_KEY_BYTES = 4096;

const Jwk = z.object({ d: z.string(), x: z.string() });

function newSecretText(name: string): string {
  const { privateKey } = generateKeyPairSync("ed25519");
  const { d, x } = Jwk.parse(privateKey.export({ format: "jwk" }));
  const [seed, point] = [d, x].map((text) =>
    Uint8Array.fromBase64(text, { alphabet: "base64url" })
  );
  if (seed === undefined || point === undefined) throw new Error("no key");
  return `${name}:${new Uint8Array([...seed, ...point]).toBase64()}`;
}

/** A key with the text it was read from. */
interface OwnKey {
  text: string;
  key: SecretKey;
}

async function readKeyText(path: string): Promise<string> {
  return await readSmallFile(path, {
    what: "the signing key",
    maxBytes: MAX_KEY_BYTES,
  });
}

async function readOwnKeys(path: string): Promise<OwnKey[]> {
  const lines = (await readKeyText(path)).split("\n").map((line) => line.trim())
    .filter((line) => line !== "");
  // An empty file is refused as any other that holds no key.
  return (lines.length === 0 ? [""] : lines).map((text) => ({
    text,
    key: parseSecretKey(text, path),
  }));
}

/** Where the keys are, and what the first one is called. */
export interface KeyringOptions {
  keyName: string;
  /** Files with one key each. */
  files: readonly string[];
}

export class Keyring {
  /** All that sign, the current one first; always the same list. */
  readonly signing: SecretKey[] = [];
  readonly #path: string;
  readonly #configured: readonly SecretKey[];
  #own: readonly OwnKey[] = [];
  #changing = false;

  private constructor(
    path: string,
    own: readonly OwnKey[],
    configured: readonly SecretKey[],
  ) {
    this.#path = path;
    this.#configured = configured;
    this.#use(own);
  }

  /**
   * Reads all keys, and makes the first one.
   *
   * @throws {AppError} `invalid` when a file holds no key or two have one name,
   * `not_found` when a configured one is missing.
   */
  static async open(
    stateDir: string,
    { keyName, files }: KeyringOptions,
  ): Promise<Keyring> {
    const path = `${stateDir}/signing.key`;
    let own: OwnKey[];
    try {
      own = await readOwnKeys(path);
    } catch (error) {
      if (!(error instanceof AppError && error.code === "not_found")) {
        throw error;
      }
      // Whole and durable, or not there: half a key would be refused for ever.
      await writeFileAtomic(path, `${newSecretText(keyName)}\n`);
      own = await readOwnKeys(path);
    }
    const configured = [];
    for (const file of files) {
      configured.push(parseSecretKey(await readKeyText(file), file));
    }
    return new Keyring(path, own, configured);
  }

  /** True for a key that was made here, not configured. */
  isOwn(key: SecretKey): boolean {
    return this.#own.some((own) => own.key === key);
  }

  /**
   * Makes a key that is the current one from now on; those before it sign on.
   *
   * @throws {AppError} `refused` when there are too many, `conflict` when the name is taken.
   */
  async rotate(name: string | undefined): Promise<SecretKey> {
    return await this.#change(async () => {
      if (this.#own.length >= MAX_OWN_KEYS) {
        throw new AppError(
          "refused",
          `Cannot make another signing key: there are ${this.#own.length} already`,
          {
            hint: "retire one that no client needs: procurator cache key list",
          },
        );
      }
      const taken = this.signing.map((key) => key.name);
      const chosen = name ??
        nextKeyName(this.#own[0]?.key.name ?? "cache", taken);
      if (taken.includes(chosen)) {
        throw new AppError(
          "conflict",
          `Cannot make the signing key "${chosen}": there is one of that name`,
          { hint: "clients tell keys apart by name: choose another" },
        );
      }
      const text = newSecretText(chosen);
      const key = parseSecretKey(text, this.#path);
      await this.#write([{ text, key }, ...this.#own]);
      return key;
    });
  }

  /**
   * Forgets a key: it signs nothing any more and clients are not told of it.
   * What it has signed stays as it is.
   *
   * @throws {AppError} `not_found`; `refused` for the current and for a configured one.
   */
  async retire(name: string): Promise<SecretKey> {
    return await this.#change(async () => {
      const key = this.named(name);
      if (!this.isOwn(key)) {
        throw new AppError(
          "refused",
          `Cannot retire "${name}": it is in a file of the configuration`,
          { hint: "take it out of signingKeyFiles and start the cache again" },
        );
      }
      if (key === this.#own[0]?.key) {
        throw new AppError(
          "refused",
          `Cannot retire "${name}": it is the key in use`,
          { hint: "make the next one first: procurator cache key rotate" },
        );
      }
      await this.#write(this.#own.filter((own) => own.key !== key));
      return key;
    });
  }

  /** @throws {AppError} `not_found` */
  named(name: string): SecretKey {
    const key = this.signing.find((known) => known.name === name);
    if (key !== undefined) return key;
    throw new AppError("not_found", `There is no signing key "${name}"`, {
      hint: "see procurator cache key list",
    });
  }

  /** One at a time: two would each write the file without the other's key. */
  async #change<T>(action: () => Promise<T>): Promise<T> {
    if (this.#changing) {
      throw new AppError("conflict", "The signing keys are being changed", {
        hint: "try again in a moment",
      });
    }
    this.#changing = true;
    try {
      return await action();
    } finally {
      this.#changing = false;
    }
  }

  async #write(own: readonly OwnKey[]): Promise<void> {
    await writeFileAtomic(
      this.#path,
      own.map(({ text }) => `${text}\n`).join(""),
    );
    this.#use(own);
  }

  #use(own: readonly OwnKey[]): void {
    const keys = [...own.map(({ key }) => key), ...this.#configured];
    const twice = keys.find(({ name }, at) =>
      keys.findIndex((other) => other.name === name) !== at
    );
    if (twice !== undefined) {
      throw new AppError(
        "invalid",
        `Cannot sign with two keys of the name "${twice.name}"`,
        { hint: "give each of signingKeyFiles a name of its own" },
      );
    }
    this.#own = own;
    this.signing.splice(0, this.signing.length, ...keys);
  }
}
