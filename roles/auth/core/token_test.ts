import assert from "node:assert/strict";
import {
  assertMayActAs,
  formatToken,
  hashSecret,
  mayActAs,
  parseToken,
  sameSecret,
  TOKEN_ROLES,
} from "./token.ts";

const ID = "0123456789abcdef";
const SECRET = "ab".repeat(32);

Deno.test("a token is written and read back", () => {
  for (const role of TOKEN_ROLES) {
    const token = { role, id: ID, secret: SECRET };
    assert.equal(formatToken(token), `pcr_${role}_${ID}_${SECRET}`);
    assert.deepEqual(parseToken(formatToken(token)), token);
  }
});

Deno.test("anything else is no token", () => {
  for (
    const text of [
      "",
      "pcr_",
      `pcr_king_${ID}_${SECRET}`,
      `pcr_viewer_${ID}_${SECRET}0`,
      `pcr_viewer_${ID}_${SECRET.toUpperCase()}`,
      ` pcr_viewer_${ID}_${SECRET}`,
      `pcr_viewer_${ID}_${SECRET}\n`,
      `pcr_toString_${ID}_${SECRET}`,
    ]
  ) assert.equal(parseToken(text), null, text);
});

Deno.test("each role may do its own and a viewer's, admin everything", () => {
  const allowed = TOKEN_ROLES.map((role) =>
    TOKEN_ROLES.filter((needed) => mayActAs(role, needed))
  );
  assert.deepEqual(allowed, [
    ["viewer"],
    ["viewer", "operator"],
    ["viewer", "publisher"],
    ["viewer", "worker"],
    [...TOKEN_ROLES],
  ]);
});

Deno.test("a denial names both roles", () => {
  const viewer = { role: "viewer", name: "x", tokenId: ID } as const;
  assert.throws(() => assertMayActAs(viewer, "publisher", "publish"), {
    code: "denied",
    message:
      "Cannot publish: with this token the role is viewer, it takes publisher",
  });
});

Deno.test("only the same secret has the stored hash", () => {
  const stored = hashSecret(SECRET);
  assert.ok(sameSecret(SECRET, stored));
  assert.ok(!sameSecret("cd".repeat(32), stored));
  assert.ok(!sameSecret(SECRET, new Uint8Array(3)));
});
