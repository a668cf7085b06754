/**
 * `procurator console` in a terminal, over a master that is scripted: what the
 * user sees and how he gets out, whatever the other end does.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { AttachedConsole } from "../../roles/cli/vm_client.ts";
import { AppError } from "../../roles/model/errors.ts";
import { cli, scriptedMaster } from "../support/cli.ts";
import { keyboard } from "../support/keyboard.ts";
import { VirtualClock } from "../support/virtual_clock.ts";
import { until } from "../support/wait.ts";

const WAIT = { timeoutMs: 60_000 };
const VM = "shop/web-0";
const CONNECT = { PROCURATOR_MASTER: "tcp://x:1", PROCURATOR_TOKEN: "pcr_x" };

const bytesOf = (text: string) => new TextEncoder().encode(text);
const textOf = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

/** Moves time on until the command is over. */
async function afterTime<T>(
  clock: VirtualClock,
  result: Promise<T>,
): Promise<T> {
  let isOver = false;
  void result.finally(() => {
    isOver = true;
  });
  await until("it ends", () => {
    clock.advance(1000);
    return isOver;
  }, WAIT);
  return await result;
}

/** Attaches to a guest that the test is; `write` is what takes the keys. */
function attach(
  write: AttachedConsole["write"],
  { greeting = "" }: { greeting?: string } = {},
) {
  const { terminal, press, isRestored } = keyboard();
  const ended = Promise.withResolvers<string>();
  const attached = Promise.withResolvers<(bytes: Uint8Array) => void>();
  const screen = { text: "" };
  const clock = new VirtualClock();
  const result = cli(["console", VM], {
    env: CONNECT,
    rawTerminal: terminal,
    clock,
    onOut: (text) => {
      screen.text += text;
    },
    onErr: (text) => {
      screen.text += text;
    },
    master: () =>
      Promise.resolve(scriptedMaster({
        console: (_vm, take) => {
          if (greeting !== "") take(bytesOf(greeting));
          attached.resolve(take);
          return Promise.resolve({
            write,
            ended: ended.promise,
            [Symbol.dispose]: () => undefined,
          });
        },
      })),
  });
  return { result, press, isRestored, ended, attached, screen, clock };
}

const hangs = () => new Promise<void>(() => {});

Deno.test("~. leaves a console whose other end hangs", async () => {
  const { result, press, isRestored, clock } = attach(hangs);
  await press("ls\r");
  await press("more\r");
  await press("~.");
  const { status, err } = await afterTime(clock, result);
  assert.equal(status, 0, err);
  assert.match(err, /detached\n$/);
  assert.ok(isRestored());
});

Deno.test("what is typed is sent in order, one piece at a time, and before leaving", async () => {
  const sent: string[] = [];
  let atOnce = 0;
  const { result, press } = attach(async (bytes) => {
    assert.equal(++atOnce, 1);
    await new Promise((resolve) => setTimeout(resolve, 0));
    sent.push(textOf(bytes));
    atOnce--;
  });
  for (const text of ["r", "e", "boot\r"]) await press(text);
  await press("~~x\r~.");
  assert.equal((await result).status, 0);
  assert.equal(sent.join(""), "reboot\r~x\r");
});

Deno.test("a page is typed ahead of an end that hangs; beyond that it rings, and memory stays", async () => {
  const { result, press, screen, clock } = attach(hangs);
  for (let piece = 0; piece < 300; piece++) await press("x".repeat(4096));
  await until("it rings", () => screen.text.includes("\x07"), WAIT);
  await press("\r~.");
  assert.equal((await afterTime(clock, result)).status, 0);
});

Deno.test("a connection that is lost is told on a line of its own, with what to do; the terminal is put right before", async () => {
  const { result, ended, attached, screen, isRestored } = attach(hangs);
  (await attached.promise)(bytesOf("half a line"));
  ended.reject(
    new AppError("unavailable", "The connection to the master ended", {
      hint: "the VM runs on; attach again when the master is back",
    }),
  );
  assert.equal((await result).status, 1);
  assert.ok(isRestored());
  assert.match(
    screen.text,
    /half a line\r?\nerror: The connection to the master ended\nTry: the VM runs on/,
  );
});

Deno.test("keys that cannot be sent end it with the reason", async () => {
  const { result, press, isRestored } = attach(() =>
    Promise.reject(new AppError("denied", "The token was revoked"))
  );
  await press("x");
  const { status, err } = await result;
  assert.equal(status, 3);
  assert.match(err, /The token was revoked/);
  assert.ok(isRestored());
});

Deno.test("what to know comes before what the guest wrote", async () => {
  const { result, press, screen } = attach(() => Promise.resolve(), {
    greeting: "login: ",
  });
  await until("it is shown", () => screen.text.includes("login"), WAIT);
  await press("~.");
  await result;
  assert.match(screen.text, /^attached to shop\/web-0[^]*\r\nlogin: /);
});

Deno.test("a guest that ends is no failure, a worker that goes is one", async () => {
  for (const [why, status] of [["", 0], ["the worker w1 left", 1]] as const) {
    const { result, ended, screen } = attach(hangs);
    ended.resolve(why);
    assert.equal((await result).status, status);
    assert.match(screen.text, why === "" ? /the guest has ended/ : /w1 left/);
  }
});

Deno.test("console --watch lets no guest make a terminal type; a pipe gets every byte", async () => {
  // It asks where the cursor is: the answer would be typed into the user's shell.
  const said = "login: \x1b[6n\x1b[31mred\x1b[0m\r\n";
  const shown = async (terminal: boolean) => {
    const { out, text, status } = await cli(["console", VM, "--watch"], {
      env: CONNECT,
      terminal,
      master: {
        console: (_vm, take) => {
          take(bytesOf(said));
          return Promise.resolve({
            ended: Promise.resolve(""),
            write: () => Promise.reject(new AppError("failed", "typed")),
            [Symbol.dispose]: () => undefined,
          });
        },
      },
    });
    assert.equal(status, 0);
    return out + text;
  };
  assert.equal(await shown(true), "login: red\n");
  assert.equal(await shown(false), said);
});
