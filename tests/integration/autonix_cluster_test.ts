/**
 * Folders of repositories: what ties them, what they share, what they do not
 * agree on, and the flake of all of them. Compose files are YAML, whose parser
 * reads the environment, so that these are no unit tests.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { federated, json, repository, THREE } from "../support/federated.ts";
import { placeText } from "../../autonix/core/cluster/conflicts.ts";
import { isSameVersion } from "../../autonix/core/cluster/shared_services.ts";
import { mergeRepositories } from "../../autonix/core/cluster/merged.ts";
import { parseBlueprint } from "../../roles/model/blueprint.ts";
import { runChecked } from "../../roles/process/mod.ts";
import { cli } from "../support/cli.ts";
import { writeFiles } from "../support/files.ts";
import { tempDir } from "../support/temp.ts";

function python(name: string, database: string) {
  return {
    "requirements.txt": "flask==3.0.0\npsycopg2==2.9.9\n",
    "app.py": "from flask import Flask\napp = Flask(__name__)\n",
    ".env.example": `DATABASE_URL=postgres://${name}@db:5432/${database}\n`,
    "compose.yaml": "services:\n  db:\n    image: postgres:16\n",
  };
}

Deno.test("packages and addresses lead from one repository to another, the rest outside", () => {
  const { links, outside } = federated(THREE);
  assert.deepEqual(
    links.map(({ from, to, kind, what, evidence }) =>
      [
        ...[from.repository, to.repository, to.path, kind, what],
        `${evidence[0]?.file}:${evidence[0]?.line}`,
      ].join(" ")
    ),
    [
      "shop billing . address BILLING_URL .env.example:2",
      "shop ui . package @acme/ui package.json:8",
    ],
  );
  assert.deepEqual(
    outside.map(({ from, mention }) => [
      from.repository,
      mention.text,
    ]),
    [["shop", "github.com/acme/legacy-api"]],
  );
});

Deno.test("ports, variables and versions that differ are told with each place", () => {
  const { conflicts } = federated(THREE);
  assert.deepEqual(
    conflicts.map(({ kind, what, places }) => [
      `${kind} ${what}`,
      ...places.map((place) => `${place.value} ${placeText(place)}`),
    ]),
    [
      [
        "port 3000",
        "3000 billing/server.js:2",
        "3000 shop/package.json:4",
      ],
      [
        "variable LOG_LEVEL",
        "debug billing/.env.example:2",
        "info shop/.env.example:3",
      ],
      [
        "service version redis",
        "6.2 billing/compose.yaml:3",
        "7.2 shop/compose.yaml:3",
      ],
    ],
  );
});

Deno.test("a service is shared where versions agree", () => {
  const { billing, shop } = THREE;
  assert.ok(billing !== undefined && shop !== undefined);
  const apart = federated({ billing, shop });
  assert.deepEqual(apart.services.map(({ version }) => version), [
    "6.2",
    "7.2",
  ]);
  const compose = "services:\n  redis:\n    image: redis:7\n";
  const together = federated({
    billing: { ...billing, "compose.yaml": compose },
    shop,
  });
  assert.deepEqual(
    together.services.map(({ version, uses }) => [version, uses.length]),
    [["7.2", 2]],
  );
  assert.deepEqual(
    together.conflicts.filter(({ kind }) => kind === "service version"),
    [],
  );
});

Deno.test("a database is shared only by those that name the same one", () => {
  const apart = federated({
    a: python("a", "orders"),
    b: python("b", "stock"),
  });
  assert.equal(apart.services.length, 2);
  const together = federated({
    a: python("app", "orders"),
    b: python("app", "orders"),
  });
  assert.deepEqual(together.services.map(({ uses }) => uses.length), [2]);
});

Deno.test("a version can be a more exact one, and nothing else", () => {
  assert.ok(isSameVersion("7", "7.2.1"));
  assert.ok(isSameVersion(null, "6"));
  assert.ok(!isSameVersion("7.0", "7.2"));
  assert.ok(!isSameVersion("1", "16"));
});

Deno.test("a package that others use is no server because it has an index.js", () => {
  const { repositories } = federated(THREE);
  const ui = repositories.find(({ name }) => name === "ui");
  assert.equal(ui?.analysis.applications[0]?.commands.start, null);
});

Deno.test("merged, each lies below its name, and addresses are those of the cluster", () => {
  const { analysis, applications } = mergeRepositories(federated(THREE));
  const shop = analysis.applications.find(({ path }) => path === "shop");
  assert.equal(
    shop?.env.find(({ name }) => name === "BILLING_URL")?.default,
    "http://billing:3000/v1",
  );
  assert.deepEqual(shop?.dependsOn, ["billing"]);
  assert.deepEqual(
    shop?.commands.start?.evidence[0]?.file,
    "shop/package.json",
  );
  assert.deepEqual(
    analysis.services.map(({ usedBy }) => usedBy),
    [["billing"], ["shop"]],
  );
  assert.deepEqual(applications.map((one) => one.package), [
    "billing",
    "shop",
    "ui",
  ]);
});

Deno.test("applications of one name are told apart by their repository", () => {
  const web = {
    "package.json": json({ name: "web", scripts: { start: "node a.js" } }),
    "a.js": "",
  };
  const { analysis } = mergeRepositories(federated({ blog: web, shop: web }));
  assert.deepEqual(analysis.applications.map(({ name }) => name), [
    "blog-web",
    "shop-web",
  ]);
});

Deno.test("in any order repositories give the same answer", () => {
  const turned = Object.fromEntries(Object.entries(THREE).toReversed());
  assert.deepEqual(federated(turned), federated(THREE));
});

Deno.test("nothing is known of no repository", () => {
  assert.deepEqual(federated({}), {
    repositories: [],
    services: [],
    links: [],
    outside: [],
    conflicts: [],
  });
});

Deno.test("submodules, images of others and directories beside the repository are named", () => {
  const { ties } = repository("shop", {
    "package.json": json({ name: "shop", scripts: { start: "node a.js" } }),
    "a.js": "",
    ".gitmodules":
      '[submodule "a"]\n\tpath = a\n\turl = git@github.com:acme/a.git\n[submodule "b"]\n\turl = ../b.git\n',
    "compose.yaml": `services:
  api:
    image: registry.example.org:5000/acme/api:1.2@sha256:abc
  db:
    image: postgres:16
  web:
    build: .
  worker:
    build:
      context: ../worker
  public:
    image: nginx
`,
    "examples/compose.yaml": "services:\n  x:\n    image: acme/x\n",
  });
  assert.deepEqual(
    ties.mentions.map(({ kind, text, name, evidence }) =>
      [kind, text, name, `${evidence.file}:${evidence.line}`].join(" ")
    ),
    [
      "directory ../worker worker compose.yaml:9",
      "image registry.example.org:5000/acme/api api compose.yaml:3",
      "repository ../b.git b .gitmodules:5",
      "repository github.com/acme/a a .gitmodules:3",
    ],
  );
});

/** Three repositories in a folder, beside what is none. */
async function folder() {
  const dir = await tempDir("cluster");
  for (const [name, files] of Object.entries(THREE)) {
    await writeFiles(join(dir.path, name), { ...files });
  }
  await writeFiles(dir.path, {
    "notes/README.md": "# Notes\n",
    ".hidden/package.json": json({ name: "hidden" }),
  });
  return dir;
}

