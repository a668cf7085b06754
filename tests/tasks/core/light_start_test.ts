import assert from "node:assert/strict";
import { lightened } from "./light_start.ts";

const NAMES = new Set(["part-A1.js"]);

Deno.test("parts of the program are imported when they are called for, what only looks so stays", () => {
  assert.equal(
    lightened('await import("./part-A1.js");', NAMES),
    'await import((0,"./part-A1.js"));',
  );
  const others = 'a=`import("./page.js")`;import("node:fs");';
  assert.equal(lightened(others, NAMES), others);
});

Deno.test("node's modules that are seldom needed are fetched by their members", () => {
  const late = lightened(
    'import f from"node:fs";import p from"node:path";',
    NAMES,
  );
  assert.match(late, /^var f=new Proxy\(/);
  assert.match(late, /import p from"node:path";$/);
  const read = new Function(
    `${late.slice(0, late.indexOf("import p"))}return f`,
  );
  assert.equal(typeof read().readFileSync, "function");
});

Deno.test("require gives what is built in, whoever offers it", () => {
  const offered =
    'import{createRequire as __own} from "node:module";var m=__own(import.meta.url);export{m as a};';
  const late = lightened(offered, NAMES);
  assert.doesNotMatch(late, /import\{/);
  const body = late.slice(0, late.indexOf("export"))
    .replace("import.meta.url", '"file:///x.js"');
  assert.equal(
    typeof new Function(`${body}return m("process")`)().cwd,
    "function",
  );
  const standIn = 'throw Error("Dynamic require of "+x)';
  assert.match(lightened(standIn, NAMES), /^globalThis\.require\?\?=/);
});
