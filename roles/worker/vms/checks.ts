/**
 * Probes a guest once, as its check says. What results mean is core/health.ts'
 * to decide.
 *
 * @module
 */
import { type CopyId, copyKey } from "../../model/ids.ts";
import type { ObservedVm } from "../../model/observed.ts";
import type { HealthCheck } from "../../model/vm_spec.ts";
import { plainText } from "../../../vmm/guest/core/frames.ts";
import type { Guests } from "../../../vmm/guest/mod.ts";
import type { Vmm } from "../../../vmm/mod.ts";

/** What is probed. */
export interface ProbeTarget {
  copy: CopyId;
  check: HealthCheck;
  host: string;
  ports: ObservedVm["ports"];
  /** Tells one boot of the VM from the next. */
  startedAtMs: number;
}

/** What a probe found; `message` says why not, for people. */
export interface ProbeOutcome {
  ok: boolean;
  message: string;
}

/** The port to probing. Never throws; takes at most the check's timeoutMs. */
export interface Checks {
  probe(target: ProbeTarget): Promise<ProbeOutcome>;
  /** Drops what is kept of a copy. */
  forget(copy: CopyId): void;
}

/** A page larger than this is read no further: `match` belongs near its beginning. */
const MAX_BODY_BYTES = 256 * 1024;
/** Of what a command says about its failure: its last words, for people. */
const MAX_SAID_BYTES = 4096;
const MAX_SAID_CHARACTERS = 160;
/** How much of the console's end is searched each time. */
const MAX_SERIAL_BYTES = 1024 * 1024;

/** What stays true of one boot of a VM. */
interface BootFacts {
  startedAtMs: number;
  /** The guest has taken a connection. */
  accepted: boolean;
  /** Serial lines that were seen: they scroll away, the fact stays. */
  lines: Set<string>;
}

/** Probes over the host's network, the driver's serial log and the guest channel. */
export class RealChecks implements Checks {
  #vmm: Vmm;
  readonly #guests: Guests;
  /** Guests are restarted: a connection kept from before would fail once more. */
  #client = Deno.createHttpClient({ poolMaxIdlePerHost: 0 });
  #boots = new Map<string, BootFacts>();

  constructor(vmm: Vmm, guests: Guests) {
    this.#vmm = vmm;
    this.#guests = guests;
  }

  async probe(target: ProbeTarget): Promise<ProbeOutcome> {
    try {
      const message = await this.#probe(target);
      return { ok: message === "", message };
    } catch (error) {
      return { ok: false, message: explain(error, target.check) };
    }
  }

  forget(copy: CopyId): void {
    this.#boots.delete(copyKey(copy));
  }

  close(): void {
    this.#client.close();
  }

  /** "" when it passes, else why not. */
  async #probe(target: ProbeTarget): Promise<string> {
    const { check } = target;
    switch (check.kind) {
      case "http":
        return await this.#http(target);
      case "tcp":
        return await this.#tcp(target);
      case "serial":
        return await this.#serial(target);
      case "command":
        return await this.#command(target);
      case "guest":
        await this.#guests.ready(target.copy, check.timeoutMs);
        return "";
    }
  }

  async #http(target: ProbeTarget): Promise<string> {
    const { check, host } = target;
    const port = portOf(target);
    if (port === null) return `port ${check.port} is not in network.ports`;
    const end = performance.now() + check.timeoutMs;
    // A request to a guest that still boots would hang for its whole time.
    if (!this.#known(target).accepted) {
      const { copy } = target;
      const accepted = await this.#vmm.accepts(copy, port, check.timeoutMs);
      if (!accepted) return "no connection";
      this.#known(target).accepted = true;
    }
    const leftMs = Math.max(1, Math.ceil(end - performance.now()));
    const response = await fetch(
      `http://${host}:${port.host}${check.path ?? "/"}`,
      {
        signal: AbortSignal.timeout(leftMs),
        redirect: "manual",
        client: this.#client,
      },
    );
    if (!response.ok) {
      await response.body?.cancel();
      return `answered ${response.status}`;
    }
    const text = await readSome(response);
    const { match } = check;
    return match === undefined || text.includes(match)
      ? ""
      : `the answer does not contain "${match}"`;
  }

  async #tcp(target: ProbeTarget): Promise<string> {
    const { check, copy } = target;
    const port = portOf(target);
    if (port === null) return `port ${check.port} is not in network.ports`;
    const accepted = await this.#vmm.accepts(copy, port, check.timeoutMs);
    return accepted ? "" : "no connection";
  }

  async #serial(target: ProbeTarget): Promise<string> {
    const { copy, check } = target;
    const match = check.match ?? "";
    const known = this.#known(target);
    if (known.lines.has(match)) return "";
    const { text } = await this.#vmm.serialTail(copy, MAX_SERIAL_BYTES);
    if (!text.includes(match)) return `no line with "${match}" yet`;
    known.lines.add(match);
    return "";
  }

  /** Passes on exit code 0; what it says otherwise is shown. */
  async #command({ copy, check }: ProbeTarget): Promise<string> {
    const said: number[] = [];
    const { code } = await this.#guests.exec(copy, check.command ?? [], {
      timeoutMs: check.timeoutMs,
      lane: "checks",
      maxOutputBytes: MAX_SAID_BYTES,
      onOutput: (_stream, bytes) => void said.push(...bytes),
    });
    if (code === 0) return "";
    const text = plainText(new Uint8Array(said)).slice(-MAX_SAID_CHARACTERS);
    return text === "" ? `ended with ${code}` : `ended with ${code}: ${text}`;
  }

  #known({ copy, startedAtMs }: ProbeTarget): BootFacts {
    const key = copyKey(copy);
    const known = this.#boots.get(key);
    if (known?.startedAtMs === startedAtMs) return known;
    const fresh = { startedAtMs, accepted: false, lines: new Set<string>() };
    this.#boots.set(key, fresh);
    return fresh;
  }
}

function portOf({ check, ports }: ProbeTarget) {
  return ports.find(({ guest }) => guest === check.port) ?? null;
}

async function readSome(response: Response): Promise<string> {
  if (response.body === null) return "";
  const decoder = new TextDecoder();
  let text = "";
  let left = MAX_BODY_BYTES;
  for await (const chunk of response.body) {
    text += decoder.decode(chunk.subarray(0, left), { stream: true });
    left -= chunk.byteLength;
    // Leaving the loop cancels the rest.
    if (left <= 0) break;
  }
  return text + decoder.decode();
}

function explain(error: unknown, check: HealthCheck): string {
  if (error instanceof DOMException && error.name === "TimeoutError") {
    return `no answer within ${check.timeoutMs} ms`;
  }
  const text = error instanceof Error ? error.message : String(error);
  if (/refused/i.test(text)) return "connection refused";
  if (/reset|closed|before message completed|EOF/i.test(text)) {
    return "connection closed without an answer";
  }
  return text.slice(0, 200);
}

/** Checks of simulated guests: every check finds what the script says. */
export class SimulatedChecks implements Checks {
  #answers: (copy: CopyId) => Promise<boolean>;

  constructor(answers: (copy: CopyId) => Promise<boolean>) {
    this.#answers = answers;
  }

  async probe({ copy }: ProbeTarget): Promise<ProbeOutcome> {
    const ok = await this.#answers(copy);
    return { ok, message: ok ? "" : "the simulated guest does not answer" };
  }

  forget(): void {}
}
