import assert from "node:assert/strict";
import { commandScript, firstSteps, whereToLook } from "./first_steps.ts";
import { layoutOf } from "./layout.ts";

const LAYOUT = layoutOf({
  stateDir: "/tmp/my state",
  runDir: "/run/x",
  ports: {
    hub: 1,
    masterRpc: 2,
    master: 3,
    worker: 4,
    ci: 5,
    cache: 6,
  },
});

Deno.test("the first steps lead from nothing to a push, and on to its VMs", () => {
  const text = firstSteps(LAYOUT, { hasRepositories: false });
  const commands = text.split("\n").slice(2).map((line) =>
    line.trim().split(/ +#/)[0] ?? ""
  );
  assert.deepEqual(commands, [
    "export PATH='/tmp/my state/bin':$PATH",
    "procurator example shop && cd shop",
    'git add -A && git commit -m "open the shop"',
    "procurator repo create shop --remote procurator",
    "git push procurator main",
    "procurator builds log -f",
    "procurator status --watch",
    "",
  ]);
  const again = firstSteps(LAYOUT, { hasRepositories: true });
  assert.doesNotMatch(again, /repo create|example/);
  assert.match(again, /export PATH=/);
});

Deno.test("no token is printed", () => {
  assert.doesNotMatch(whereToLook(LAYOUT), /pcr_|TOKEN/);
});

Deno.test("the command script survives blanks and quotes in its paths", () => {
  assert.equal(
    commandScript(["/opt/it's/deno", "run", "/src/main.ts"], "/a b/c.json"),
    [
      "#!/bin/sh",
      "# procurator as a client of the `dev` beside it. Written again at each start.",
      "PROCURATOR_CLIENT='/a b/c.json'",
      "export PROCURATOR_CLIENT",
      `exec '/opt/it'\\''s/deno' run /src/main.ts "$@"`,
      "",
    ].join("\n"),
  );
});
