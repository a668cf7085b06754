/**
 * What commands about VMs take: ids, parsed.
 *
 * @module
 */
import { VmId } from "../model/ids.ts";
import { parseWith } from "../model/parse.ts";

/** A VM's id as it was typed. @throws {AppError} `invalid`. */
export function vmIdOf(text: string): string {
  return parseWith(VmId, text, {
    what: "the VM's id",
    hint: "see `procurator status`",
  });
}
