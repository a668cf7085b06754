/**
 * A worker that is given bad things, and a neighbour that must not notice: its
 * orders name images of which some are none, its state can be damaged while it
 * is away.
 *
 * @module
 */
import assert from "node:assert/strict";
import { configure } from "@logtape/logtape";
import type { ObservedVm, Order } from "../../roles/model/mod.ts";
import type { Closures } from "../../roles/worker/closures/closures.ts";
import { run, type RunningWorker } from "../../roles/worker/mod.ts";
import { findByMarker, killNow } from "../../vmm/host/process_table.ts";
import { tempDir } from "./temp.ts";
import type { TestImage } from "./vmm_image.ts";
import { until } from "./wait.ts";
import {
  DirectoryMaster,
  imageClosures,
  orderFor,
  testVmSpec,
  workerConfig,
} from "./worker.ts";

export const WEB = "shop/web-0";
/** A healthy start on a machine that is busy. */
const WAIT = { timeoutMs: 60_000 };

/** What an image is: the last part of its store path. */
export type ImageKind =
  | "good"
  | "absent-kernel"
  | "text-kernel"
  | "large-initrd";

export function storePathOf(kind: ImageKind): string {
  return `/nix/store/${"a".repeat(32)}-${kind}`;
}

/** Closures that are always there, of images that are what their names say. */
export async function inputClosures(
  dir: string,
  image: TestImage,
): Promise<Closures> {
  const text = `${dir}/text`;
  const large = `${dir}/large`;
  await Deno.writeTextFile(text, "not a kernel\n".repeat(1000));
  await Deno.writeTextFile(large, "");
  await Deno.truncate(large, 200 * 2 ** 20);
  const kernels = new Map([
    [`${storePathOf("absent-kernel")}/kernel`, "/nowhere/kernel"],
    [`${storePathOf("text-kernel")}/kernel`, text],
    [`${storePathOf("large-initrd")}/initrd`, large],
  ]);
  const closures = imageClosures(image);
  return {
    ...closures,
    physical: (path) => kernels.get(path) ?? closures.physical(path),
  };
}

/** How the worker is made. */
export interface InputWorkerOptions {
  config(dir: string): Record<string, unknown>;
  image(dir: string): Promise<TestImage>;
  /** Of guests that are good; without it they have no checks and no ports. */
  spec?: Record<string, unknown>;
  cmdline: string;
}

/** The worker, its master and its directory. */
export class InputWorker implements AsyncDisposable {
  readonly dir: string;
  readonly master: DirectoryMaster;
  /** What it has logged of warnings, since its last start. */
  warnings: string[] = [];
  readonly #options: InputWorkerOptions;
  readonly #closures: Closures;
  readonly #temp: AsyncDisposable;
  #worker: RunningWorker | null = null;
  #revision = 0;

  private constructor(
    temp: AsyncDisposable & { path: string },
    closures: Closures,
    options: InputWorkerOptions,
  ) {
    this.#temp = temp;
    this.dir = temp.path;
    this.master = new DirectoryMaster(`${temp.path}/master`);
    this.#closures = closures;
    this.#options = options;
  }

  static async make(options: InputWorkerOptions): Promise<InputWorker> {
    const temp = await tempDir("in");
    await Deno.mkdir(`${temp.path}/master`);
    const image = await options.image(temp.path);
    const closures = await inputClosures(temp.path, image);
    return new InputWorker(temp, closures, options);
  }

  async start(): Promise<RunningWorker> {
    this.warnings = [];
    await configure({
      reset: true,
      sinks: {
        lines: ({ message }) => void this.warnings.push(message.join("")),
      },
      loggers: [
        { category: "procurator", lowestLevel: "warning", sinks: ["lines"] },
        { category: ["logtape", "meta"], lowestLevel: "error", sinks: [] },
      ],
    });
    this.#worker = await run(
      workerConfig(this.dir, this.#options.config(this.dir)),
      {
        link: () => this.master,
        closures: this.#closures,
      },
    );
    return this.#worker;
  }

  /** Its VMs run on. */
  async stop(): Promise<void> {
    const worker = this.#worker;
    this.#worker = null;
    await worker?.stop();
    await worker?.finished;
  }

  order(
    vm: string,
    { image = "good", ...more }:
      & { image?: ImageKind }
      & Record<string, unknown> = {},
  ): Order {
    const { spec, cmdline } = this.#options;
    return orderFor(
      vm,
      testVmSpec({
        cmdline,
        storePath: storePathOf(image),
        spec: {
          ...(spec ?? { network: { ports: [] }, healthChecks: [] }),
          ...more,
        },
      }),
    );
  }

