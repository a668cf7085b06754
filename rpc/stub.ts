/**
 * Typed stubs: what code that calls a capability holds, and the calls it makes.
 *
 * A stub holds one reference to its hook until it is disposed. A call is a
 * promise of its results and at once a holder of the capabilities that the
 * results will have: `gate.login({ token }).session` can be called before the
 * login has returned. It never rejects unless somebody waits for it.
 *
 * @module
 */
import { AppError } from "../roles/model/errors.ts";
import { asAppError } from "./core/errors.ts";
import type { Hook } from "./core/hook.ts";
import { NullHook, nullHook, PromiseHook } from "./core/hooks.ts";
import { PendingCall } from "./pending_call.ts";
import type { Reader, Segment } from "./core/reader.ts";
import type { Writer } from "./core/writer.ts";
import {
  type InterfaceType,
  type MethodType,
  type PipelineField,
  type StructType,
  TypedContent,
} from "./core/types.ts";

export interface CallOptions {
  /** Aborting it cancels the call here and at the peer. */
  signal?: AbortSignal | undefined;
}

/** What every stub offers beside its methods. */
export interface Client extends Disposable {
  /** Gives the capability back; calls after this fail. Twice does nothing. */
  dispose(): void;
  /** A second stub with a reference of its own: to keep a parameter beyond its call, for one. */
  dup(): this;
}

/** A call: its results, and through `Pipeline` the capabilities they will have. */
export type Call<Results, Pipeline = unknown> =
  & PromiseLike<Results>
  & Pick<Promise<Results>, "catch" | "finally">
  & Pipeline;

const net = new FinalizationRegistry<Hook>((hook) => hook.release());

/** The base of all stubs. */
export class Stub implements Client {
  #hook: Hook;
  #disposed = false;
  #onDispose: (() => void) | undefined;
  readonly #name: string;

  /** Takes over a reference to `hook`. */
  constructor(hook: Hook, name: string, onDispose?: () => void) {
    this.#hook = hook;
    this.#name = name;
    this.#onDispose = onDispose;
    // The peer's table must not grow with what was forgotten here. A net only: dispose is prompt.
    if (hook.collectable) net.register(this, hook, this);
  }

  /** The hook to call or to send. Not a new reference. */
  static hookOf(stub: Client): Hook {
    if (!(stub instanceof Stub)) {
      throw new RangeError("a capability must be a stub: use serverOf()");
    }
    if (stub.#disposed) {
      throw new AppError(
        "failed",
        `Cannot use a ${stub.#name} that was disposed`,
        { hint: "keep a parameter beyond its call with dup()" },
      );
    }
    return stub.#hook;
  }

  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    net.unregister(this);
    this.#hook.release();
    this.#onDispose?.();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  dup(): this {
    const hook = Stub.hookOf(this);
    hook.addRef();
    return new (this.constructor as new (hook: Hook, name: string) => this)(
      hook,
      this.#name,
    );
  }
}

type StubClass = new (
  hook: Hook,
  name: string,
  onDispose?: () => void,
) => Stub;
const classes = new WeakMap<object, StubClass>();

function classOf(type: InterfaceType): StubClass {
  let found = classes.get(type);
  if (found !== undefined) return found;
  found = class extends Stub {};
  for (const method of type.methods) {
    const label = `${type.name}.${method.name}`;
    const call = function (
      this: Stub,
      params: unknown,
      options?: CallOptions,
    ): unknown {
      return startCall(this, method, { label, params, ...options });
    };
    Object.defineProperty(found.prototype, method.name, { value: call });
  }
  classes.set(type, found);
  return found;
}

/** A stub for `hook`; takes over a reference. */
export function stubOf<C>(
  type: InterfaceType<C, never> | InterfaceType<C>,
  hook: Hook,
  onDispose?: () => void,
): C {
  return new (classOf(type))(hook, type.name, onDispose) as C;
}

/** For generated decoders: the capability at `at`; calls on one that is null fail. `at` -1: there is no such pointer. */
export function takeClient<C>(
  reader: Reader,
  segment: Segment,
  at: number,
  type: InterfaceType<C>,
): C {
  const hook = at < 0 ? undefined : reader.capability(segment, at);
  hook?.addRef();
  const stub = stubOf(type, hook ?? nullHook());
  reader.taken.push(stub as Disposable);
  return stub;
}

/** For generated encoders. */
export function putClient(writer: Writer, at: number, stub: Client): void {
  const hook = Stub.hookOf(stub);
  if (!(hook instanceof NullHook)) writer.capability(at, hook);
}

