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
 * Makes the pipe of its events, then begins the VMM in the background and leaves
 * it: it holds nothing of ours, its own words are appended to a file, and its
 * number is all that is said. Each program on the way to the VMM becomes the
 * next one, so the number stays the VMM's. The shell is begun in a session of
 * its own, so that no terminal's keys are meant for guests.
 */
const LEAVE = `
mkfifo -m 600 "$1" && { [ -z "$2" ] || chown "$2" "$1"; } || exit 1
shift 2
"$@" </dev/null >/dev/null 2>>"$0" & echo $!
`.trim();

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

/** Runs `command` in the background; prints its pid. */
export function leaveCommand(
  { program, args }: CommandLine,
  on: {
    wordsPath: string;
    eventsPath: string;
    /** Whose the pipe is to be; absent: ours. */
    user?: { uid: number; gid: number };
  },
): CommandLine {
  const { wordsPath, eventsPath, user } = on;
  const owner = user === undefined ? "" : `${user.uid}:${user.gid}`;
  return {
    program: "sh",
    args: ["-c", LEAVE, wordsPath, eventsPath, owner, program, ...args],
  };
}