async function initialized(path: string, ...flags: string[]) {
  const result = await cli(["init", "--cluster", path, ...flags]);
  assert.equal(result.status, 0, result.err);
  return result;
}

Deno.test("a folder of repositories gets a flake, and the same one a second time", async () => {
  await using dir = await folder();
  const first = await initialized(dir.path, "--name", "acme");
  assert.match(first.out, /repositories +billing, shop, ui/);
  assert.match(first.out, /VMs +billing, shop, redis, redis-2/);
  assert.match(first.out, /nothing in +notes/);
  assert.match(
    first.out,
    /port 3000: [^]*billing\/server\.js:2\n +shop\/package\.json:4/,
  );
  assert.match(first.out, /procurator init .*\/billing/);
  const file = join(dir.path, "flake.nix");
  const flake = await Deno.readTextFile(file);
  await runChecked("nix-instantiate", ["--parse", file]);
  assert.match(flake, /inputs\.shop = \{ url = "path:\.\/shop";/);
  assert.match(flake, /# shop needs ui: package @acme\/ui/);
  assert.match(
    flake,
    /# service version redis: 6\.2 in billing\/compose\.yaml:3, 7\.2 in shop\/compose\.yaml:3/,
  );

  const second = await initialized(dir.path, "--name", "other");
  assert.match(second.out, /is up to date/);
  assert.equal(await Deno.readTextFile(file), flake);

  // What stands below the mark is the user's, and its cluster keeps its name.
  const edited = flake.replace("vms = { };", "vms.shop.replicas = 2;");
  await Deno.writeTextFile(file, edited);
  await initialized(dir.path);
  assert.equal(await Deno.readTextFile(file), edited);
});

Deno.test("where a repository was cloned from is its input", async () => {
  await using dir = await folder();
  await writeFiles(join(dir.path, "shop/.git"), {
    "config":
      '[remote "origin"]\n\turl = https://token@github.com/acme/shop.git\n',
  });
  const { out } = await initialized(dir.path, "--json");
  const told = JSON.parse(out);
  assert.deepEqual(
    told.repositories.map((one: { url: string }) => one.url),
    ["path:./billing", "github:acme/shop", "path:./ui"],
  );
  assert.equal(told.conflicts.length, 3);
  assert.ok(!out.includes("token"));
});

Deno.test("the flake of one repository is not written over by that of several, nor the other way round", async () => {
  await using dir = await folder();
  await initialized(dir.path);
  const file = join(dir.path, "flake.nix");
  const flake = await Deno.readTextFile(file);
  const one = await cli(["init", dir.path]);
  assert.notEqual(one.status, 0);
  assert.match(one.err, /it is the flake of several repositories/);
  assert.equal(await Deno.readTextFile(file), flake);

  const changed = flake.replace("cpu = 1;", "cpu = 2;");
  await Deno.writeTextFile(file, changed);
  const edited = await cli(["init", "--cluster", dir.path]);
  assert.notEqual(edited.status, 0);
  assert.match(edited.err, /changed by hand/);
  await initialized(dir.path, "--force");
  assert.equal(await Deno.readTextFile(file), flake);
});

/** Attributes of nixpkgs that the three take. */
const STAND_IN = `{ outputs = { self }: import ./stand_in.nix {
  attributes = [ "nodejs_20" "nodejs_22" "nodejs_24" "redis" ];
}; }`;

Deno.test("nix evaluates it with the repositories' own flakes: one cluster, wired by name", async () => {
  await using dir = await folder();
  for (const name of Object.keys(THREE)) {
    const { status, err } = await cli(["init", join(dir.path, name)]);
    assert.equal(status, 0, err);
  }
  await initialized(dir.path, "--name", "acme");
  await using nix = await tempDir("nixpkgs");
  await writeFiles(join(nix.path, "nixpkgs"), {
    "flake.nix": STAND_IN,
    "stand_in.nix": await Deno.readTextFile(
      new URL("../support/nixpkgs_stand_in/default.nix", import.meta.url),
    ),
    "known.nix": await Deno.readTextFile(
      new URL("../support/nixpkgs_stand_in/known.nix", import.meta.url),
    ),
  });
  const evaluate = async (attribute: string, apply = "value: value") =>
    JSON.parse(
      await runChecked("nix", [
        ...["--extra-experimental-features", "nix-command flakes"],
        ...["eval", "--json", "--no-write-lock-file"],
        ...["--store", join(nix.path, "store")],
        ...[
          "--override-input",
          "nixpkgs",
          `path:${join(nix.path, "nixpkgs")}`,
        ],
        ...[`path:${dir.path}#${attribute}`, "--apply", apply],
      ], { env: { HOME: nix.path } }),
    );
  const { cluster, vmSpecs } = parseBlueprint(await evaluate("blueprintJSON"));
  assert.equal(cluster, "acme");
  assert.deepEqual(
    vmSpecs.map(({ name, network }) => [name, network.allowedPeers]),
    [
      ["billing", ["redis"]],
      ["redis", []],
      ["redis-2", []],
      ["shop", ["redis-2", "billing"]],
    ],
  );
  const environments = await evaluate(
    "nixosConfigurations",
    "builtins.mapAttrs (name: system: system.recorded.systemd.services.${name}.environment or { })",
  );
  assert.equal(environments.shop.CACHE_REDIS_URL, "redis://redis-2:6379/1");
  assert.equal(environments.shop.BILLING_URL, "http://billing:3000/v1");
  assert.equal(environments.billing.REDIS_URL, "redis://redis:6379");
  assert.deepEqual(
    await evaluate("checks.x86_64-linux", "builtins.attrNames"),
    ["billing-billing-test", "ui-ui-test"],
  );
  assert.equal(
    await evaluate(
      "devShells.x86_64-linux.default",
      "shell: builtins.length shell.recorded.inputsFrom",
    ),
    3,
  );
});

Deno.test("hostile names of repositories stay text", async () => {
  await using dir = await tempDir("hostile");
  const name = "a\"${b}''\\n";
  await writeFiles(join(dir.path, name), {
    "package.json": json({
      name: '"; builtins.abort "x',
      scripts: { start: "node a.js" },
    }),
    "a.js": "",
  });
  await initialized(dir.path, "--name", "acme");
  await runChecked("nix-instantiate", [
    "--parse",
    join(dir.path, "flake.nix"),
  ]);
});
