/**
 * Bare repositories on disk: creates, lists and reads them.
 *
 * Owns `STATE/hub/repositories/`. Never moves a branch: only a push does that.
 *
 * @module
 */
import { systemClock } from "../clock/mod.ts";
import { flushDirectory } from "../files/mod.ts";
import { gitEnvironment } from "../git/mod.ts";
import { AppError } from "../model/errors.ts";
import { Name } from "../model/ids.ts";
import { runChecked } from "../process/mod.ts";
import { Turns } from "../turns/mod.ts";
import { forgetCheckIndexes, readCheckIndexes } from "./check_index.ts";
import {
  type Branch,
  chooseHead,
  MAX_BRANCHES,
  parseBranches,
  parseHead,
  REF_FORMAT,
} from "./core/refs.ts";

/** A repository as the API and the pages show it. */
export interface Repository {
  name: string;
  /** The branch that is published; what `git clone` checks out. */
  head: string | null;
  /** `checkIndex` as `git push -o check-index=N` said it for this tip. */
  branches: (Branch & { checkIndex?: number })[];
}

/** Repositories one hub serves: the list is read whole, at 5 ms each. */
const MAX_REPOSITORIES = 1000;
/** Reads at once, of 5 ms and a process each: pages ask for them every few seconds, and so may anybody who looks. */
const READS = { running: 8, waiting: 1024, what: "looks at repositories" };
/** Repositories read at once when all are listed. */
const READ_AT_ONCE = 4;
const GIT_TIMEOUT_MS = 30_000;
const GIT_HINT = "apt-get install git";

/**
 * Settings of every repository. A push that was acknowledged is on the disk,
 * and what is on the disk has been checked.
 */
const SETTINGS: readonly [string, string][] = [
  ["http.receivepack", "true"],
  ["receive.fsckObjects", "true"],
  // Pushing a branch away under a running build is legal; losing the branch that is published is not.
  ["receive.denyDeleteCurrent", "true"],
  ["receive.advertisePushOptions", "true"],
  // A push stays the pack it came as: unpacked, every object is compressed and synced on its own.
  ["receive.unpackLimit", "1"],
  ["core.fsync", "all"],
  ["core.fsyncMethod", "fsync"],
  ["core.logAllRefUpdates", "true"],
  // ci fetches the commit it has seen, also when a later push has moved the branch away from it.
  ["uploadpack.allowAnySHA1InWant", "true"],
];

/** The repositories below one directory. */
export class Repositories {
  readonly #reads = new Turns(READS);

  /** @param root `STATE/hub/repositories`, which exists. */
  constructor(readonly root: string, private readonly maxPushBytes: number) {}

  pathOf(name: string): string {
    return `${this.root}/${name}.git`;
  }

