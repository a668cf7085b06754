import assert from "node:assert/strict";
import { addressValue, credentialsOf, loginPart } from "./addresses.ts";

const POSTGRES = {
  host: "postgres",
  port: 5432,
  scheme: "postgres",
  isDatabase: true,
  user: "app",
  password: null,
  database: "shop",
};
const REDIS = {
  ...POSTGRES,
  host: "redis",
  port: 6379,
  scheme: "redis",
  isDatabase: false,
  user: "",
  password: "",
};
const CLICKHOUSE = {
  ...REDIS,
  host: "clickhouse",
  port: 8123,
  morePorts: [9000],
  scheme: "http",
};
/** Takes no accounts. */
const MONGODB = {
  ...POSTGRES,
  host: "mongodb",
  port: 27017,
  scheme: "mongodb",
  user: "",
  password: "",
};
const RABBITMQ = {
  ...REDIS,
  host: "rabbitmq",
  port: 5672,
  scheme: "amqp",
  user: "guest",
  password: "guest",
  hasLogin: true,
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
  ["PGUSER", "me", POSTGRES, "app"],
  ["PGPASSWORD", "secret", POSTGRES, "secret"],
  ["PGDATABASE", "other", POSTGRES, "shop"],
  [
    "MONGO_URL",
    "mongodb://root:secret@localhost:27017/shop?authSource=admin",
    MONGODB,
    "mongodb://mongodb:27017/shop?authSource=admin",
  ],
  ["MONGO_PASSWORD", "secret", MONGODB, ""],
  ["REDIS_PASSWORD", "secret", REDIS, ""],
  [
    "AMQP_URL",
    "amqp://me:secret@localhost/jobs",
    RABBITMQ,
    "amqp://guest:guest@rabbitmq:5672/jobs",
  ],
  ["RABBITMQ_USER", "me", RABBITMQ, "guest"],
  ["RABBITMQ_PASSWORD", undefined, RABBITMQ, "guest"],
  ["REDIS_URL", "redis://localhost:6379/2", REDIS, "redis://redis:6379/2"],
  ["REDIS_URL", "rediss://localhost:6379", REDIS, "redis://redis:6379"],
  ["REDIS_ADDR", "localhost:6379", REDIS, "redis:6379"],
  ["REDIS_HOST", undefined, REDIS, "redis"],
  ["CLICKHOUSE_PORT", "9000", CLICKHOUSE, "9000"],
  ["CLICKHOUSE_PORT", "1234", CLICKHOUSE, "8123"],
  [
    "CLICKHOUSE_URL",
    "clickhouse://localhost:9000/default",
    CLICKHOUSE,
    "clickhouse://clickhouse:9000/default",
  ],
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

const WORDS = ["POSTGRES", "PG"];
const BESIDE = [
  ["PGUSER", [], "user"],
  ["PGDATABASE", ["DATABASE_URL"], "database"],
  ["POSTGRES_PASSWORD", [], "password"],
  ["DB_USERNAME", ["DB_HOST"], "user"],
  ["DB_NAME", ["DB_HOST"], "database"],
  ["DB_NAME", ["PGHOST"], null],
  ["SPRING_DATASOURCE_PASSWORD", ["SPRING_DATASOURCE_URL"], "password"],
  ["DB_POOL_SIZE", ["DB_HOST"], null],
  ["APP_USER", ["DB_HOST"], null],
  ["POSTGRES_HOST", [], null],
] as const;

for (const [name, addresses, part] of BESIDE) {
  Deno.test(`loginPart() ${name} beside ${addresses.join(" ") || "nothing"}: ${part}`, () => {
    assert.equal(loginPart(name, WORDS, addresses), part);
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
