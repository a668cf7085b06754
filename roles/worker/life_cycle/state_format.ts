/**
 * Which form of its state directory a worker reads: a version that finds a form
 * it does not know starts nothing and changes nothing, so that going back to it
 * by mistake loses no ledger. Owns one small file.
 *
 * Forms of before are read and written anew by who owns them (ledger_store.ts).
 *
 * @module
 */
import { z } from "zod";
import { readIfThere, writeFileAtomic } from "../../files/mod.ts";
import { AppError } from "../../model/errors.ts";

/** Raised when a version before could not read, or would harm, what this one writes. */
export const STATE_FORMAT = 1;

const Format = z.object({ format: z.number().int().min(1) });

function formatIn(text: string): number | null {
  try {
    return Format.parse(JSON.parse(text)).format;
  } catch {
    return null;
  }
}

/**
 * Marks the directory as of this form, if it is not of a later one.
 *
 * @throws {AppError} `refused` for a later form or one that cannot be told, `storage`.
 */
export async function claimStateFormat(stateDir: string): Promise<void> {
  const path = `${stateDir}/format.json`;
  const text = await readIfThere(path);
  const found = text === null ? null : formatIn(text);
  if (text !== null && found === null) {
    throw new AppError(
      "refused",
      `Cannot use ${stateDir}: ${path} does not say which form the state has`,
      {
        hint:
          `if this version wrote it, write {"format":${STATE_FORMAT}} into that file`,
      },
    );
  }
  if (found !== null && found > STATE_FORMAT) {
    throw new AppError(
      "refused",
      `Cannot use ${stateDir}: a later version wrote it (form ${found}, this one reads up to ${STATE_FORMAT})`,
      {
        hint:
          "run the later version again; its VMs run on meanwhile, and nothing was changed",
      },
    );
  }
  if (found === STATE_FORMAT) return;
  await writeFileAtomic(path, `${JSON.stringify({ format: STATE_FORMAT })}\n`);
}
