import assert from "node:assert/strict";
import { parseToken } from "./core/token.ts";
import { openTokenTable } from "./table.ts";

const HOUR_MS = 3_600_000;
const PROOF = "a".repeat(64);
const OTHER = "b".repeat(64);

function setUp(maxTokens?: number) {
  let drawn = 0;
  const random = {
    hex: (bytes: number) => (++drawn).toString(16).padStart(bytes * 2, "0"),
  };
  const table = openTokenTable(
    ":memory:",
    maxTokens === undefined ? {} : { maxTokens },
  );
  const source = { now: 1000, random };
  const oneTime = () =>
    table.create({
      role: "worker",
      name: "rack 4",
      expiresAtMs: 1000 + HOUR_MS,
      oneTime: true,
    }, source).token;
  const enrol = (token: string, worker = "w1", proof = PROOF, now = 2000) =>
    table.enrol({ token, worker, proof }, { now, random });
  return { table, source, oneTime, enrol };
}

Deno.test("a one-time token logs nobody in, and becomes a worker's own", () => {
  const { table, oneTime, enrol } = setUp();
  const token = oneTime();
  assert.throws(() => table.authenticate(token, 2000), {
    code: "unauthenticated",
    message: /one-time token: it logs nobody in/,
  });
  const made = enrol(token);
  assert.equal(made.isRepeat, false);
  assert.equal(made.usedId, parseToken(token)?.id);
  assert.deepEqual(table.authenticate(made.token, 9 * HOUR_MS), {
    role: "worker",
    name: "w1",
    tokenId: made.info.id,
    worker: "w1",
  });
  assert.throws(() => table.authenticate(token, 2000), /one-time/);
  assert.deepEqual(
    table.list().map(({ name, oneTime, worker }) => [name, oneTime, worker]),
    [["rack 4", true, "w1"], ["w1", undefined, "w1"]],
  );
});

Deno.test("the same request again is answered the same; any other one is refused", () => {
  const { table, oneTime, enrol } = setUp();
  const token = oneTime();
  const first = enrol(token);
  assert.deepEqual(enrol(token), { ...first, isRepeat: true });
  const refused = { code: "refused", message: /used up, by worker "w1"/ };
  assert.throws(() => enrol(token, "w1", OTHER), refused);
  assert.throws(() => enrol(token, "w2"), refused);
  table.revoke(first.info.id);
  assert.throws(() => enrol(token), refused);
  assert.equal(table.list().length, 1);
});

Deno.test("expired, revoked, forged and ordinary tokens enrol nobody", () => {
  const { table, source, oneTime, enrol } = setUp();
  const token = oneTime();
  assert.throws(() => enrol(token, "w1", PROOF, 1000 + HOUR_MS), /expired/);
  const secret = parseToken(token)?.secret ?? "";
  assert.throws(() => enrol(token.replace(secret, "f".repeat(64))), /unknown/);
  table.revoke(parseToken(token)?.id ?? "");
  assert.throws(() => enrol(token), /revoked/);
  const plain = table.create({ role: "worker", name: "w1" }, source).token;
  assert.throws(() => enrol(plain), {
    code: "refused",
    message: /no one-time token/,
  });
  assert.throws(() => enrol(oneTime(), "Not A Name"), { code: "invalid" });
  assert.throws(() => enrol(oneTime(), "w1", "short"), { code: "invalid" });
});

Deno.test("a one-time token is a worker's, and ends", () => {
  const { table, source } = setUp();
  const create = (over: Record<string, unknown>) =>
    table.create({
      role: "worker",
      name: "x",
      oneTime: true,
      expiresAtMs: 5000,
      ...over,
    }, source);
  create({});
  for (
    const [over, why] of [
      [{ role: "admin" }, /only a token of the role worker/],
      [{ expiresAtMs: undefined }, /expires, within 30 days/],
      [{ expiresAtMs: 1000 + 31 * 24 * HOUR_MS }, /within 30 days/],
      [{ expiresAtMs: 1000 }, /expired already/],
    ] as const
  ) assert.throws(() => create(over), { code: "invalid", message: why });
});

Deno.test("nobody enrols as a worker that has a token of its own", () => {
  const { table, oneTime, enrol } = setUp();
  const first = enrol(oneTime());
  // Another machine, with a one-time token that is good.
  const second = oneTime();
  assert.throws(() => enrol(second, "w1", OTHER), {
    code: "refused",
    message: /^Cannot enrol "w1": that worker has a token of its own/,
    hint: new RegExp(`procurator token revoke ${first.info.id}`),
  });
  // It is not used up by that.
  table.revoke(first.info.id);
  assert.equal(enrol(second, "w1", OTHER).info.worker, "w1");
});

Deno.test("a full table forgets tokens that are good for nothing, and no others", () => {
  const { table, source, enrol, oneTime } = setUp(6);
  const at = (now: number) => (expiresAtMs?: number) =>
    table.create({
      role: "viewer",
      name: "x",
      ...(expiresAtMs === undefined ? {} : { expiresAtMs }),
    }, { ...source, now });
  const kept = at(1000)();
  const own = enrol(oneTime());
  const gone = at(1000)();
  const [short] = [at(1000)(5000), at(1000)(5000)];
  const full = { code: "refused", message: /has 6 already/ };
  assert.throws(() => at(1000)(), full);
  table.revoke(gone.info.id);
  at(1000)(9000);
  assert.throws(() => at(4999)(), full);
  assert.throws(() => table.authenticate(short.token, 5000), /expired/);
  at(5000)(9000);
  at(5000)(9000);
  assert.throws(() => at(5000)(), full);
  for (const { token } of [kept, own]) table.authenticate(token, 5000);
});
