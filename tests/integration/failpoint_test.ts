/** Failpoints in a real process: unarmed, armed, counted, and asleep until their gate is there. */
import { equal } from "node:assert/strict";
import { runProcess } from "../../roles/process/mod.ts";
import { tempDir } from "../support/temp.ts";

const FAILPOINT = new URL("../../roles/process/failpoint.ts", import.meta.url);
const PROGRAM = `
import { failpoint } from ${JSON.stringify(FAILPOINT.href)};
const gate = Deno.env.get("PROCURATOR_FAILPOINT_GATE");
for (let turn = 1; turn <= 3; turn++) {
  if (turn === 2 && gate) Deno.writeTextFileSync(gate, "");
  console.log(turn);
  failpoint("ci.eval.done");
}`;

Deno.test("a failpoint dies as kill -9 does, when its turn has come and its gate is there", async () => {
  await using dir = await tempDir("failpoint");
  const file = `${dir.path}/program.ts`;
  await Deno.writeTextFile(file, PROGRAM);
  const gate = `${dir.path}/gate`;
  const cases: [Record<string, string>, string, string | null][] = [
    [{}, "1 2 3", null],
    [{ PROCURATOR_FAILPOINT: "ci.build.done" }, "1 2 3", null],
    [{ PROCURATOR_FAILPOINT: "ci.eval.done" }, "1", "SIGKILL"],
    [{ PROCURATOR_FAILPOINT: "ci.eval.done:3" }, "1 2 3", "SIGKILL"],
    [
      { PROCURATOR_FAILPOINT: "ci.eval.done", PROCURATOR_FAILPOINT_GATE: gate },
      "1 2",
      "SIGKILL",
    ],
  ];
  for (const [env, printed, signal] of cases) {
    const result = await runProcess(Deno.execPath(), ["run", "-A", file], {
      env,
    });
    equal(result.stdout.trim().split("\n").join(" "), printed);
    equal(result.signal, signal);
  }
});
