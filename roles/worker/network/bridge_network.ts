/**
 * The guests' network on a bridge of this host: a TAP for each copy, rules,
 * leases, names, published ports, ways to other workers' guests.
 *
 * Owns the interfaces, tables and processes that bear its bridge's name, and
 * nothing else of this host. Keeps no state on disk but a secret: what there is
 * says itself what it is, so that a process that died anywhere leaves nothing
 * that the next one would not find. What is allowed is decided in core/.
 *
 *     configure, provide, publish -> wanted -> settle: rules, bridge, routes, dnsmasq
 *                                                ^                      |
 *                                                +-- every few seconds: still there?
 *
 * @module
 */
import { AppError } from "../../model/errors.ts";
import { type CopyId, copyKey } from "../../model/ids.ts";
import type { Clock } from "../../model/ports.ts";
import { Cards } from "./cards.ts";
import type { Commands } from "./commands.ts";
import { parseSubnet } from "./core/addresses.ts";
import { type Guests, guestsOf } from "./core/guests.ts";
import type { CardOwner } from "./core/links.ts";
import { ownerOf, tableName } from "./core/names.ts";
import { parseCounters, parseListeners } from "./core/nft_found.ts";
import type {
  GuestPlan,
  NetworkPlan,
  NetworkSettings,
  PublishedGuestPort,
} from "./core/plan.ts";
import { rulesetOf } from "./core/ruleset.ts";
import type { GuestCounters, WorkerNetwork } from "./network.ts";
import { Names } from "./names.ts";
import { Rules } from "./rules.ts";
import { Underlay } from "./underlay.ts";

/** Somebody who flushes all rules of the host opens it to guests for this long at most. */
const LOOK_MS = 5000;

/** What a bridge network is made with. */
export interface BridgeNetworkOptions {
  readonly settings: NetworkSettings;
  readonly commands: Commands;
  readonly clock: Clock;
  /** Its own directory, on a file system that a reboot empties. */
  readonly dir: string;
  /** Whom VMMs run as; absent: root. */
  readonly owner?: CardOwner;
  /** Name servers; absent: those of this host, whichever they are at a time. */
  readonly dnsServers?: readonly string[];
  /** Where those of this host are; absent: /etc/resolv.conf. */
  readonly resolvConf?: string;
  /** The lines that make a card by a name; absent: a TAP. Tests put a cable to a namespace in its place. */
  readonly cardLines?: (tap: string, copy: CopyId) => readonly string[];
  /** Between two looks at whether it is all still there. */
  readonly lookMs?: number;
  readonly onWarning: (message: string, error: unknown) => void;
}

/** Those that do not lead to the guest yet. */
function freshOf(
  ports: readonly PublishedGuestPort[],
  before: readonly PublishedGuestPort[],
): PublishedGuestPort[] {
  return ports.filter(({ publish }) =>
    !before.some((port) => port.publish === publish)
  );
}

export class BridgeNetwork implements WorkerNetwork {
  readonly name = "network";
  readonly kind = "bridge";
  readonly #options: BridgeNetworkOptions;
  readonly #cards: Cards;
  readonly #rules: Rules;
  readonly #names: Names;
  readonly #underlay: Underlay;
  #plan: NetworkPlan | null = null;
  /** Of the plan, to tell another one by. */
  #planText = "";
  /** Planned ones, and those that left the plan and still run; by copy. */
  #guests = new Map<string, GuestPlan>();
  #published = new Map<string, readonly PublishedGuestPort[]>();
  /** Counts what is wanted, and what has been made of it. */
  #wanted = 0;
  #settled = 0;
  #settling: Promise<void> | null = null;
  #refused: Guests["refused"] = new Map();
  #looking: Promise<void> | null = null;
  readonly #closing = new AbortController();

  constructor(options: BridgeNetworkOptions) {
    const settings = { ...options.settings, owner: ownerOf(options.dir) };
    this.#options = { ...options, settings };
    const { commands, dir, clock, onWarning } = options;
    this.#cards = new Cards(this.#options);
    this.#rules = new Rules(commands, tableName(settings.bridge));
    this.#names = new Names({ ...this.#options, dir, clock });
    this.#underlay = new Underlay({ settings, commands, onWarning });
  }

