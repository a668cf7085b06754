/**
 * Hooks for what the peer hosts: an import, and a promise of the peer that
 * may come to anything.
 *
 *     pending --settle(hook)--> resolved
 *        \--settle to something that is not the peer's, after calls-->
 *             embargoed (calls queue) --Disembargo back--> resolved
 *
 * The embargo keeps order: calls sent to the promise travel to the peer and
 * back, and must arrive before those made directly.
 *
 * @module
 */
import type { Connection } from "./connection.ts";
import type { Hook, Reply, Request, Started } from "./hook.ts";
import { BrokenHook, circular, PromiseHook } from "./hooks.ts";
import type { Target } from "./protocol.ts";

/** A capability in the peer's export table. */
export class ImportHook implements Hook {
  readonly pending = false;
  readonly home: Connection;
  readonly collectable: boolean;
  readonly target: Target;
  readonly id: number;
  /** How often the peer sent it to us: what Release gives back. */
  remoteRefs = 0;
  #refs = 0;

  constructor(connection: Connection, id: number) {
    this.home = connection;
    this.collectable = connection.collectForgotten;
    this.id = id;
    this.target = { kind: "import", id };
  }

  call(request: Request, reply: Reply): Started {
    return this.home.call(this.target, request, reply);
  }
  resolved(): Hook {
    return this;
  }
  onResolved(): void {}
  addRef(): void {
    this.#refs++;
  }
  release(): void {
    if (--this.#refs === 0) this.home.capabilities.dropImport(this);
  }
  exported(): void {}
}

/** A pipelined capability of a question, or an import that is a promise. */
export class RemotePromise implements Hook {
  readonly home: Connection;
  readonly collectable: boolean;
  readonly target: Target;
  /** As for an import; unused for a pipelined capability. */
  remoteRefs = 0;
  #refs = 1;
  #called = false;
  /** What it came to, or the queue that stands before it while there is an embargo. */
  #next: Hook | undefined;
  #waiting: ((hook: Hook) => void)[] = [];

  constructor(connection: Connection, target: Target) {
    this.home = connection;
    this.collectable = connection.collectForgotten;
    this.target = target;
  }

  get id(): number {
    return this.target.id;
  }

  get path(): readonly number[] {
    return this.target.kind === "answer" ? this.target.path : [];
  }

  get pending(): boolean {
    return this.#next === undefined;
  }

  call(request: Request, reply: Reply): Started {
    if (this.#next !== undefined) return this.#next.call(request, reply);
    this.#called = true;
    return this.home.call(this.target, request, reply);
  }

  /** The peer was told of it, and may call it. */
  mention(): void {
    this.#called = true;
  }

  /** Takes over the reference to `hook`. */
  settle(given: Hook): void {
    if (this.#next !== undefined) return given.release();
    const hook = given.resolved() === this ? circular() : given;
    const real = hook.resolved();
    // A failure needs no order.
    const foreign = real.home !== this.home && !(real instanceof BrokenHook);
    if (foreign && this.#called && this.home.ended === undefined) {
      const queue = new PromiseHook();
      this.home.capabilities.embargo(this.target, () => queue.resolve(hook));
      this.#next = queue;
    } else {
      this.#next = hook;
    }
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const then of waiting) then(this.#next.resolved());
    if (this.target.kind === "import") {
      this.home.capabilities.dropPromise(this);
    }
    if (this.#refs === 0) this.#next.release();
  }

  resolved(): Hook {
    return this.#next === undefined ? this : this.#next.resolved();
  }

  onResolved(then: (hook: Hook) => void): void {
    if (this.#next === undefined) this.#waiting.push(then);
  }

  addRef(): void {
    this.#refs++;
  }

  release(): void {
    if (--this.#refs > 0) return;
    if (this.#next !== undefined) this.#next.release();
    else if (this.target.kind === "import") {
      this.home.capabilities.dropPromise(this);
    }
  }

  exported(): void {}
}
