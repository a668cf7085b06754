/**
 * Leases and names of guests: which domains dnsmasq must know, and that it
 * runs with the files that say so.
 *
 * dnsmasq reads at its start only which domain goes to which set. So it is
 * started again when a guest needs a domain it does not know, and goes on
 * knowing those that nobody needs any more until then: a look-up lost in
 * between costs a guest seconds.
 *
 * @module
 */
import { randomBytes } from "node:crypto";
import type { HostNetwork } from "../../model/assignment.ts";
import type { Clock } from "../../model/ports.ts";
import { readIfThere, writeFileAtomic } from "../../files/mod.ts";
import type { Commands } from "./commands.ts";
import {
  dnsmasqFiles,
  leaseText,
  parseNameServers,
  taughtDomains,
} from "./core/dnsmasq_files.ts";
import { EVERYWHERE } from "./core/domains.ts";
import type { Guest } from "./core/guests.ts";
import { tableName } from "./core/names.ts";
import type { NetworkSettings } from "./core/plan.ts";
import { Dnsmasq, dnsmasqUser, makeSearchable } from "./dnsmasq.ts";

/** Domains kept for nobody: each is a way to ask the outside something. */
const MAX_SPARE = 64;
/** 256 bits: tokens are made from it. */
const SECRET_BYTES = 32;

/** Which domains there are to be. */
export interface Domains {
  /** Their sets must exist: dnsmasq runs with them, or is about to. */
  readonly taught: readonly string[];
  /** What it is to run with. */
  readonly next: readonly string[];
}

export class Names {
  readonly #settings: NetworkSettings;
  readonly #dir: string;
  readonly #dnsServers: readonly string[] | undefined;
  readonly #resolvConf: string;
  readonly #onWarning: (message: string, error: unknown) => void;
  readonly #dnsmasq: Dnsmasq;
  /** Whom it asks now. */
  #upstream: readonly string[] = [];
  #secret: string | null = null;
  /** Some hundred hashes: made once. */
  #leases: { readonly subnet: string; readonly text: string } | null = null;
  #isServing = false;

  constructor(options: {
    settings: NetworkSettings;
    commands: Commands;
    clock: Clock;
    dir: string;
    dnsServers?: readonly string[];
    resolvConf?: string;
    onWarning: (message: string, error: unknown) => void;
  }) {
    this.#settings = options.settings;
    this.#dir = options.dir;
    this.#dnsServers = options.dnsServers;
    this.#resolvConf = options.resolvConf ?? "/etc/resolv.conf";
    this.#onWarning = options.onWarning;
    this.#dnsmasq = new Dnsmasq(options);
  }

  /** What search domains are made from; kept, so that guests find their peers after a restart of ours. */
  async secret(): Promise<string> {
    if (this.#secret !== null) return this.#secret;
    await makeSearchable(this.#dir);
    const path = `${this.#dir}/secret`;
    let secret = await readIfThere(path);
    if (secret === null || secret.length !== 2 * SECRET_BYTES) {
      secret = randomBytes(SECRET_BYTES).toString("hex");
      await writeFileAtomic(path, secret);
    }
    this.#secret = secret;
    return secret;
  }

  /** Which domains dnsmasq is to know for these guests. */
  async domains(guests: readonly Guest[]): Promise<Domains> {
    const needed = new Set(guests.flatMap(({ domains }) => domains));
    const taught = taughtDomains(await this.#dnsmasq.conf());
    const spare = taught.filter((domain) => !needed.has(domain));
    // With nobody there a restart costs nobody an answer.
    const isQuiet = guests.length > 0 || spare.length === 0;
    const isKept = [...needed].every((domain) => taught.includes(domain)) &&
      spare.length <= MAX_SPARE && !spare.includes(EVERYWHERE) && isQuiet;
    return {
      taught,
      next: isKept ? taught : [...needed].sort(),
    };
  }

  /** @throws {AppError} as {@linkcode Dnsmasq.serve}. */
  async serve(
    host: HostNetwork,
    guests: readonly Guest[],
    domains: readonly string[],
  ): Promise<void> {
    const upstream = await this.#upstreamNow();
    if (upstream.length === 0 && domains.length > 0) {
      this.#onWarning(
        `guests reach no domain: ${this.#resolvConf} names no server with an IPv4 address (set network.dnsServers)`,
        null,
      );
    }
    this.#upstream = upstream;
    const settings = this.#settings;
    await this.#dnsmasq.serve(dnsmasqFiles({
      dir: this.#dir,
      table: tableName(settings.bridge),
      settings,
      host,
      guests,
      leases: await this.#leaseText(host.subnet),
      domains,
      upstream,
      user: await dnsmasqUser(),
    }));
    this.#isServing = true;
  }

  async #leaseText(subnet: string): Promise<string> {
    if (this.#leases?.subnet !== subnet) {
      const text = leaseText(subnet, await this.secret());
      this.#leases = { subnet, text };
    }
    return this.#leases.text;
  }

  /** False when it has ended by itself, or asks others than this host does by now. */
  async isServed(): Promise<boolean> {
    await this.#dnsmasq.boundLog();
    if (!this.#isServing) return true;
    const upstream = await this.#upstreamNow();
    // A file without any is one that is being written.
    const isSame = upstream.length === 0 ||
      upstream.join() === this.#upstream.join();
    return isSame && await this.#dnsmasq.pid() !== null;
  }

  async #upstreamNow(): Promise<readonly string[]> {
    return this.#dnsServers ??
      parseNameServers(await readIfThere(this.#resolvConf) ?? "");
  }

  /** Starts dnsmasq anew with the next `serve`: it has bound itself to a bridge that is gone. */
  async restart(): Promise<void> {
    await this.#dnsmasq.end();
  }

  async remove(): Promise<void> {
    await this.#dnsmasq.remove();
    this.#secret = null;
    this.#leases = null;
    this.#isServing = false;
  }
}
