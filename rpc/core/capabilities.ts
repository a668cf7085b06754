/**
 * Exports, imports and embargoes of a connection.
 *
 * Owns how a capability is named to the peer and what a name of the peer's
 * means. An export lives until the peer has released it as often as it was
 * sent; an import until our last reference goes.
 *
 * @module
 */
import { AppError } from "../../roles/model/errors.ts";
import type { Connection } from "./connection.ts";
import type { Hook } from "./hook.ts";
import { BrokenHook } from "./hooks.ts";
import {
  CAP,
  type Descriptor,
  MESSAGE,
  type Target,
  writeTarget,
} from "./protocol.ts";
import { MalformedMessage } from "./reader.ts";
import { ImportHook, RemotePromise } from "./remote.ts";

interface Export {
  id: number;
  hook: Hook;
  /** How often the peer was sent it. */
  refs: number;
}

export class Capabilities {
  readonly #connection: Connection;
  readonly #exports = new Map<number, Export>();
  readonly #exportOf = new Map<Hook, Export>();
  readonly #imports = new Map<number, ImportHook | RemotePromise>();
  readonly #embargoes = new Map<number, () => void>();
  #freeExports: number[] = [];
  #nextExport = 0;
  #nextEmbargo = 0;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  get exportCount(): number {
    return this.#exports.size;
  }
  get importCount(): number {
    return this.#imports.size;
  }
  get embargoCount(): number {
    return this.#embargoes.size;
  }

  // Towards the peer.

  /**
   * Names for a message's capabilities; `exports` are the export entries used, one for each time.
   *
   * @throws {AppError} `overloaded`; no export is made then.
   */
  describeAll(
    hooks: readonly Hook[],
  ): { descriptors: Descriptor[]; exports: number[] } {
    const { maxCapabilities } = this.#connection.limits;
    if (this.#exports.size + hooks.length > maxCapabilities) {
      throw new AppError(
        "overloaded",
        `Cannot send a capability: the peer holds ${this.#exports.size} of at most ${maxCapabilities}`,
        { hint: "dispose capabilities that are not used any more" },
      );
    }
    const exports: number[] = [];
    const descriptors: Descriptor[] = [];
    for (const hook of hooks) {
      const descriptor = this.describe(hook);
      descriptors.push(descriptor);
      if (
        descriptor.tag === CAP.senderHosted ||
        descriptor.tag === CAP.senderPromise
      ) {
        exports.push(descriptor.id);
      }
    }
    return { descriptors, exports };
  }

  describe(given: Hook): Descriptor {
    const hook = given.resolved();
    const place = this.placeOf(hook);
    if (place !== undefined) {
      if (hook instanceof RemotePromise) hook.mention();
      return place.kind === "import"
        ? { tag: CAP.receiverHosted, id: place.id }
        : { tag: CAP.receiverAnswer, id: place.id, path: place.path };
    }
    const { id, refs } = this.#export(hook);
    if (!hook.pending) return { tag: CAP.senderHosted, id };
    if (refs === 1) hook.onResolved((real) => this.#resolved(id, hook, real));
    return { tag: CAP.senderPromise, id };
  }

  /** How the peer knows `hook`, when it is the peer's own. */
  placeOf(hook: Hook): Target | undefined {
    const real = hook.resolved();
    if (real.home !== this.#connection) return undefined;
    return real instanceof ImportHook || real instanceof RemotePromise
      ? real.target
      : undefined;
  }

  #export(hook: Hook): Export {
    let entry = this.#exportOf.get(hook);
    if (entry === undefined) {
      const id = this.#freeExports.pop() ?? this.#nextExport++;
      entry = { id, hook, refs: 0 };
      this.#exports.set(id, entry);
      this.#exportOf.set(hook, entry);
      hook.addRef();
      hook.exported(1);
    }
    entry.refs++;
    return entry;
  }

  /** A promise we export came to `real`. */
  #resolved(id: number, hook: Hook, real: Hook): void {
    const entry = this.#exports.get(id);
    if (entry?.hook !== hook || this.#connection.ended !== undefined) return;
    if (real instanceof BrokenHook) {
      return this.#connection.sendResolve(id, real.error);
    }
    this.#connection.sendResolve(id, this.describe(real));
  }

  onRelease(id: number, count: number): void {
    const entry = this.#exports.get(id);
    if (entry === undefined || count > entry.refs) {
      throw new MalformedMessage(`a release of ${count} x export ${id}`);
    }
    this.#release(entry, count);
  }

  /** One reference of each is given back. */
  releaseExports(ids: readonly number[]): void {
    for (const id of ids) {
      const entry = this.#exports.get(id);
      if (entry !== undefined) this.#release(entry, 1);
    }
  }

  #release(entry: Export, count: number): void {
    entry.refs -= count;
    if (entry.refs > 0) return;
    this.#exports.delete(entry.id);
    this.#exportOf.delete(entry.hook);
    this.#freeExports.push(entry.id);
    entry.hook.exported(-1);
    entry.hook.release();
  }

  /** The peer did not take what a descriptor gave it. */
  undo(descriptor: Descriptor): void {
    if (
      descriptor.tag === CAP.senderHosted ||
      descriptor.tag === CAP.senderPromise
    ) this.releaseExports([descriptor.id]);
  }

  /** What we export as `id`. A new reference; broken when there is no such export. */
  exported(id: number): Hook {
    const hook = this.#exports.get(id)?.hook;
    if (hook === undefined) {
      return new BrokenHook(
        new AppError("not_found", `There is no export ${id}: it was released`),
      );
    }
    hook.addRef();
    return hook;
  }

  // From the peer.

  /** A new reference to each capability of a table. */
  takeAll(table: readonly Descriptor[]): (Hook | undefined)[] {
    if (table.length > this.#connection.limits.maxCapabilities) {
      throw new MalformedMessage(`a table of ${table.length} capabilities`);
    }
    return table.map((descriptor) =>
      descriptor.tag === CAP.none ? undefined : this.take(descriptor)
    );
  }

  /** A new reference to what the descriptor names. */
  take(descriptor: Descriptor): Hook {
    switch (descriptor.tag) {
      case CAP.none:
        return new BrokenHook(
          new AppError("failed", "Cannot call a capability that is null"),
        );
      case CAP.senderHosted:
        return this.#import(descriptor.id, false);
      case CAP.senderPromise:
        return this.#import(descriptor.id, true);
      case CAP.receiverHosted:
        return this.exported(descriptor.id);
      case CAP.receiverAnswer:
        return this.#connection.answers.pipelined(
          descriptor.id,
          descriptor.path,
        );
    }
  }

  #import(id: number, promise: boolean): Hook {
    let hook = this.#imports.get(id);
    if (hook === undefined) {
      const { maxCapabilities } = this.#connection.limits;
      if (this.#imports.size >= maxCapabilities) {
        throw new MalformedMessage(
          `more than ${maxCapabilities} capabilities sent to us`,
        );
      }
      if (promise) {
        hook = new RemotePromise(this.#connection, { kind: "import", id });
      } else {
        hook = new ImportHook(this.#connection, id);
        hook.addRef();
      }
      this.#imports.set(id, hook);
    } else {
      hook.addRef();
    }
    hook.remoteRefs++;
    return hook;
  }

  dropImport(hook: ImportHook): void {
    this.#drop(hook);
  }

  /** The promise is resolved or not held any more: the peer may forget it. */
  dropPromise(promise: RemotePromise): void {
    this.#drop(promise);
  }

  #drop(hook: ImportHook | RemotePromise): void {
    if (this.#imports.get(hook.id) !== hook) return;
    this.#imports.delete(hook.id);
    const { id, remoteRefs } = hook;
    this.#connection.notify(MESSAGE.release, (writer, start) => {
      const place = writer.struct(start + 24, 1, 0);
      writer.view.setUint32(place, id, true);
      writer.view.setUint32(place + 4, remoteRefs, true);
    });
  }

  /** A Resolve for the promise `id`; takes over the reference to `hook`. */
  onResolve(id: number, hook: Hook): void {
    const promise = this.#imports.get(id);
    // We may have released it while the Resolve was on its way.
    if (!(promise instanceof RemotePromise)) return hook.release();
    promise.settle(hook);
  }

  // Embargoes.

  /** Asks the peer to send a Disembargo back through `target`; `lift` runs when it is here. */
  embargo(target: Target, lift: () => void): void {
    const id = this.#nextEmbargo++ >>> 0;
    this.#embargoes.set(id, lift);
    this.#connection.notify(MESSAGE.disembargo, (writer, start) => {
      const place = writer.struct(start + 24, 1, 1);
      writer.view.setUint32(place, id, true);
      writeTarget(writer, place + 8, target);
    });
  }

  onEmbargoLifted(id: number): void {
    const lift = this.#embargoes.get(id);
    if (lift === undefined) {
      throw new MalformedMessage(`a disembargo with the id ${id}`);
    }
    this.#embargoes.delete(id);
    lift();
  }

  end(reason: AppError): void {
    const imports = [...this.#imports.values()];
    this.#imports.clear();
    for (const hook of imports) {
      if (hook instanceof RemotePromise) hook.settle(new BrokenHook(reason));
    }
    const exports = [...this.#exports.values()];
    this.#exports.clear();
    this.#exportOf.clear();
    for (const { hook } of exports) {
      hook.exported(-1);
      hook.release();
    }
    const lifts = [...this.#embargoes.values()];
    this.#embargoes.clear();
    // The calls that came before are lost with the connection; those behind the embargo go on.
    for (const lift of lifts) lift();
  }
}
