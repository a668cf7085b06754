/**
 * Rules over workers' attributes: what each operator means, and whether a rule
 * can be evaluated at all. Used for constraints, which refuse, and affinities,
 * which weigh. Chooses nothing.
 *
 * | operator  | holds when the attribute                                    |
 * | --------- | ----------------------------------------------------------- |
 * | `=`, `in` | is one of the values                                        |
 * | `!=`      | is none of them, or is missing                              |
 * | `version` | is a version in one of the ranges, such as `>= 1.2, < 2`    |
 * | `regexp`  | contains a match of one of the patterns (RE2's syntax)      |
 *
 * The attribute `worker` is the worker's name. A missing one is like nothing:
 * only `!=` holds.
 *
 * Patterns come from whoever may push, and a backtracking engine can be kept
 * busy for hours by 30 characters. RE2 matches in time linear in pattern and
 * text, at the price of look-around and back references, which it refuses.
 *
 * @module
 */
import { RE2JS } from "re2js";
import type { Constraint } from "../../model/vm_spec.ts";
import { type Bound, isWithin, parseRange, parseVersion } from "./version.ts";

/** Where rules look. */
export interface Attributed {
  name: string;
  attributes: Readonly<Record<string, string>>;
}

export type Rule = Pick<Constraint, "attribute" | "operator" | "value">;

/** Characters of a pattern: names and versions need a few dozen. */
const MAX_PATTERN = 256;
/** Instructions a pattern compiles to; `((a{10}){10}){10}` has 1222. With the next bound, one match takes under 10 ms at worst. */
const MAX_PROGRAM = 500;
/** Longest attribute that a pattern is tried on: workers' names, kernels and CPU models are shorter. */
const MAX_MATCHED = 256;
/** Compiled patterns that are kept: all of one intent (publish_specs.ts), and compiling takes a millisecond. */
const MAX_COMPILED = 1024;
/** Texts remembered for all patterns together: every worker's name for a few, or the few values of attributes for all. Some 20 MiB. */
const MAX_REMEMBERED = 262_144;

/** Whether a value of the attribute satisfies the rule; undefined: the attribute is missing. */
type Test = (found: string | undefined) => boolean;

/** The value of an attribute; `worker` is the name. */
export function attributeOf(
  worker: Attributed,
  name: string,
): string | undefined {
  if (name === "worker") return worker.name;
  // A worker's report is a plain object: `constructor` is no attribute of it.
  return Object.hasOwn(worker.attributes, name)
    ? worker.attributes[name]
    : undefined;
}

export function describeRule(rule: Rule): string {
  const value = Array.isArray(rule.value) ? rule.value.join(", ") : rule.value;
  return `${rule.attribute} ${rule.operator} ${value}`;
}

function valuesOf(rule: Rule): readonly string[] {
  return Array.isArray(rule.value) ? rule.value : [rule.value];
}

/** A pattern that is taken, with what it said of texts before. */
class Pattern {
  readonly #compiled: RE2JS;
  readonly #known = new Map<string, boolean>();

  constructor(compiled: RE2JS) {
    this.#compiled = compiled;
  }

  forget(): void {
    this.#known.clear();
  }

  isIn(text: string): boolean {
    if (text.length > MAX_MATCHED) return false;
    const known = this.#known.get(text);
    if (known !== undefined) return known;
    if (++remembered > MAX_REMEMBERED) forgetTexts();
    const found = this.#compiled.matcher(text).find();
    this.#known.set(text, found);
    return found;
  }
}

type Compiled = Pattern | { problem: string };

function compile(pattern: string): Compiled {
  if (pattern.length > MAX_PATTERN) {
    return { problem: `is longer than ${MAX_PATTERN} characters` };
  }
  let compiled: RE2JS;
  try {
    compiled = RE2JS.compile(pattern);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { problem: `is no pattern in RE2's syntax (${why})` };
  }
  const size = compiled.programSize();
  return size <= MAX_PROGRAM ? new Pattern(compiled) : {
    problem:
      `expands to ${size} steps, at most ${MAX_PROGRAM} are possible: repeat less`,
  };
}

const patterns = new Map<string, Compiled>();
/** Texts that patterns remember, those of forgotten patterns included. */
let remembered = 0;

function forgetTexts(): void {
  for (const pattern of patterns.values()) {
    if (pattern instanceof Pattern) pattern.forget();
  }
  remembered = 1;
}

/** Compiles a pattern, or says why it is not taken. */
function compilePattern(pattern: string): Compiled {
  let known = patterns.get(pattern);
  if (known === undefined) {
    if (patterns.size >= MAX_COMPILED) patterns.clear();
    known = compile(pattern);
    patterns.set(pattern, known);
  }
  return known;
}

function testOfRanges(texts: readonly string[]): Test {
  const ranges = texts.map(parseRange)
    .filter((range): range is Bound[] => Array.isArray(range));
  return (found) => {
    const version = found === undefined ? null : parseVersion(found);
    return version !== null && ranges.some((range) => isWithin(version, range));
  };
}

function testOfPatterns(texts: readonly string[]): Test {
  const taken = texts.map(compilePattern)
    .filter((pattern): pattern is Pattern => pattern instanceof Pattern);
  return (found) =>
    found !== undefined && taken.some((pattern) => pattern.isIn(found));
}

function testOf(rule: Rule): Test {
  const values = valuesOf(rule);
  const isOneOf: Test = (found) =>
    found !== undefined && values.includes(found);
  switch (rule.operator) {
    case "=":
    case "in":
      return isOneOf;
    case "!=":
      return (found) => !isOneOf(found);
    case "version":
      return testOfRanges(values);
    case "regexp":
      return testOfPatterns(values);
  }
}

/** Compiled once per rule, and forgotten with the spec it is in. */
const tests = new WeakMap<Rule, Test>();

/** Whether a rule holds on a worker. What {@linkcode ruleProblem} refuses holds nowhere. */
export function ruleHolds(rule: Rule, worker: Attributed): boolean {
  let test = tests.get(rule);
  if (test === undefined) {
    test = testOf(rule);
    tests.set(rule, test);
  }
  return test(attributeOf(worker, rule.attribute));
}

/** Why a rule cannot be evaluated, to follow its description; null when it can. */
export function ruleProblem(rule: Rule): string | null {
  for (const value of valuesOf(rule)) {
    const parsed = rule.operator === "version"
      ? parseRange(value)
      : rule.operator === "regexp"
      ? compilePattern(value)
      : null;
    if (parsed !== null && "problem" in parsed) return parsed.problem;
  }
  return valuesOf(rule).length === 0 ? "has no value to compare with" : null;
}
