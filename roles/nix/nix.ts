/**
 * The one place that runs nix: evaluation of pinned flakes, builds, copies to
 * and from a binary cache, and roots against garbage collection.
 *
 * Owns how nix is called so that 2.8 and 2.34 do the same. Never decides what
 * to build or to copy, and never retries: callers are level-triggered.
 *
 * @module
 */
import { AppError } from "../model/errors.ts";
import {
  atLeast,
  type Evaluated,
  type NixVersion,
  parseEvaluated,
  parseVersion,
  type PathInfo,
  WITH_CONTEXT,
} from "./core/output.ts";
import { build, realise } from "./building.ts";
import {
  MISSING_HINT,
  type NixCall,
  type NixProgram,
  type RunNix,
  runNix,
} from "./command.ts";
import {
  type CopyCall,
  copyFrom,
  type CopyLock,
  copyTo,
  inTurn,
  type PushCall,
  remoteClosure,
} from "./copying.ts";
import type { RemotePath } from "./core/activity.ts";
import { checkDerivations, evaluate, localInputs } from "./flakes.ts";
import { deleteDead } from "./garbage.ts";
import { generateKey, publicKey } from "./keys.ts";
import { type NixOptions, prepareEnvironment } from "./environment.ts";
import {
  addPath,
  closure,
  closureInfo,
  missingPaths,
  pathInfo,
} from "./store_paths.ts";
import { type SessionOptions, StoreSession } from "./store_session.ts";

/** Nix over one store. Make it with {@linkcode createNix}. */
export class Nix {
  /** The directory of its own store; undefined for the machine's. */
  readonly store: string | undefined;
  readonly #env: Readonly<Record<string, string>>;
  readonly #copyLock: string;
  readonly #bound: RunNix = (what, program, args, call, stdin) =>
    this.#run(what, program, args, call, stdin);
  #version: NixVersion | undefined;

  /** @param copyLock a file that copies into the store are taken in turn by, over processes. */
  constructor(
    store: string | undefined,
    env: Readonly<Record<string, string>>,
    copyLock: string,
  ) {
    this.store = store;
    this.#env = env;
    this.#copyLock = copyLock;
  }

  /** Where a logical path (`/nix/store/...`) lies on this machine's disk. */
  physicalPath(storePath: string): string {
    return this.store === undefined
      ? storePath
      : this.store.replace(/\/+$/, "") + storePath;
  }

