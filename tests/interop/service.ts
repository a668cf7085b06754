/**
 * The interop service on our side, the counterpart of service.h. Run as a
 * program it serves on a free port and prints it.
 *
 * @module
 */
import { AppError, type ErrorCode } from "../../roles/model/errors.ts";
import {
  type AllTypesInput,
  Counter,
  type CounterClient,
  type CounterServer,
  Service,
  type ServiceServer,
} from "../../rpc/generated/interop.ts";
import {
  type CallContext,
  promiseOf,
  serverOf,
  serveRpc,
} from "../../rpc/mod.ts";

export class CounterObject implements CounterServer {
  value: number;
  releases = 0;

  constructor(start = 0) {
    this.value = start;
  }

  next({ expect }: { expect: number }): { value: number } {
    this.value++;
    if (expect !== 0 && expect !== this.value) {
      throw new AppError(
        "conflict",
        `out of order: expected ${expect}, it is ${this.value}`,
      );
    }
    return { value: this.value };
  }

  total(): { value: number } {
    return { value: this.value };
  }

  released(): void {
    this.releases++;
  }
}

const FAILURES: readonly [ErrorCode, string, string?][] = [
  ["failed", "it broke"],
  ["overloaded", "too much"],
  ["unavailable", "gone"],
  ["unimplemented", "not here"],
  ["conflict", "the parent is stale", "read it again"],
];

export class ServiceObject implements ServiceServer {
  #kept: CounterClient | undefined;
  readonly #cancelled: string[] = [];

  read() {
    return { value: 42, text: "forty-two" };
  }

  publish({ specs }: Parameters<ServiceServer["publish"]>[0]) {
    let memoryMib = 0;
    for (const spec of specs) memoryMib += spec.memoryMib;
    return { count: specs.length, memoryMib };
  }

  echo({ data }: { data: Uint8Array }) {
    return { data };
  }

  fail({ kind }: { kind: number }): never {
    const [code, message, hint] = FAILURES[kind] ?? FAILURES[0]!;
    throw new AppError(code, message, hint === undefined ? {} : { hint });
  }

  counter({ start }: { start: number }) {
    if (start === 4294967295) {
      throw new AppError("invalid", "no counter for you");
    }
    return { counter: serverOf(Counter, new CounterObject(start)) };
  }

  echoCap({ cap }: { cap: CounterClient }) {
    return { cap };
  }

  async callBack({ cap, times }: { cap: CounterClient; times: number }) {
    let last = 0;
    for (let i = 0; i < times; i++) last = (await cap.next({})).value;
    return { last };
  }

  hold({ cap }: { cap: CounterClient }) {
    this.#kept?.dispose();
    this.#kept = cap.dup();
  }

  held() {
    return this.#kept === undefined ? {} : { cap: this.#kept };
  }

  wait({ token }: { token: string }, { signal }: CallContext) {
    return new Promise<void>((_, reject) => {
      signal.addEventListener("abort", () => {
        this.#cancelled.push(token);
        reject(new AppError("failed", "cancelled"));
      });
    });
  }

  cancelled() {
    return { tokens: this.#cancelled };
  }

  async sleep({ ms }: { ms: number }) {
    await new Promise((resolve) => setTimeout(resolve, ms));
    return { ms };
  }

  types(params: AllTypesInput) {
    return params;
  }

  laterCounter({ ms }: { ms: number }) {
    const later = new Promise<CounterClient>((resolve) => {
      setTimeout(() => resolve(serverOf(Counter, new CounterObject())), ms);
    });
    return { counter: promiseOf(Counter, later) };
  }
}

if (import.meta.main) {
  const listener = await serveRpc({
    transport: { hostname: "127.0.0.1", port: 0 },
    bootstrap: () => serverOf(Service, new ServiceObject()),
  });
  console.log(listener.port);
}
