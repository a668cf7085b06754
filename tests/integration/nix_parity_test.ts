/**
 * nix/lib and roles/model must judge every blueprint alike: what one accepts
 * and the other refuses would fail only after a build, or never be writable.
 */
import { deepEqual, equal, ok } from "node:assert/strict";
import { join } from "node:path";
import { Blueprint } from "../../roles/model/blueprint.ts";
import { LIB_FILES } from "../../nix/examples/sample_project.ts";
import { writeFiles } from "../support/files.ts";
import { nixStore } from "../support/nix_store.ts";
import { runChecked } from "../../roles/process/mod.ts";

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
type Set = { [key: string]: Json };

const STORE = "/nix/store/0123456789abcdfghijklmnpqrsvwxyz-image";

/** Every option is there, so that each can be replaced. */
function fullVm(): Set {
  return {
    cpu: 0.5,
    memoryMib: 128,
    image: {
      toplevel: STORE,
      kernelPath: `${STORE}/bzImage`,
      initrdPath: `${STORE}/initrd`,
      diskImagePath: `${STORE}/disk`,
      cmdline: "console=ttyS0",
    },
    replicas: 2,
    labels: { tier: "front" },
    priority: 5,
    env: { A: "b" },
    network: {
      allowedDomains: ["example.invalid"],
      allowedPeers: ["web"],
      ports: [{ name: "http", guest: 80, publish: 8080 }],
      rateLimitMbit: 10,
    },
    volumes: [{ name: "data", sizeMib: 10, mount: "/data" }],
    healthChecks: [{
      name: "page",
      kind: "http",
      port: 80,
      path: "/healthz",
      match: "ok",
      command: ["true"],
      intervalMs: 500,
      timeoutMs: 500,
      graceMs: 0,
      successes: 1,
      failures: 3,
    }],
    update: {
      strategy: "rolling",
      maxParallel: 1,
      canary: 0,
      minAvailable: 1,
      minHealthyTimeMs: 1000,
      healthyDeadlineMs: 1000,
      progressDeadlineMs: 1000,
      autoRevert: true,
      autoPromote: false,
    },
    restart: { policy: "always", delayMs: 1, maxDelayMs: 2 },
    fencing: "exclusive",
    constraints: [{ attribute: "zone", operator: "=", value: "a" }],
    affinities: [{
      attribute: "zone",
      operator: "in",
      value: ["a"],
      weight: 1,
    }],
    spread: [{ attribute: "zone", weight: 1 }],
    dependsOn: ["web"],
    budget: { bootMs: 1000, closureMib: 100 },
    backend: "qemu",
  };
}

/** What is put in the place of each value: each bound of each type from both sides, and every kind. */
const VALUES: Json[] = [
  ...[null, true, false, [], {}, [1], ["a"], { a: "b" }, { a: 1 }],
  ...[0, 1, 2, -1, 15, 16, 63, 64, 80, 100, 101, -100, -101, 1000, 1001],
  ...[-1000, -1001, 10_000, 10_001, 65_535, 65_536, 1_000_000, 1_000_001],
  ...[86_400_000, 86_400_001, 67_108_864, 67_108_865, 1024, 1025, 2 ** 53],
  ...[0.5, 1.5, 0.001, 0.0005, 0.0015, 0.1234, 1023.999, 1e300, -0.5],
  ...["", "a", "A", "a b", "-a", "a-", "a.b", "web", "db", "a\nb", " "],
  ...["/", "/a b", "/a\u00a0b", "/a\u2028b", "/\n", "/a", "a/", "1", "true"],
  ...["http", "tcp", "serial", "command", "guest", "rolling", "canary"],
  ...["blue-green", "always", "never", "none", "=", "in", "regexp", "Rolling"],
  ...["spread", "pack", "Pack"],
  ...[STORE, `${STORE}/`, `${STORE}/../x`, `${STORE}/a..b`, `${STORE}x/a\nb`],
  ...["/nix/store/short-a", "/nix/store/0123456789abcdfghijklmnpqrsvwxyz-"],
  ...["/nix/store/e123456789abcdfghijklmnpqrsvwxyz-a", `${STORE} x`],
  ...[63, 64, 253, 254, 255, 256, 257, 512, 513, 1024, 1025, 2047, 2048].map(
    (length) => "a".repeat(length),
  ),
  ...[254, 255, 1023, 1024].map((length) => "/" + "a".repeat(length)),
  ...["é".repeat(63), "é".repeat(64), "😀".repeat(63), "😀".repeat(64)],
  ...["€".repeat(256), "€".repeat(257), "😀".repeat(1024), "😀".repeat(1025)],
  STORE + "/" + "a".repeat(512 - STORE.length - 1),
  STORE + "/" + "a".repeat(512 - STORE.length),
  Array(64).fill("a"),
  Array(65).fill("a"),
  [..."ab"].map(() => ({ name: "x", guest: 1 })),
  Object.fromEntries([...Array(64).keys()].map((key) => [`k${key}`, "v"])),
  Object.fromEntries([...Array(65).keys()].map((key) => [`k${key}`, "v"])),
  { "": "v" },
  { ["k".repeat(63)]: "v" },
  { ["k".repeat(64)]: "v" },
  { ["é".repeat(63)]: "v" },
];

