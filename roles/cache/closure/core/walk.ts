/**
 * Which paths a store lacks of the closures it wants, references first. Pure;
 * cut into pieces, so that a large closure holds nobody up.
 *
 * What the store has is not looked at any further: a store has all that its
 * paths refer to. What neither this cache nor a source of it has, and what refers
 * to such, is left out and counted: it could not be taken for valid there.
 *
 * @module
 */
import { AppError } from "../../../model/errors.ts";
import { MAX_CLOSURE_PATHS } from "../../../closure/core/messages.ts";

/** A path as the tables know it. */
export interface StoredPath {
  base: string;
  file: string;
  narSize: number;
  fileSize: number;
  /** Hashes of the paths it refers to; it may be among them. */
  references: readonly string[];
}

/** What is asked for; `lookup` gives undefined for what this cache does not have. */
export interface WalkOptions {
  /** `<hash>-<name>` */
  want: readonly string[];
  has: (hash: string) => boolean;
  lookup: (hash: string) => StoredPath | undefined;
}

/** On the way down; `next` of its references is looked at next. */
interface Step {
  hash: string;
  path: StoredPath;
  next: number;
  isWhole: boolean;
}

export class ClosureWalk {
  /** References before what refers to them. */
  readonly paths: StoredPath[] = [];
  /** Base names or hashes of what this cache does not have. */
  readonly absent: string[] = [];
  /** Paths left out as they refer to absent ones. */
  #incomplete = 0;
  readonly #options: WalkOptions;
  /** By hash: whether it can be sent. Present from the first visit on. */
  readonly #known = new Map<string, boolean>();
  readonly #stack: Step[] = [];
  #wanted = 0;

  constructor(options: WalkOptions) {
    this.#options = options;
  }

  /** Paths that belong to it and are not in `paths`. */
  get elsewhere(): number {
    return this.absent.length + this.#incomplete;
  }

  /**
   * Goes on for at most `steps` references; true when it is done.
   *
   * @throws {AppError} `refused` for a closure beyond the bound.
   */
  advance(steps: number): boolean {
    for (let left = steps; left > 0; left--) {
      const top = this.#stack.at(-1);
      if (top !== undefined) this.#follow(top);
      else if (!this.#begin()) return true;
    }
    return this.#stack.length === 0 &&
      this.#wanted === this.#options.want.length;
  }

  #begin(): boolean {
    const base = this.#options.want[this.#wanted];
    if (base === undefined) return false;
    this.#wanted++;
    this.#visit(base.slice(0, 32), base);
    return true;
  }

  #follow(step: Step): void {
    const reference = step.path.references[step.next];
    if (reference === undefined) return this.#leave(step);
    const seen = this.#known.get(reference);
    if (seen === undefined && this.#visit(reference)) {
      // It is on the stack now; when it has left this one looks again.
      return;
    }
    step.next++;
    if (reference !== step.hash && this.#known.get(reference) === false) {
      step.isWhole = false;
    }
  }

  /** True when it has to be followed. */
  #visit(hash: string, base?: string): boolean {
    if (this.#known.has(hash)) return false;
    if (this.#options.has(hash)) {
      this.#known.set(hash, true);
      return false;
    }
    const path = this.#options.lookup(hash);
    if (path === undefined || (base !== undefined && path.base !== base)) {
      this.#known.set(hash, false);
      this.absent.push(base ?? hash);
      return false;
    }
    if (this.#known.size >= MAX_CLOSURE_PATHS) {
      throw new AppError(
        "refused",
        `Cannot send this closure at once: it has more than ${MAX_CLOSURE_PATHS} paths`,
        { hint: "copy it with nix copy" },
      );
    }
    // Until it leaves it counts as sendable: only it itself can ask before.
    this.#known.set(hash, true);
    this.#stack.push({ hash, path, next: 0, isWhole: true });
    return true;
  }

  #leave({ hash, path, isWhole }: Step): void {
    this.#stack.pop();
    if (isWhole) {
      this.paths.push(path);
      return;
    }
    this.#known.set(hash, false);
    this.#incomplete++;
  }
}
