/**
 * Objects of this process as capabilities.
 *
 * `serverOf` makes a stub of an implementation; it is called through the
 * same codecs whether the caller is here or at the other end of a connection.
 *
 * @module
 */
import { AppError } from "../roles/model/errors.ts";
import { asAppError } from "./core/errors.ts";
import {
  asPayload,
  type Content,
  type Hook,
  pathKey,
  type Reply,
  type Request,
  type Started,
} from "./core/hook.ts";
import { BrokenCall, BrokenHook, nullHook, PromiseHook } from "./core/hooks.ts";
import {
  type InterfaceType,
  type MethodType,
  TypedContent,
} from "./core/types.ts";
import { DEFAULT_LIMITS } from "./limits.ts";
import { type Client, Stub, stubOf } from "./stub.ts";

/** What a method learns of its call. */
export interface CallContext {
  /** Aborted when the caller cancels or its connection ends. */
  readonly signal: AbortSignal;
}

/** What implementations may also have. */
export interface Released {
  /** Called each time no connection holds the object any more. */
  released?(): void;
}

type Method = (params: unknown, context: CallContext) => unknown;

class LocalHook implements Hook {
  readonly pending = false;
  readonly home = undefined;
  readonly collectable = false;
  readonly implementation: object;
  readonly #type: InterfaceType;
  #exports = 0;
  /** Calls under way, those too whose caller went away: what ignores its signal must not pile up. */
  running = 0;

  constructor(type: InterfaceType, implementation: object) {
    this.#type = type;
    this.implementation = implementation;
  }

  call(request: Request, reply: Reply): Started {
    const method = this.#find(request);
    const run = method === undefined
      ? undefined
      : (this.implementation as Record<string, Method | undefined>)[
        method.name
      ];
    if (method === undefined || run === undefined) {
      return refuse(
        reply,
        new AppError("unimplemented", this.#unknown(request)),
      );
    }
    if (this.running >= DEFAULT_LIMITS.maxAnswers) {
      return refuse(
        reply,
        new AppError(
          "overloaded",
          `Cannot call ${this.#type.name}.${method.name}: ${this.running} calls run`,
        ),
      );
    }
    const call = new LocalCall(this, method, reply);
    call.run(run, request.params);
    return call;
  }

  #find(request: Request): MethodType | undefined {
    const { interfaceLow, interfaceHigh, method } = request;
    for (const each of this.#type.methods) {
      if (
        each.ordinal === method && each.interfaceLow === interfaceLow &&
        each.interfaceHigh === interfaceHigh
      ) return each;
    }
    return undefined;
  }

  #unknown(request: Request): string {
    const id = (BigInt(request.interfaceHigh) << 32n |
      BigInt(request.interfaceLow)).toString(16);
    return `${this.#type.name} has no method ${request.method} of interface @0x${id}`;
  }

  resolved(): Hook {
    return this;
  }
  onResolved(): void {}
  addRef(): void {}
  release(): void {}

  exported(change: 1 | -1): void {
    this.#exports += change;
    if (this.#exports === 0) {
      (this.implementation as Released).released?.();
    }
  }
}

function refuse(reply: Reply, error: AppError): Started {
  reply.exception(error);
  return new BrokenCall(new BrokenHook(error));
}

/** One run of a method. */
class LocalCall implements Started, CallContext {
  readonly #hook: LocalHook;
  readonly #method: MethodType;
  readonly #reply: Reply;
  #abort: AbortController | undefined;
  #state: "running" | "cancelled" | "done" = "running";
  #params: readonly Disposable[] = [];
  #pipelines:
    | Map<string, { path: readonly number[]; hook: PromiseHook }>
    | undefined;
  /** The results, for who pipelines on a call that is over already. */
  #content: Content | undefined;
  #error: AppError | undefined;

  constructor(hook: LocalHook, method: MethodType, reply: Reply) {
    this.#hook = hook;
    this.#method = method;
    this.#reply = reply;
  }

