/**
 * What ci says of a commit without a flake, with real git and real nix.
 *
 * @module
 */
import assert from "node:assert/strict";
import { flake, withFixture } from "../support/ci.ts";

Deno.test("ci: a commit without flake.nix fails with what it has, and what writes one", () =>
  withFixture(async (f) => {
    await f.startCi();
    const flakeFile = `${f.dir}/checkout/flake.nix`;
    const pushed = async (files: Record<string, string>) => {
      for (const [path, text] of Object.entries(files)) {
        await Deno.writeTextFile(`${f.dir}/checkout/${path}`, text);
      }
      await f.git("add", "--all", ".");
      await f.git("commit", "-q", "--allow-empty", "-m", "change");
      await f.git("push", "-q", "origin", "HEAD:main");
      return (await f.git("rev-parse", "HEAD")).trim();
    };
    const plain = await f.ended(await pushed({ "README.md": "a text\n" }));
    assert.equal(
      plain.message,
      "failed in eval: Cannot evaluate the commit as it has no flake.nix",
    );
    assert.match(plain.hint ?? "", /commit a flake with a blueprintJSON/);

    const commit = await pushed({
      "go.mod": "module example.org/api\n\ngo 1.22\n",
      "main.go":
        'package main\n\nimport "os"\n\nfunc main() { _ = os.Getenv("DATABASE_URL") }\n',
      "compose.yaml":
        "services:\n  api:\n    build: .\n    environment:\n      DATABASE_URL: postgres://db/a\n  db:\n    image: postgres:16\n",
    });
    const job = await f.ended(commit);
    assert.equal(job.stage, "eval");
    assert.equal(
      job.message,
      "failed in eval: Cannot evaluate the commit as it has no flake.nix. It has api (go); postgres",
    );
    assert.match(job.hint ?? "", /procurator init writes a flake for it/);
    const log = await f.log(job.id);
    assert.match(log, /procurator init writes/);
    assert.match(log, /It has api \(go\); postgres/);

    const asked = await fetch(`${f.ci?.endpoints["http"]}/api/v1/evaluations`, {
      method: "POST",
      body: JSON.stringify({ repository: "shop", ref: commit }),
      headers: { authorization: `Bearer ${f.ciToken}` },
    });
    assert.equal(asked.status, 400);
    assert.match(await asked.text(), /has no flake\.nix/);

    const good = await f.ended(await f.push(flake()));
    assert.equal(good.message, "published as generation 1");
    await Deno.remove(flakeFile);
    const again = await f.ended(await pushed({}));
    assert.match(again.message, /has no flake\.nix/);
  }));
