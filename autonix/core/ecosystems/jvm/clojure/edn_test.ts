import assert from "node:assert/strict";
import { get, readForms } from "./edn.ts";

Deno.test("readForms() reads a project with metadata, comments and what is discarded", () => {
  const [project] = readForms(`; head
(defproject shop "0.1.0" #_(old)
  :main ^:skip-aot shop.core ; here
  :profiles {:uberjar {:aot :all, :names #{"a" 'b}}}
  :pattern #"a(b" :deps [[org.clojure/clojure "1.11.1"]])`);
  assert.equal(get(project, "main")?.text, "shop.core");
  assert.equal(get(project, "main")?.line, 3);
  assert.equal(
    get(get(get(project, "profiles"), "uberjar"), "aot")?.text,
    "all",
  );
  assert.equal(get(project, "pattern")?.text, "a(b");
  assert.equal(get(project, "deps")?.items[0]?.items[1]?.text, "1.11.1");
});

Deno.test("readForms() ends on hostile texts", () => {
  for (
    const text of ["(".repeat(100_000), ")".repeat(1_000), '"', "#_", "^", "#"]
  ) {
    readForms(text);
  }
});
