import assert from "node:assert/strict";
import { draftOf } from "../draft.ts";
import { FileTree } from "../file_tree.ts";
import { Reading } from "../reading.ts";
import { machines } from "./machines.ts";

function told(path: string, text: string) {
  const texts = new Map([[path, text]]);
  const reading = new Reading(new FileTree({ files: texts.keys(), texts }));
  const draft = draftOf({
    path: ".",
    ecosystem: "go",
    role: "application",
    weight: 2,
  });
  return machines.gather(reading, [draft]).services
    .map(({ kind, version, port, name }) => [kind, version, port, name]);
}

Deno.test("a container that a script starts is a service, one that it runs a client in is none", () => {
  const cases: [string, unknown[]][] = [
    ["docker run -d -p 5433:5432 --name pg postgres:16-alpine", [
      ["postgres", "16", 5432, "pg"],
    ]],
    ["podman run --rm -it --publish=6379:6379 redis:7", [
      ["redis", "7", 6379, null],
    ]],
    ["docker run -d redis:7 redis-server --appendonly yes", [
      ["redis", "7", 6379, null],
    ]],
    ["docker run -d \\\n  -e A=b \\\n  mysql:8.4 --skip-log-bin", [
      ["mysql", "8.4", 3306, null],
    ]],
    ["docker run -it --rm mongo:7 mongosh mongodb://db", []],
    ["docker run --rm postgres:16 sh -c 'psql -h db'", []],
    ["# docker run -d postgres:16", []],
    ["docker run -d registry.example.org/team/app:1", []],
    ["echo docker run -d postgres", []],
  ];
  for (const [text, expected] of cases) {
    assert.deepEqual(told("scripts/up.sh", `${text}\n`), expected, text);
  }
});

Deno.test("what the machine of a Vagrantfile installs runs beside the application", () => {
  const text = 'config.vm.provision "shell", inline: <<-SHELL\n' +
    "  apt-get install -y postgresql-14 redis-server libpq-dev\n" +
    "  # apt-get install -y mysql-server\nSHELL\n";
  assert.deepEqual(told("Vagrantfile", text), [
    ["postgres", "14", null, null],
    ["redis", null, null, null],
  ]);
});
