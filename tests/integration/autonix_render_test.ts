/** Flakes of the whole corpus: they are Nix, evaluate, have a valid blueprint, and a second run changes nothing. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { SERVICES } from "../../autonix/core/services/catalog.ts";
import { detectWithTies } from "../../autonix/core/detect.ts";
import {
  nixAttribute,
  nixPath,
  nixString,
} from "../../autonix/core/render/nix_text.ts";
import type {
  AnalysedApplication,
  AnalysedService,
  Analysis,
  TextFact,
} from "../../roles/model/analysis.ts";
import { Language, PackageManager } from "../../roles/model/analysis.ts";
import { parseBlueprint } from "../../roles/model/blueprint.ts";
import { runChecked } from "../../roles/process/mod.ts";
import { fixtureRepos, repositoryOf, treeOf } from "../support/fixture_repo.ts";
import {
  type EvaluatedFlake,
  evaluateFlakes,
  factsOf,
  parseFlakes,
  render,
} from "../support/rendered_flakes.ts";
import { tempDir } from "../support/temp.ts";

function wellFormed(text: string): string {
  return text.toWellFormed().replaceAll("\0", "\ufffd");
}

Deno.test("every fixture becomes a flake that evaluates, whose blueprint is valid, and that a second run leaves alone", async () => {
  await using dir = await tempDir("render");
  const repos = (await fixtureRepos()).map((repo) => {
    const { analysis, ties: { calls } } = detectWithTies(treeOf(repo.files), {
      repository: repositoryOf(repo),
    });
    const examined = { analysis, calls };
    const made = render(examined, factsOf(repo.files));
    return { repo, analysis, examined, made };
  });
  await parseFlakes(dir.path, repos.map(({ made }) => made.flake));
  const evaluated = await evaluateFlakes(
    dir.path,
    repos.map(({ repo, made }) => ({ files: repo.files, flake: made.flake })),
  );
  assert.equal(evaluated.length, repos.length);
  for (const [index, { repo, analysis, examined, made }] of repos.entries()) {
    const flake = evaluated[index];
    assert.ok(flake !== undefined);
    const { vmSpecs } = parseBlueprint(flake.blueprintJSON);
    assert.deepEqual(
      vmSpecs.map(({ name }) => name).sort(),
      [...made.rendered.machines].sort(),
      repo.name,
    );
    const started = analysis.applications.filter(({ commands }) =>
      commands.start !== null
    );
    assert.equal(
      vmSpecs.length,
      started.length + analysis.services.length - made.rendered.leftOut.length,
      repo.name,
    );
    for (const { name, healthChecks } of vmSpecs) {
      assert.equal(healthChecks.length, 1, `${repo.name}: ${name}`);
    }
    const tests = analysis.applications.filter(({ commands }) =>
      commands.test !== null
    );
    assert.equal(Object.keys(flake.checks).length, tests.length, repo.name);
    const again = render(examined, factsOf(repo.files), made.written);
    assert.deepEqual(again.changes, [], repo.name);
    assert.deepEqual(again.refusals, [], repo.name);
    for (const { because } of made.rendered.lines) {
      assert.notEqual(because.what, "");
    }
  }
});

/** What the stand-in says of a flake with one name changed. */
async function refusalOf(from: string, to: string): Promise<string> {
  await using dir = await tempDir("unknown");
  const files = new Map([
    ["package.json", JSON.stringify({ dependencies: { pg: "8" } })],
    ["package-lock.json", JSON.stringify({ packages: {} })],
    ["server.js", 'require("pg"); process.env.DATABASE_URL'],
    ["Procfile", "web: node server.js"],
  ]);
  const { analysis } = detectWithTies(treeOf(files), { repository: "shop" });
  const { flake } = render({ analysis }, factsOf(files));
  assert.ok(flake.includes(from), flake);
  const changed = flake.replace(from, to);
  return await evaluateFlakes(dir.path, [{ files, flake: changed }]).then(
    () => "",
    (error: unknown) => String(error),
  );
}

