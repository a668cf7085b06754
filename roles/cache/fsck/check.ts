/**
 * What every part of a check is given.
 *
 * @module
 */
import type { CacheFilesProgress } from "../../model/cache_files.ts";
import type { Pace } from "../../turns/pace.ts";
import type { CacheConfig } from "../config.ts";
import type { SecretKey } from "../../nar/core/signature.ts";
import type { CheckedRows } from "./checked_rows.ts";
import type { Findings } from "./findings.ts";
import type { Quarantine } from "./quarantine.ts";

/** What is asked for, and who follows it. */
export interface CheckOrder {
  /** Reads every nar from its first byte to its last. */
  deep: boolean;
  /** Mends; else nothing is written but how far it is. */
  repair: boolean;
  /** From the beginning, also when an earlier one was cut off. */
  restart: boolean;
  told?: (progress: CacheFilesProgress) => void;
  signal: AbortSignal;
  now(): number;
}

/** A check that is under way. */
export interface Check {
  config: CacheConfig;
  order: CheckOrder;
  keys: readonly SecretKey[];
  rows: CheckedRows;
  findings: Findings;
  quarantine: Quarantine;
  pace: Pace;
  checked: { nars: number; paths: number; bytes: number };
}
