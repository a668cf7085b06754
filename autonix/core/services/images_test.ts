import assert from "node:assert/strict";
import { parseImage, serviceOfImage, versionOfTag } from "./images.ts";

function told(text: string): [string | null, string | null] {
  const image = parseImage(text);
  return image === null
    ? [null, null]
    : [serviceOfImage(image)?.kind ?? null, versionOfTag(image)];
}

const CASES: readonly (readonly [string, string | null, string | null])[] = [
  ["postgres:16-alpine", "postgres", "16"],
  ["postgres", "postgres", null],
  ["postgres:latest", "postgres", null],
  ["docker.io/library/postgres:15.6@sha256:abc", "postgres", "15.6"],
  ["postgis/postgis:16-3.4", "postgres", "16"],
  ["pgvector/pgvector:pg16", "postgres", "16"],
  ["example/pgvector:v0.5.1", "postgres", null],
  ["timescale/timescaledb:2.14.2-pg15", "postgres", "15"],
  ["bitnami/redis:7.2.4-debian-12-r0", "redis", "7.2.4"],
  ["registry.example.org:5000/mirror/redis:7", "redis", "7"],
  ["rabbitmq:3.13-management-alpine", "rabbitmq", "3.13"],
  ["confluentinc/cp-kafka:7.5.3", "kafka", "7.5.3"],
  ["wurstmeister/kafka:2.13-2.8.1", "kafka", "2.8.1"],
  [
    "minio/minio:RELEASE.2024-04-18T19-09-19Z",
    "minio",
    "RELEASE.2024-04-18T19-09-19Z",
  ],
  ["axllent/mailpit:v1.20", "mailpit", "1.20"],
  ["mcr.microsoft.com/mssql/server:2022-latest", "mssql", "2022"],
  [
    "docker.elastic.co/elasticsearch/elasticsearch:8.13.2",
    "elasticsearch",
    "8.13.2",
  ],
  ["postgres:17rc1", "postgres", "17rc1"],
  ["prometheuscommunity/postgres-exporter:v0.15", null, "0.15"],
  ["nginx:1.25", null, "1.25"],
  ["minio/mc:latest", null, null],
  ["", null, null],
  ["a b", null, null],
];

Deno.test("images tell their service and the version that their tag pins", () => {
  for (const [text, kind, version] of CASES) {
    assert.deepEqual(told(text), [kind, version], text);
  }
});
