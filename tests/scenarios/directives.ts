/**
 * What a scenario can say besides `procurator`: hosts that come, go and
 * break, pushes, and time. Each word is a function of the world and the words
 * after it; what it returns is shown.
 *
 * @module
 */
import { AppError } from "../../roles/model/errors.ts";
import { intentHash } from "../../roles/model/hashes.ts";
import { parseWith } from "../../roles/model/parse.ts";
import { PublishRequest } from "../../roles/model/generation.ts";
import { VmSpec } from "../../roles/model/vm_spec.ts";
import { storePath } from "../support/specs.ts";
import type { World } from "./world.ts";

type Directive = (
  world: World,
  args: readonly string[],
) => Promise<string | void>;

/** `key=value` with a JSON value where it is one. */
function settingOf(word: string): [string, unknown] {
  const at = word.indexOf("=");
  if (at < 0) throw new Error(`"${word}" is not key=value`);
  const text = word.slice(at + 1);
  try {
    return [word.slice(0, at), JSON.parse(text)];
  } catch {
    return [word.slice(0, at), text];
  }
}

/** Sets a value at a dotted path. */
function put(target: Record<string, unknown>, path: string, value: unknown) {
  const keys = path.split(".");
  const last = keys.pop() ?? "";
  let at = target;
  for (const key of keys) {
    at[key] ??= {};
    at = at[key] as Record<string, unknown>;
  }
  at[last] = value;
}

function imageOf(letter: string) {
  const path = storePath("image", letter);
  return {
    toplevel: path,
    kernelPath: `${path}/bzImage`,
    initrdPath: `${path}/initrd`,
  };
}

/** Between two looks of `until`. */
const STEP_MS = 500;
/** Far above what any rollout of a scenario takes. */
const MAX_WAIT_MS = 30 * 60_000;

/** Deadlines short enough to be waited for. */
const UPDATE = { minHealthyTimeMs: 1000, healthyDeadlineMs: 10_000 };

/** `web replicas=2 , db memoryMib=512`: the VMs of a blueprint, with short words for what every VM has. */
function vmsOf(args: readonly string[]): Record<string, unknown> {
  const vms: Record<string, unknown> = {};
  let vm: Record<string, unknown> | null = null;
  for (const word of args) {
    if (word === ",") vm = null;
    else if (vm === null) {
      vm = {
        cpu: 1,
        memoryMib: 256,
        image: imageOf("a"),
        update: { ...UPDATE },
      };
      vms[word] = vm;
    } else {
      const [key, value] = settingOf(word);
      const isText = /^(env|labels)\./.test(key);
      put(
        vm,
        key,
        key === "image"
          ? imageOf(String(value))
          : isText
          ? String(value)
          : value,
      );
    }
  }
  return vms;
}

function specsOf(args: readonly string[]): VmSpec[] {
  return Object.entries(vmsOf(args)).map(([name, vm]) => {
    const { cpu, ...rest } = vm as { cpu: number };
    return parseWith(VmSpec, { name, cpuMilli: cpu * 1000, ...rest }, {
      what: "the blueprint",
    });
  });
}

/** The settings before the VMs: `cluster=shop placement=pack : web ...`. */
function splitAtColon(args: readonly string[]) {
  const at = args.indexOf(":");
  const settings = Object.fromEntries(
    args.slice(0, Math.max(0, at)).map(settingOf),
  );
  return { settings, vms: args.slice(at + 1) };
}

function workerOf(world: World, name = "") {
  const worker = world.cluster.workers.get(name);
  if (worker !== undefined) return worker;
  throw new Error(`there is no worker "${name}" in this scenario`);
}

/** Milliseconds of `30s`, `5m` and the like. */
export function durationMs(text = ""): number {
  const match = /^(\d+)(ms|s|m|h)$/.exec(text);
  if (match === null) throw new Error(`"${text}" is not like 30s`);
  const unit = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }[match[2] ?? ""] ?? 1;
  return Number(match[1]) * unit;
}

