import assert from "node:assert/strict";
import { addressValue, credentialsOf } from "./addresses.ts";

const POSTGRES = {
  host: "postgres",
  port: 5432,
  scheme: "postgres",
  isDatabase: true,
  user: "app",
  database: "shop",
};
const REDIS = {
  ...POSTGRES,
  host: "redis",
  port: 6379,
  scheme: "redis",
  isDatabase: false,
};

const CASES = [
  ["DATABASE_URL", undefined, POSTGRES, "postgres://app@postgres:5432/shop"],
  [
    "DATABASE_URL",
    "postgresql+asyncpg://me:secret@localhost:5433/other?sslmode=disable",
    POSTGRES,
    "postgresql+asyncpg://app@postgres:5432/shop",
  ],
  [
    "SPRING_DATASOURCE_URL",
    "jdbc:postgresql://localhost:5432/shop",
    POSTGRES,
    "jdbc:postgresql://postgres:5432/shop",
  ],
  ["PGHOST", "localhost", POSTGRES, "postgres"],
  ["PGPORT", "5433", POSTGRES, "5432"],
  ["POSTGRES_USER", undefined, POSTGRES, "app"],
  ["POSTGRES_DB", undefined, POSTGRES, "shop"],
  ["DB_PASSWORD", "secret", POSTGRES, "secret"],
  ["REDIS_URL", "redis://localhost:6379/2", REDIS, "redis://redis:6379/2"],
  ["REDIS_URL", "rediss://localhost:6379", REDIS, "redis://redis:6379"],
  ["REDIS_ADDR", "localhost:6379", REDIS, "redis:6379"],
  ["REDIS_HOST", undefined, REDIS, "redis"],
  [
    "KAFKA_BROKERS",
    undefined,
    { ...REDIS, host: "kafka", port: 9092 },
    "kafka:9092",
  ],
] as const;

for (const [name, standard, at, value] of CASES) {
  Deno.test(`addressValue() ${name} of ${standard}: ${value}`, () => {
    assert.equal(addressValue(name, standard, at), value);
  });
}

Deno.test("credentialsOf() takes user and database from what the repository sets", () => {
  assert.deepEqual(
    credentialsOf([{
      name: "DATABASE_URL",
      default: "mysql://web:secret@localhost/store?ssl=0",
    }]),
    { user: "web", database: "store" },
  );
  assert.deepEqual(
    credentialsOf([
      { name: "DB_USER", default: "web" },
      { name: "DB_NAME", default: "store" },
    ]),
    { user: "web", database: "store" },
  );
  assert.deepEqual(credentialsOf([]), { user: "app", database: "app" });
});

Deno.test("credentialsOf() lets nothing through that a database would read as more than a name", () => {
  for (const name of ["DB_USER", "DB_NAME", "DATABASE_URL"]) {
    assert.deepEqual(
      credentialsOf([
        { name, default: `x'; DROP USER root; --` },
        { name, default: `pg://a'b@h/c'd` },
      ]),
      { user: "app", database: "app" },
    );
  }
});