Deno.test("a package, an argument and an option that nixpkgs is not known to have are errors", async () => {
  assert.match(
    await refusalOf("pkgs.nodejs_22", "pkgs.nodejs_2"),
    /nodejs_2' missing/,
  );
  assert.match(
    await refusalOf("npmRoot =", "npmFolder ="),
    /takes no npmFolder/,
  );
  assert.match(
    await refusalOf(
      "services.postgresql.enableTCPIP",
      "services.postgresql.listen",
    ),
    /no option services\.postgresql\.listen/,
  );
});

Deno.test("every string is the same string in Nix", async () => {
  await using dir = await tempDir("strings");
  const texts = fc.sample(hostile, { numRuns: 2000, seed: 6 });
  const list = texts.map(nixString).join("\n");
  const set = [...new Set(texts.map(wellFormed))].map((text) =>
    `${nixAttribute(text)} = 1;`
  );
  const paths = texts.map((text) =>
    `a/${text.replaceAll("/", "").replace(/^\.+/, "")}b`
  )
    .map((path) => `(toString ${nixPath(wellFormed(path))})`);
  await Deno.writeTextFile(
    `${dir.path}/strings.nix`,
    `{ list = [ ${list} ]; names = builtins.attrNames { ${
      set.join("\n")
    } }; paths = [ ${paths.join("\n")} ]; }`,
  );
  const told = JSON.parse(
    await runChecked("nix-instantiate", [
      ...["--eval", "--strict", "--json", "--store", "dummy://"],
      "strings.nix",
    ], { cwd: dir.path }),
  );
  assert.deepEqual(told.list, texts.map(wellFormed));
  assert.deepEqual(
    [...told.names].sort(),
    [...new Set(texts.map(wellFormed))].sort(),
  );
  assert.deepEqual(
    told.paths,
    texts.map((text) =>
      `${dir.path}/a/${
        wellFormed(text.replaceAll("/", "").replace(/^\.+/, ""))
      }b`
    ),
  );
});

/** What ends a string, begins an expression, or is a newline to somebody. */
const hostile: fc.Arbitrary<string> = fc.array(
  fc.oneof(
    fc.constantFrom(
      ...['"', "''", "${", "$${", "''${", "\\", "\\${", "$", "{", "}", "\n"],
      ...["\r", "\r\n", "\t", "\0", "\u2028", "\u0085", "\ud800", "\udc00"],
      ...["'", ";", "#", "/*", "*/", '${builtins.abort "x"}', "%", "%h"],
      ...["../", "in", "let", "é", "😀", " ", "builtins.readFile /etc/passwd"],
    ),
    fc.string({ unit: "binary", maxLength: 8 }),
  ),
  { maxLength: 6 },
).map((parts) => parts.join(""));

const hostileName = hostile.map((text) => text === "" ? "x" : text);

function fact<T>(value: fc.Arbitrary<T>) {
  return fc.record({
    value,
    confidence: fc.constant(1),
    evidence: fc.array(
      fc.record({
        file: hostileName,
        line: fc.option(fc.integer({ min: 1, max: 9 })),
      }),
      { maxLength: 2 },
    ),
  });
}

const text: fc.Arbitrary<TextFact> = fact(hostile);

function application(path: string): fc.Arbitrary<AnalysedApplication> {
  return fc.record({
    path: fc.constant(path),
    name: hostileName,
    language: fact(fc.constantFrom(...Language.options)),
    runtimeVersion: fc.option(text),
    packageManager: fc.option(fact(fc.constantFrom(...PackageManager.options))),
    frameworks: fc.array(text, { maxLength: 3 }),
    commands: fc.record({
      install: fc.option(text),
      build: fc.option(text),
      start: fc.option(text),
      test: fc.option(text),
    }),
    ports: fc.array(fact(fc.integer({ min: 1, max: 65_535 })), {
      maxLength: 3,
    }).map((
      ports,
    ) => [...new Map(ports.map((one) => [one.value, one])).values()]),
    env: fc.array(
      fc.record({
        name: fc.oneof(hostileName, fc.stringMatching(/^[A-Z]{1,3}_URL$/)),
        required: fc.boolean(),
        default: hostile,
        evidence: fc.constant([]),
      }),
      { maxLength: 4 },
    ),
    nativeLibraries: fc.array(text, { maxLength: 2 }),
    dependsOn: fc.constantFrom([], ["a"], ["b"], ["a", "b"]),
  });
}

