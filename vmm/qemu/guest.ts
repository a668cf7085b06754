/**
 * What QEMU can be asked for while a guest runs: pause, less memory, figures.
 * Each is one or two QMP commands.
 *
 * @module
 */
import { AppError } from "../../roles/model/errors.ts";
import { z } from "zod";
import { processFigures, tapFigures } from "../host/process_figures.ts";
import type { Recorded } from "../core/run_record.ts";
import type { Qmp } from "./qmp.ts";
import type { VmFigures } from "../vmm.ts";

const MIB = 1024 * 1024;
/** More than a VM has volumes. */
const MAX_DEVICES = 1024;

/** Figures are asked for again soon: what QEMU does not tell at once is left out. */
const STATS_TIMEOUT_MS = 1000;

const BlockStats = z.array(z.object({
  stats: z.object({ rd_bytes: z.number(), wr_bytes: z.number() }),
})).max(MAX_DEVICES);
const MemorySize = z.object({ "base-memory": z.number() });

/**
 * Takes memory from the guest, or gives it back, up to what it was started with.
 *
 * @throws {AppError} `refused` for what needs another start.
 */
export async function resizeQemu(
  qmp: Qmp,
  to: { cpus?: number; memoryMib?: number },
  id: string,
): Promise<void> {
  const refuse = (why: string): never => {
    throw new AppError("refused", `Cannot resize "${id}": ${why}`, {
      hint: "start it anew with the size wanted",
    });
  };
  if (to.cpus !== undefined) {
    refuse("QEMU's guests keep the processors that they were started with");
  }
  if (to.memoryMib === undefined) return;
  const size = MemorySize.parse(
    await qmp.execute("query-memory-size-summary"),
  );
  const wanted = to.memoryMib * MIB;
  if (wanted > size["base-memory"] || wanted < MIB) {
    refuse(`it was started with ${size["base-memory"] / MIB} MiB`);
  }
  await qmp.execute("balloon", { value: wanted });
}

/** What the VM has used. */
export async function qemuFigures(
  qmp: Qmp | null,
  { state: { pid }, tap }: Recorded,
): Promise<VmFigures> {
  const disks = BlockStats.safeParse(
    await qmp?.execute("query-blockstats", {}, { timeoutMs: STATS_TIMEOUT_MS })
      .catch(() => null),
  );
  const sum = (of: "rd_bytes" | "wr_bytes") =>
    disks.success
      ? disks.data.reduce((bytes, { stats }) => bytes + stats[of], 0)
      : null;
  return {
    ...await processFigures(pid),
    diskReadBytes: sum("rd_bytes"),
    diskWrittenBytes: sum("wr_bytes"),
    ...await tapFigures(tap),
  };
}
