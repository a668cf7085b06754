/**
 * What is wrong with the specs of an intent, taken together and against the
 * workers there are. The first problem is enough: it is what the publisher
 * reads. What could become possible by itself (no room now, a rule that no
 * worker meets yet) is not wrong: such VMs wait, and say for what.
 *
 * @module
 */
import type { ErrorCode } from "../../model/errors.ts";
import type { VmSpec } from "../../model/vm_spec.ts";
import { MAX_INSTANCES, type WorkerDoc } from "./documents.ts";
import { publishedPorts } from "./placing.ts";
import { describeRule, ruleProblem } from "./rules.ts";

export interface SpecProblem {
  code: Extract<ErrorCode, "invalid" | "refused">;
  why: string;
  hint?: string;
}

/** Different patterns in one intent: each takes a millisecond to compile, and their compiled forms are kept. */
const MAX_PATTERNS = 1000;
/** A rule's description in a message. */
const MAX_SHOWN = 200;

/** Instances, replicas counted. */
export function instancesOf(specs: readonly VmSpec[]): number {
  return specs.reduce((sum, spec) => sum + spec.replicas, 0);
}

function firstTwice<T>(items: readonly T[]): T | undefined {
  return items.find((item, index) => items.indexOf(item) !== index);
}

function ruleProblemOf(spec: VmSpec): SpecProblem | null {
  for (const rule of [...spec.constraints, ...spec.affinities]) {
    const problem = ruleProblem(rule);
    if (problem === null) continue;
    const shown = describeRule(rule).slice(0, MAX_SHOWN);
    return {
      code: "invalid",
      why: `"${spec.name}" has the rule "${shown}", which ${problem}`,
      hint: rule.operator === "regexp"
        ? "look-around and back references are not possible; a simpler pattern, or the operator in, may do"
        : "compare with a value, such as >= 1.2, < 2 for a version",
    };
  }
  return null;
}

function listProblemOf(spec: VmSpec): SpecProblem | null {
  const port = firstTwice(publishedPorts(spec));
  if (port !== undefined) {
    return {
      code: "invalid",
      why: `"${spec.name}" publishes host port ${port} twice`,
    };
  }
  const attribute = firstTwice(spec.spread.map((one) => one.attribute));
  if (attribute !== undefined) {
    return {
      code: "invalid",
      why: `"${spec.name}" spreads over "${attribute}" twice`,
      hint: "say it once, with the weight that counts",
    };
  }
  return null;
}

function patternProblem(specs: readonly VmSpec[]): SpecProblem | null {
  const patterns = new Set<string>();
  for (const { constraints, affinities } of specs) {
    for (const { operator, value } of [...constraints, ...affinities]) {
      if (operator !== "regexp") continue;
      for (const text of Array.isArray(value) ? value : [value]) {
        patterns.add(text);
      }
    }
    if (patterns.size > MAX_PATTERNS) {
      return {
        code: "refused",
        why: `it has more than ${MAX_PATTERNS} different regexp patterns`,
        hint: "give workers a label for what the patterns tell apart",
      };
    }
  }
  return null;
}

/** What is wrong with the specs whatever workers there are; null: nothing. */
export function specProblem(specs: readonly VmSpec[]): SpecProblem | null {
  const instances = instancesOf(specs);
  if (instances > MAX_INSTANCES) {
    return {
      code: "refused",
      why:
        `it has ${instances} instances, at most ${MAX_INSTANCES} are possible`,
    };
  }
  const many = patternProblem(specs);
  if (many !== null) return many;
  for (const spec of specs) {
    const problem = listProblemOf(spec) ?? ruleProblemOf(spec);
    if (problem !== null) return problem;
  }
  return dependencyProblem(specs);
}

function dependencyProblem(specs: readonly VmSpec[]): SpecProblem | null {
  // Most intents have none: their names need not be looked up.
  if (specs.every(({ dependsOn }) => dependsOn.length === 0)) return null;
  const names = new Set(specs.map((spec) => spec.name));
  for (const spec of specs) {
    const missing = spec.dependsOn.find((name) => !names.has(name));
    if (missing !== undefined) {
      return {
        code: "invalid",
        why: `"${spec.name}" depends on "${missing}", which is not in it`,
      };
    }
  }
  const circle = dependencyCircle(specs);
  return circle === null
    ? null
    : { code: "invalid", why: `dependsOn goes in a circle: ${circle}` };
}

/** The first circle in dependsOn, as `a -> b -> a`; null without one. */
export function dependencyCircle(specs: readonly VmSpec[]): string | null {
  const byName = new Map(specs.map((spec) => [spec.name, spec]));
  const done = new Set<string>();
  // In the order they were entered: a Set keeps it, and finds a name at once.
  const path = new Set<string>();
  // Iterative: a chain of 10,000 VMs must not overflow the stack.
  const stack: { name: string; next: number }[] = [];
  for (const { name: start } of specs) {
    if (done.has(start)) continue;
    stack.push({ name: start, next: 0 });
    path.add(start);
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const next = byName.get(top.name)?.dependsOn[top.next++];
      if (next === undefined) {
        done.add(top.name);
        stack.pop();
        path.delete(top.name);
      } else if (path.has(next)) {
        const names = [...path];
        return [...names.slice(names.indexOf(next)), next].join(" -> ");
      } else if (byName.has(next) && !done.has(next)) {
        stack.push({ name: next, next: 0 });
        path.add(next);
      }
    }
  }
  return null;
}

/** A VM that no known worker could hold even when empty; null: there is none. Without a known worker nothing is too large. */
export function sizeProblem(
  specs: readonly VmSpec[],
  workers: readonly Pick<WorkerDoc, "name" | "capacity">[],
): SpecProblem | null {
  const largest =
    [...workers].sort((a, b) =>
      b.capacity.memoryMib - a.capacity.memoryMib ||
      b.capacity.cpuMilli - a.capacity.cpuMilli
    )[0];
  if (largest === undefined) return null;
  // Most workers have one of a few shapes.
  const shapes = new Map(workers.map(({ capacity }) => [
    `${capacity.cpuMilli} ${capacity.memoryMib}`,
    capacity,
  ]));
  const fits = ({ cpuMilli, memoryMib }: VmSpec) =>
    shapes.values().some((capacity) =>
      capacity.cpuMilli >= cpuMilli && capacity.memoryMib >= memoryMib
    );
  const tooLarge = specs.find((spec) => spec.replicas > 0 && !fits(spec));
  if (tooLarge === undefined) return null;
  const { name, memoryMib, cpuMilli } = tooLarge;
  const { capacity } = largest;
  return {
    code: "refused",
    why: `VM "${name}" needs ${memoryMib} MiB and ${
      cpuMilli / 1000
    } cores: the largest worker "${largest.name}" has ${capacity.memoryMib} MiB and ${
      capacity.cpuMilli / 1000
    } cores`,
    hint: `make "${name}" smaller or add a larger worker`,
  };
}
