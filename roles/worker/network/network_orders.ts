/**
 * What orders say of the network, brought to the host's: a new assignment or
 * another spec that runs is told to it, a start waits until it is, and what the
 * host refused is tried again. Decides nothing about VMs, addresses or peers.
 *
 * ```
 *            told                    configured
 *  (quiet) --------> (configuring) -------------> (quiet)
 *                      ^       | failed
 *                      '-------' after a wait, or told again
 * ```
 *
 * Beside taking orders, not before it: a bridge that hangs must not keep the
 * worker from stopping what has to end.
 *
 * @module
 */
import type { Assignment, Order } from "../../model/assignment.ts";
import { AppError, toAppError } from "../../model/errors.ts";
import { type CopyId, copyKey } from "../../model/ids.ts";
import type { ObservedVm } from "../../model/observed.ts";
import type { Clock } from "../../model/ports.ts";
import type { PortMapping, VmConfig, Vmm } from "../../../vmm/mod.ts";
import { hostRetryMs } from "../vms/core/restart.ts";
import type { Target } from "../vms/core/ledger.ts";
import type { PublishedPort } from "../vms/core/vm_messages.ts";
import type { GuestPlan, NetworkPlan, WorkerNetwork } from "./network.ts";
import type { Provision } from "../vms/provisions.ts";

/** What it works on. */
export interface NetworkOrdersOptions {
  network: WorkerNetwork;
  clock: Clock;
  onWarning: (message: string, error: unknown) => void;
}

/** Where a guest is reached now. */
export interface Published {
  ports: ObservedVm["ports"];
  forwarded?: readonly PublishedPort[];
}

/** The guest's part of the network: of what the order names, what the spec that runs allows. */
function guestPlanOf(
  order: Order,
  running: Target | undefined,
): GuestPlan | null {
  const { vm: id, incarnation, network } = order;
  if (network === undefined) return null;
  const spec = running?.spec.network ?? order.spec.network;
  const isAllowed = new Set(spec.allowedPeers);
  return {
    copy: { id, incarnation },
    spec,
    network: {
      ...network,
      peers: network.peers.filter(({ name }) => isAllowed.has(name)),
    },
  };
}

export class NetworkOrders implements Provision {
  readonly name = "network";
  readonly #options: NetworkOrdersOptions;
  #assignment: Assignment | null = null;
  /** What runs, by copy: an order may be for what comes next. */
  readonly #running = new Map<string, Target>();
  /** Counts what was told; `#handed` of it is in the network's hands, `#done` of it is configured. */
  #told = 0;
  #handed = 0;
  #done = 0;
  #failure: AppError | null = null;
  #isRunning = false;
  #loop: Promise<void> = Promise.resolve();
  #attempt = Promise.withResolvers<void>();
  #handing = Promise.withResolvers<void>();
  #wake = new AbortController();
  readonly #stopping = new AbortController();

  constructor(options: NetworkOrdersOptions) {
    this.#options = options;
  }

