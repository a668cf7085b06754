import assert from "node:assert/strict";
import {
  candidates,
  type CommandTree,
  completionScript,
  DIRECTORIES,
  SHELLS,
} from "./completion.ts";

const leaf = (name: string, flags: CommandTree["flags"] = []): CommandTree => ({
  name,
  description: "",
  commands: [],
  takesDirectory: false,
  flags,
});
const flag = (
  name: string,
  choices: string[] = [],
  takesValue = choices.length > 0,
) => ({ name, description: "", takesValue, choices });
const ROOT: CommandTree = {
  name: "procurator",
  description: "",
  takesDirectory: false,
  flags: [flag("--help")],
  commands: [
    { ...leaf("analyze", [flag("--json")]), takesDirectory: true },
    leaf("status", [flag("--json"), flag("--cluster", [], true)]),
    {
      ...leaf("token"),
      commands: [
        leaf("create", [flag("--role", ["viewer", "admin"])]),
        leaf("list"),
      ],
    },
  ],
};
const next = (...words: string[]) =>
  candidates(ROOT, words).map((item) => item.word);

Deno.test("candidates follow the words", () => {
  assert.deepEqual(next(""), ["analyze", "status", "token"]);
  assert.deepEqual(next("st"), ["status"]);
  assert.deepEqual(next("token", ""), ["create", "list"]);
  assert.deepEqual(next("status", "--"), ["--json", "--cluster"]);
  assert.deepEqual(next("token", "create", "--role", ""), ["viewer", "admin"]);
  assert.deepEqual(next("status", "--cluster", "x", "--j"), ["--json"]);
  assert.deepEqual(next("status", "--cluster", ""), []);
  assert.deepEqual(next(), ["analyze", "status", "token"]);
});

Deno.test("directories are the shell's to offer, flags are ours", () => {
  assert.deepEqual(next("analyze", ""), [DIRECTORIES]);
  assert.deepEqual(next("analyze", "../sh"), [DIRECTORIES]);
  assert.deepEqual(next("analyze", "--"), ["--json"]);
  for (const shell of SHELLS) {
    assert.ok(completionScript(shell).includes(DIRECTORIES), shell);
  }
});

Deno.test("every shell has a script that asks `procurator complete`", () => {
  for (const shell of SHELLS) {
    assert.match(completionScript(shell), /procurator complete -- /);
  }
});
