/**
 * The machines of a host as the host itself shows them: QEMU processes in
 * /proc, or the simulated driver's table. Asks no role of procurator.
 *
 * @module
 */
import { z } from "zod";
import { until } from "../support/wait.ts";
import type { Machine } from "./checks.ts";

/** A VMM that was just spawned forks once; two looks that agree are past that. */
const SETTLE_TIMEOUT_MS = 3000;

/** How to look. */
export interface MachinesOf {
  driver: "qemu" | "simulated";
  /** The worker's run directory. */
  runDir: string;
}

function after(words: readonly string[], flag: string): string | undefined {
  const index = words.indexOf(flag);
  return index < 0 ? undefined : words[index + 1];
}

function readProcess(pid: string, runDir: string): Machine | null {
  let words: string[];
  let stat: string;
  try {
    words = Deno.readTextFileSync(`/proc/${pid}/cmdline`).split("\0");
    stat = Deno.readTextFileSync(`/proc/${pid}/stat`);
  } catch {
    return null; // It ended between the listing and the look.
  }
  const pidFile = after(words, "-pidfile");
  if (pidFile === undefined || !pidFile.startsWith(runDir)) return null;
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  if (fields[0] === "Z") return null;
  return {
    id: (after(words, "-name") ?? "").replace(/^guest=/, ""),
    identity: `pid ${pid} of ${fields[19]}`,
    image: after(words, "-initrd") ?? "",
  };
}

function qemuMachines(runDir: string): Machine[] {
  const found: Machine[] = [];
  for (const { name } of Deno.readDirSync("/proc")) {
    if (!/^[0-9]+$/.test(name)) continue;
    const machine = readProcess(name, runDir);
    if (machine !== null) found.push(machine);
  }
  return found;
}

const Table = z.array(z.object({
  id: z.string(),
  incarnation: z.number(),
  startedAtMs: z.number(),
  runtimeHash: z.string(),
}));

function simulatedMachines(runDir: string): Machine[] {
  let text: string;
  try {
    text = Deno.readTextFileSync(`${runDir}/simulated.json`);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
  return Table.parse(JSON.parse(text)).map((vm) => ({
    id: vm.id,
    identity: `start ${vm.startedAtMs} of incarnation ${vm.incarnation}`,
    image: vm.runtimeHash,
  }));
}

function look({ driver, runDir }: MachinesOf): Machine[] {
  const found = driver === "qemu"
    ? qemuMachines(runDir)
    : simulatedMachines(runDir);
  return found.sort((a, b) =>
    `${a.id} ${a.identity}` < `${b.id} ${b.identity}` ? -1 : 1
  );
}

/** What runs, once two looks agree. */
export async function machines(of: MachinesOf): Promise<Machine[]> {
  let last = "";
  return await until("two looks at the machines that agree", () => {
    const found = look(of);
    const text = JSON.stringify(found);
    const same = text === last;
    last = text;
    return same ? found : null;
  }, { timeoutMs: SETTLE_TIMEOUT_MS });
}

/** Ends every QEMU whose files are below `runDir`, by pid. */
export function endMachines(of: MachinesOf): void {
  if (of.driver !== "qemu") return;
  for (const machine of qemuMachines(of.runDir)) {
    const pid = Number(/^pid ([0-9]+)/.exec(machine.identity)?.[1]);
    try {
      Deno.kill(pid, "SIGKILL");
    } catch {
      // It ended by itself.
    }
  }
}
