/**
 * How a VMM's program is begun: a shell that bounds the files it may write,
 * puts itself into its cgroups, and becomes it, as another user where one is
 * named. What is started is the VMM from its first instruction on: nothing of a
 * guest ever runs outside its cgroups. Pure.
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
 */
const BECOME_VMM = `
limit=$1 user=$2 isGuarded=$3 groups=$4; shift 4
trap "" XFSZ
ulimit -S -f "$limit" || exit 126
while [ "$groups" -gt 0 ]; do
  echo 0 > "$1/cgroup.procs" || exit 126
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

/** A program and its arguments. */
export interface StartCommand {
  program: string;
  args: string[];
}

/** The command that becomes `of.program`; its arguments stay visible in the process's own. */
export function startCommand(
  of: StartCommand & {
    /** The largest file it may write. */
    fileLimitBytes: number;
    cgroups?: VmConfig["cgroups"];
    user?: VmConfig["user"];
    /** Its parent is a guard, which it must not outlive. */
    isGuarded: boolean;
  },
): StartCommand {
  const { program, args, fileLimitBytes, cgroups = [], user } = of;
  return {
    program: "sh",
    args: [
      "-c",
      BECOME_VMM,
      "procurator-vmm",
      String(Math.ceil(fileLimitBytes / LIMIT_UNIT_BYTES)),
      user === undefined ? "" : `${user.uid}:${user.gid}`,
      of.isGuarded ? "guarded" : "",
      String(cgroups.length),
      ...cgroups,
      program,
      ...args,
    ],
  };
}