/**
 * A capability that can be called and passed on before it is known. Calls
 * keep their order. Takes over the stub that `promise` gives.
 */
export function promiseOf<C extends Client>(
  type: InterfaceType<C>,
  promise: PromiseLike<C>,
): C {
  const hook = new PromiseHook();
  promise.then((stub) => {
    const known = Stub.hookOf(stub);
    known.addRef();
    hook.resolve(known);
    stub.dispose();
  }, (error: unknown) => hook.reject(asAppError(error)))
    .then(undefined, (error: unknown) => hook.reject(asAppError(error)));
  return stubOf(type, hook);
}

/** The same object by another interface; methods it does not have fail with `unimplemented`. A stub of its own. */
export function castTo<C extends Client>(
  type: InterfaceType<C>,
  stub: Client,
): C {
  const hook = Stub.hookOf(stub);
  hook.addRef();
  return stubOf(type, hook);
}

/** True when both stubs lead to the same object, as far as is known here. */
export function sameCapability(a: Client, b: Client): boolean {
  return Stub.hookOf(a).resolved() === Stub.hookOf(b).resolved();
}

interface CallStart extends CallOptions {
  label: string;
  params: unknown;
}

/** A call as its caller holds it. */
class CallBase<R> implements PromiseLike<R> {
  protected readonly pending: PendingCall<R>;

  constructor(pending: PendingCall<R>) {
    this.pending = pending;
  }

  then<A = R, B = never>(
    ok?: ((value: R) => A | PromiseLike<A>) | null,
    failed?: ((error: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.pending.promise().then(ok, failed);
  }
  catch<B = never>(
    failed?: ((error: unknown) => B | PromiseLike<B>) | null,
  ): Promise<R | B> {
    return this.pending.promise().catch(failed);
  }
  finally(done?: (() => void) | null): Promise<R> {
    return this.pending.promise().finally(done);
  }
}

/** The hook of a stub among the results. */
function hookIn(value: unknown): Hook | undefined {
  return value instanceof Stub ? Stub.hookOf(value) : undefined;
}

function startCall(stub: Stub, method: MethodType, start: CallStart): unknown {
  const pending = new PendingCall<unknown>(method, start.label, hookIn);
  const { signal } = start;
  try {
    if (signal?.aborted) {
      pending.watch(signal);
    } else {
      const hook = Stub.hookOf(stub);
      pending.started = hook.call({
        interfaceLow: method.interfaceLow,
        interfaceHigh: method.interfaceHigh,
        method: method.ordinal,
        params: new TypedContent(method.params, start.params),
      }, pending);
      if (signal !== undefined && !pending.settled) pending.watch(signal);
    }
  } catch (error) {
    pending.exception(asAppError(error));
  }
  return new (callClassOf(method.results))(pending);
}

type CallClass = new (pending: PendingCall<unknown>) => CallBase<unknown>;
const callClasses = new WeakMap<StructType, CallClass>();

function callClassOf(results: StructType): CallClass {
  if (results.pipeline === undefined) return CallBase;
  let found = callClasses.get(results);
  if (found !== undefined) return found;
  const fields = results.pipeline;
  found = class extends CallBase<unknown> {
    constructor(pending: PendingCall<unknown>) {
      super(pending);
      definePipelines(this, pending, { fields, path: [], names: [] });
    }
  };
  callClasses.set(results, found);
  return found;
}

/** Getters for the capabilities below `fields`; the same stub each time. */
function definePipelines(
  target: object,
  pending: PendingCall<unknown>,
  place: {
    fields: Readonly<Record<string, PipelineField>>;
    path: readonly number[];
    names: readonly string[];
  },
): void {
  for (const [name, field] of Object.entries(place.fields)) {
    const path = [...place.path, field.index];
    const names = [...place.names, name];
    let made: unknown;
    const get = () => made ??= makePipeline(pending, field, { path, names });
    Object.defineProperty(target, name, { get, enumerable: true });
  }
}

function makePipeline(
  pending: PendingCall<unknown>,
  field: PipelineField,
  place: { path: readonly number[]; names: readonly string[] },
): unknown {
  if (field.interface !== undefined) {
    const hook = pending.pipeline(place.path, place.names);
    return stubOf(field.interface(), hook, () => pending.unpipeline());
  }
  const nested = {};
  const fields = field.struct?.().pipeline ?? {};
  definePipelines(nested, pending, { fields, ...place });
  return nested;
}
