import assert from "node:assert/strict";
import { resolveAll } from "../../claims.ts";
import { draftOf } from "../../draft.ts";
import { ELIXIR_SOURCE } from "../elixir/variables.ts";
import { HASKELL } from "../haskell/tables.ts";
import { PHP } from "../php/variables.ts";
import { PUMA, RUBY } from "../ruby/variables.ts";
import { FileTree } from "../../file_tree.ts";
import { Reading } from "../../reading.ts";
import { scanFiles, type Syntax } from "./source_scan.ts";

function scan(syntax: Syntax, text: string) {
  const draft = draftOf({
    path: ".",
    ecosystem: "ruby",
    role: "application",
    weight: 2,
  });
  const texts = new Map([["a", text]]);
  const reading = new Reading(new FileTree({ files: ["a"], texts }));
  scanFiles(draft, reading, ["a"], { syntax });
  const env = draft.claims.flatMap(({ field, value, evidence }) =>
    field === "env"
      ? [{ ...Object(value), lines: evidence.map(({ line }) => line) }]
      : []
  );
  return {
    env,
    ports: resolveAll(draft.claims, "port").map((one) => one.value),
  };
}

Deno.test("source scan: a variable is required unless something stands beside it", () => {
  const { env } = scan(
    RUBY,
    [
      'A = ENV["PLAIN"]',
      'B = ENV.fetch("FETCHED")',
      'C = ENV["WITH_DEFAULT"] || "x"',
      'D = ENV.fetch("IN_BLOCK") { 5 }',
      'E = ENV["ASKED"].present?',
      'F = ENV["RAISED"] || raise("no")',
      'puts 1 if ENV["CONDITION"]',
      '# ENV["COMMENT"]',
      'ENV["RAILS_ENV"]',
    ].join("\n"),
  );
  assert.deepEqual(env, [
    { name: "PLAIN", required: true, lines: [1] },
    { name: "WITH_DEFAULT", required: false, default: "x", lines: [3] },
    { name: "ASKED", required: false, lines: [5] },
    { name: "RAISED", required: true, lines: [6] },
    { name: "CONDITION", required: false, lines: [7] },
    { name: "FETCHED", required: true, lines: [2] },
    { name: "IN_BLOCK", required: false, default: "5", lines: [4] },
  ]);
});

Deno.test("source scan: a file that gets by without a variable once does so everywhere", () => {
  const { env } = scan(RUBY, 'a(ENV["XX"])\nb(ENV["XX"] || "y")\nc(ENV["XX"])');
  assert.deepEqual(env, [{
    name: "XX",
    required: false,
    default: "y",
    lines: [1, 2, 3],
  }]);
});

Deno.test("source scan: what is joined to something else is no default", () => {
  const { env } = scan(PHP, "$a = env('HOST') ?: 'api-'.env('ZONE', 'eu');");
  assert.deepEqual(env, [
    { name: "HOST", required: false, lines: [1] },
    { name: "ZONE", required: false, default: "eu", lines: [1] },
  ]);
});

Deno.test("source scan: ports of servers and of the variable that carries one", () => {
  assert.deepEqual(scan(PUMA, 'port ENV.fetch("PORT") { 3000 }').ports, [3000]);
  assert.deepEqual(scan(RUBY, "set :port, 8080").ports, [8080]);
  assert.deepEqual(scan(RUBY, "# set :port, 8080").ports, []);
  assert.deepEqual(
    scan(ELIXIR_SOURCE, "{Bandit,\n plug: R,\n port: 4001}").ports,
    [4001],
  );
  assert.deepEqual(
    scan(PHP, 'new Swoole\\Http\\Server("0.0.0.0", 9501)').ports,
    [9501],
  );
});

Deno.test("source scan: defaults that stand before a look-up, names that are passed to one", () => {
  const { env } = scan(
    HASKELL,
    [
      'a <- fromMaybe "todo.db" <$> lookupEnv "DB_PATH"',
      'b <- maybe 8000 read <$> lookupEnv "PORT"',
      'c <- lookupEnv "PLAIN"',
    ].join("\n"),
  );
  assert.deepEqual(
    env.map(({ name, required, default: standard }) => [
      name,
      required,
      standard,
    ]),
    [["DB_PATH", false, "todo.db"], ["PORT", false, "8000"], [
      "PLAIN",
      false,
      undefined,
    ]],
  );
  const piped = scan(
    ELIXIR_SOURCE,
    'p = "HTTP_PORT" |> System.get_env("8088") |> String.to_integer()\nq = "TOKEN" |> System.fetch_env!()',
  ).env;
  assert.deepEqual(
    piped.map(({ name, required, default: standard }) => [
      name,
      required,
      standard,
    ]),
    [["HTTP_PORT", false, "8088"], ["TOKEN", true, undefined]],
  );
});