  /** @throws {AppError} `missing_dependency` when nix is not installed or older than 2.8. */
  async version(): Promise<NixVersion> {
    if (this.#version !== undefined) return this.#version;
    const version = parseVersion(
      await this.#run("tell nix's version", "nix", ["--version"]),
    );
    if (!atLeast(version, 2, 8)) {
      throw new AppError(
        "missing_dependency",
        `Cannot use nix ${version.text}: 2.8 or later is needed`,
        { hint: MISSING_HINT },
      );
    }
    this.#version = version;
    return version;
  }

  /** An attribute that is text, as it is. */
  async evalRaw(
    flakeRef: string,
    attribute: string,
    call: NixCall = {},
  ): Promise<string> {
    return await evaluate(this.#bound, flakeRef, attribute, ["--raw"], call);
  }

  /** An attribute, or `apply` of it (a Nix function as text), from JSON. Parse it before use. */
  async evalJson(
    flakeRef: string,
    attribute: string,
    call: NixCall & { apply?: string } = {},
  ): Promise<unknown> {
    const args = call.apply === undefined ? [] : ["--apply", call.apply];
    return JSON.parse(
      await evaluate(
        this.#bound,
        flakeRef,
        attribute,
        ["--json", ...args],
        call,
      ),
    );
  }

  /**
   * Inputs of a flake, and of its inputs, that are folders or files of this machine. The expression could read all that
   * nix's user may: pure evaluation forbids other paths, and takes no notice of these.
   */
  async localInputs(flakeRef: string, call: NixCall = {}): Promise<string[]> {
    return await localInputs(this.#bound, flakeRef, call);
  }

  /**
   * An attribute that is text, with the derivations that build every store path it names
   * ({@linkcode realise} them) and the sources that are in the store already.
   */
  async evalWithContext(
    flakeRef: string,
    attribute: string,
    call: NixCall = {},
  ): Promise<Evaluated> {
    return parseEvaluated(
      await evaluate(this.#bound, flakeRef, attribute, [
        "--json",
        "--apply",
        WITH_CONTEXT,
      ], call),
    );
  }

  /** `checks.SYSTEM` of a flake: name to derivation; empty when the flake has none. */
  async checkDerivations(
    flakeRef: string,
    call: NixCall & { system?: string } = {},
  ): Promise<Record<string, string>> {
    return await checkDerivations(this.#bound, flakeRef, call);
  }

  /** Builds derivations (`.drv` paths); gives the output paths. Builders' lines are prefixed with their name. */
  async realise(
    derivations: readonly string[],
    call: NixCall & { keepGoing?: boolean } = {},
  ): Promise<string[]> {
    return await realise(this.#bound, derivations, call);
  }

  /** Builds attributes of a flake; gives the output paths. */
  async build(
    flakeRef: string,
    attributes: readonly string[],
    call: NixCall = {},
  ): Promise<string[]> {
    return await build(this.#bound, flakeRef, attributes, call);
  }

  /** Pushes paths and all they refer to into a binary cache, zstd-compressed; what the cache has is not sent. */
  async copyTo(
    url: string,
    paths: readonly string[],
    call: PushCall = {},
  ): Promise<void> {
    await copyTo(this.#bound, url, paths, call);
  }

  /**
   * Fetches paths and all they refer to from a binary cache: copying.ts.
   *
   * @param call.publicKeys the keys that are trusted; none: every path is refused.
   * @param call.onProgress told of what of `call.expected` is here.
   */
  async copyFrom(
    url: string,
    paths: readonly string[],
    call: CopyCall,
  ): Promise<void> {
    const lock = await this.#lock();
    await copyFrom(this.#bound, { url, paths, lock }, call);
  }

  /** Holds the store open for `work`, which brings paths into it: in turn with copies, where those take turns. */
  async withStore<T>(
    options: SessionOptions,
    work: (session: StoreSession) => Promise<T>,
  ): Promise<T> {
    const lock = await this.#lock();
    const daemon = ["nix-daemon", "--stdio"];
    const command = lock === null
      ? daemon
      : ["flock", "--no-fork", lock.path, ...daemon];
    return await inTurn(lock, async () => {
      await using session = await StoreSession.open(
        command,
        this.#env,
        options,
      );
      return await work(session);
    }, options.signal);
  }

  async #lock(): Promise<CopyLock | null> {
    return atLeast(await this.version(), 2, 26)
      ? null
      : { store: this.store ?? "", path: this.#copyLock };
  }

  /** What a binary cache tells of paths and all they refer to. @throws {AppError} `not_found`, `unavailable`. */
  async remoteClosure(
    url: string,
    paths: readonly string[],
    call: NixCall = {},
  ): Promise<RemotePath[]> {
    return await remoteClosure(this.#bound, url, paths, call);
  }

  /** What is known of paths; those that are not valid are left out. */
  async pathInfo(
    paths: readonly string[],
    call: NixCall = {},
  ): Promise<PathInfo[]> {
    return await pathInfo(this.#bound, paths, call);
  }

  /** Those of `paths` that this store does not have. */
  async missingPaths(
    paths: readonly string[],
    call: NixCall = {},
  ): Promise<string[]> {
    return await missingPaths(this.#bound, paths, call);
  }

  /** Paths and everything they refer to, references first. */
  async closure(
    paths: readonly string[],
    call: NixCall = {},
  ): Promise<string[]> {
    return await closure(this.#bound, paths, call);
  }

  /** What is known of paths and of everything they refer to, each path once. */
  async closureInfo(
    paths: readonly string[],
    call: NixCall = {},
  ): Promise<PathInfo[]> {
    return await closureInfo(this.#bound, paths, call);
  }

  /** Bytes of paths and everything they refer to, as archives and each path once. */
  async closureBytes(
    paths: readonly string[],
    call: NixCall = {},
  ): Promise<number> {
    const infos = await this.closureInfo(paths, call);
    return infos.reduce((sum, { narSizeBytes }) => sum + narSizeBytes, 0);
  }

  /** Keeps a valid path: `link` becomes a symlink to it, and while `link` is there nothing of its closure is collected. */
  async addGcRoot(
    path: string,
    link: string,
    call: NixCall = {},
  ): Promise<void> {
    await this.#run(`pin ${path}`, "nix-store", [
      "--realise",
      path,
      "--add-root",
      link,
      "--indirect",
    ], call);
  }

  /** Removes a root; one that is not there is no error. */
  async removeGcRoot(link: string): Promise<void> {
    await Deno.remove(link).catch((error) => {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    });
  }

  /** Deletes what no root keeps. */
  async collectGarbage(call: NixCall = {}): Promise<void> {
    await this.#run("collect garbage", "nix-store", ["--gc"], call);
  }

  /** Deletes those of these paths that no root keeps and nothing refers to that is kept. */
  async deleteDead(
    paths: readonly string[],
    call: NixCall = {},
  ): Promise<void> {
    await deleteDead(this.#bound, paths, call);
  }

  /** Adds a file or folder by content; gives its store path. */
  async addPath(
    path: string,
    name: string,
    call: NixCall = {},
  ): Promise<string> {
    return await addPath(this.#bound, path, name, call);
  }

  /** A new signing key, as `NAME:base64` texts. */
  async generateKey(
    name: string,
  ): Promise<{ secretKey: string; publicKey: string }> {
    return await generateKey(this.#bound, name);
  }

  /** The public key of a secret one. */
  async publicKey(secretKey: string): Promise<string> {
    return await publicKey(this.#bound, secretKey);
  }

  #run(
    what: string,
    program: NixProgram,
    args: readonly string[],
    call: NixCall = {},
    stdin?: Uint8Array,
  ): Promise<string> {
    return runNix({ what, program, args, env: this.#env, stdin }, call);
  }
}

/** Nix with its private surroundings below `stateDir/nix`. Runs nothing yet. */
export async function createNix(options: NixOptions): Promise<Nix> {
  const env = await prepareEnvironment(options);
  return new Nix(options.store, env, `${options.stateDir}/nix/copy.lock`);
}
