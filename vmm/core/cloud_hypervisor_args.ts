/**
 * cloud-hypervisor's command line and how it is left to itself. Pure.
 *
 * The machine is told over the API. The marker that the process is found by
 * after a crash of ours is in the event monitor's path.
 *
 * @module
 */

/** A program and its arguments. */
export interface CommandLine {
  program: string;
  args: string[];
}

/**
 * Begun in the background, in a session of its own, and left: it holds nothing
 * of ours, its own words are appended to a file, and its number is all that is
 * said. Each program on the way to the VMM becomes the next one, so the number
 * stays the VMM's.
 */
const LEAVE = 'setsid "$@" </dev/null >/dev/null 2>>"$0" & echo $!';

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

/** Runs `command` in the background, its words going to `wordsPath`; prints its pid. */
export function leaveCommand(
  { program, args }: CommandLine,
  wordsPath: string,
): CommandLine {
  return { program: "sh", args: ["-c", LEAVE, wordsPath, program, ...args] };
}
