/**
 * The guest's agent without a guest: nix/lib/agent.sh on this host, with
 * nothing but busybox's applets, over pipes.
 *
 * @module
 */
import { systemClock, systemRandom } from "../../roles/clock/mod.ts";
import { GuestChannels } from "../../vmm/guest/mod.ts";
import type { GuestConnection } from "../../vmm/vmm.ts";
import { tempDir } from "./temp.ts";

const AGENT = new URL("../../nix/lib/agent.sh", import.meta.url).pathname;
export const COPY = { id: "shop/web-0", incarnation: 1 };

/** A connection to a process's standard input and output. */
function connectionTo(child: Deno.ChildProcess): GuestConnection {
  const writer = child.stdin.getWriter();
  let isClosed = false;
  return {
    readable: child.stdout,
    write: (bytes) => writer.write(bytes),
    close() {
      if (isClosed) return;
      isClosed = true;
      // The agent ends with its input, and with it what is read from it.
      writer.close().catch(() => undefined);
    },
  };
}

/** An agent for each connection, as behind vsock; or what calls itself one. */
export async function agentHost(
  words: readonly string[] = ["sh", AGENT, "-"],
  /** What systemd tells it of a connection, as the NixOS module has it. */
  more: Record<string, string> = {},
) {
  const dir = await tempDir("agent");
  const bin = `${dir.path}/bin`;
  await Deno.mkdir(bin);
  await new Deno.Command("/bin/busybox", { args: ["--install", "-s", bin] })
    .output();
  const children: Deno.ChildProcess[] = [];
  const start = (path: string) => {
    const child = new Deno.Command("/bin/busybox", {
      args: [...words],
      env: { ...more, PATH: bin, PROCURATOR_AGENT_DIR: path },
      clearEnv: true,
      stdin: "piped",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    children.push(child);
    return child;
  };
  const channels = new GuestChannels({
    vmm: {
      guestChannel: () =>
        Promise.resolve(connectionTo(start(`${dir.path}/run`))),
    },
    clock: systemClock,
    random: systemRandom,
  });
  return {
    dir: dir.path,
    channels,
    /** Agents started so far. */
    children,
    async [Symbol.asyncDispose]() {
      await channels.close();
      for (const child of children) await child.status;
      await dir[Symbol.asyncDispose]();
    },
  };
}
