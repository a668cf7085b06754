/**
 * Checks the records of paths, after those of nars: what is known of each, and
 * that its references are here or at another source.
 *
 * A path whose reference is gone stays: its own nar is sound, who has the
 * reference can use it, and pushing the reference again makes it whole. Taking
 * it out, and all that refers to it in turn, would empty a cache for one
 * damaged library.
 *
 * @module
 */
import { formatNarInfo, type NarInfo } from "../../nar/core/narinfo.ts";
import { narInfoFingerprint } from "../../nar/core/narinfo.ts";
import { signText, verifySignature } from "../../nar/core/signature.ts";
import { signatureKeyName } from "../../nar/core/signature.ts";
import type { Check } from "./check.ts";
import { ABSENT, HashIndex } from "../gc/core/hash_index.ts";
import {
  judgePath,
  type PathFacts,
  type PathVerdict,
} from "./core/judge_path.ts";

/** References that are looked up once: a closure's worth for each of many damaged paths. */
const MAX_ABSENT = 100_000;

/** Hashes here are those of paths that were accepted: nobody chooses them to meet in one slot. */
const SEED = 1;
/** It grows. */
const EXPECTED = 100_000;

/** What is asked about references that are not here. */
export interface Elsewhere {
  /** Those that another source serves. */
  bases(bases: readonly string[]): Promise<ReadonlySet<string>>;
}

export class PathCheck {
  readonly #check: Check;
  /** Absent references, and who has them. */
  readonly #absent = new Map<string, string>();

  /** All paths that are here, in 32 bytes each: a million paths have eight million references, and to look each up in the table takes many minutes. */
  readonly #here = new HashIndex(SEED, EXPECTED);

  constructor(check: Check) {
    this.#check = check;
  }

  async run(elsewhere: Elsewhere): Promise<void> {
    const { rows, pace, order, checked } = this.#check;
    for (let after: string | undefined = ""; after !== undefined;) {
      const hashes: string[] = rows.hashesAfter(after);
      for (const hash of hashes) this.#here.add(hash);
      after = hashes.at(-1);
      await pace.rest(order.signal);
    }
    for (let after = "";;) {
      const page = rows.pathsAfter(after);
      for (const facts of page) {
        this.#path(facts);
        checked.paths++;
        await pace.rest(order.signal);
      }
      const last = page.at(-1);
      if (last === undefined) break;
      after = last.hash;
      const phase = `paths ${checked.paths}`;
      order.told?.({ phase, doneBytes: 0, totalBytes: 0 });
    }
    await this.#references();
    await this.#reportAbsent(elsewhere);
    this.#totals();
  }

  #judge(facts: PathFacts): PathVerdict {
    const { config, keys, rows } = this.#check;
    const verdict = judgePath(facts, {
      storeDir: config.storeDir,
      keys: keys.map((key) => key.public),
    });
    if (verdict.kind !== "signature-wrong") return verdict;
    // The names of references are in the narinfo alone: who has them must agree before it is signed.
    const other = verdict.info.references.find((base) =>
      this.#isHere(base) && !rows.hasBase(base)
    );
    return other === undefined ? verdict : {
      kind: "path-differs",
      why: `${verdict.why}, and ${other} has another name here`,
    };
  }

  #isHere(base: string): boolean {
    return this.#here.find(base) !== ABSENT;
  }

  #path(facts: PathFacts): void {
    const { findings, rows, order } = this.#check;
    const verdict = this.#judge(facts);
    switch (verdict.kind) {
      case "sound":
        return this.#noteAbsent(verdict.info);
      case "references-differ":
        if (order.repair) rows.setReferences(verdict.info);
        findings.add({
          kind: verdict.kind,
          name: facts.base,
          why: verdict.why,
          todo: order.repair
            ? "the table was made anew from the signed narinfo"
            : "run with --repair",
          isMended: order.repair,
        });
        return this.#noteAbsent(verdict.info);
      case "signature-wrong":
        if (order.repair) this.#signAnew(verdict.info);
        findings.add({
          kind: verdict.kind,
          name: facts.base,
          why: verdict.why,
          todo: order.repair
            ? "all other records of it agree: it was signed anew"
            : "run with --repair",
          isMended: order.repair,
        });
        return this.#noteAbsent(verdict.info);
      default:
        if (order.repair) {
          rows.condemnPath(facts, verdict.why);
          findings.lose({
            base: facts.base,
            narHash: facts.nar?.narHash ?? null,
          });
        }
        findings.add({
          kind: verdict.kind,
          name: facts.base,
          why: verdict.why,
          todo: order.repair
            ? "its record is in damage; push it again"
            : "run with --repair, then push it again",
          isMended: order.repair,
        });
    }
  }

  #signAnew(info: NarInfo): void {
    const { keys, rows } = this.#check;
    const fingerprint = narInfoFingerprint(info);
    const names = new Set(keys.map(({ name }) => name));
    const kept = info.signatures.filter((signature) =>
      !names.has(signatureKeyName(signature) ?? "") ||
      verifySignature(fingerprint, signature, keys.map((key) => key.public))
    );
    const ours = keys.map((key) => signText(fingerprint, key));
    const signatures = [...new Set([...ours, ...kept])];
    rows.setText(
      info.base.slice(0, 32),
      formatNarInfo({ ...info, signatures }),
    );
  }

  #noteAbsent(info: NarInfo): void {
    for (const base of info.references) {
      if (base === info.base || this.#absent.has(base)) continue;
      if (this.#isHere(base)) continue;
      if (this.#absent.size < MAX_ABSENT) this.#absent.set(base, info.base);
    }
  }

  async #reportAbsent(elsewhere: Elsewhere): Promise<void> {
    const { findings, rows } = this.#check;
    // Those that were taken out behind who refers to them are told of already.
    const bases = [...this.#absent.keys()].filter((base) =>
      !rows.hasBase(base)
    );
    const served = await elsewhere.bases(bases);
    for (const base of bases) {
      if (served.has(base)) continue;
      findings.lose({ base, narHash: null });
      findings.add({
        kind: "reference-absent",
        name: base,
        why: `${this.#absent.get(base)} refers to it, and it is not here`,
        todo: "push it again",
        isMended: false,
      });
    }
  }

  /** Of paths that are not here. */
  async #references(): Promise<void> {
    const { rows, findings, order, pace } = this.#check;
    for (;;) {
      const hashes = rows.strayReferences();
      for (const hash of hashes) {
        findings.add({
          kind: "reference-stray",
          name: hash,
          why: "its references are recorded, and it is no path",
          todo: order.repair ? "they were removed" : "run with --repair",
          isMended: order.repair,
        });
      }
      // Unmended, the next look would find the same ones.
      if (!order.repair || hashes.length === 0) return;
      rows.dropReferences(hashes);
      await pace.rest(order.signal);
    }
  }

  #totals(): void {
    const { rows, findings, order } = this.#check;
    if (!rows.areTotalsWrong) return;
    if (order.repair) rows.countTotals();
    findings.add({
      kind: "totals-wrong",
      name: "total",
      why: "the figures of /metrics are not those of the tables",
      todo: order.repair ? "they were counted anew" : "run with --repair",
      isMended: order.repair,
    });
  }
}
