import assert from "node:assert/strict";
import { readSource } from "./source_facts.ts";

Deno.test("readSource() knows variables, their defaults and connection strings", () => {
  const found = readSource(
    "Program.cs",
    `var a = Environment.GetEnvironmentVariable("A_KEY");
var b = Environment.GetEnvironmentVariable("B_KEY") ?? "b";
var c = Environment.GetEnvironmentVariable("C_KEY") ?? throw new Exception();
var d = builder.Configuration["D_KEY"];
var e = builder.Configuration["Logging:Level"];
var f = builder.Configuration.GetConnectionString("Main");
// Environment.GetEnvironmentVariable("G_KEY");
var h = Environment.GetEnvironmentVariable("ASPNETCORE_ENVIRONMENT");`,
  );
  assert.deepEqual(
    found?.variables.map(({ name, required, default: standard }) => [
      name,
      required,
      standard,
    ]),
    [
      ["A_KEY", true, null],
      ["B_KEY", false, "b"],
      ["C_KEY", true, null],
      ["D_KEY", true, null],
      ["ConnectionStrings__Main", false, null],
    ],
  );
});

Deno.test("readSource() knows where a program says that it listens", () => {
  const ports = (text: string) => {
    const found = readSource("Program.cs", text);
    return [found?.isBound, found?.ports.map(({ port }) => port)];
  };
  assert.deepEqual(ports(`app.Run("http://0.0.0.0:3000");`), [true, [3000]]);
  assert.deepEqual(ports('app.Run($"http://0.0.0.0:{port}");'), [true, []]);
  assert.deepEqual(ports("options.ListenAnyIP(5005);"), [true, [5005]]);
  assert.deepEqual(ports("app.Run();"), [undefined, undefined]);
});
