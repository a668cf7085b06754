/**
 * Who may do what at a cache, as a user sets it up: tokens made by the command
 * line, used by stock nix, revoked.
 *
 * @module
 */
import assert from "node:assert/strict";
import { formatError } from "../../roles/model/errors.ts";
import { fakePath, startCache } from "../support/cache.ts";
import { cli } from "../support/cli.ts";
import { nixStore } from "../support/nix_store.ts";
import { tempDir } from "../support/temp.ts";

const CALL = { timeoutMs: 60_000 };

Deno.test("tokens made by the command line let nix push and pull a private cache, until they are revoked", async () => {
  await using dir = await tempDir("access");
  await using cache = await startCache({ anonymousRole: "none" });
  await Deno.writeTextFile(`${dir.path}/admin`, cache.token("admin"));
  const procurator = async (...words: string[]) => {
    const result = await cli([
      ...words,
      ...["--service", "cache", "--url", cache.url],
      ...["--token-file", `${dir.path}/admin`],
    ]);
    assert.equal(result.status, 0, result.err);
    return result.out;
  };
  const create = async (role: string) => {
    const out = await procurator(
      ...["token", "create", "--role", role, "--name", role, "--json"],
    );
    const token = /pcr_[a-z]+_([0-9a-f]{16})_[0-9a-f]{64}/.exec(out);
    return { token: token?.[0] ?? "", id: token?.[1] ?? "" };
  };
  const writer = await create("publisher");
  const reader = await create("viewer");
  const nixWith = (token: string) =>
    nixStore("nix", { cache: { url: cache.url, token } });
  await using ci = await nixWith(writer.token);
  await Deno.writeTextFile(`${dir.path}/file`, "one");
  const path = await ci.nix.addPath(`${dir.path}/file`, "one");
  await ci.nix.copyTo(cache.url, [path], CALL);

  const publicKeys = [cache.publicKey];
  await using stranger = await nixStore("nix");
  await assert.rejects(
    stranger.nix.copyFrom(cache.url, [path], { ...CALL, publicKeys }),
  );
  await using worker = await nixWith(reader.token);
  await worker.nix.copyFrom(cache.url, [path], { ...CALL, publicKeys });
  assert.deepEqual(await worker.nix.missingPaths([path]), []);
  await Deno.writeTextFile(`${dir.path}/file`, "two");
  const second = await worker.nix.addPath(`${dir.path}/file`, "two");
  const denied = await worker.nix.copyTo(cache.url, [second], CALL)
    .then(() => assert.fail("a reader wrote"), formatError);
  assert.match(denied, /HTTP error 403/);

  await procurator("token", "revoke", writer.id);
  const third = await ci.nix.addPath(`${dir.path}/file`, "three");
  const refused = await ci.nix.copyTo(cache.url, [third], CALL)
    .then(() => assert.fail("a revoked token wrote"), formatError);
  assert.match(refused, /HTTP error 401/);
});

Deno.test("each scope does what is its own: publishers push, admins delete and make keys and tokens", async () => {
  await using cache = await startCache();
  const path = fakePath("hello");
  const attempts: [string, string, string?][] = [
    ["PUT", path.url],
    ["PUT", `${path.hash}.narinfo`],
    ["PUT", `${path.hash}.ls`],
    ["PUT", "nix-cache-info"],
    ["DELETE", `api/v1/paths/${path.hash}`],
    ["POST", "api/v1/gc"],
    ["POST", "api/v1/keys"],
    ["GET", "api/v1/tokens"],
  ];
  const refusals = async (token: string | undefined, scheme: string) => {
    const statuses: number[] = [];
    for (const [method, name] of attempts) {
      const answer = await fetch(`${cache.url}/${name}`, {
        method,
        body: method === "GET" ? null : "x",
        headers: token === undefined
          ? {}
          : { authorization: `${scheme} ${token}` },
      });
      await answer.body?.cancel();
      statuses.push([401, 403].includes(answer.status) ? answer.status : 0);
    }
    return statuses.join(" ");
  };
  const basic = (role: "publisher" | "viewer" | "worker" | "operator") =>
    btoa(`anybody:${cache.token(role)}`);
  const none = Array(8).fill(403).join(" ");
  assert.equal(
    await refusals(undefined, ""),
    Array(8).fill(401).join(" "),
  );
  for (const role of ["viewer", "worker", "operator"] as const) {
    assert.equal(await refusals(basic(role), "Basic"), none, role);
    assert.equal(await refusals(cache.token(role), "Bearer"), none, role);
  }
  const publisher = "0 0 0 0 403 403 403 403";
  assert.equal(await refusals(basic("publisher"), "Basic"), publisher);
  assert.equal(await refusals(cache.token("publisher"), "Bearer"), publisher);
  assert.equal(
    await refusals(cache.token("admin"), "Bearer"),
    "0 0 0 0 0 0 0 0",
  );
});
