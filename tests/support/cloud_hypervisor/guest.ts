/**
 * Scripted guests of the stand-in: what they do is on the kernel's command line,
 * as of the simulated driver, so that a blueprint can script them.
 *
 * ```text
 *  standin.guest=serves|silent|powers-off|panics|hangs|floods
 *  standin.listen=127.0.0.2:80   where `serves` takes HTTP connections
 *  standin.boot_ms=50            until it is up
 *  standin.off_ms=20             from the power button to the end
 *  standin.switch=ok|fail|lost   what a switch inside comes to
 * ```
 *
 * A pause closes its port; its clock goes on.
 *
 * @module
 */
import type { SwitchOutcome } from "../../../vmm/simulated/core/agent.ts";
import type { SerialPort } from "./devices.ts";

/** How a guest ends by itself. */
export type GuestEnd = "off" | "reset";

/** The words of a script. */
export interface GuestScript {
  kind: string;
  listen: { hostname: string; port: number } | null;
  bootMs: number;
  offMs: number;
  switches: SwitchOutcome;
}

/** The script on a command line; a guest without one is silent. */
export function guestScript(cmdline: string): GuestScript {
  const word = (name: string) =>
    new RegExp(`(?:^|\\s)standin\\.${name}=(\\S+)`).exec(cmdline)?.[1];
  const listen = word("listen");
  const switches = word("switch");
  const at = listen?.lastIndexOf(":") ?? -1;
  return {
    kind: word("guest") ?? "silent",
    listen: listen === undefined ? null : {
      hostname: listen.slice(0, at),
      port: Number(listen.slice(at + 1)),
    },
    bootMs: Number(word("boot_ms") ?? 50),
    offMs: Number(word("off_ms") ?? 20),
    switches: switches === "fail" || switches === "lost" ? switches : "ok",
  };
}

/** One boot of a guest. */
export class Guest {
  readonly #script: GuestScript;
  readonly #serial: SerialPort;
  readonly #onEnd: (end: GuestEnd) => void;
  #server: Deno.HttpServer | null = null;
  readonly #timers = new Set<ReturnType<typeof setTimeout>>();
  #isOver = false;
  #isUp = false;
  #isPaused = false;
  #typed = "";

  constructor(
    script: GuestScript,
    serial: SerialPort,
    onEnd: (end: GuestEnd) => void,
  ) {
    this.#script = script;
    this.#serial = serial;
    this.#onEnd = onEnd;
  }

  boot(): void {
    void this.#serial.print("Linux version 6.1 (stand-in)\r\n");
    this.#after(this.#script.bootMs, () => this.#up());
  }

  /** The machine was restored: it is up once it is resumed, and has nothing to say. */
  goOn(): void {
    this.#isUp = this.#script.kind === "serves";
  }

  pressButton(): void {
    if (this.#script.kind === "hangs") return;
    void this.#serial.print("Power key pressed\r\n");
    this.#after(this.#script.offMs, () => this.#end("off"));
  }

  /** Line by line it says what it was told. */
  type(bytes: Uint8Array): void {
    this.#typed += new TextDecoder().decode(bytes).replaceAll("\r", "\n");
    const lines = this.#typed.split("\n");
    this.#typed = lines.pop() ?? "";
    if (this.#isOver) return;
    for (const line of lines) void this.#serial.print(`echo: ${line}\r\n`);
  }

  /** Its processors stand still: nobody takes a connection. */
  pause(): void {
    this.#isPaused = true;
    void this.#server?.shutdown();
    this.#server = null;
  }

  resume(): void {
    this.#isPaused = false;
    if (this.#isUp) this.#serve();
  }

  /** Its processors are gone. */
  stop(): void {
    this.#isOver = true;
    for (const timer of this.#timers) clearTimeout(timer);
    void this.#server?.shutdown();
  }

  #up(): void {
    const { kind } = this.#script;
    if (kind === "serves") {
      this.#serve();
      void this.#serial.print("test-vm: ready\r\n");
    } else if (kind === "powers-off") this.#end("off");
    else if (kind === "panics") {
      void this.#serial.print("Kernel panic - not syncing\r\n");
      this.#after(20, () => this.#end("reset"));
    } else if (kind === "floods") void this.#flood();
    else void this.#serial.print(`test-vm: ${kind}\r\n`);
  }

  #serve(): void {
    const { listen } = this.#script;
    this.#isUp = true;
    // One that comes up while it is paused takes connections once it goes on.
    if (listen === null || this.#isPaused) return;
    this.#server = Deno.serve(
      { ...listen, onListen: () => undefined },
      (request) =>
        new URL(request.url).pathname === "/healthz"
          ? new Response("ok\n")
          : new Response("hello from a test machine\n"),
    );
  }

  async #flood(): Promise<void> {
    const line = `${"flood ".repeat(20)}\r\n`.repeat(100);
    while (!this.#isOver) {
      await this.#serial.print(line);
      await new Promise((resolve) => this.#after(1, () => resolve(null)));
    }
  }

  #end(end: GuestEnd): void {
    this.stop();
    void this.#serial.print("reboot: System halted\r\n").then(() =>
      this.#onEnd(end)
    );
  }

  #after(ms: number, then: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      if (!this.#isOver) then();
    }, ms);
    this.#timers.add(timer);
  }
}
