/**
 * What a worker shows of its VMs over HTTP, to look at and nothing else: their
 * states, logs and figures. Acting on them goes through the master, which
 * knows who asks.
 *
 * @module
 */
import type { Hono } from "hono";
import { Gauge, type Registry } from "prom-client";
import { z } from "zod";
import { type AppEnv, requireRole } from "../../http/mod.ts";
import { VmId } from "../../model/ids.ts";
import { parseWith } from "../../model/parse.ts";
import type { VmFigures } from "../../../vmm/mod.ts";
import type { Seeing } from "./open_seeing.ts";
import type { Vms } from "../vms/vms.ts";

const Count = (most: number) => z.coerce.number().int().min(0).max(most);
const LogQuery = z.strictObject({
  bytes: Count(1024 * 1024).default(65_536),
  boot: Count(Number.MAX_SAFE_INTEGER).default(0),
  generation: Count(Number.MAX_SAFE_INTEGER).default(0),
  incarnation: Count(Number.MAX_SAFE_INTEGER).default(0),
  offset: Count(Number.MAX_SAFE_INTEGER).optional(),
});

function vmOf(c: { req: { param(name: string): string | undefined } }): string {
  const id = `${c.req.param("cluster") ?? ""}/${c.req.param("vm") ?? ""}`;
  return parseWith(VmId, id, { what: "the VM's id" });
}

/** `GET /api/v1/vms`, and below it `ID/log` and `ID/figures`. */
export function addVmRoutes(
  app: Hono<AppEnv>,
  { vms, seeing: { access } }: { vms: Vms; seeing: Seeing },
): void {
  app.get(
    "/api/v1/vms",
    requireRole("viewer"),
    (c) => c.json({ vms: vms.observed() }),
  );
  app.get(
    "/api/v1/vms/:cluster/:vm/log",
    requireRole("viewer"),
    async (c) => {
      const { bytes: maxBytes, offset, ...which } = parseWith(
        LogQuery,
        c.req.query(),
        { what: "the query" },
      );
      const type = { "content-type": "text/plain; charset=utf-8" };
      if (offset === undefined && Object.values(which).every((n) => n === 0)) {
        const { text, truncated } = await vms.logs(vmOf(c), maxBytes);
        return c.body(text, 200, {
          ...type,
          "procurator-truncated": String(truncated),
        });
      }
      const piece = await access.readLog(vmOf(c), {
        ...which,
        offset: offset ?? 0,
        maxBytes,
        waitMs: 0,
      }, new AbortController().signal);
      return c.body(new Uint8Array(piece.bytes), 200, {
        ...type,
        "procurator-incarnation": String(piece.incarnation),
        "procurator-boot": String(piece.boot),
        "procurator-generation": String(piece.generation),
        "procurator-offset": String(piece.offset),
        "procurator-ended": String(piece.ended),
      });
    },
  );
  app.get(
    "/api/v1/vms/:cluster/:vm/figures",
    requireRole("viewer"),
    async (c) => c.json(await access.figures(vmOf(c))),
  );
}

/** Name, help and place of each; seconds and bytes, as Prometheus wants them. */
const GAUGES = {
  cpuSeconds: ["cpu_seconds", "Processor time of a VM since its boot"],
  memoryBytes: ["memory_bytes", "Resident memory of a VM's VMM and guest"],
  diskReadBytes: ["disk_read_bytes", "Read from disks by a VM since its boot"],
  diskWrittenBytes: [
    "disk_written_bytes",
    "Written to disks by a VM since its boot",
  ],
  networkReceivedBytes: [
    "network_received_bytes",
    "Received by a VM's guest since its boot",
  ],
  networkSentBytes: [
    "network_sent_bytes",
    "Sent by a VM's guest since its boot",
  ],
} as const satisfies Record<keyof VmFigures, readonly [string, string]>;

/** Figures per copy: as many series as copies run here, which the sampler bounds. */
export function addVmGauges(metrics: Registry, { figures }: Seeing): void {
  for (const [key, [name, help]] of Object.entries(GAUGES)) {
    new Gauge({
      name: `procurator_vm_${name}`,
      help,
      labelNames: ["vm", "incarnation"],
      registers: [metrics],
      async collect() {
        const samples = await figures.sample();
        this.reset();
        for (const { id: vm, incarnation, figures } of samples) {
          const value = figures[key as keyof VmFigures];
          if (value !== null) this.set({ vm, incarnation }, value);
        }
      },
    });
  }
}