  #git(args: readonly string[]): Promise<string> {
    return runChecked("git", args, {
      env: gitEnvironment(this.root),
      clearEnv: true,
      timeoutMs: GIT_TIMEOUT_MS,
      missingHint: GIT_HINT,
    });
  }

  /** Removes what a crash in the middle of `create` left, and mends every HEAD. Called once, before serving. */
  async recover(): Promise<void> {
    for await (const entry of Deno.readDir(this.root)) {
      if (entry.name.startsWith(".new-")) {
        await Deno.remove(`${this.root}/${entry.name}`, { recursive: true });
      }
    }
    for (const name of await this.names()) await this.settleHead(name);
  }

  async names(): Promise<string[]> {
    const names: string[] = [];
    for await (const entry of Deno.readDir(this.root)) {
      const name = entry.name.replace(/\.git$/, "");
      if (
        entry.isDirectory && name !== entry.name && Name.safeParse(name).success
      ) names.push(name);
    }
    return names.sort();
  }

  async exists(name: string): Promise<boolean> {
    try {
      return (await Deno.stat(`${this.pathOf(name)}/HEAD`)).isFile;
    } catch (error) {
      if (
        error instanceof Deno.errors.NotFound ||
        error instanceof Deno.errors.NotADirectory
      ) return false;
      throw error;
    }
  }

  /**
   * Creates an empty repository, whole or not at all. False when it was there.
   *
   * @throws {AppError} `overloaded` at the bound.
   */
  async create(name: string): Promise<boolean> {
    if (await this.exists(name)) return false;
    if ((await this.names()).length >= MAX_REPOSITORIES) {
      throw new AppError(
        "overloaded",
        `Cannot create repository "${name}": this hub has ${MAX_REPOSITORIES}, its most`,
      );
    }
    const fresh = await Deno.makeTempDir({ dir: this.root, prefix: ".new-" });
    try {
      await this.#git([
        "init",
        "--quiet",
        "--bare",
        "--template=",
        "--initial-branch=main",
        fresh,
      ]);
      for (
        const [key, value] of [
          ...SETTINGS,
          ["receive.maxInputSize", String(this.maxPushBytes)] as const,
        ]
      ) {
        await this.#git(["-C", fresh, "config", key, value]);
      }
      await Deno.chmod(fresh, 0o750);
      await Deno.rename(fresh, this.pathOf(name));
      await flushDirectory(this.root);
      return true;
    } catch (error) {
      await Deno.remove(fresh, { recursive: true }).catch(() => undefined);
      // Another request created it in the meantime: a directory that is not empty is never replaced.
      if (await this.exists(name)) return false;
      throw error;
    }
  }

  /**
   * Makes what a push has moved last: git syncs the files, not the directories they were renamed in. A file system
   * with a journal writes the renames before these, in directories below, along with them.
   */
  async flush(name: string): Promise<void> {
    for (const below of ["objects/pack", "refs/heads", "refs"]) {
      await flushDirectory(`${this.pathOf(name)}/${below}`);
    }
  }

  /** @throws {AppError} `not_found` saying how to create it. */
  async require(name: string): Promise<void> {
    if (Name.safeParse(name).success && await this.exists(name)) return;
    throw new AppError(
      "not_found",
      `There is no repository "${name.slice(0, 80)}" on this hub`,
      {
        hint: Name.safeParse(name).success
          ? `make it first: procurator repo create ${name}`
          : "see which there are: procurator repo list",
      },
    );
  }

  /** @throws {AppError} `not_found`; `overloaded` when too many look. */
  read(name: string): Promise<Repository> {
    return this.#reads.run(() => this.#read(name));
  }

  async #read(name: string): Promise<Repository> {
    await this.require(name);
    const [head, text] = await Promise.all([
      Deno.readTextFile(`${this.pathOf(name)}/HEAD`),
      this.#git([
        "-C",
        this.pathOf(name),
        "for-each-ref",
        `--count=${MAX_BRANCHES}`,
        `--format=${REF_FORMAT}`,
        "refs/heads/",
      ]),
    ]);
    const branches = parseBranches(text);
    const indexes = await readCheckIndexes(
      this.pathOf(name),
      branches.map(({ name, commit }) => ({ name, commit })),
    );
    return {
      name,
      head: parseHead(head),
      branches: branches.map((branch) => {
        const checkIndex = indexes.get(branch.name);
        return checkIndex === undefined ? branch : { ...branch, checkIndex };
      }),
    };
  }

  async list(): Promise<Repository[]> {
    const names = await this.names();
    const repositories: Repository[] = [];
    for (let i = 0; i < names.length; i += READ_AT_ONCE) {
      repositories.push(
        ...await Promise.all(
          names.slice(i, i + READ_AT_ONCE).map((name) => this.read(name)),
        ),
      );
    }
    return repositories;
  }

  /**
   * Makes `branch` the one that is published.
   *
   * @throws {AppError} `not_found` when the branch is not there.
   */
  async setHead(name: string, branch: string): Promise<void> {
    const { branches } = await this.read(name);
    if (!branches.some((other) => other.name === branch)) {
      throw new AppError(
        "not_found",
        `Repository "${name}" has no branch "${branch.slice(0, 80)}"`,
      );
    }
    await this.#git([
      "-C",
      this.pathOf(name),
      "symbolic-ref",
      "HEAD",
      `refs/heads/${branch}`,
    ]);
  }

  /** Points HEAD at a branch that exists, once one does. */
  async settleHead(name: string): Promise<void> {
    // Not in line with those who look: it ends a push.
    const { head, branches } = await this.#read(name);
    await forgetCheckIndexes(this.pathOf(name), branches, systemClock.now());
    const wanted = chooseHead(head, branches.map((branch) => branch.name));
    if (wanted !== null && wanted !== head) {
      await this.#git([
        "-C",
        this.pathOf(name),
        "symbolic-ref",
        "HEAD",
        `refs/heads/${wanted}`,
      ]);
    }
  }
}
