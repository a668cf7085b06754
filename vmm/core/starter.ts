/**
 * How a VMM's program is begun: a shell that bounds the files it may write,
 * puts itself into its cgroups, and becomes it, as another user where one is
 * named. Nothing of a guest ever runs outside its cgroups. Pure.
 *
 * @module
 */
import type { VmConfig } from "./vm_config.ts";

/** What `sh` counts the size of files in, by POSIX. */
const LIMIT_UNIT_BYTES = 512;

/**
 * 126 is a shell's word for what it could not run. SIGXFSZ is ignored, which
 * is inherited: a write beyond the limit fails and ends nothing. When another
 * user is taken on the kernel forgets who wanted to be told of the parent's
 * death: asked for again, and looked whether it was too late.
 *
 * A file `tasks` is version 1 of cgroups. A thread that moves itself by it is
 * moved at once; `cgroup.procs` waits until every processor has noticed, which
 * takes 10 ms and more of each start.
 */
const BECOME_VMM = `
limit=$1 user=$2 isGuarded=$3 groups=$4; shift 4
trap "" XFSZ
ulimit -S -f "$limit" || exit 126
while [ "$groups" -gt 0 ]; do
  if [ -n "$isMoved" ]; then :
  elif [ -w "$1/tasks" ]; then echo 0 >"$1/tasks" || exit 126
  else echo 0 >"$1/cgroup.procs" || exit 126
  fi
  shift; groups=$((groups - 1))
done
[ -n "$user" ] || exec "$@"
if [ -n "$isGuarded" ]; then
  set -- sh -c '[ "$PPID" = "$0" ] || exit 125; exec "$@"' "$PPID" "$@"
fi
exec setpriv --reuid="\${user%:*}" --regid="\${user#*:}" --clear-groups \
  --inh-caps=-all --bounding-set=-all --no-new-privs \
  \${isGuarded:+--pdeathsig KILL} -- "$@"
`.trim();

/**
 * The same in the background, left to itself: it holds nothing of ours, its own
 * words are appended to a file, and its number is all that is said. What is
 * forked becomes the VMM, so the number stays the VMM's. In a session of its
 * own, so that no terminal's keys are meant for guests.
 *
 * Where moving takes long it is moved while it begins, and its number said once
 * it is where it belongs: only for a VMM that has no guest until it is told. One
 * that has ended meanwhile has said why. The moves that are done at once come
 * first: the kernel makes one at a time, and they would wait for the long ones.
 * Groups without controllers limit nothing and come last, its number said: by
 * them processes are told whose they are, which a guest need not wait for.
 */
const LEAVE_VMM = `
words=$1; shift
enter() {
  groups=$4; shift 4
  while [ "$groups" -gt 0 ]; do
    [ ! -w "$1/tasks" ] || echo 0 >"$1/tasks" || exit 126
    shift; groups=$((groups - 1))
  done
}
enter "$@"
{ isMoved=yes
${BECOME_VMM}
} </dev/null >/dev/null 2>>"$words" &
vmm=$!
follow() {
  wanted=$1 groups=$5; shift 5
  while [ "$groups" -gt 0 ]; do
    limits=yes
    if [ -r "$1/cgroup.controllers" ]; then
      read -r limits <"$1/cgroup.controllers" && limits=yes
    fi
    if [ ! -w "$1/tasks" ] && [ "$limits" = "$wanted" ] &&
      ! { echo "$vmm" >"$1/cgroup.procs"; } 2>/dev/null &&
      [ -e "/proc/$vmm/exe" ]; then
      echo "it cannot be put into $1" >>"$words"
      kill -9 "$vmm"
    fi
    shift; groups=$((groups - 1))
  done
}
follow yes "$@"
echo "$vmm"
follow "" "$@"
`.trim();

/** A program and its arguments. */
export interface StartCommand {
  program: string;
  args: string[];
}

/** How a program is begun. */
export interface StartOf extends StartCommand {
  /** The largest file it may write. */
  fileLimitBytes: number;
  cgroups?: VmConfig["cgroups"];
  user?: VmConfig["user"];
  /** Its parent is a guard, which it must not outlive. */
  isGuarded: boolean;
}

function words(of: StartOf): string[] {
  const { program, args, fileLimitBytes, cgroups = [], user } = of;
  return [
    String(Math.ceil(fileLimitBytes / LIMIT_UNIT_BYTES)),
    user === undefined ? "" : `${user.uid}:${user.gid}`,
    of.isGuarded ? "guarded" : "",
    String(cgroups.length),
    ...cgroups,
    program,
    ...args,
  ];
}

/** The command that becomes `of.program`; its arguments stay visible in the process's own. */
export function startCommand(of: StartOf): StartCommand {
  return {
    program: "sh",
    args: ["-c", `isMoved=\n${BECOME_VMM}`, "procurator-vmm", ...words(of)],
  };
}

/** The command that leaves `of.program` behind, prints its process id and ends. */
export function leaveCommand(
  of: StartOf & { wordsPath: string },
): StartCommand {
  return {
    program: "setsid",
    args: ["sh", "-c", LEAVE_VMM, "procurator-vmm", of.wordsPath, ...words(of)],
  };
}
