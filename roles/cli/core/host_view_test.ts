import assert from "node:assert/strict";
import type { HostProbe } from "../roles.ts";
import { formatProbe, formatTrial, formatVolumes } from "./host_view.ts";

const probe = (more: Partial<HostProbe> = {}): HostProbe => ({
  chosen: { driver: "qemu", accel: "tcg" },
  why: "guests run by qemu without KVM",
  tried: [],
  attributes: {},
  configured: "auto",
  remembered: { driver: "qemu", accel: "tcg" },
  changed: [],
  ...more,
});

Deno.test("formatTrial() has a line per trial, and all of a reason", () => {
  assert.equal(
    formatTrial({
      driver: "qemu",
      accel: "kvm",
      step: "pvh",
      ok: false,
      note: "it ended\nTry: something else",
      tookMs: 12,
    }),
    "FAILED   qemu on KVM, pvh (12 ms): it ended\n         Try: something else\n",
  );
});

Deno.test("formatProbe() says only what differs from what the worker goes by", () => {
  assert.equal(formatProbe(probe()), "guests run by qemu without KVM\n");
  assert.match(
    formatProbe(probe({ configured: "simulated" })),
    /names driver "simulated"/,
  );
  assert.match(
    formatProbe(probe({ changed: ["qemu"] })),
    /goes by qemu without KVM until it starts again: qemu changed since/,
  );
  assert.match(
    formatProbe(probe({ remembered: { driver: "qemu", accel: "kvm" } })),
    /goes by qemu on KVM, found before/,
  );
});

Deno.test("formatVolumes() shows whose a volume is, and which nothing ordered uses", () => {
  const MIB = 1024 * 1024;
  const text = formatVolumes([{
    vm: "shop/web-0",
    name: "data",
    path: "/v/data.raw",
    sizeBytes: 64 * MIB,
    usedBytes: 3 * MIB,
    isOrdered: false,
  }]);
  assert.match(text, /shop\/web-0 +data +64 +3 +orphan +\/v\/data\.raw/);
  assert.equal(formatVolumes([]), "no volumes\n");
});
