/**
 * A guests' network that is a table, in place of a bridge: keeps what it is
 * told, and refuses what a real one would.
 *
 * @module
 */
import { AppError } from "../../model/errors.ts";
import { type CopyId, copyKey } from "../../model/ids.ts";
import type {
  GuestPlan,
  NetworkPlan,
  PublishedGuestPort,
  WorkerNetwork,
} from "./network.ts";

/** {@linkcode WorkerNetwork} without interfaces. */
export class SimulatedNetwork implements WorkerNetwork {
  readonly name = "network";
  readonly kind = "bridge";
  plan: NetworkPlan | null = null;
  /** How often it was configured. */
  configured = 0;
  /** What `configure` refuses with; null: it does not. */
  failure: AppError | null = null;
  /** Resolves before a `configure` goes on: a bridge takes its time. */
  delay: () => Promise<void> = () => Promise.resolve();
  /** Cards that are there, by copy. */
  readonly cards = new Map<string, string>();
  readonly #published = new Map<string, readonly PublishedGuestPort[]>();
  #configuring: Promise<void> = Promise.resolve();

  configure(plan: NetworkPlan): Promise<void> {
    const configuring = this.#configure(plan);
    this.#configuring = configuring.catch(() => undefined);
    return configuring;
  }

  async #configure(plan: NetworkPlan): Promise<void> {
    await this.delay();
    if (this.failure !== null) throw this.failure;
    this.plan = plan;
    this.configured++;
  }

  /** What is planned for a copy. */
  guest(copy: CopyId): GuestPlan | undefined {
    const key = copyKey(copy);
    return this.plan?.guests.find((guest) => copyKey(guest.copy) === key);
  }

  async provide(copy: CopyId) {
    // As a real one waits for its rules.
    await this.#configuring;
    const address = this.guest(copy)?.network.address;
    if (address === undefined) {
      throw new AppError("unavailable", `${copyKey(copy)} is not planned`);
    }
    this.cards.set(copyKey(copy), address);
    return this.cardOf(copy, address);
  }

  cardOf(copy: CopyId, address: string) {
    const tap = `tap${copy.incarnation}`;
    const mac = "02:00:00:00:00:01";
    return { nic: { tap, mac, address } };
  }

  withdraw(copy: CopyId): Promise<void> {
    this.cards.delete(copyKey(copy));
    this.#published.delete(copyKey(copy));
    return Promise.resolve();
  }

  adopt(copies: readonly CopyId[]): Promise<void> {
    const kept = new Set(copies.map(copyKey));
    for (const key of this.cards.keys()) {
      if (!kept.has(key)) this.cards.delete(key);
    }
    return Promise.resolve();
  }

  publish(
    copy: CopyId,
    ports: readonly PublishedGuestPort[],
  ): Promise<void> {
    const key = copyKey(copy);
    for (const [other, taken] of this.#published) {
      const port = ports.find(({ publish }) =>
        other !== key && taken.some((each) => each.publish === publish)
      );
      if (port === undefined) continue;
      return Promise.reject(
        new AppError("overloaded", `port ${port.publish} leads to ${other}`),
      );
    }
    this.#published.set(key, ports);
    return Promise.resolve();
  }

  published(copy: CopyId): readonly PublishedGuestPort[] {
    return this.#published.get(copyKey(copy)) ?? [];
  }

  counters() {
    return Promise.resolve(new Map());
  }

  remove(): Promise<void> {
    this.cards.clear();
    this.#published.clear();
    this.plan = null;
    return Promise.resolve();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
