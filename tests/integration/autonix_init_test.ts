/** `procurator init` on a disk: what it writes, what it keeps, and what it refuses. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { parseBlueprint } from "../../roles/model/blueprint.ts";
import { cli } from "../support/cli.ts";
import { writeFiles } from "../support/files.ts";
import { evaluateFlakes } from "../support/rendered_flakes.ts";
import { tempDir } from "../support/temp.ts";

const REPOSITORY = {
  "package.json": JSON.stringify({
    name: "@acme/shop",
    scripts: { start: "node server.js", test: "node --test" },
    dependencies: { pg: "8.12.0" },
  }),
  "package-lock.json": JSON.stringify({
    name: "@acme/shop",
    lockfileVersion: 3,
    packages: {},
  }),
  ".nvmrc": "20.11.1\n",
  "server.js":
    'require("node:http").createServer().listen(process.env.PORT ?? 3000);\n',
  "compose.yaml": "services:\n  db:\n    image: postgres:16\n",
};

/** Every file below a directory, by path. */
async function filesBelow(
  dir: string,
  below = "",
): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  for await (const entry of Deno.readDir(join(dir, below))) {
    const path = below === "" ? entry.name : `${below}/${entry.name}`;
    if (entry.isDirectory) {
      for (const [name, text] of await filesBelow(dir, path)) {
        files.set(name, text);
      }
    } else if (entry.isFile) {
      files.set(path, await Deno.readTextFile(join(dir, path)));
    }
  }
  return files;
}

async function shop() {
  const dir = await tempDir("init");
  await writeFiles(dir.path, REPOSITORY);
  return {
    path: dir.path,
    flake: join(dir.path, "flake.nix"),
    [Symbol.asyncDispose]: () => dir[Symbol.asyncDispose](),
  };
}

async function edit(
  file: string,
  from: string,
  to: string,
): Promise<string> {
  const text = await Deno.readTextFile(file);
  assert.ok(text.includes(from), from);
  const edited = text.replace(from, to);
  await Deno.writeTextFile(file, edited);
  return edited;
}

