/**
 * What a stand-in's guest is reached by: its serial port and its vsock, on unix
 * sockets as cloud-hypervisor serves them.
 *
 * @module
 */

/** What a serial port keeps while nobody is connected; older bytes go. */
const MAX_KEPT_BYTES = 1 << 20;

async function writeAll(
  connection: Deno.Conn,
  bytes: Uint8Array,
): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    done += await connection.write(bytes.subarray(done));
  }
}

/** A serial port: one client, the next one takes its place. */
export class SerialPort {
  readonly #listener: Deno.UnixListener;
  readonly #onInput: (bytes: Uint8Array) => void;
  #client: Deno.UnixConn | null = null;
  #kept = new Uint8Array(0);
  #writing: Promise<void> = Promise.resolve();

  /** @throws when something is at `path`: it is bound as it is. */
  constructor(path: string, onInput: (bytes: Uint8Array) => void) {
    this.#listener = Deno.listen({ transport: "unix", path });
    this.#onInput = onInput;
    void this.#accept();
  }

  /** What the guest writes. */
  print(text: string | Uint8Array): Promise<void> {
    const bytes = typeof text === "string"
      ? new TextEncoder().encode(text)
      : text;
    this.#writing = this.#writing.then(() => this.#put(bytes));
    return this.#writing;
  }

  close(): void {
    this.#listener.close();
    this.#drop();
  }

  async #put(bytes: Uint8Array): Promise<void> {
    if (this.#client !== null) {
      const sent = await writeAll(this.#client, bytes).then(
        () => true,
        () => false,
      );
      if (sent) return;
      this.#drop();
    }
    const all = new Uint8Array(this.#kept.length + bytes.length);
    all.set(this.#kept);
    all.set(bytes, this.#kept.length);
    this.#kept = all.slice(-MAX_KEPT_BYTES);
  }

  #drop(): void {
    const client = this.#client;
    this.#client = null;
    try {
      client?.close();
    } catch {
      // It has closed itself.
    }
  }

  async #accept(): Promise<void> {
    for await (const client of this.#listener) {
      this.#drop();
      this.#client = client;
      const kept = this.#kept;
      this.#kept = new Uint8Array(0);
      void this.print(kept);
      void this.#read(client);
    }
  }

  async #read(client: Deno.UnixConn): Promise<void> {
    const buffer = new Uint8Array(4096);
    for (;;) {
      const count = await client.read(buffer).catch(() => null);
      if (count === null) break;
      this.#onInput(buffer.slice(0, count));
    }
    if (this.#client === client) this.#drop();
  }
}

/** Answers a guest's side of one connection. */
export type Agent = (connection: Deno.UnixConn) => Promise<void>;

/** A vsock: a line names the guest's port; where nobody listens the connection is closed. */
export class Vsock {
  readonly #listener: Deno.UnixListener;
  readonly #agents: ReadonlyMap<number, Agent>;
  /** False: the guest has no driver for it, so nothing is ever answered. */
  readonly #hasDriver: boolean;
  #hostPort = 1 << 30;

  constructor(
    path: string,
    agents: ReadonlyMap<number, Agent>,
    hasDriver: boolean,
  ) {
    this.#listener = Deno.listen({ transport: "unix", path });
    this.#agents = agents;
    this.#hasDriver = hasDriver;
    void this.#accept();
  }

  close(): void {
    this.#listener.close();
  }

  async #accept(): Promise<void> {
    for await (const connection of this.#listener) {
      void this.#serve(connection).catch(() => undefined).finally(() => {
        try {
          connection.close();
        } catch {
          // The agent has closed it.
        }
      });
    }
  }

  async #serve(connection: Deno.UnixConn): Promise<void> {
    const byte = new Uint8Array(1);
    let line = "";
    while (!line.endsWith("\n")) {
      if (await connection.read(byte) === null || line.length > 31) return;
      line += String.fromCharCode(byte[0] ?? 0);
    }
    if (!this.#hasDriver) return await new Promise(() => undefined);
    const agent = this.#agents.get(Number(/^CONNECT (\d+)\n$/.exec(line)?.[1]));
    if (agent === undefined) return;
    const answer = `OK ${this.#hostPort++}\n`;
    await writeAll(connection, new TextEncoder().encode(answer));
    await agent(connection);
  }
}
