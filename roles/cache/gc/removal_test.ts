import assert from "node:assert/strict";
import fc from "fast-check";
import { logger } from "../../log/mod.ts";
import { encodeNixBase32 } from "../../nar/core/nix_base32.ts";
import { Database } from "../storage/database.ts";
import { HotTexts } from "../storage/hot_texts.ts";
import { Metadata } from "../storage/metadata.ts";
import { GraphBuilder } from "./core/graph.ts";
import { planCollection } from "./core/plan.ts";
import { Pace } from "../../turns/pace.ts";
import { PathRows } from "./path_rows.ts";
import { Removal } from "./removal.ts";
import { Uses } from "./uses.ts";

const NOW_MS = 1_000_000_000_000;

function hashOf(path: number): string {
  const bytes = new Uint8Array(20);
  bytes[19] = path;
  return encodeNixBase32(bytes);
}

function fileOf(number: number): string {
  return `${hashOf(number)}${"0".repeat(20)}.nar.zst`;
}

/** A cache in memory whose files are a set. */
class World {
  readonly database = new Database(":memory:");
  readonly metadata = new Metadata(this.database);
  readonly rows = new PathRows(this.database);
  readonly hot = new HotTexts(1e6);
  readonly files = new Set<string>();
  nowMs = NOW_MS;
  readonly uses = new Uses({
    database: this.database,
    rows: this.rows,
    clock: { now: () => this.nowMs },
    log: logger("test"),
    graceMs: 0,
  });
  /** Paths by number, with what they refer to. */
  readonly references = new Map<number, readonly number[]>();
  /** Somebody was told that these are here. */
  readonly promised = new Set<number>();

  push(path: number, file: number, references: readonly number[]): void {
    const base = `${hashOf(path)}-p`;
    const known = references.filter((other) => this.has(other));
    this.files.add(fileOf(file));
    this.metadata.putNar({
      file: fileOf(file),
      fileSize: 10,
      narHash: "sha256:x",
      narSize: 10,
    }, this.nowMs);
    this.metadata.putPath(
      {
        storeDir: "/nix/store",
        base,
        file: fileOf(file),
        compression: "zstd",
        fileHash: "",
        fileSize: 10,
        narHash: "",
        narSize: 10,
        references: known.map((other) => `${hashOf(other)}-p`),
        signatures: [],
      },
      "text",
      { nowMs: this.nowMs, by: "test" },
    );
    this.hot.set(hashOf(path), "text");
    this.references.set(path, known);
  }

  has(path: number): boolean {
    return this.metadata.hasPath(hashOf(path));
  }

  /** As nix asks before it pushes. */
  ask(path: number): void {
    if (!this.has(path)) return;
    this.uses.mark(hashOf(path));
    this.promised.add(path);
  }

  /** @param whileSynced happens after each commit, before it is on disk. */
  removal(batch: number, whileSynced = () => {}): Removal {
    return new Removal({
      ...this,
      database: {
        commit: async (what, action) => {
          this.database.transaction(what, action);
          await Promise.resolve();
          whileSynced();
        },
        shortenLog: () => this.database.shortenLog(),
      },
      batch,
      files: {
        drop: (file) => {
          this.files.delete(file);
          return Promise.resolve();
        },
        isArriving: () => false,
      },
    });
  }

  plan(roots: readonly number[]) {
    const builder = new GraphBuilder({ seed: 3, expected: 1 });
    for (const facts of this.rows.factsAfter(0)) builder.addPath(facts);
    for (const { hash, references } of this.rows.referencesAfter("")) {
      builder.addReferences(hash, references);
    }
    const graph = builder.done();
    const seeds = roots.flatMap((root) => graph.find(hashOf(root)) ?? []);
    const never = 0xffffffff;
    const plan = new Pace().run(planCollection(graph, seeds, {
      graceSecond: never,
      keepSecond: never,
      maxBytes: Infinity,
      maxPaths: Infinity,
    }));
    return { graph, plan };
  }

