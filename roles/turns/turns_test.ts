import assert from "node:assert/strict";
import { Turns } from "./turns.ts";

const overloaded = { code: "overloaded", message: /Too many uploads/ };

/** Work that says when it begins, and ends when it is told to. */
function recorder(turns: Turns) {
  const order: string[] = [];
  const works = new Map<
    string,
    { begun: PromiseWithResolvers<void>; end: PromiseWithResolvers<void> }
  >();
  const run = (name: string, signal?: AbortSignal) => {
    const work = {
      begun: Promise.withResolvers<void>(),
      end: Promise.withResolvers<void>(),
    };
    works.set(name, work);
    return turns.run(async () => {
      order.push(name);
      work.begun.resolve();
      await work.end.promise;
      order.push(`${name} ends`);
    }, signal);
  };
  return {
    order,
    run,
    begun: (name: string) => works.get(name)?.begun.promise,
    end: (name: string) => works.get(name)?.end.resolve(),
  };
}

Deno.test("Turns runs so many, lets so many wait in order, refuses the rest", async () => {
  const turns = new Turns({ running: 2, waiting: 2, what: "uploads" });
  const { order, run, begun, end } = recorder(turns);
  const all = [run("a"), run("b"), run("c"), run("d")];
  await assert.rejects(run("e"), overloaded);
  end("b");
  await begun("c");
  end("c");
  await begun("d");
  end("a");
  end("d");
  await Promise.all(all);
  assert.deepEqual(order, [
    "a",
    "b",
    "b ends",
    "c",
    "c ends",
    "d",
    "a ends",
    "d ends",
  ]);
  assert.equal(turns.idle, true);
});

Deno.test("Turns: a turn that ends goes to who waits, not to who comes", async () => {
  const turns = new Turns({ running: 1, waiting: 2, what: "uploads" });
  const { order, run, end } = recorder(turns);
  const endFirst = await turns.take();
  const waiting = run("waiting");
  endFirst();
  const newcomer = run("newcomer");
  end("waiting");
  end("newcomer");
  await Promise.all([waiting, newcomer]);
  assert.deepEqual(order, [
    "waiting",
    "waiting ends",
    "newcomer",
    "newcomer ends",
  ]);
});

Deno.test("Turns passes a turn on when its work fails", async () => {
  const turns = new Turns({ running: 1, waiting: 1, what: "uploads" });
  const failing = turns.run(() => Promise.reject(new Error("no")));
  const next = turns.run(() => Promise.resolve(1));
  await assert.rejects(failing, /no/);
  assert.equal(await next, 1);
  assert.equal(turns.idle, true);
});

Deno.test("Turns: who aborts leaves the line and makes room in it", async () => {
  const turns = new Turns({ running: 1, waiting: 1, what: "uploads" });
  const { order, run, end } = recorder(turns);
  const first = run("first");
  const leaving = new AbortController();
  const gone = run("gone", leaving.signal);
  await assert.rejects(run("too early"), overloaded);
  leaving.abort(new Error("hung up"));
  await assert.rejects(gone, /hung up/);
  const second = run("second");
  end("first");
  end("second");
  await Promise.all([first, second]);
  assert.deepEqual(order, ["first", "first ends", "second", "second ends"]);
  await assert.rejects(run("after", leaving.signal), /hung up/);
  assert.equal(turns.idle, true);
});

Deno.test("Turns: aborting after the turn has begun changes nothing", async () => {
  const turns = new Turns({ running: 1, waiting: 1, what: "uploads" });
  const controller = new AbortController();
  const endFirst = await turns.take();
  const second = turns.take(controller.signal);
  endFirst();
  controller.abort();
  const endSecond = await second;
  assert.equal(turns.idle, false);
  endSecond();
  assert.equal(turns.idle, true);
});

Deno.test("Turns: a turn ends once, however often it is ended", async () => {
  const turns = new Turns({ running: 1, waiting: 2, what: "uploads" });
  const { order, run, end } = recorder(turns);
  const endFirst = await turns.take();
  const waiting = [run("second"), run("third")];
  endFirst();
  endFirst();
  end("second");
  end("third");
  await Promise.all(waiting);
  assert.deepEqual(order, ["second", "second ends", "third", "third ends"]);
});
