/**
 * What a plan changes in the closures of VMs: paths and bytes that come and
 * go, the kernel, and what each worker would have to copy. Decides which
 * closures a plan asks about, and in which bounds; asks nobody itself.
 *
 * @module
 */
import { storePathsOf } from "../../model/blueprint.ts";
import { splitVmId } from "../../model/ids.ts";
import type { ClosureChange, PlanChange } from "../../model/plan.ts";
import type { VmSpec } from "../../model/vm_spec.ts";
import type { PreviewInput } from "./plan_preview.ts";
import { refusalOf } from "./scheduler.ts";

/** The store paths of a closure, each with the size of its nar in bytes. */
export type Closure = ReadonlyMap<string, number>;

/** One VM name whose content is looked at. */
export interface ClosureQuestion {
  vm: string;
  /** What it runs now; null: nothing. */
  before: VmSpec["image"] | null;
  /** null: it ends. */
  after: VmSpec["image"] | null;
  /** Workers that its rules allow, those of the plan first. */
  workers: string[];
}

/** VM names whose closures one plan looks at: beyond it nobody reads on. */
const MAX_QUESTIONS = 1000;
/** Workers named for one VM: those that the plan chose, and as many others as fit a line. */
const MAX_COPIES = 16;

/** What the closure of an image begins with. */
export function rootsOf(image: VmSpec["image"]): string[] {
  return storePathsOf([{ image }]);
}

/** What the VMs of each of these names run, by the orders that are out. */
function imagesBefore(
  input: PreviewInput,
  names: ReadonlyMap<string, unknown>,
): Map<string, VmSpec["image"]> {
  const images = new Map<string, VmSpec["image"]>();
  const { known, request: { cluster } } = input;
  for (const { vm, generation, leaving } of input.placements) {
    const name = splitVmId(vm).vm;
    if (leaving || images.has(name) || !names.has(name)) continue;
    const hash = known?.generations.get(generation)?.intentHash;
    if (hash === undefined) continue;
    const view = input.specsOf(cluster, hash)?.get(name);
    if (view !== undefined) images.set(name, view.spec.image);
  }
  return images;
}

/** Workers that could take it if there were room, those of the plan first. */
function candidatesOf(
  spec: VmSpec,
  chosen: ReadonlySet<string>,
  { room, nowMs }: Pick<PreviewInput, "room" | "nowMs">,
): string[] {
  const found = [...chosen];
  for (const worker of room.workers.values()) {
    if (found.length >= MAX_COPIES) break;
    if (chosen.has(worker.name)) continue;
    const refusal = refusalOf({
      vm: "",
      spec,
      size: { cpuMilli: spec.cpuMilli, memoryMib: spec.memoryMib },
      avoid: [],
      nowMs,
    }, worker);
    if (refusal?.kind === "state" || refusal?.kind === "rule") continue;
    found.push(worker.name);
  }
  return found.slice(0, MAX_COPIES);
}

/** Names in the order of the changes, with the workers that the plan puts them on. */
function changedNames(
  changes: readonly PlanChange[],
): Map<string, Set<string>> {
  const names = new Map<string, Set<string>>();
  for (const { vm, kind, toWorker } of changes) {
    if (kind === "keep" || kind === "relabel") continue;
    const name = splitVmId(vm).vm;
    const workers = names.get(name) ?? new Set();
    if (toWorker !== "") workers.add(toWorker);
    names.set(name, workers);
  }
  return names;
}

/** What the closures of a plan are asked for: each VM name that changes, once. */
export function closureQuestions(
  input: PreviewInput,
  changes: readonly PlanChange[],
): ClosureQuestion[] {
  const after = new Map(
    input.request.vmSpecs.map((spec) => [spec.name, spec]),
  );
  const questions: ClosureQuestion[] = [];
  const names = changedNames(changes);
  const before = imagesBefore(input, names);
  for (const [vm, chosen] of names) {
    if (questions.length >= MAX_QUESTIONS) break;
    const spec = after.get(vm);
    const isWanted = spec !== undefined && spec.replicas > 0;
    questions.push({
      vm,
      before: before.get(vm) ?? null,
      after: isWanted ? spec.image : null,
      workers: isWanted ? candidatesOf(spec, chosen, input) : [],
    });
  }
  return questions;
}

/** The answer when sizes cannot be had; the rest of the plan holds all the same. */
export function unknownClosure(
  { vm, before, after }: ClosureQuestion,
  message: string,
): ClosureChange {
  return {
    vm,
    known: false,
    message,
    pathsAdded: 0,
    pathsRemoved: 0,
    bytesAdded: 0,
    bytesRemoved: 0,
    totalBytes: 0,
    kernelChanged: isKernelChanged(before, after),
    copies: [],
  };
}

function isKernelChanged(
  before: VmSpec["image"] | null,
  after: VmSpec["image"] | null,
): boolean {
  return before !== null && after !== null &&
    before.kernelPath !== after.kernelPath;
}

/** What is in `one` and not in `other`. */
function difference(
  one: Closure,
  other: { has(path: string): boolean },
): { paths: number; bytes: number } {
  const found = { paths: 0, bytes: 0 };
  for (const [path, size] of one) {
    if (other.has(path)) continue;
    found.paths++;
    found.bytes += size;
  }
  return found;
}

/** The difference between two closures, and what is missing on each worker. */
export function closureChange(
  question: ClosureQuestion,
  closures: { before: Closure; after: Closure },
  presentOn: (worker: string) => { has(path: string): boolean },
): ClosureChange {
  const { before, after } = closures;
  const added = difference(after, before);
  const removed = difference(before, after);
  return {
    vm: question.vm,
    known: true,
    message: "",
    pathsAdded: added.paths,
    pathsRemoved: removed.paths,
    bytesAdded: added.bytes,
    bytesRemoved: removed.bytes,
    totalBytes: difference(after, new Map()).bytes,
    kernelChanged: isKernelChanged(question.before, question.after),
    copies: question.workers.map((worker) => ({
      worker,
      bytes: difference(after, presentOn(worker)).bytes,
    })),
  };
}
