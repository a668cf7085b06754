import assert from "node:assert/strict";
import { serviceUnits, unitWord } from "./service_units.ts";

const OPTIONS = {
  command: ["/opt/procurator"],
  runDir: "/run/procurator/worker",
  stateDir: "/var/lib/procurator/worker",
  stopGraceMs: 10_000,
};

function textOf(name: string, more: { config?: string } = {}): string {
  const units = serviceUnits({ ...OPTIONS, ...more });
  return units.find((unit) => unit.name === name)?.text ?? "";
}

Deno.test("serviceUnits() leave the VMs alone when the worker ends", () => {
  const lines = textOf("procurator-worker.service").split("\n");
  for (
    const line of [
      "KillMode=process",
      "Delegate=yes",
      "RuntimeDirectoryPreserve=yes",
      "RuntimeDirectory=procurator/worker",
      "StateDirectory=procurator/worker",
      "TimeoutStopSec=70",
    ]
  ) assert.ok(lines.includes(line), line);
});

Deno.test("serviceUnits() give the guard a unit of its own that the worker's restart does not touch", () => {
  const guard = textOf("procurator-guard.service");
  assert.match(
    guard,
    /^ExecStart=.* guard --run-dir \/run\/procurator\/guard$/m,
  );
  assert.match(guard, /^KillMode=mixed$/m);
  // NixOS looks for it in this section, and nowhere else.
  const [, service] = guard.split("[Service]");
  assert.match(service ?? "", /^X-RestartIfChanged=false$/m);
  const worker = textOf("procurator-worker.service");
  // Requires= or PartOf= would end one with the other.
  assert.doesNotMatch(`${guard}${worker}`, /^(Requires|BindsTo|PartOf)=/m);
});

Deno.test("serviceUnits() name a configuration only where there is one", () => {
  const name = "procurator-worker.service";
  assert.doesNotMatch(textOf(name), /--config/);
  assert.match(
    textOf(name, { config: "/etc/a b.json" }),
    /--config "\/etc\/a b\.json"/,
  );
});

Deno.test("serviceUnits() keep directories elsewhere out of systemd's hands", () => {
  const units = serviceUnits({
    ...OPTIONS,
    runDir: "/tmp/run",
    stateDir: "/data",
  });
  const text = units.map((unit) => unit.text).join("");
  assert.doesNotMatch(text, /RuntimeDirectory|StateDirectory/);
});

Deno.test("unitWord() lets systemd expand nothing", () => {
  assert.equal(unitWord("/usr/bin/procurator"), "/usr/bin/procurator");
  assert.equal(unitWord("50%"), "50%%");
  assert.equal(unitWord("$HOME"), '"$$HOME"');
  assert.equal(unitWord('a "b"'), '"a \\"b\\""');
  // A line of its own would be a setting of its own.
  assert.equal(unitWord("a\nUser=x"), '"a\\nUser=x"');
});
