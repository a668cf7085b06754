import assert from "node:assert/strict";
import { openTokenTable } from "./table.ts";
import { parseToken } from "./core/token.ts";

function setUp() {
  let drawn = 0;
  const random = {
    hex: (bytes: number) => (++drawn).toString(16).padStart(bytes * 2, "0"),
  };
  const table = openTokenTable(":memory:");
  const make = (expiresAtMs?: number) =>
    table.create(
      {
        role: "operator",
        name: "ops",
        ...(expiresAtMs === undefined ? {} : { expiresAtMs }),
      },
      { now: 1000, random },
    );
  return { table, make, random };
}

Deno.test("a new token is known by its role and name, and listed without its secret", () => {
  const { table, make } = setUp();
  assert.ok(table.isEmpty());
  const { token, info } = make();
  assert.ok(!table.isEmpty());
  assert.deepEqual(table.authenticate(token, 2000), {
    role: "operator",
    name: "ops",
    tokenId: info.id,
  });
  assert.deepEqual(table.list(), [{
    id: info.id,
    role: "operator",
    name: "ops",
    createdAtMs: 1000,
    expiresAtMs: null,
  }]);
});

Deno.test("unknown, forged, expired and revoked tokens are refused, saying which", () => {
  const { table, make } = setUp();
  const { token, info } = make(5000);
  const secret = parseToken(token)?.secret ?? "";
  const refused = (text: string, why: RegExp, nowMs = 2000) =>
    assert.throws(() => table.authenticate(text, nowMs), {
      code: "unauthenticated",
      message: why,
    });
  refused("hello", /unknown/);
  refused(token.replace(secret, "f".repeat(64)), /unknown/);
  refused(token.replace("operator", "admin"), /unknown/);
  refused(token.replace(info.id, "f".repeat(16)), /unknown/);
  table.authenticate(token, 4999);
  refused(token, /expired/, 5000);
  table.revoke(info.id);
  refused(token, /revoked/);
  assert.ok(table.isEmpty());
  assert.throws(() => table.revoke(info.id), { code: "not_found" });
});

Deno.test("a request for a token is checked", () => {
  const { table, random } = setUp();
  const source = { now: 1000, random };
  assert.throws(() => table.create({ role: "viewer", name: " " }, source), {
    code: "invalid",
  });
  assert.throws(
    () =>
      table.create({ role: "viewer", name: "x", expiresAtMs: 1000 }, source),
    {
      code: "invalid",
      message: /expired already/,
    },
  );
  assert.deepEqual(table.list(), []);
});
