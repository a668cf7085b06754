/**
 * `procurator status` as a user sees it. The master is scripted.
 *
 * @module
 */
import assert from "node:assert/strict";
import { AppError } from "../../roles/model/mod.ts";
import { cli, scriptedMaster } from "../support/cli.ts";
import { clusterStatus } from "../support/specs.ts";

const STATUS = clusterStatus();

Deno.test("status prints a table, or JSON alone", async () => {
  const master = { status: () => Promise.resolve(STATUS) };
  const text = await cli(["status"], { master });
  assert.equal(text.status, 0);
  assert.match(
    text.out,
    /shop {2}generation 1 \(abc123\) is active, 100 % converged/,
  );
  const json = await cli(["status", "--json"], { master });
  assert.deepEqual(JSON.parse(json.out), STATUS);
  assert.equal(json.err, "");
});

Deno.test("status --wait ends when it has converged, and exits 4 when it does not", async () => {
  let looks = 0;
  const later = await cli(["status", "--wait", "20", "--json"], {
    master: () => {
      looks++;
      if (looks === 1) {
        return Promise.reject(new AppError("unavailable", "not yet"));
      }
      const status = { ...STATUS, convergencePercent: looks === 2 ? 50 : 100 };
      return Promise.resolve(
        scriptedMaster({ status: () => Promise.resolve(status) }),
      );
    },
  });
  assert.deepEqual([later.status, looks], [0, 3]);
  const never = await cli(["status", "--wait", "0"], {
    master: {
      status: () => Promise.resolve({ ...STATUS, convergencePercent: 50 }),
    },
  });
  assert.equal(never.status, 4);
  assert.match(never.err, /not converged within 0 s/);
});

Deno.test("status --watch shows each change once, until it is stopped", async () => {
  let looks = 0;
  const stop = Promise.withResolvers<void>();
  const watched = await cli(["status", "--watch", "--json"], {
    stopped: stop.promise,
    master: {
      status: () => {
        looks++;
        if (looks === 4) stop.resolve();
        return Promise.resolve({
          ...STATUS,
          convergencePercent: looks < 3 ? 50 : 100,
        });
      },
    },
  });
  assert.equal(watched.status, 0);
  const percents = watched.out.trim().split("\n").map((line) =>
    JSON.parse(line).convergencePercent
  );
  assert.deepEqual(percents, [50, 100]);
});
