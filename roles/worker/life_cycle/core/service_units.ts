/**
 * The systemd units of a worker's host as text. Pure.
 *
 * What they are for: VMs outlive the worker. So only its main process is ended
 * (`KillMode=process`), the run directory stays, and exclusive VMs have a guard
 * with a unit of its own, which is not restarted with the worker.
 *
 * @module
 */

/** What the units name. */
export interface UnitOptions {
  /** The words that run this program. */
  command: readonly string[];
  /** The worker's configuration file; absent: none. */
  config?: string;
  runDir: string;
  stateDir: string;
  stopGraceMs: number;
}

/** A unit's file name and text. */
export interface Unit {
  name: string;
  text: string;
}

/** An end takes a second; the rest is for a disk or a master that is slow. */
const END_SECONDS = 60;

/**
 * Of the runtime: with them the worker's heap is collected before it has grown
 * to twice what is used, which is 30 MiB less beside a hundred VMs. It computes
 * little, so it is no slower for it. Only at a process's start can they be set.
 */
export const WORKER_V8_FLAGS = "--optimize-for-size";

/** A word as systemd reads it: quoted where it must be, with nothing that it would expand. */
export function unitWord(word: string): string {
  const plain = word.replaceAll("\\", "\\\\").replaceAll('"', '\\"')
    .replaceAll("%", "%%").replaceAll("$", "$$$$").replaceAll("\n", "\\n");
  return /^[A-Za-z0-9_@%+=:,./-]+$/.test(plain) ? plain : `"${plain}"`;
}

function execOf(words: readonly string[]): string {
  return words.map(unitWord).join(" ");
}

/** `/run/procurator/worker` as systemd names it below /run; null elsewhere. */
function below(parent: string, dir: string): string | null {
  return dir.startsWith(`${parent}/`) ? dir.slice(parent.length + 1) : null;
}

function workerUnit(options: UnitOptions): string {
  const { command, config, runDir, stateDir, stopGraceMs } = options;
  const run = below("/run", runDir);
  const state = below("/var/lib", stateDir);
  const words = [
    ...command,
    "worker",
    ...(config === undefined ? [] : ["--config", config]),
    "--state-dir",
    stateDir,
    "--run-dir",
    runDir,
    // A process of before that a supervisor lost sight of hands over, too.
    "--take-over",
  ];
  return `[Unit]
Description=Procurator worker
Wants=network-online.target procurator-guard.service
After=network-online.target procurator-guard.service
StartLimitIntervalSec=0

[Service]
ExecStart=${execOf(words)}
Environment=DENO_V8_FLAGS=${WORKER_V8_FLAGS}
# VMs run on when the worker ends, however it ends; the next one adopts them.
KillMode=process
# Memory that runs out in this unit ends what is at fault, not all VMs.
OOMPolicy=continue
# Groups below it are the worker's to make; VMs have theirs outside of it.
Delegate=yes
Restart=always
RestartSec=1
TimeoutStopSec=${Math.ceil(stopGraceMs / 1000) + END_SECONDS}
LimitNOFILE=65536
TasksMax=infinity
${
    run === null
      ? ""
      : `# What is known of running VMs; a restart must not take it away.
RuntimeDirectory=${unitWord(run)}
RuntimeDirectoryMode=0711
RuntimeDirectoryPreserve=yes
`
  }${
    state === null ? "" : `StateDirectory=${unitWord(state)}
StateDirectoryMode=0711
`
  }
[Install]
WantedBy=multi-user.target
`;
}

function guardUnit({ command, runDir }: UnitOptions): string {
  const guardDir = `${runDir.slice(0, runDir.lastIndexOf("/"))}/guard`;
  const run = below("/run", guardDir);
  return `[Unit]
Description=Procurator guard of exclusive VMs
StartLimitIntervalSec=0

[Service]
# Ending it ends the exclusive VMs of this host, which is its purpose: so an
# upgrade of the host (NixOS asks by this) does not restart it.
X-RestartIfChanged=false
ExecStart=${execOf([...command, "guard", "--run-dir", guardDir])}
KillMode=mixed
Restart=always
RestartSec=1
OOMScoreAdjust=-900
LimitNOFILE=65536
TasksMax=infinity
${
    run === null ? "" : `RuntimeDirectory=${unitWord(run)}
RuntimeDirectoryMode=0700
RuntimeDirectoryPreserve=restart
`
  }
[Install]
WantedBy=multi-user.target
`;
}

/** The units of this host. */
export function serviceUnits(options: UnitOptions): Unit[] {
  return [
    { name: "procurator-guard.service", text: guardUnit(options) },
    { name: "procurator-worker.service", text: workerUnit(options) },
  ];
}
