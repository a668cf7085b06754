/**
 * cloud-hypervisor's API over its unix socket: one client for each VM.
 *
 * Its server has room for ten connections, idle ones included, and answers one
 * request at a time; the next ones wait behind a boot or a snapshot. So there
 * are at most two requests of ours under way, and waits are long: an answer
 * that is late says nothing about the VMM's life. Nothing is sent again here.
 *
 * @module
 */
import type { z } from "zod";
import { AppError, toAppError } from "../../roles/model/errors.ts";
import { parseJsonWith } from "../../roles/model/parse.ts";
import { codeOfStatus, errorWords } from "./core/errors.ts";
import {
  Counters,
  type CreateBody,
  Info,
  Ping,
  ResizeBody,
  RestoreBody,
  SnapshotBody,
} from "./core/schema.ts";

/** One that takes its time, and one that asks how it is. */
const MAX_IN_FLIGHT = 2;
/** More waiting than this, and somebody asks without end. */
const MAX_WAITING = 16;
/** A boot of a large guest on a host that swaps; a hung VMM is told after this. */
export const REQUEST_TIMEOUT_MS = 60_000;
/** A snapshot may take so many times longer: 90 GiB of memory at 100 MiB/s. */
const SNAPSHOT_FACTOR = 15;
/** `vm.info` with every device takes some KiB. Its own limit for requests. */
const MAX_ANSWER_BYTES = 4 * 1024 * 1024;

/** What is asked without a body and answered without one. */
export type Action =
  | "vm.boot"
  | "vm.delete"
  | "vm.shutdown"
  | "vm.pause"
  | "vm.resume"
  | "vm.power-button"
  | "vmm.shutdown";

interface Request {
  method: "GET" | "PUT";
  endpoint: string;
  body?: unknown;
  timeoutMs?: number;
}

interface Answer {
  status: number;
  body: string;
}

async function readBody(response: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  let total = 0;
  for await (const chunk of response.body ?? []) {
    total += chunk.byteLength;
    if (total > MAX_ANSWER_BYTES) {
      throw new Error(`it is longer than ${MAX_ANSWER_BYTES} bytes`);
    }
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

/** The API of one VMM. */
export class CloudHypervisorClient {
  /** Only while requests are under way: kept, it takes 0.2 MiB and one of ten connections; made, 0.1 ms. */
  #client: Deno.HttpClient | null = null;
  readonly #socketPath: string;
  readonly #timeoutMs: number;
  readonly #closing = new AbortController();
  #inFlight = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(
    socketPath: string,
    { timeoutMs = REQUEST_TIMEOUT_MS }: { timeoutMs?: number } = {},
  ) {
    this.#socketPath = socketPath;
    this.#timeoutMs = timeoutMs;
  }

  /**
   * Every call:
   *
   * @throws {AppError} `unavailable` when nothing listens or the VMM went away,
   * `timeout`, `not_found`, `conflict`, `overloaded` or `failed` with its words.
   */
  async ping(timeoutMs = this.#timeoutMs): Promise<z.output<typeof Ping>> {
    return await this.#get("vmm.ping", Ping, timeoutMs);
  }

  async info(timeoutMs = this.#timeoutMs): Promise<z.output<typeof Info>> {
    return await this.#get("vm.info", Info, timeoutMs);
  }

  async counters(): Promise<Counters> {
    return await this.#get("vm.counters", Counters);
  }

  async create(body: CreateBody): Promise<void> {
    await this.#put("vm.create", body);
  }

  async act(action: Action, timeoutMs?: number): Promise<void> {
    await this.#put(action, undefined, timeoutMs);
  }

  async resize(body: z.input<typeof ResizeBody>): Promise<void> {
    await this.#put("vm.resize", ResizeBody.parse(body));
  }

  async snapshot(dir: string): Promise<void> {
    const body = SnapshotBody.parse({ destination_url: `file://${dir}` });
    await this.#put("vm.snapshot", body, this.#timeoutMs * SNAPSHOT_FACTOR);
  }

  async restore(dir: string): Promise<void> {
    const body = RestoreBody.parse({ source_url: `file://${dir}` });
    await this.#put("vm.restore", body, this.#timeoutMs * SNAPSHOT_FACTOR);
  }

  /** Ends what is under way. */
  close(): void {
    if (this.#closing.signal.aborted) return;
    this.#closing.abort();
    this.#rest();
  }

  #connected(): Deno.HttpClient {
    return this.#client ??= Deno.createHttpClient({
      proxy: { transport: "unix", path: this.#socketPath },
      poolMaxIdlePerHost: 1,
      http2: false,
    });
  }

  #rest(): void {
    this.#client?.close();
    this.#client = null;
  }

  async #get<S extends z.ZodType>(
    endpoint: string,
    schema: S,
    timeoutMs?: number,
  ): Promise<z.output<S>> {
    const { body } = await this.#send({
      method: "GET",
      endpoint,
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
    });
    try {
      return parseJsonWith(schema, body, {
        what: `cloud-hypervisor's answer to ${endpoint}`,
      });
    } catch (cause) {
      // Not as parsed: what a VMM says wrong is no fault of the image.
      const { message } = toAppError(cause);
      throw new AppError("failed", message, {
        cause,
        hint: "look whether that program is cloud-hypervisor v50 or later",
      });
    }
  }

  async #put(
    endpoint: string,
    body?: unknown,
    timeoutMs?: number,
  ): Promise<void> {
    await this.#send({
      method: "PUT",
      endpoint,
      ...(body === undefined ? {} : { body }),
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
    });
  }

  async #send(request: Request): Promise<Answer> {
    await this.#turn(request);
    try {
      const answer = await this.#exchange(request);
      if (answer.status < 400) return answer;
      const words = errorWords(answer.body) || `status ${answer.status}`;
      throw new AppError(
        codeOfStatus(answer.status),
        `cloud-hypervisor refused ${request.endpoint}: ${words}`,
      );
    } finally {
      this.#inFlight--;
      const next = this.#waiting.shift();
      if (next !== undefined) next();
      else if (this.#inFlight === 0) this.#rest();
    }
  }

  /** Waits for one of our places. */
  async #turn({ endpoint }: Request): Promise<void> {
    if (this.#inFlight >= MAX_IN_FLIGHT) {
      if (this.#waiting.length >= MAX_WAITING) {
        throw new AppError(
          "overloaded",
          `Cannot ask for ${endpoint}: ${MAX_WAITING} requests wait for this VMM`,
        );
      }
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    this.#inFlight++;
  }

  async #exchange(request: Request): Promise<Answer> {
    const { method, endpoint, body } = request;
    const timeoutMs = request.timeoutMs ?? this.#timeoutMs;
    const late = AbortSignal.timeout(timeoutMs);
    try {
      const response = await fetch(`http://localhost/api/v1/${endpoint}`, {
        method,
        client: this.#connected(),
        signal: AbortSignal.any([late, this.#closing.signal]),
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      return { status: response.status, body: await readBody(response) };
    } catch (cause) {
      if (late.aborted) {
        throw new AppError(
          "timeout",
          `cloud-hypervisor did not answer ${endpoint} within ${timeoutMs} ms`,
          { cause, hint: "look whether the host swaps or its disks hang" },
        );
      }
      const why = this.#closing.signal.aborted
        ? "it was let go of"
        : "it does not answer";
      throw new AppError(
        "unavailable",
        `Cannot reach cloud-hypervisor at ${this.#socketPath} for ${endpoint}: ${why}`,
        { cause },
      );
    }
  }
}