  /** Made on first use: most methods never look. */
  get signal(): AbortSignal {
    this.#abort ??= new AbortController();
    if (this.#state === "cancelled") this.#abort.abort();
    return this.#abort.signal;
  }

  run(method: Method, params: Content): void {
    this.#hook.running++;
    try {
      const { reader, segment, at } = asPayload(params);
      reader.taken = [];
      const value = reader.root(segment, at, this.#method.params.decode);
      this.#params = reader.taken;
      reader.taken = [];
      const result = method.call(this.#hook.implementation, value, this);
      if (isThenable(result)) {
        result.then(
          (value) => this.#results(value),
          (error: unknown) => this.#exception(error),
        );
      } else this.#results(result);
    } catch (error) {
      this.#exception(error);
    }
  }

  #results(value: unknown): void {
    this.#hook.running--;
    if (this.#state === "running") {
      this.#state = "done";
      const content = new TypedContent(this.#method.results, value);
      try {
        this.#succeed(content);
      } catch (error) {
        this.#fail(asAppError(error));
      }
    }
    this.#disposeParams();
  }

  #succeed(content: Content): void {
    this.#content = content;
    if (this.#pipelines === undefined) return this.#reply.results(content);
    const payload = asPayload(content);
    this.#reply.results(payload);
    for (const { path, hook } of this.#pipelines.values()) {
      const real = payload.capabilityAt(path);
      real?.addRef();
      hook.resolve(real ?? nullHook());
      hook.release();
    }
    this.#pipelines = undefined;
  }

  #exception(error: unknown): void {
    this.#hook.running--;
    if (this.#state === "running") {
      this.#state = "done";
      this.#fail(asAppError(error));
    }
    this.#disposeParams();
  }

  #fail(error: AppError): void {
    this.#error = error;
    this.#reply.exception(error);
    this.#breakPipelines(error);
  }

  #breakPipelines(error: AppError): void {
    for (const { hook } of this.#pipelines?.values() ?? []) {
      hook.reject(error);
      hook.release();
    }
    this.#pipelines = undefined;
  }

  #disposeParams(): void {
    for (const stub of this.#params) stub[Symbol.dispose]();
    this.#params = [];
  }

  cancel(): void {
    if (this.#state !== "running") return;
    this.#state = "cancelled";
    this.#error = new AppError("failed", "The call was cancelled");
    this.#abort?.abort();
    this.#breakPipelines(this.#error);
  }

  pipeline(path: readonly number[]): Hook {
    if (this.#error !== undefined) return new BrokenHook(this.#error);
    if (this.#state === "done") return this.#pipelineDone(path);
    const key = pathKey(path);
    this.#pipelines ??= new Map();
    let entry = this.#pipelines.get(key);
    if (entry === undefined) {
      entry = { path, hook: new PromiseHook() };
      this.#pipelines.set(key, entry);
    }
    entry.hook.addRef();
    return entry.hook;
  }

  #pipelineDone(path: readonly number[]): Hook {
    const hook = this.#content === undefined
      ? undefined
      : asPayload(this.#content).capabilityAt(path);
    hook?.addRef();
    return hook ?? nullHook();
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null &&
    typeof (value as { then?: unknown }).then === "function";
}

/** One hook per object and interface, so that a capability that comes back is the same. */
const hooks = new WeakMap<object, Map<InterfaceType, LocalHook>>();

/**
 * The object as a capability. The same object always gives the same
 * capability. Methods may be asynchronous; what they return is encoded when
 * they are done. Stubs in their parameters are disposed then: `dup()` those
 * that are kept.
 */
export function serverOf<C extends Client, S extends object>(
  type: InterfaceType<C, S>,
  implementation: NoInfer<S> & Released,
): C {
  let byType = hooks.get(implementation);
  if (byType === undefined) {
    byType = new Map();
    hooks.set(implementation, byType);
  }
  let hook = byType.get(type);
  if (hook === undefined) {
    hook = new LocalHook(type, implementation);
    byType.set(type, hook);
  }
  return stubOf<C>(type as InterfaceType<C>, hook);
}

/** The object behind a stub, when it is one of this process. */
export function implementationOf(stub: Client): object | undefined {
  const hook = Stub.hookOf(stub).resolved();
  return hook instanceof LocalHook ? hook.implementation : undefined;
}
