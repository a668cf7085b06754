/**
 * Makes a bundled program start light: what it may need later is loaded later.
 * Turns text into text, runs nothing.
 *
 * - Deno reads every file that an `import("./x.js")` names before it runs the
 *   first line, all roles for each command. One it cannot tell beforehand is
 *   read when it is called.
 * - The command line's parser imports `node:fs` and `node:child_process` for
 *   what is never asked of it here, and each takes some ten milliseconds.
 * - `require`, which the bundler offers to packages of old, is `node:module`:
 *   what they require is built in.
 *
 * @module
 */

/** Node's modules that few calls need: a default import is fetched when a member of it is. */
const SELDOM = "fs|child_process";

const BUILT_IN = "globalThis.process.getBuiltinModule";

/** What the bundler's stand-in for `require` says without one. */
const NO_REQUIRE = "Dynamic require of";

/** Gives what is built in, and asks Node's own `require` for the rest. */
const REQUIRE =
  `(name)=>${BUILT_IN}(name)??${BUILT_IN}("node:module").createRequire(import.meta.url)(name)`;

/** `names` are the files of the program. */
function withLateImports(text: string, names: ReadonlySet<string>): string {
  return text.replaceAll(
    /\bimport\("\.\/([^"\n]{1,200})"\)/g,
    (whole, name: string) =>
      names.has(name) ? `import((0,"./${name}"))` : whole,
  );
}

function withLateModules(text: string): string {
  const pattern = new RegExp(
    `\\bimport ([\\w$]{1,40}) from ?"(node:(?:${SELDOM}))";?`,
    "g",
  );
  return text.replaceAll(
    pattern,
    (_, local: string, module: string) =>
      `var ${local}=new Proxy({},{get:(_,name)=>${BUILT_IN}("${module}")[name]});`,
  );
}

/**
 * Deno puts a `require` into the program, but not when the minifier gives the
 * stand-in a name with a dollar sign, which depends on the program's length:
 * that one takes a global `require` where there is one.
 */
function withLateRequire(text: string): string {
  const late = text.replace(
    /import\{createRequire as ([\w$]{1,60})\} ?from ?"node:module";var ([\w$]{1,40})=\1\(import\.meta\.url\);/,
    (_, _imported, local: string) => `var ${local}=${REQUIRE};`,
  );
  return text.includes(NO_REQUIRE)
    ? `globalThis.require??=${REQUIRE};\n${late}`
    : late;
}

/** A file of the program, of which `names` are all. */
export function lightened(text: string, names: ReadonlySet<string>): string {
  return withLateRequire(withLateModules(withLateImports(text, names)));
}