export const directives: Readonly<Record<string, Directive>> = {
  /** `worker w1 [cpu=4] [memoryMib=1024] [ATTRIBUTE=VALUE ...]`: a host joins. */
  async worker(world, [name = "", ...words]) {
    const { cpu, memoryMib, ...attributes } = Object.fromEntries(
      words.map(settingOf),
    );
    await world.cluster.addWorker(name, {
      cpuMilli: Number(cpu ?? 4) * 1000,
      memoryMib: Number(memoryMib ?? 1024),
      attributes: Object.fromEntries(
        Object.entries(attributes).map(([key, value]) => [key, String(value)]),
      ),
    });
    await world.cluster.settle();
  },

  /** `capacity w1 memoryMib=512`: it offers something else from its next report on. */
  async capacity(world, [name, ...words]) {
    const worker = workerOf(world, name);
    const { cpu, memoryMib } = Object.fromEntries(words.map(settingOf));
    worker.capacity = {
      cpuMilli: cpu === undefined
        ? worker.capacity.cpuMilli
        : Number(cpu) * 1000,
      memoryMib: Number(memoryMib ?? worker.capacity.memoryMib),
    };
    await world.cluster.run(1000);
  },

  /** `cut w1`: no message of it arrives any more; its VMs go on. */
  cut(world, [name]) {
    workerOf(world, name).isConnected = false;
    return Promise.resolve();
  },

  /** `mend w1`: the end of `cut`. */
  mend(world, [name]) {
    workerOf(world, name).isConnected = true;
    return Promise.resolve();
  },

  /** `push [cluster=shop] [placement=pack] [expectedRevision=N] : web replicas=2 , db ...`: a commit is published. */
  async push(world, args) {
    const { settings, vms } = splitAtColon(args);
    const vmSpecs = specsOf(vms);
    await using publisher = await world.connect("publisher");
    const cluster = String(settings.cluster ?? "shop");
    const parent = (await publisher.highestGeneration(cluster)).generation;
    const reply = await publisher.publish(parseWith(PublishRequest, {
      cluster,
      repository: "shop",
      commit: String(parent + 1).padStart(2, "0").repeat(5),
      generation: parent + 1,
      parent,
      intentHash: intentHash(vmSpecs),
      vmSpecs,
      ...settings,
    }, { what: "the push" }));
    await world.cluster.settle();
    return `generation ${reply.generation} is ${reply.state}\n`;
  },

  /** `blueprint next.json [cluster=shop] : web replicas=3`: a file for `plan --blueprint`. */
  async blueprint(world, [file = "", ...args]) {
    const { settings, vms } = splitAtColon(args);
    const blueprint = {
      version: 1,
      cluster: "shop",
      ...settings,
      vms: vmsOf(vms),
    };
    await Deno.writeTextFile(`${world.dir}/${file}`, JSON.stringify(blueprint));
  },

  /** `wait 30s`: time passes. */
  async wait(world, [duration]) {
    await world.cluster.run(durationMs(duration));
  },

  /** `until active 2`, `until converged`, `until rollout paused`, `until lost w1`: time passes until it is so. */
  async until(world, [what = "", value = ""]) {
    const { cluster } = world;
    const isSo: Record<string, () => boolean> = {
      active: () => cluster.status().activeGeneration === Number(value),
      converged: () => cluster.status().convergencePercent === 100,
      rollout: () => cluster.status().rollout?.state === value,
      failed: () => cluster.generation(Number(value)).state === "failed",
      lost: () =>
        cluster.status().workers.find(({ id }) => id === value)?.state ===
          "lost",
      waiting: () => (cluster.status().rollout?.waitingOn ?? null) !== null,
    };
    const look = isSo[what];
    if (look === undefined) throw new Error(`until what? "${what}"`);
    for (let passedMs = 0; !look(); passedMs += STEP_MS) {
      if (passedMs >= MAX_WAIT_MS) {
        throw new AppError("timeout", `${what} ${value} did not happen`);
      }
      await cluster.run(STEP_MS);
    }
  },

  /** `stop master`: its process ends; what it said stays on disk. */
  async stop(world) {
    await world.stopMaster();
  },

  /** `start master`: a process on what is on disk now. */
  async start(world) {
    await world.startMaster();
  },

  /** `restart master`: a new process on the same store. */
  async restart(world) {
    await world.cluster.restart();
  },
};
