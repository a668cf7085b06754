/**
 * cloud-hypervisor's command line. Pure.
 *
 * The machine is told over the API. The marker that the process is found by
 * after a crash of ours is in the event monitor's path.
 *
 * @module
 */

/** Names of the event monitors' pipes begin so. */
const EVENTS_PREFIX = "events-";

/** The pipe that the VMM of this start writes its events to. */
export function eventsName(marker: string): string {
  return `${EVENTS_PREFIX}${marker}`;
}

/** True for such a pipe, of whatever start. */
export function isEventsName(name: string): boolean {
  return name.startsWith(EVENTS_PREFIX);
}

/** The arguments of the VMM itself. `--landlock` is taken with a kernel on the command line only: Landlock is in the config. */
export function vmmArgs(
  { apiPath, eventsPath }: { apiPath: string; eventsPath: string },
): string[] {
  return [
    "--api-socket",
    `path=${apiPath}`,
    "--event-monitor",
    `path=${eventsPath}`,
    "--seccomp",
    "true",
  ];
}