  /** Exactly these, from now on. */
  async orders(...orders: Order[]): Promise<void> {
    await this.master.assign(++this.#revision, orders);
  }

  /** What the master is told of a VM, once it is so. */
  async told(
    vm: string,
    what: string,
    is: (seen: ObservedVm) => boolean,
  ): Promise<ObservedVm> {
    let last: ObservedVm | undefined;
    try {
      return await until(`${vm}: ${what}`, async () => {
        last = await this.master.vm(vm);
        return last !== undefined && is(last) ? last : null;
      }, WAIT);
    } catch (error) {
      throw new Error(`${error}; at last ${JSON.stringify(last)}`);
    }
  }

  async settled(vm: string): Promise<ObservedVm> {
    return await this.told(
      vm,
      "settled",
      ({ settled, health }) => settled && health === "healthy",
    );
  }

  /** Only these VMs are told of, once what was ordered beside them is gone. */
  async onlyTold(...vms: string[]): Promise<void> {
    await until(`only ${vms} are told of`, async () => {
      const report = await this.master.report();
      const told = report?.vms.map(({ vm }) => vm).sort();
      return JSON.stringify(told) === JSON.stringify([...vms].sort());
    }, WAIT);
  }

  /** The processes of VMMs, by what is started in its directory. */
  async pids(): Promise<number[]> {
    const found = await findByMarker(`${this.dir}/run/vms/`);
    return found.map(({ pid }) => pid).sort((a, b) => a - b);
  }

  /** Names below the worker's directories that begin with one of a copy. */
  namesOf(part: "run/vms" | "state/memory" | "state/tmp"): string[] {
    try {
      return [...Deno.readDirSync(`${this.dir}/${part}`)]
        .map(({ name }) => name).sort();
    } catch (error) {
      assert.ok(error instanceof Deno.errors.NotFound, String(error));
      return [];
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#worker?.stopVms();
    await this.stop();
    for (const pid of await this.pids()) killNow(pid);
    await this.#temp[Symbol.asyncDispose]();
  }
}

/** The neighbour is what it was: never ended, never asked again. */
export async function isUnharmed(
  host: InputWorker,
  before: readonly number[],
): Promise<void> {
  const web = await host.settled(WEB);
  assert.equal(web.restarts, 0);
  assert.equal(web.message, "");
  const pids = await host.pids();
  for (const pid of before) assert.ok(pids.includes(pid), `${pid} in ${pids}`);
}

/** A VM that cannot be started, what is told of it and what of its host. */
export interface BadOrder {
  image?: ImageKind;
  memoryMib?: number;
  message: RegExp;
  /** Null: the image is to blame, and refused in the end. */
  failure: NonNullable<ObservedVm["hostFailure"]>["kind"] | null;
}

/** Each is told as its user reads it, harms no other VM, and leaves nothing when it is withdrawn. */
export async function badOrdersAreTold(
  host: InputWorker,
  bad: Readonly<Record<string, BadOrder>>,
): Promise<void> {
  await host.orders(host.order(WEB));
  await host.settled(WEB);
  const before = await host.pids();
  const names = {
    vms: host.namesOf("run/vms"),
    memory: host.namesOf("state/memory"),
    tmp: host.namesOf("state/tmp"),
  };
  const orders = Object.entries(bad).map(([vm, { image, memoryMib }]) =>
    host.order(vm, {
      ...(image === undefined ? {} : { image }),
      ...(memoryMib === undefined ? {} : { memoryMib }),
      update: { minHealthyTimeMs: 500, healthyDeadlineMs: 2000 },
    })
  );
  await host.orders(host.order(WEB), ...orders);
  for (const [vm, { message, failure }] of Object.entries(bad)) {
    const seen = await host.told(vm, String(message), (vm) => {
      return message.test(vm.message);
    });
    assert.equal(seen.hostFailure?.kind ?? null, failure, vm);
    assert.equal(seen.runtimeHash, null, vm);
    if (failure !== null) continue;
    const { rolledBack } = await host.told(
      vm,
      "is refused",
      ({ rolledBack }) => rolledBack !== null,
    );
    assert.match(rolledBack?.reason ?? "", message);
    assert.match(rolledBack?.reason ?? "", /^not healthy within 2000 ms: /);
  }
  await isUnharmed(host, before);
  await host.orders(host.order(WEB));
  await host.onlyTold(WEB);
  await isUnharmed(host, before);
  assert.deepEqual(await host.pids(), before);
  await until("what was theirs is gone", () => {
    const now = {
      vms: host.namesOf("run/vms"),
      memory: host.namesOf("state/memory"),
      tmp: host.namesOf("state/tmp"),
    };
    return JSON.stringify(now) === JSON.stringify(names);
  }, WAIT);
}