function isSet(value: Json): value is Set {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Every way to replace one value, to leave one key out and to add one, in `value` and below it. */
function* variants(value: Json): Generator<Json> {
  yield* VALUES;
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) {
      for (const other of variants(item)) yield value.with(index, other);
      yield [...value, item];
    }
    return;
  }
  if (!isSet(value)) return;
  yield { ...value, unheardOf: 1 };
  for (const [key, item] of Object.entries(value)) {
    const { [key]: _left, ...rest } = value;
    yield rest;
    for (const other of variants(item)) yield { ...value, [key]: other };
  }
}

/** Rules over several options. */
function* combinations(): Generator<Set> {
  const { volumes, healthChecks: _checks, ...bare } = fullVm();
  for (const strategy of ["rolling", "canary", "blue-green"]) {
    for (const fencing of ["none", "exclusive"]) {
      for (const list of [[], volumes ?? []]) {
        yield { ...bare, update: { strategy }, fencing, volumes: list };
      }
    }
  }
  const options = { port: 80, match: "x", command: ["true"], path: "/" };
  for (const kind of ["http", "tcp", "serial", "command", "guest"]) {
    yield { ...bare, healthChecks: [{ name: "a", kind }] };
    for (const [key, value] of Object.entries(options)) {
      yield { ...bare, healthChecks: [{ name: "a", kind, [key]: value }] };
    }
  }
  const check = { name: "a", kind: "guest" };
  yield { ...bare, healthChecks: [check, check] };
  yield { cpu: 1, memoryMib: 16, image: bare["image"] ?? null };
}

function* blueprints(): Generator<Json> {
  const blueprint: Set = {
    version: 1,
    cluster: "shop",
    placement: "pack",
    vms: { web: fullVm() },
  };
  for (const vm of combinations()) yield { ...blueprint, vms: { web: vm } };
  yield { ...blueprint, vms: {} };
  yield { ...blueprint, vms: { web: fullVm(), Db: fullVm() } };
  yield blueprint;
  yield* variants(blueprint);
}

Deno.test("nix/lib and roles/model accept and refuse the same blueprints", async () => {
  await using store = await nixStore("parity");
  const cases = [...blueprints()];
  await writeFiles(store.path, {
    "cases.json": JSON.stringify(cases),
    ...Object.fromEntries(
      Object.entries(LIB_FILES).map(([name, text]) => [`lib/${name}`, text]),
    ),
    "flake.nix": `{
      outputs = { self }: {
        verdicts = map ((import ./lib/blueprint.nix).blueprint.check "")
          (builtins.fromJSON (builtins.readFile ./cases.json));
      };
    }`,
  });
  const flake = join(store.path, "flake");
  await runChecked("mkdir", [flake]);
  await runChecked("mv", [
    ...["cases.json", "lib", "flake.nix"].map((name) => join(store.path, name)),
    flake,
  ]);
  const verdicts = await store.nix.evalJson(
    `path:${flake}`,
    "verdicts",
  ) as string[][];
  equal(verdicts.length, cases.length);
  const differing = cases.flatMap((value, index) => {
    const said = verdicts[index] ?? [];
    const parsed = Blueprint.safeParse(value);
    return (said.length === 0) === parsed.success ? [] : [{
      nix: said,
      model: parsed.error?.issues.map((issue) =>
        `${issue.path.join(".")}: ${issue.message}`
      ),
    }];
  });
  deepEqual(differing.slice(0, 10), [], `${differing.length} differ`);
  const accepted = verdicts.filter((said) => said.length === 0).length;
  ok(accepted > 500, `only ${accepted} of ${cases.length} are accepted`);
  ok(cases.length - accepted > 5000, `${accepted} are accepted`);
});
