/**
 * How this program is started again, for a child that does a piece of its work.
 *
 * @module
 */

/** From sources or a bundle it takes Deno; the one file says by its header where it is. */
export function ownCommand(
  packed: string = Deno.env.get("PROCURATOR_EXECUTABLE") ?? "",
): string[] {
  if (packed !== "") return [packed];
  if (Deno.build.standalone) return [Deno.execPath()];
  return [
    Deno.execPath(),
    "run",
    "-A",
    "--quiet",
    // node:url would be loaded at each start.
    decodeURIComponent(new URL(Deno.mainModule).pathname),
  ];
}