Deno.test("init writes a flake, and the same one a second time", async () => {
  await using repository = await shop();
  const first = await cli(["init", repository.path, "--name", "store"]);
  assert.equal(first.status, 0, first.err);
  assert.match(first.out, /VMs +shop, postgres/);
  const written = await filesBelow(repository.path);
  const flake = written.get("flake.nix") ?? "";
  assert.match(flake, /cluster = "store";/);
  assert.match(flake, /# asked for 20\.11\.1, nixpkgs has Node\.js 20\.19/);
  assert.match(flake, /importNpmLock/);
  assert.ok(written.has("procurator/lib/default.nix"));

  // What it wrote is no part of the repository it analyses.
  const second = await cli(["init", repository.path, "--name", "other"]);
  assert.equal(second.status, 0, second.err);
  assert.match(second.out, /up to date/);
  assert.deepEqual(await filesBelow(repository.path), written);
});

Deno.test("init keeps what is outside of its part, and follows the repository within it", async () => {
  await using repository = await shop();
  await cli(["init", repository.path]);
  await edit(repository.flake, "vms = { };", "vms = { shop.replicas = 3; };");
  await edit(repository.flake, "# Outputs of your own", "mine = 1; #");
  await Deno.writeTextFile(join(repository.path, ".nvmrc"), "22\n");
  const again = await cli(["init", repository.path]);
  assert.equal(again.status, 0, again.err);
  const text = await Deno.readTextFile(repository.flake);
  assert.match(text, /vms = \{ shop\.replicas = 3; \};/);
  assert.match(text, /mine = 1;/);
  assert.match(text, /nodejs_22/);
  assert.doesNotMatch(text, /nodejs_20/);
});

Deno.test("what a user says of VMs joins what init says, and names nobody knows are errors", async () => {
  await using repository = await shop();
  await cli(["init", repository.path]);
  const yours =
    'vms = { shop = { replicas = 3; network.ports = [ { name = "main"; guest = 3000; publish = 80; } ]; }; };';
  const text = await edit(repository.flake, "vms = { };", yours);
  const evaluate = async (flake: string) => {
    await using dir = await tempDir("yours");
    const [told] = await evaluateFlakes(dir.path, [{
      files: new Map(Object.entries(REPOSITORY)),
      flake,
    }]);
    return parseBlueprint(told?.blueprintJSON ?? "").vmSpecs;
  };
  const [, own] = await evaluate(text);
  assert.equal(own?.name, "shop");
  assert.equal(own?.replicas, 3);
  assert.equal(own?.network.ports[0]?.publish, 80);
  assert.deepEqual(own?.network.allowedPeers, ["postgres"]);

  const typo = text.replace("modules = { };", "modules = { shp = { }; };");
  await assert.rejects(
    evaluate(typo),
    /modules\.shp: there is no such VM; there are postgres, shop/,
  );
});

Deno.test("init refuses a part that was changed by hand, shows how, and writes it anew when forced", async () => {
  await using repository = await shop();
  await cli(["init", repository.path]);
  const own = await Deno.readTextFile(repository.flake);
  const edited = await edit(
    repository.flake,
    "memoryMib = 512;",
    "memoryMib = 768;",
  );
  const refused = await cli(["init", repository.path]);
  assert.equal(refused.status, 3);
  assert.match(refused.err, /changed by hand/);
  assert.match(refused.err, /^-\s+memoryMib = 768;$/m);
  assert.match(refused.err, /^\+\s+memoryMib = 512;$/m);
  assert.match(refused.err, /--force/);
  assert.equal(await Deno.readTextFile(repository.flake), edited);
  const forced = await cli(["init", repository.path, "--force"]);
  assert.equal(forced.status, 0, forced.err);
  assert.equal(await Deno.readTextFile(repository.flake), own);
});

Deno.test("init refuses a flake, a library file and a link that are not its own", async () => {
  await using repository = await shop();
  await Deno.writeTextFile(repository.flake, "{ outputs = _: { }; }\n");
  const refused = await cli(["init", repository.path, "--json"]);
  assert.equal(refused.status, 3);
  assert.equal(JSON.parse(refused.out || refused.err).error.code, "refused");
  assert.equal(
    await Deno.readTextFile(repository.flake),
    "{ outputs = _: { }; }\n",
  );
  assert.equal((await cli(["init", repository.path, "--force"])).status, 0);

  const library = join(repository.path, "procurator/lib/types.nix");
  await Deno.writeTextFile(library, "# mine\n");
  assert.equal((await cli(["init", repository.path])).status, 3);
  assert.equal(await Deno.readTextFile(library), "# mine\n");
  assert.equal((await cli(["init", repository.path, "--force"])).status, 0);

  await using elsewhere = await tempDir("elsewhere");
  await Deno.remove(join(repository.path, "procurator"), { recursive: true });
  await Deno.symlink(elsewhere.path, join(repository.path, "procurator"));
  assert.equal((await cli(["init", repository.path, "--force"])).status, 3);
  assert.deepEqual([...await filesBelow(elsewhere.path)], []);
});

Deno.test("init leaves a directory called procurator to those who have one", async () => {
  await using repository = await shop();
  await writeFiles(repository.path, { "procurator/court.js": "// ours" });
  const refused = await cli(["init", repository.path, "--force"]);
  assert.equal(refused.status, 3);
  assert.match(refused.err, /court\.js/);
  assert.deepEqual(
    [...(await filesBelow(repository.path)).keys()].sort(),
    [...Object.keys(REPOSITORY), "procurator/court.js"].sort(),
  );
});

Deno.test("a dry run and an explanation write nothing", async () => {
  await using repository = await shop();
  const before = await filesBelow(repository.path);
  const dry = await cli(["init", repository.path, "--dry-run"]);
  assert.equal(dry.status, 0, dry.err);
  assert.match(dry.out, /new: flake\.nix/);
  const told = await cli(["init", repository.path, "--explain"]);
  assert.equal(told.status, 0, told.err);
  assert.match(told.out, /nodejs_20\n +\^ javascript 20\.11\.1 \(\.nvmrc:1\)/);
  assert.match(told.out, /compose\.yaml:3/);
  const json = JSON.parse(
    (await cli(["init", repository.path, "--explain", "--json"])).out,
  );
  assert.equal(json.file, "flake.nix");
  for (const line of json.lines) assert.notEqual(line.what, "", line.text);
  assert.deepEqual(await filesBelow(repository.path), before);
});

Deno.test("init says which hashes are to be filled in until they are", async () => {
  await using repository = await shop();
  await Deno.remove(join(repository.path, "package-lock.json"));
  await Deno.writeTextFile(
    join(repository.path, "yarn.lock"),
    '# yarn lockfile v1\n\n\npg@8.12.0:\n  version "8.12.0"\n',
  );
  const first = JSON.parse(
    (await cli(["init", repository.path, "--json"])).out,
  );
  assert.deepEqual(first.hashesToFill, ["shop"]);
  await edit(
    repository.flake,
    "hashes = { };",
    'hashes = { shop = "sha256-abc="; };',
  );
  const second = JSON.parse(
    (await cli(["init", repository.path, "--json"])).out,
  );
  assert.deepEqual(second.hashesToFill, []);
  assert.ok(
    second.files.every(({ change }: { change: string }) =>
      change === "unchanged"
    ),
  );
});

Deno.test("init of nothing, of a file and of no directory say what is wrong", async () => {
  await using dir = await tempDir("empty");
  const empty = await cli(["init", dir.path]);
  assert.equal(empty.status, 1);
  assert.match(empty.err, /no application was found/);
  assert.equal((await cli(["init", join(dir.path, "none")])).status, 1);
  await Deno.writeTextFile(join(dir.path, "file"), "");
  assert.equal((await cli(["init", join(dir.path, "file")])).status, 2);
});
