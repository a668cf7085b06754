/**
 * The port of a declared service, of those it publishes.
 *
 * @module
 */
import type { ServiceKind } from "./catalog.ts";

/** Consoles, metrics and peers: published beside the port that clients use. */
const ASIDE = new Set([
  80,
  1883,
  2380,
  4223,
  6222,
  7474,
  8001,
  8025,
  8080,
  8081,
  8088,
  8161,
  8222,
  8233,
  9001,
  9100,
  9300,
  9600,
  9644,
  15671,
  15672,
  15692,
  18083,
  25672,
  1080,
  1081,
  9443,
  9009,
  8443,
]);

/** Debuggers and reloaders of Node, Python, Java, PHP and Go, screens of containers: beside an application, never it. */
const OF_DEBUGGERS = new Set([
  5900,
  5901,
  6080,
  9229,
  9230,
  5678,
  5005,
  9003,
  2345,
  40000,
  35729,
  24678,
  // Where Caddy is administered.
  2019,
]);

/** Ports that Visual Studio's images and compose files name beside another, for who mounts a certificate. */
const WITH_CERTIFICATE: ReadonlyMap<number, number> = new Map([
  [443, 80],
  [8081, 8080],
]);

/** True for one that .NET does not listen on without a certificate, where all of these are named. */
export function isForCertificate(
  port: number,
  all: ReadonlySet<number>,
): boolean {
  return all.has(WITH_CERTIFICATE.get(port) ?? 0);
}

/** True for a port that only whoever works on an application dials. */
export function isDebugPort(port: number): boolean {
  return OF_DEBUGGERS.has(port);
}

/** The usual port if it is published, else the only one that clients may mean. */
export function servicePort(
  kind: ServiceKind,
  published: readonly number[],
): number | null {
  if (kind.port !== null && published.includes(kind.port)) return kind.port;
  const meant = published.filter((port) => !ASIDE.has(port));
  return meant.length === 1 ? meant[0] ?? null : kind.port;
}

/** SQL databases, MongoDB, Redis, memcached, brokers: nothing else is put there by choice. */
const OF_STORES = new Set([
  1433,
  1521,
  3306,
  5432,
  5672,
  6379,
  9042,
  9092,
  9200,
  11211,
  26257,
  27017,
]);

/** True for a port on which databases, queues and caches listen, and hardly anything else. */
export function isStorePort(port: number): boolean {
  return OF_STORES.has(port);
}
