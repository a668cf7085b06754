import assert from "node:assert/strict";
import { readSource } from "./source_facts.ts";

function variables(path: string, text: string) {
  return readSource(path, text)?.variables.map((
    { name, required, default: standard },
  ) => [name, required, standard]);
}

Deno.test("readSource() knows the ways to read a variable and its default", () => {
  assert.deepEqual(
    variables(
      "A.java",
      `String a = System.getenv("A_KEY");
       String b = System.getenv().getOrDefault("B_KEY", "b");
       String c = Optional.ofNullable(System.getenv("C_KEY")).orElse("c");
       String d = System.getenv("D_KEY");
       if (d == null) d = "";
       // System.getenv("E_KEY")
       String home = System.getenv("HOME");
       @Value("\${F_KEY:f}") String f;
       @Value("\${g.key}") String g;`,
    ),
    [
      ["A_KEY", true, null],
      ["B_KEY", false, "b"],
      ["C_KEY", false, "c"],
      ["D_KEY", false, null],
      ["F_KEY", false, "f"],
    ],
  );
  assert.deepEqual(
    variables(
      "a.kt",
      `val a = System.getenv("A_KEY") ?: "a"\nval b = System.getenv("B_KEY")?.toInt() ?: 9`,
    ),
    [["A_KEY", false, "a"], ["B_KEY", false, "9"]],
  );
  assert.deepEqual(
    variables(
      "A.scala",
      `val a = sys.env("A_KEY")\nval b = sys.env.getOrElse("B_KEY", "b")\nval c = sys.env.get("C_KEY")`,
    ),
    [["A_KEY", true, null], ["B_KEY", false, "b"], ["C_KEY", false, null]],
  );
  assert.deepEqual(
    variables("a.clj", `(or (System/getenv "A_KEY") "a")\n(env :b-key)`),
    [["A_KEY", false, "a"], ["B_KEY", false, null]],
  );
});

Deno.test("readSource() names programs as the machine starts them", () => {
  const names = (path: string, text: string) =>
    readSource(path, text)?.programs.map(({ className }) => className);
  assert.deepEqual(
    names(
      "src/app.kt",
      "package org.example\n\nfun main(args: Array<String>) {}",
    ),
    ["org.example.AppKt"],
  );
  assert.deepEqual(
    names("A.scala", "package shop\n\nobject Web extends IOApp.Simple {\n}"),
    ["shop.Web"],
  );
  assert.deepEqual(
    names(
      "A.scala",
      "object Old {\n  def main(args: Array[String]): Unit = ()\n}",
    ),
    ["Old"],
  );
  assert.deepEqual(
    names("core.clj", "(ns shop.core)\n\n(defn -main [& args])"),
    ["shop.core"],
  );
  assert.deepEqual(
    names("A.java", "class A {\n  static void mainly() {}\n}"),
    undefined,
  );
});

Deno.test("readSource() knows ports that are listened on from those that are asked", () => {
  const ports = (text: string) =>
    readSource("A.java", text)?.ports.map(({ port }) => port);
  assert.deepEqual(ports("  Javalin.create().start(7000);"), [7000]);
  assert.deepEqual(ports("ServerBuilder.forPort(50051)"), [50051]);
  assert.deepEqual(
    ports(`new Socket("localhost", 8080); // port(8080);`),
    undefined,
  );
  assert.deepEqual(ports(`server.listen(99999)`), undefined);
});
