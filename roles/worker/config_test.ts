import assert from "node:assert/strict";
import { z } from "zod";
import { AppError } from "../model/errors.ts";
import { parseWith } from "../model/parse.ts";
import { WorkerConfig } from "./config.ts";

/** Fields whose defaults would need a look at this host. */
const REQUIRED = { name: "w1", stateDir: "/state", runDir: "/run/w1" };

function parse(more: Record<string, unknown> = {}) {
  return WorkerConfig.safeParse({ ...REQUIRED, ...more });
}

Deno.test("config: the driver is found by trying unless one is named, and then it is taken at its word", () => {
  const { data } = parse();
  assert.equal(data?.driver, "auto");
  assert.equal(data?.accel, undefined);
  assert.equal(data?.cgroups.mode, "auto");
  assert.equal(data?.vmmUser, undefined);
  assert.equal(data?.takeOver, false);
  assert.equal(parse({ driver: "cloud-hypervisor" }).success, true);
});

/** The fields of a schema by their paths, those of objects in it included. */
function leaves(schema: z.ZodType, at: string[] = []): string[][] {
  let inner = schema;
  while (
    inner instanceof z.ZodDefault || inner instanceof z.ZodPrefault ||
    inner instanceof z.ZodOptional
  ) inner = inner.unwrap() as z.ZodType;
  if (!(inner instanceof z.ZodObject)) return [at];
  return Object.entries(inner.shape).flatMap(([key, field]) =>
    leaves(field as z.ZodType, [...at, key])
  );
}

/** A configuration with one field. */
function nested(path: readonly string[], value: unknown) {
  return path.reduceRight<unknown>((inner, key) => ({ [key]: inner }), value);
}

function messageOf(more: unknown): string {
  try {
    parseWith(WorkerConfig, { ...REQUIRED, ...more as object }, {
      what: "worker.json",
    });
    return "it was taken";
  } catch (error) {
    assert.ok(error instanceof AppError && error.code === "invalid");
    return error.message;
  }
}

Deno.test("config: of each field a value of another kind is refused, by the field's name", () => {
  const paths = leaves(WorkerConfig);
  assert.ok(paths.length > 45, String(paths.length));
  for (const path of paths) {
    for (const value of [null, [[1]]]) {
      const message = messageOf(nested(path, value));
      const name = path.join(".");
      assert.ok(
        message.startsWith(`Cannot read worker.json: ${name}`),
        `${name} ${JSON.stringify(value)}: ${message}`,
      );
    }
  }
});

const LONG = "x".repeat(5000);
const REFUSED: [what: string, more: Record<string, unknown>, says: RegExp][] = [
  ["a driver that there is not", { driver: "xen" }, /driver: .*"qemu"/],
  [
    "a group above the mount",
    { cgroups: { parent: "../procurator" } },
    /cgroups\.parent: must not lead upwards/,
  ],
  [
    "a group by an absolute path",
    { cgroups: { parent: "/procurator" } },
    /cgroups\.parent: must be a relative path/,
  ],
  [
    "a group with an empty word",
    { cgroups: { parent: "a//b" } },
    /cgroups\.parent/,
  ],
  [
    "a key that nobody knows",
    { cgroups: { memory: 1 } },
    /cgroups: .*"memory"/,
  ],
  ["a field that nobody knows", { masterURL: "tcp://m:1" }, /"masterURL"/],
  ["root as whom VMMs run", { vmmUser: { uid: 0, gid: 0 } }, /vmmUser/],
  ["half a user", { vmmUser: { uid: 5 } }, /vmmUser/],
  ["a user without a name", { vmmUser: "" }, /vmmUser/],
  [
    "no time for a probe",
    { probe: { linuxDeadlineMs: 0 } },
    /probe\.linuxDeadlineMs/,
  ],
  ["a name that is none", { name: "Not A Name" }, /name/],
  ["a path that is empty", { stateDir: "" }, /stateDir/],
  ["a path without end", { runDir: LONG }, /runDir/],
  [
    "an address that is none",
    { listen: "nowhere" },
    /listen: Cannot listen on "nowhere"/,
  ],
  [
    "a master by HTTP",
    { masterUrl: "http://m:6441" },
    /masterUrl: must be tcp:\/\/HOST:PORT/,
  ],
  ["a master without a port", { masterUrl: "tcp://m" }, /masterUrl/],
  ["a master that is a word", { masterUrl: "localhost" }, /masterUrl/],
  [
    "a cache by FTP",
    { cacheUrl: "ftp://cache" },
    /cacheUrl: must be http:\/\/HOST/,
  ],
  ["a cache without a host", { cacheUrl: "http://" }, /cacheUrl/],
  [
    "a key without its name",
    { cachePublicKeys: ["a".repeat(43) + "="] },
    /cachePublicKeys\[0\]: must be NAME:KEY/,
  ],
  ["half a key", { cachePublicKeys: ["cache-1:aaaa"] }, /cachePublicKeys\[0\]/],
  [
    "too many keys",
    { cachePublicKeys: Array(17).fill(`a:${"a".repeat(43)}=`) },
    /cachePublicKeys/,
  ],
  [
    "less than no processors",
    { capacity: { cpuMilli: -1 } },
    /capacity\.cpuMilli/,
  ],
  ["parts of a mebibyte", { reserveMemoryMib: 0.5 }, /reserveMemoryMib/],
  ["less than is there", { overcommit: { cpu: 0.5 } }, /overcommit\.cpu/],
  [
    "memory that is not there",
    { overcommit: { memory: 100 } },
    /overcommit\.memory/,
  ],
  [
    "an attribute that is no text",
    { attributes: { ssd: true } },
    /attributes\.ssd/,
  ],
  ["an attribute without end", { attributes: { a: LONG } }, /attributes\.a/],
  ["time without end", { stopGraceMs: 1e12 }, /stopGraceMs/],
  ["polls without a pause", { pollWaitMs: 0 }, /pollWaitMs/],
  ["closures for less than no time", { gc: { keepDays: -1 } }, /gc\.keepDays/],
  [
    "a bridge whose name nft would read",
    { network: { bridge: "a b; flush" } },
    /network\.bridge: must be 1 to 15/,
  ],
  [
    "a resolver by name",
    { network: { dnsServers: ["dns.example"] } },
    /network\.dnsServers\[0\]/,
  ],
  ["an address of another kind", { vmAddress: "::1" }, /vmAddress/],
];

Deno.test("config: values that are none are refused, by the field's name and with what it must be", () => {
  for (const [what, more, says] of REFUSED) {
    assert.match(messageOf(more), says, what);
  }
});
