/**
 * The hooks that need no connection: one that fails every call, and a promise
 * that keeps calls in order until it knows where they go.
 *
 *     waiting --resolve(hook)--> forwarding (the queue is drained in order) --> resolved
 *        \----release of the last reference--> dropped (queued calls fail)
 *
 * @module
 */
import { AppError } from "../../roles/model/errors.ts";
import { DEFAULT_LIMITS } from "../limits.ts";
import {
  type Hook,
  keep,
  pathKey,
  type Payload,
  type Reply,
  type Request,
  type Started,
} from "./hook.ts";

/** Every call on it fails with the same error. */
export class BrokenHook implements Hook {
  readonly pending = false;
  readonly home = undefined;
  readonly collectable = false;
  readonly error: AppError;

  constructor(error: AppError) {
    this.error = error;
  }

  call(_request: Request, reply: Reply): Started {
    reply.exception(this.error);
    return new BrokenCall(this);
  }
  resolved(): Hook {
    return this;
  }
  onResolved(): void {}
  addRef(): void {}
  release(): void {}
  exported(): void {}
}

/** A call that has failed; so does all that is pipelined on it. */
export class BrokenCall implements Started {
  readonly #hook: BrokenHook;
  constructor(hook: BrokenHook) {
    this.#hook = hook;
  }
  cancel(): void {}
  pipeline(): Hook {
    return this.#hook;
  }
}

/** A null capability: a method returned none, or the field is empty. */
export class NullHook extends BrokenHook {
  constructor() {
    super(new AppError("failed", "Cannot call a capability that is null"));
  }
}

export function nullHook(): NullHook {
  return new NullHook();
}

/** In place of a promise that came to itself. */
export function circular(): BrokenHook {
  return new BrokenHook(
    new AppError("failed", "A promised capability resolved to itself"),
  );
}

/** A call that waits in a promise's queue. */
class QueuedCall implements Started {
  readonly request: Request & { params: Payload };
  readonly reply: Reply;
  readonly #paths: { path: readonly number[]; hook: PromiseHook }[] = [];
  #started: Started | undefined;
  cancelled = false;

  constructor(request: Request & { params: Payload }, reply: Reply) {
    this.request = request;
    this.reply = reply;
  }

  cancel(): void {
    this.cancelled = true;
    this.#started?.cancel();
  }

  pipeline(path: readonly number[]): Hook {
    if (this.#started !== undefined) return this.#started.pipeline(path);
    const key = pathKey(path);
    let known = this.#paths.find((each) => pathKey(each.path) === key)?.hook;
    if (known === undefined) {
      known = new PromiseHook();
      this.#paths.push({ path, hook: known });
    }
    known.addRef();
    return known;
  }

  /** Makes the call on `hook`. */
  forward(hook: Hook): void {
    const { params } = this.request;
    if (!this.cancelled) {
      this.#started = hook.call(this.request, this.reply);
    } else {
      this.#started = new BrokenCall(
        new BrokenHook(new AppError("failed", "The call was cancelled")),
      );
    }
    params.releaseCaps();
    for (const { path, hook } of this.#paths) {
      hook.resolve(this.#started.pipeline(path));
      hook.release();
    }
  }
}

/** A capability that is not known yet. */
export class PromiseHook implements Hook {
  readonly home = undefined;
  readonly collectable = false;
  #refs = 1;
  #target: Hook | undefined;
  #queue: QueuedCall[] = [];
  #waiting: ((hook: Hook) => void)[] = [];

  get pending(): boolean {
    return this.#target === undefined;
  }

  call(request: Request, reply: Reply): Started {
    if (this.#target !== undefined && this.#queue.length === 0) {
      return this.#target.call(request, reply);
    }
    if (this.#queue.length >= DEFAULT_LIMITS.maxQueuedCalls) {
      const error = new AppError(
        "overloaded",
        `Cannot queue a call: ${this.#queue.length} wait for the same promise`,
      );
      return new BrokenHook(error).call(request, reply);
    }
    const call = new QueuedCall(
      { ...request, params: keep(request.params) },
      reply,
    );
    this.#queue.push(call);
    return call;
  }

  /** Sends what waited to `hook`, in order. Takes over the caller's reference; the first resolution counts. */
  resolve(given: Hook): void {
    if (this.#target !== undefined) return given.release();
    const hook = given.resolved() === this ? circular() : given;
    this.#target = hook;
    // Calls that are made meanwhile join the queue's end, so the order holds.
    for (let i = 0; i < this.#queue.length; i++) this.#queue[i]!.forward(hook);
    this.#queue = [];
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const then of waiting) then(hook.resolved());
    if (this.#refs === 0) hook.release();
  }

  reject(error: AppError): void {
    this.resolve(new BrokenHook(error));
  }

  resolved(): Hook {
    return this.#target === undefined || this.#queue.length > 0
      ? this
      : this.#target.resolved();
  }

  onResolved(then: (hook: Hook) => void): void {
    if (this.#target === undefined) this.#waiting.push(then);
  }

  addRef(): void {
    this.#refs++;
  }

  release(): void {
    if (--this.#refs === 0) this.#target?.release();
  }

  exported(): void {}
}
