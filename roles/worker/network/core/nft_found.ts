/**
 * What `nft -j list` prints of our tables. Pure. Read leniently: other versions
 * of nft add kinds of objects, and what is not ours is passed over.
 *
 * @module
 */
import { z } from "zod";
import type { FoundTable } from "./nft_script.ts";

const Named = z.object({ family: z.string(), name: z.string() });
const Listed = z.object({
  nftables: z.array(z.object({
    table: Named.optional().catch(undefined),
    chain: Named.optional().catch(undefined),
    set: Named.optional().catch(undefined),
    map: Named.extend({ elem: z.array(z.unknown()).default([]) }).optional()
      .catch(undefined),
    counter: Named.extend({ packets: z.number().default(0) }).optional()
      .catch(undefined),
  })),
});
/** The map of published ports. */
export const FORWARDED = "forwarded";
/** Host port, then the guest's address and port. */
const Forward = z.tuple([
  z.number(),
  z.object({ concat: z.tuple([z.string(), z.number()]) }),
]);

/** A host port as the kernel forwards it. */
export interface FoundForward {
  readonly publish: number;
  readonly address: string;
  readonly guest: number;
}

function parseListing(text: string) {
  return Listed.parse(JSON.parse(text)).nftables;
}

/** The table of a family in a listing without elements; null when it is not there. */
export function parseTable(text: string, family: string): FoundTable | null {
  const objects = parseListing(text);
  const ours = (of: (object: typeof objects[number]) => typeof object.chain) =>
    objects.flatMap((object) => {
      const item = of(object);
      return item?.family === family ? [item.name] : [];
    });
  if (ours(({ table }) => table).length === 0) return null;
  return {
    chains: ours(({ chain }) => chain),
    counters: ours(({ counter }) => counter),
    sets: ours(({ set }) => set),
    maps: ours(({ map }) => map),
  };
}

/** The host ports in a listing of the map of them. */
export function parseForwards(text: string): FoundForward[] {
  const elements = parseListing(text).flatMap(({ map }) =>
    map?.name === FORWARDED ? map.elem : []
  );
  return elements.flatMap((element) => {
    const { success, data } = Forward.safeParse(element);
    if (!success) return [];
    const [publish, { concat: [address, guest] }] = data;
    return [{ publish, address, guest }];
  });
}

/** Packets by the name of the counter, all families together. */
export function parseCounters(text: string): Map<string, number> {
  const packets = new Map<string, number>();
  for (const { counter } of parseListing(text)) {
    if (counter === undefined) continue;
    const { name } = counter;
    packets.set(name, (packets.get(name) ?? 0) + counter.packets);
  }
  return packets;
}

/**
 * The TCP ports that programs of this host listen at, by `ss -Hltn`; with an
 * address only those that a connection to it would reach.
 */
export function parseListeners(
  text: string,
  address: string | null,
): Set<number> {
  const ports = new Set<number>();
  for (const line of text.split("\n")) {
    const local = line.trim().split(/\s+/)[3];
    const [, host, port] = /^(.*):(\d+)$/.exec(local ?? "") ?? [];
    if (host === undefined) continue;
    const bare = host.replace(/%.*$/, "");
    const isAny = ["0.0.0.0", "*", "[::]"].includes(bare);
    if (address === null || isAny || bare === address) ports.add(Number(port));
  }
  return ports;
}