  async configure(plan: NetworkPlan): Promise<void> {
    const text = JSON.stringify(plan);
    // Told again of what runs what it was planned to: settled as soon as that is.
    if (this.#plan !== null && text === this.#planText) {
      return await this.#settle();
    }
    this.#plan = plan;
    this.#planText = text;
    const planned = new Map(
      plan.guests.map((guest) => [copyKey(guest.copy), guest]),
    );
    for (const [key, guest] of this.#guests) {
      const isKept = !planned.has(key) && this.#cards.has(guest.copy);
      if (isKept) planned.set(key, guest);
    }
    this.#guests = planned;
    this.#wanted++;
    // Also when this fails: it is tried again.
    this.#looking ??= this.#look();
    await this.#settle();
    for (const [key, error] of this.#refused) {
      this.#options.onWarning(`${key} has no network`, error);
    }
  }

  async provide(copy: CopyId) {
    const plan = this.#guests.get(copyKey(copy));
    if (plan === undefined) {
      throw new AppError(
        "unavailable",
        `Cannot give ${
          copyKey(copy)
        } a network card: the master has told no address for it yet`,
      );
    }
    // Shut until there are rules for it: the card need not wait for them, only for the bridge.
    const settling = this.#settle();
    if (!this.#underlay.isMade) await settling;
    const { rateLimitMbit = null } = plan.spec;
    const [card] = await Promise.allSettled([
      this.#cards.make(copy, rateLimitMbit),
      settling,
    ]);
    await settling;
    const refused = this.#refused.get(copyKey(copy));
    if (refused !== undefined) throw refused;
    if (card.status === "rejected") throw card.reason;
    return this.cardOf(copy, plan.network.address);
  }

  cardOf(copy: CopyId, address: string) {
    return { nic: { ...this.#cards.nicOf(copy, address), address } };
  }

  async withdraw(copy: CopyId): Promise<void> {
    const key = copyKey(copy);
    const isPlanned =
      this.#plan?.guests.some((guest) => copyKey(guest.copy) === key) ?? false;
    await this.#cards.remove(copy);
    const hadPorts = this.#published.delete(key);
    const hadRules = !isPlanned && this.#guests.delete(key);
    if (!hadPorts && !hadRules) return;
    this.#wanted++;
    await this.#settle();
  }

  async adopt(copies: readonly CopyId[]): Promise<void> {
    await this.#cards.adopt(copies);
  }

  async publish(
    copy: CopyId,
    ports: readonly PublishedGuestPort[],
  ): Promise<void> {
    const key = copyKey(copy);
    this.#refuseAbsent(key);
    await this.#settle();
    const listeners = await this.#listeners(key, ports);
    // No wait from here on: of two who ask at once one has it, and who has left gets none.
    this.#refuseAbsent(key);
    const before = this.#published.get(key) ?? [];
    this.#refuseTaken(key, ports, { before, listeners });
    this.#published.set(key, [...ports]);
    this.#wanted++;
    try {
      await this.#settle();
    } catch (error) {
      if (this.#guests.has(key)) this.#published.set(key, before);
      this.#wanted++;
      throw error;
    }
  }

  #refuseAbsent(key: string): void {
    if (this.#guests.has(key)) return;
    throw new AppError(
      "not_found",
      `Cannot publish ports of ${key}: it is not on this network`,
    );
  }

  published(copy: CopyId): readonly PublishedGuestPort[] {
    return this.#published.get(copyKey(copy)) ?? [];
  }

  async counters(): Promise<ReadonlyMap<string, GuestCounters>> {
    const { commands } = this.#options;
    const listing = await commands.run("nft", ["-j", "list", "counters"]);
    const dropped = listing.code === 0
      ? parseCounters(listing.stdout)
      : new Map<string, number>();
    return await this.#cards.counters(dropped);
  }

  async remove(): Promise<void> {
    await this.close();
    await this.#names.remove();
    await this.#cards.adopt([]);
    // By the same name there may be another worker's, which has rules and routes by that name, too.
    const isForeign = await this.#underlay.refuseForeign().then(
      () => false,
      () => true,
    );
    if (!isForeign) {
      await this.#underlay.remove();
      await this.#rules.remove();
    }
    this.#plan = null;
    this.#guests.clear();
    this.#published.clear();
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#looking;
    await this.#settling?.catch(() => undefined);
  }

  /** Makes what is wanted; those who ask meanwhile wait for one that has seen their wish. */
  async #settle(): Promise<void> {
    const wanted = this.#wanted;
    while (this.#settled < wanted) {
      this.#settling ??= this.#settleOnce().finally(() =>
        this.#settling = null
      );
      await this.#settling;
    }
  }

  async #settleOnce(): Promise<void> {
    const plan = this.#plan;
    const wanted = this.#wanted;
    if (plan === null) {
      this.#settled = wanted;
      return;
    }
    await this.#begin();
    const { settings } = this.#options;
    const subnet = parseSubnet(plan.host.subnet);
    const secret = await this.#names.secret();
    const { good, refused } = guestsOf([...this.#guests.values()], {
      settings,
      subnet,
      secret,
    });
    this.#refused = refused;
    const domains = await this.#names.domains(good);
    const input = {
      name: tableName(settings.bridge),
      settings,
      host: plan.host,
      guests: good,
      published: this.#publishedByAddress(),
    };
    await this.#rules.load(rulesetOf({ ...input, taught: domains.taught }));
    await this.#underlay.make(plan.host);
    // Tried again at the next look: names and new guests do not wait for it.
    await this.#cards.attach().catch((error) =>
      this.#options.onWarning("guests' cards are not on their bridge", error)
    );
    await this.#names.serve(plan.host, good, domains.next);
    // Sets of domains that dnsmasq has forgotten by now.
    await this.#rules.load(rulesetOf({ ...input, taught: domains.next }));
    this.#settled = wanted;
  }

  /** Once: what a former process has published is published still. */
  async #begin(): Promise<void> {
    if (this.#rules.isKnown) return;
    // Before its rules are changed: they are somebody else's as well, then.
    await this.#underlay.refuseForeign();
    const forwards = await this.#rules.find();
    for (const [key, { copy, spec, network }] of this.#guests) {
      // One that does not run has none: they were of who had its address before.
      if (this.#published.has(key) || !this.#cards.has(copy)) continue;
      const ports = forwards.filter(({ address }) =>
        address === network.address
      ).map(({ publish, guest }) => ({
        name: spec.ports.find((port) => port.guest === guest)?.name ?? "",
        guest,
        publish,
      }));
      if (ports.length > 0) this.#published.set(key, ports);
    }
  }

  #publishedByAddress(): Map<string, readonly PublishedGuestPort[]> {
    return new Map(
      [...this.#guests].map(([key, { network }]) => [
        network.address,
        this.#published.get(key) ?? [],
      ]),
    );
  }

  /** The ports that programs listen at; nobody is asked for ports that lead to this guest already. */
  async #listeners(
    key: string,
    ports: readonly PublishedGuestPort[],
  ): Promise<ReadonlySet<number>> {
    const before = this.#published.get(key) ?? [];
    if (freshOf(ports, before).length === 0) return new Set();
    const { commands, settings: { publishAddress } } = this.#options;
    const listing = await commands.checked(
      "look for free ports",
      "ss",
      ["-Hltn"],
    );
    return parseListeners(listing, publishAddress);
  }

  /** @throws {AppError} `overloaded` when somebody else has one of the ports. */
  #refuseTaken(
    key: string,
    ports: readonly PublishedGuestPort[],
    { before, listeners }: {
      before: readonly PublishedGuestPort[];
      listeners: ReadonlySet<number>;
    },
  ): void {
    const refuse = (port: number, who: string) =>
      new AppError(
        "overloaded",
        `Cannot publish port ${port} of ${key}: ${who} has it on this host`,
      );
    for (const { publish } of freshOf(ports, before)) {
      for (const [other, theirs] of this.#published) {
        const isTaken = other !== key &&
          theirs.some((port) => port.publish === publish);
        if (isTaken) throw refuse(publish, other);
      }
      if (listeners.has(publish)) throw refuse(publish, "a program");
    }
  }

  /** Whoever flushes the host's rules, ends dnsmasq or takes the bridge's address does not do it for long. */
  async #look(): Promise<void> {
    const { clock, onWarning, lookMs = LOOK_MS } = this.#options;
    const { signal } = this.#closing;
    let isSwept = false;
    while (!signal.aborted) {
      await clock.sleep(lookMs, signal);
      if (signal.aborted) return;
      try {
        if (!isSwept) await this.#cards.sweep();
        isSwept = true;
        await this.#mend();
      } catch (error) {
        onWarning("cannot mend the guests' network", error);
      }
    }
  }

  async #mend(): Promise<void> {
    const [hasRules, hasBridge, hasNames] = await Promise.all([
      this.#rules.isThere(),
      this.#underlay.isThere(),
      this.#names.isServed(),
    ]);
    const isWhole = hasRules && hasBridge && hasNames &&
      this.#underlay.isWhole && !this.#cards.isLoose;
    if (isWhole && this.#settled === this.#wanted) return;
    const { onWarning } = this.#options;
    if (!hasRules) {
      onWarning("the guests' rules were gone: they are loaded again", null);
      this.#rules.forget();
    }
    if (!hasBridge) {
      onWarning("the guests' bridge or routes were gone: made again", null);
      this.#underlay.forget();
      this.#cards.loosen();
      await this.#names.restart();
    }
    this.#wanted++;
    await this.#settle();
  }
}
