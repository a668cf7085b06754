import assert from "node:assert/strict";
import {
  addressOf,
  hostIn,
  isVariableOf,
  kindOfVariable,
} from "./addresses.ts";
import { serviceKind } from "./catalog.ts";

function told(value: string) {
  const found = addressOf(value);
  return found === null
    ? null
    : [found.kind.kind, found.host, found.port] as const;
}

Deno.test("an address tells its kind, host and port", () => {
  const cases: [string, ReturnType<typeof told>][] = [
    ["postgres://u:p@db:5432/x?sslmode=disable", ["postgres", "db", 5432]],
    ["postgresql+asyncpg://u:p%40@db/x", ["postgres", "db", null]],
    ["jdbc:mysql://db:3306/shop", ["mysql", "db", 3306]],
    [
      "mongodb+srv://u:p@cluster0.example.org/x",
      ["mongodb", "cluster0.example.org", null],
    ],
    ["amqp://guest:guest@queue", ["rabbitmq", "queue", null]],
    ["rediss://cache:6380/0", ["redis", "cache", 6380]],
    ["sqlite:///app.db", null],
    ["https://example.org", null],
    ["postgres", null],
    ["redis://cache:99999", ["redis", "cache", null]],
  ];
  for (const [value, expected] of cases) {
    assert.deepEqual(told(value), expected, value);
  }
});

Deno.test("a host is found with and without scheme and port", () => {
  assert.deepEqual(hostIn("db:5432"), { host: "db", port: 5432 });
  assert.deepEqual(hostIn("http://search:9200/x"), {
    host: "search",
    port: 9200,
  });
  assert.deepEqual(hostIn("a:9092,b:9092"), { host: "a", port: 9092 });
  assert.deepEqual(hostIn("Server=tcp:sql,1433;Database=shop;User Id=sa"), {
    host: "sql",
    port: 1433,
  });
  assert.deepEqual(hostIn("host=db user=me port=5433 dbname=shop"), {
    host: "db",
    port: 5433,
  });
  assert.deepEqual(hostIn("me:secret@tcp(mysql:3306)/shop?parseTime=true"), {
    host: "mysql",
    port: 3306,
  });
  assert.equal(hostIn(""), null);
});

Deno.test("a variable belongs to a kind by its own words, or by what a group shares", () => {
  const isOf = (name: string, kind: string) => {
    const own = serviceKind(kind);
    assert.notEqual(own, null);
    return own !== null && isVariableOf(name, own);
  };
  assert.ok(isOf("REDIS_URL", "redis"));
  assert.ok(isOf("APP_REDIS_HOST", "redis"));
  assert.ok(isOf("PGHOST", "postgres"));
  assert.ok(isOf("DATABASE_URL", "mysql"));
  assert.ok(isOf("SMTP_HOST", "mailpit"));
  assert.ok(!isOf("REDIS_PASSWORD", "redis"));
  assert.ok(!isOf("POSTGRES_USER", "postgres"));
  assert.ok(!isOf("DATABASE_URL", "redis"));
  assert.ok(!isOf("PGHOST", "mysql"));
});

Deno.test("only a telling name is enough for a service", () => {
  assert.equal(kindOfVariable("MONGODB_URI")?.kind, "mongodb");
  assert.equal(kindOfVariable("KAFKA_BROKERS")?.kind, "kafka");
  assert.equal(kindOfVariable("REDIS_HOST"), null);
  assert.equal(kindOfVariable("GRAFANA_URL"), null);
  assert.equal(kindOfVariable("ELASTIC_APM_SERVER_URL"), null);
  assert.equal(kindOfVariable("DATABASE_URL"), null);
});