  /** Guests have cards on a bridge of this host. */
  get #isBridge(): boolean {
    return this.#options.network.kind === "bridge";
  }

  /** Why the network is not as it was told; null: it is, or is on its way. */
  get problem(): string | null {
    return this.#failure?.message ?? null;
  }

  /** A new assignment. */
  accept(assignment: Assignment): void {
    this.#assignment = assignment;
    this.#changed();
  }

  /** What a copy runs now; null: nothing. */
  runs(copy: CopyId, target: Target | null): void {
    const key = copyKey(copy);
    const before = this.#running.get(key);
    if (target === null) {
      // Its rules stay as they are until it is withdrawn.
      this.#running.delete(key);
      return;
    }
    this.#running.set(key, target);
    if (before?.runtimeHash !== target.runtimeHash) this.#changed();
  }

  // ---- as a provision ---------------------------------------------------

  foretell(copy: CopyId): Pick<VmConfig, "nic"> | null {
    const network = this.#orderOf(copy)?.network;
    if (!this.#isBridge || network === undefined) return null;
    // What has failed is likely to fail again: no VMM is begun for that.
    if (this.#failure !== null) return null;
    if (this.#assignment?.network === undefined) return null;
    return this.#options.network.cardOf(copy, network.address);
  }

  async provide(
    copy: CopyId,
    target: Target,
    config: VmConfig,
  ): Promise<Partial<VmConfig>> {
    if (!this.#isBridge) return {};
    this.runs(copy, target);
    const configured = this.#configured();
    await Promise.race([configured, this.#handedOver()]);
    const isPlanned = this.#orderOf(copy)?.network !== undefined &&
      this.#assignment?.network !== undefined;
    if (!isPlanned) {
      await configured;
      // On the VMM's own network it would reach whatever this host does.
      throw new AppError(
        "unavailable",
        `Cannot connect VM "${copy.id}": the master has given it no address yet`,
        { hint: "it is told with the next assignment" },
      );
    }
    // Its card is made beside the rules; it waits for them by itself.
    const [made, provided] = await Promise.allSettled([
      configured,
      this.#options.network.provide(copy, target, config),
    ]);
    if (made.status === "rejected") throw made.reason;
    if (provided.status === "rejected") throw provided.reason;
    return provided.value;
  }

  async withdraw(copy: CopyId): Promise<void> {
    this.#running.delete(copyKey(copy));
    await this.#options.network.withdraw(copy);
  }

  async adopt(copies: readonly CopyId[]): Promise<void> {
    await this.#options.network.adopt(copies);
  }

  // ---- ports ------------------------------------------------------------

  /**
   * Takes host ports for a guest that runs: by the host's network where it has
   * a card on it, else by its VMM. Tells where it is reached then.
   *
   * @throws {AppError} `overloaded` when one is taken.
   */
  async publish(
    vmm: Vmm,
    copy: CopyId,
    { host, reached, ports }: {
      host: string;
      reached: readonly PortMapping[];
      ports: readonly PublishedPort[];
    },
  ): Promise<Published> {
    const { network } = this.#options;
    const address = this.#orderOf(copy)?.network?.address;
    if (!this.#isBridge || host !== address) {
      return { ports: [...(await vmm.publish(copy, ports)).ports] };
    }
    await this.#configured();
    const names = new Set(ports.map(({ name }) => name));
    const others = network.published(copy).filter(({ name }) =>
      !names.has(name)
    );
    await network.publish(copy, [...others, ...ports]);
    return { ports: [...reached], forwarded: network.published(copy) };
  }

  /** Ends trying; guests keep their network. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#wake.abort();
    this.#handing.resolve();
    await this.#loop;
  }

  // ---- inside -----------------------------------------------------------

  #orderOf({ id, incarnation }: CopyId): Order | undefined {
    return this.#assignment?.orders.find((order) =>
      order.vm === id && order.incarnation === incarnation
    );
  }

  #plan(): NetworkPlan | null {
    const host = this.#assignment?.network;
    if (host === undefined) return null;
    const guests = this.#assignment?.orders.flatMap((order) => {
      const copy = { id: order.vm, incarnation: order.incarnation };
      return guestPlanOf(order, this.#running.get(copyKey(copy))) ?? [];
    });
    return { host, guests: guests ?? [] };
  }

  #changed(): void {
    if (!this.#isBridge || this.#stopping.signal.aborted) return;
    this.#told++;
    this.#wake.abort();
    if (!this.#isRunning) this.#loop = this.#run();
  }

  /** Resolves when all that was told by now is configured. @throws {AppError} when the host refuses it. */
  async #configured(): Promise<void> {
    const told = this.#told;
    // Whoever starts a VM has waited already.
    if (this.#failure !== null) this.#wake.abort();
    while (this.#done < told) {
      if (this.#stopping.signal.aborted) {
        throw new AppError("unavailable", "The worker is stopping");
      }
      await this.#attempt.promise;
      if (this.#done < told && this.#failure !== null) throw this.#failure;
    }
  }

  /** Resolves when all that was told by now is in the network's hands. Never rejects. */
  async #handedOver(): Promise<void> {
    const told = this.#told;
    while (this.#handed < told && !this.#stopping.signal.aborted) {
      await this.#handing.promise;
    }
  }

  async #run(): Promise<void> {
    const { network, clock, onWarning } = this.#options;
    this.#isRunning = true;
    let failures = 0;
    while (this.#done < this.#told && !this.#stopping.signal.aborted) {
      const told = this.#told;
      this.#wake = new AbortController();
      try {
        const plan = this.#plan();
        const configuring = plan === null
          ? Promise.resolve()
          : network.configure(plan);
        this.#handed = told;
        this.#handing.resolve();
        this.#handing = Promise.withResolvers<void>();
        await configuring;
        this.#done = told;
        this.#failure = null;
        failures = 0;
      } catch (error) {
        const failure = toAppError(error);
        if (failure.message !== this.#failure?.message) {
          onWarning("cannot make the guests' network", failure);
        }
        this.#failure = failure;
        failures++;
      }
      this.#tellAttempt();
      if (failures > 0) {
        await clock.sleep(hostRetryMs(failures), this.#wake.signal);
      }
    }
    this.#isRunning = false;
    this.#tellAttempt();
  }

  /** Whoever waits looks again, and then waits for the next one. */
  #tellAttempt(): void {
    const { resolve } = this.#attempt;
    this.#attempt = Promise.withResolvers<void>();
    resolve();
  }
}
