/**
 * A publisher or an operator: a connection per call, over the real RPC.
 *
 * @module
 */
import { Gate, type SessionClient } from "../../rpc/generated/master.ts";
import { Session } from "../../rpc/mod.ts";
import { type Kernel, Process, timeoutSignal } from "./kernel.ts";
import { MASTER } from "./master_node.ts";
import type { Network } from "./network.ts";

/** People and ci wait longer than a worker does. */
const CALL_TIMEOUT_MS = 20_000;

export class Client {
  readonly name: string;
  readonly #kernel: Kernel;
  readonly #network: Network;
  readonly #token: string;
  readonly #process = new Process();

  constructor(
    name: string,
    parts: { kernel: Kernel; network: Network; token: string },
  ) {
    this.name = name;
    this.#kernel = parts.kernel;
    this.#network = parts.network;
    this.#token = parts.token;
  }

  /** @throws {AppError} the master's answer, or that there was none. */
  async call<T>(
    action: (
      session: SessionClient,
      options: { signal: AbortSignal },
    ) => Promise<T>,
    options: { loseReply?: boolean } = {},
  ): Promise<T> {
    const signal = timeoutSignal(this.#kernel, CALL_TIMEOUT_MS);
    const stream = await this.#network.connect(this.name, MASTER, {
      process: this.#process,
      signal,
    });
    const connection = new Session(stream, { collectForgotten: false });
    try {
      using gate = connection.bootstrap(Gate);
      using session = gate.login({ token: this.#token }).session;
      await session.whoami({}, { signal });
      if (options.loseReply === true) stream.onWrite = () => true;
      return await action(session, { signal });
    } finally {
      connection.close();
    }
  }
}
