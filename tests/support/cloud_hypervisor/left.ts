/**
 * What cloud-hypervisor leaves behind, for tests that say that it is nothing.
 *
 * @module
 */
import { findByMarker } from "../../../vmm/host/process_table.ts";
import { type StandInPlace } from "./host.ts";

/** What is left of VMMs below a place. */
export async function leftOf({ dir }: StandInPlace): Promise<string[]> {
  const left: string[] = [];
  for (const { cmdline } of await findByMarker(`path=${dir}/run/`)) {
    left.push(cmdline);
  }
  for (const root of [`${dir}/run`, `${dir}/tmp`]) {
    for (const { name } of listing(root)) {
      for (const file of listing(`${root}/${name}`)) {
        if (!file.name.startsWith("serial-")) left.push(`${name}/${file.name}`);
      }
    }
  }
  return left;
}

/** What is in a directory; nothing where there is none. */
export function listing(dir: string): Deno.DirEntry[] {
  try {
    return [...Deno.readDirSync(dir)];
  } catch {
    return [];
  }
}
