/**
 * Repositories made to break an analysis, from a disk: each is an answer that
 * tells what was broken, with the rest analysed.
 */
import assert from "node:assert/strict";
import { dirname } from "node:path";
import { analyzePath } from "../../autonix/mod.ts";
import { openRoot, scan } from "../../autonix/scan.ts";
import { Analysis } from "../../roles/model/analysis.ts";
import { runChecked } from "../../roles/process/mod.ts";
import { tempDir } from "../support/temp.ts";

/** An application that stands beside what is broken. */
const SOUND = {
  "sound/go.mod": "module example.org/sound\n\ngo 1.22\n",
  "sound/main.go": "package main\n\nfunc main() {}\n",
};
const PACKAGE = '{ "name": "web", "scripts": { "start": "node ." } }\n';

/** What is told of these files and the sound application beside them. */
async function analyzed(
  files: Readonly<Record<string, string>>,
): Promise<Analysis> {
  await using directory = await tempDir();
  for (const [path, text] of Object.entries({ ...SOUND, ...files })) {
    const file = `${directory.path}/${path}`;
    await Deno.mkdir(dirname(file), { recursive: true });
    await Deno.writeTextFile(file, text);
  }
  const analysis = Analysis.parse(await analyzePath(directory.path));
  const sound = analysis.applications.find(({ path }) => path === "sound");
  assert.equal(sound?.runtimeVersion?.value, "1.22");
  return analysis;
}

/** Why a file could not be read, as it is told. */
function whyOf({ unknown }: Analysis, path: string): string {
  return unknown.find((one) => one.path === path)?.why ?? "";
}

Deno.test("bad input: a broken manifest is told with its line", async () => {
  const analysis = await analyzed({
    "json/package.json": '{\n  "name": "a"\n  "version": 1\n}\n',
    "toml/pyproject.toml": '[project]\nname = "a\n',
    "yaml/compose.yaml": "services:\n  a: [1, 2\n  b: 3\n",
  });
  assert.match(whyOf(analysis, "json/package.json"), /^line 3: is no JSON/);
  assert.match(whyOf(analysis, "toml/pyproject.toml"), /^line 2: is no TOML/);
  assert.match(whyOf(analysis, "yaml/compose.yaml"), /^line \d: is no YAML/);
});

Deno.test("bad input: nesting and bombs end as broken files", async () => {
  const deep = 100_000;
  const bomb = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"];
  for (let level = 1; level < 30; level++) {
    const alias = `*a${level - 1}`;
    bomb.push(`a${level}: &a${level} [${Array(9).fill(alias).join(", ")}]`);
  }
  const analysis = await analyzed({
    "json/package.json": "[".repeat(deep),
    "toml/pyproject.toml": `a = ${"[".repeat(deep)}`,
    "yaml/compose.yaml": "{a: ".repeat(deep / 10),
    "bomb/compose.yaml": bomb.join("\n"),
    "xml/pom.xml":
      '<!DOCTYPE p [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]>\n<project><artifactId>&b;</artifactId></project>\n',
  });
  const all = [
    "json/package.json",
    "toml/pyproject.toml",
    "yaml/compose.yaml",
  ];
  for (const path of all) {
    assert.match(whyOf(analysis, path), /deep|is no/, path);
  }
  assert.equal(whyOf(analysis, "bomb/compose.yaml"), "");
  assert.ok(!JSON.stringify(analysis).includes("aaaa"));
});

Deno.test("bad input: lines and names that make a regular expression explode", async () => {
  const line = "a".repeat(200_000);
  const spaces = " ".repeat(200_000);
  const starts = [
    'app.listen(process.env.PORT || "',
    "os.environ.get(",
    'import "',
    "FROM ",
    "RUN apt-get install ",
    "EXPOSE ",
    "DATABASE_URL=",
    "postgres://",
    "web: ",
    "- run: ",
  ];
  const text = starts.flatMap((start) => [
    start + line,
    start + spaces + "x",
    start.repeat(5_000),
  ]).join("\n");
  const names = [
    ...["index.js", "app.py", "main.go", "Dockerfile", "Procfile", "Makefile"],
    ...[".env.example", "requirements.txt", "Gemfile", "justfile", "setup.py"],
    ...["Taskfile.yml", ".tool-versions", ".nvmrc", "build.gradle", "mix.exs"],
  ];
  await analyzed(Object.fromEntries([
    ...names.map((name) => [`web/${name}`, text]),
    ["web/package.json", PACKAGE],
    ["web/.gitignore", `${"*a".repeat(1_000)}b\n${"**/".repeat(1_000)}*a*b\n`],
  ]));
});

Deno.test("bad input: names are told as they are", async () => {
  const names = ['a"b', "a\nb", "${builtins.abort}", "''${x}", "\u001b[31m"];
  const analysis = await analyzed(Object.fromEntries(
    names.map((name) => [`${name}/package.json`, PACKAGE]),
  ));
  const told = new Set(analysis.applications.map(({ path }) => path));
  for (const name of names) assert.ok(told.has(name), JSON.stringify(name));
});

Deno.test("bad input: values of another type are no values", async () => {
  const analysis = await analyzed({
    "web/package.json": JSON.stringify({
      name: 7,
      version: null,
      main: [],
      scripts: ["start"],
      dependencies: "express",
      devDependencies: { typescript: { deep: 1 } },
      engines: { node: 20 },
      workspaces: { packages: [1, null, "../..", "/etc", "*/*/*/*/**"] },
      packageManager: {},
    }),
    "py/pyproject.toml":
      'project = "x"\n[tool]\npoetry = 1\n[build-system]\nrequires = 7\n',
    "py2/pyproject.toml":
      "[project]\nname = 1\ndependencies = 3\nscripts = []\n",
    "docker/compose.yaml": "services: [1, 2]\nvolumes: x\n",
    "docker2/compose.yaml":
      "services:\n  a: 1\n  b: {image: 7, ports: x, environment: 1, depends_on: 3, build: []}\n",
    ".github/workflows/ci.yml": "on: 1\njobs: [a]\n",
    ".github/workflows/cd.yml":
      "jobs:\n  a: {steps: x, services: [1]}\n  b: {steps: [1, {run: []}, {uses: 7, with: 1}]}\n",
  });
  assert.equal(analysis.schema, 1);
});

Deno.test("bad input: a file of 200 MB costs its name", async () => {
  await using directory = await tempDir();
  const { path } = directory;
  await Deno.mkdir(`${path}/web`);
  await Deno.writeTextFile(`${path}/go.mod`, "module a\n\ngo 1.22\n");
  await Deno.writeTextFile(`${path}/web/package.json`, PACKAGE);
  for (const name of ["web/package-lock.json", "web/index.js"]) {
    // Sparse: as large for whoever reads it, no space on the disk.
    await runChecked("truncate", ["-s", "200M", `${path}/${name}`]);
  }
  const tree = await scan(openRoot(path));
  assert.equal(tree.text("web/package-lock.json"), null);
  assert.equal(tree.text("web/index.js"), null);
  assert.ok(tree.has("web/index.js"));
});