  /** What can be found can be fetched, closures included; what was promised is there. */
  check(): void {
    for (const [path, references] of this.references) {
      const hash = hashOf(path);
      const row = this.rows.path(hash);
      if (row === undefined) {
        assert.ok(!this.promised.has(path), `${path} was promised`);
        assert.equal(this.hot.get(hash), undefined, `${path} is still served`);
        continue;
      }
      assert.ok(this.rows.hasNar(row.file), `${path} lost its nar's record`);
      assert.ok(this.files.has(row.file), `${path} lost its nar`);
      for (const other of references) {
        assert.ok(this.has(other), `${path} lost ${other}`);
      }
    }
  }
}

const path = fc.nat({ max: 19 });
const pushed = fc.record({
  kind: fc.constant("push" as const),
  path: fc.nat({ max: 29 }),
  file: fc.nat({ max: 14 }),
  references: fc.uniqueArray(fc.nat({ max: 29 }), { maxLength: 3 }),
});
const asked = fc.record({ kind: fc.constant("ask" as const), path });
const events = fc.array(fc.oneof(pushed, asked), { maxLength: 4 });

Deno.test("Removal breaks no closure and no promise, whatever is pushed and asked for meanwhile", async () => {
  await fc.assert(fc.asyncProperty(
    fc.record({
      // Each refers to lower ones, as a closure that nix made.
      paths: fc.array(
        fc.record({
          file: fc.nat({ max: 14 }),
          references: fc.uniqueArray(path, { maxLength: 3 }),
        }),
        { minLength: 1, maxLength: 20 },
      ),
      roots: fc.uniqueArray(path, { maxLength: 2 }),
      batch: fc.integer({ min: 1, max: 4 }),
      meanwhile: fc.array(events, { maxLength: 12 }),
    }),
    async ({ paths, roots, batch, meanwhile }) => {
      const world = new World();
      using _database = world.database;
      for (const [at, { file, references }] of paths.entries()) {
        world.push(at, file, references.filter((other) => other < at));
      }
      world.nowMs += 1000;
      using watch = world.uses.watch();
      const { graph, plan } = world.plan(roots);
      const happen = () => {
        for (const event of meanwhile.shift() ?? []) {
          if (event.kind === "ask") world.ask(event.path);
          // What nix pushes refers to what it was told of or has pushed.
          else if (!world.has(event.path)) {
            const { path, file, references } = event;
            for (const other of references) world.ask(other);
            world.push(path, file, references.filter((other) => other < path));
          }
        }
        world.check();
      };
      happen();
      const removal = world.removal(batch, happen);
      await removal.apply(graph, await plan, {
        watch,
        signal: new AbortController().signal,
        told: happen,
      });
      world.check();
      for (const root of roots) {
        assert.ok(world.has(root) || root >= paths.length, `root ${root}`);
      }
    },
  ));
});

Deno.test("Removal takes a circle as a whole, or leaves it as a whole", async () => {
  for (const isAsked of [false, true]) {
    const world = new World();
    using _database = world.database;
    world.push(0, 0, []);
    world.push(1, 1, [0]);
    world.push(2, 2, [1]);
    // Pushed again with another list: nix never does that.
    world.push(0, 0, [2]);
    world.nowMs += 1000;
    using watch = world.uses.watch();
    const { graph, plan } = world.plan([]);
    if (isAsked) world.ask(1);
    const removal = world.removal(1);
    await removal.apply(graph, await plan, {
      watch,
      signal: new AbortController().signal,
      told: () => {},
    });
    world.check();
    assert.deepEqual(
      [0, 1, 2].map((path) => world.has(path)),
      [isAsked, isAsked, isAsked],
    );
  }
});

Deno.test("Removal leaves a nar that is sent again while its end is written", async () => {
  const world = new World();
  using _database = world.database;
  world.push(1, 1, []);
  world.nowMs += 1000;
  await world.removal(1, () => world.push(1, 1, [])).removePath(hashOf(1));
  assert.ok(world.has(1));
  world.check();
});

Deno.test("Uses: what is marked is written once, with the time of writing", async () => {
  const world = new World();
  using _database = world.database;
  world.push(1, 1, []);
  world.nowMs += 5000;
  world.uses.mark(hashOf(1));
  await world.uses.flush();
  assert.equal(world.rows.path(hashOf(1))?.usedAtMs, NOW_MS + 5000);
  world.nowMs += 5000;
  await world.uses.flush();
  assert.equal(world.rows.path(hashOf(1))?.usedAtMs, NOW_MS + 5000);
});