function service(paths: string[]): fc.Arbitrary<AnalysedService> {
  return fc.record({
    kind: fc.oneof(
      fc.constantFrom(...SERVICES.map(({ kind }) => kind)),
      hostileName,
    ),
    version: fc.option(hostile),
    port: fc.option(fc.integer({ min: 1, max: 65_535 })),
    usedBy: fc.subarray(paths),
    env: fc.array(fc.stringMatching(/^[A-Z]{1,3}_(URL|HOST|PORT|USER)$/), {
      maxLength: 3,
    }),
    evidence: fc.constant([]),
  });
}

const analyses: fc.Arbitrary<Analysis> = fc.tuple(hostileName, hostileName)
  .chain(([one, other]) => {
    const paths = [
      ...new Set(
        [".", "a", "b", one, other].map((path) =>
          wellFormed(path).replaceAll("/", "").replace(/^\.\.+/, "").trim() ||
          "."
        ),
      ),
    ];
    return fc.record({
      schema: fc.constant(1 as const),
      applications: fc.tuple(...paths.map(application)),
      services: fc.array(service(paths), { maxLength: 8 }),
      unknown: fc.constant([]),
    });
  });

Deno.test("whatever an analysis says stays text: flakes evaluate to the commands and variables they were given", async () => {
  await using dir = await tempDir("hostile");
  const samples = fc.sample(analyses, { numRuns: 60, seed: 6 });
  const none = factsOf(new Map());
  const made = samples.map((analysis) => render({ analysis }, none));
  await parseFlakes(dir.path, made.map(({ flake }) => flake));
  const evaluated = await evaluateFlakes(
    dir.path,
    made.map(({ flake }, index) => ({
      files: new Map(
        samples[index]?.applications.map(({ path }) => [`${path}/file`, ""]),
      ),
      flake,
    })),
    // Whatever is a name is one that nixpkgs could have.
    samples.flatMap(({ applications }) =>
      applications.flatMap(({ nativeLibraries }) =>
        nativeLibraries.map(({ value }) => value)
      )
    ).filter((name) => /^[A-Za-z_][A-Za-z0-9_-]*$/.test(name)),
  );
  const compared = samples.map((analysis, index) => {
    const { rendered } = made[index] ?? {};
    const flake = evaluated[index];
    assert.ok(rendered !== undefined && flake !== undefined);
    return compareTexts(analysis, rendered.packages, flake);
  });
  const count = compared.reduce((sum, one) => sum + one, 0);
  assert.ok(count > 20, `${count} values were compared`);
});

/** Build commands and variables are what the analysis says; gives how many variables were. */
function compareTexts(
  { applications, services }: Analysis,
  packages: readonly string[],
  flake: EvaluatedFlake,
): number {
  parseBlueprint(flake.blueprintJSON);
  const addresses = new Set(services.flatMap(({ env }) => env));
  let compared = 0;
  for (
    const [at, { commands, env, packageManager }] of applications.entries()
  ) {
    const name = packages[at] ?? "";
    const phase = flake.packages[name]?.["buildPhase"];
    // nixpkgs' Haskell packages are not built by a command.
    const isPackage = /^(?:cabal|stack)$/.test(packageManager?.value ?? "");
    const build = isPackage ? "" : wellFormed(commands.build?.value ?? "");
    if (phase !== undefined) {
      assert.ok(String(phase).includes(build), name);
    }
    const given = flake.systems[name]?.systemd.services[name]?.environment;
    if (given === undefined) continue;
    const defaults = new Map(
      env.map((one) => [one.name, one.default] as const).reverse(),
    );
    for (const [variable, value] of defaults) {
      const isSet = /^[A-Z]+_URL$/.test(variable) && !addresses.has(variable);
      if (!isSet) continue;
      const told: string | undefined = given[variable]?.replaceAll("%%", "%");
      assert.equal(told, wellFormed(value ?? ""));
      compared += 1;
    }
  }
  return compared;
}
