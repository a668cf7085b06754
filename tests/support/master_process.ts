/**
 * A real master on free ports, in this process or in one of its own, and typed
 * clients of it.
 *
 * @module
 */
import { connectRpc } from "../../rpc/mod.ts";
import { Gate } from "../../rpc/generated/master.ts";
import {
  openTokenTable,
  type TokenRequest,
  type TokenRole,
} from "../../roles/auth/mod.ts";
import { systemClock, systemRandom } from "../../roles/clock/mod.ts";
import { MasterConfig, run } from "../../roles/master/mod.ts";
import type { RunningRole } from "../../roles/model/ports.ts";

/** A token, written into the table before the master starts or while it runs. */
export function makeToken(
  stateDir: string,
  role: TokenRole,
  over: Partial<TokenRequest> = {},
): string {
  const table = openTokenTable(stateDir);
  try {
    return table.create(
      { role, name: `test ${role}`, ...over },
      { now: systemClock.now(), random: systemRandom },
    ).token;
  } finally {
    table.close();
  }
}

/** The configuration of a master on free ports. */
export function masterConfig(
  directory: string,
  over: Record<string, unknown> = {},
): MasterConfig {
  return MasterConfig.parse({
    stateDir: `${directory}/master`,
    runDir: `${directory}/run`,
    listen: "127.0.0.1:0",
    rpcListen: "127.0.0.1:0",
    tickMs: 50,
    ...over,
  });
}

/** Starts a master; `await using` stops it. */
export async function startMaster(
  directory: string,
  over: Record<string, unknown> = {},
): Promise<RunningRole & AsyncDisposable & { http: string; rpc: string }> {
  const role = await run(masterConfig(directory, over));
  const { http, rpc } = role.endpoints;
  if (http === undefined || rpc === undefined) throw new Error("no endpoints");
  return { ...role, http, rpc, [Symbol.asyncDispose]: () => role.stop() };
}

/** A session of this token; `using` ends it. */
export async function openSession(url: string, token: string) {
  const connection = await connectRpc({ url });
  const gate = connection.bootstrap(Gate);
  const { session } = await gate.login({ token });
  return {
    session,
    connection,
    [Symbol.dispose]: () => connection.close(),
  };
}

/** A master in a process of its own. */
export interface MasterChild extends AsyncDisposable {
  readonly rpc: string;
  /** Resolves when it has ended, as at a failpoint. */
  ended(): Promise<void>;
  /** kill -9. */
  kill(): Promise<void>;
}

/** Starts a master in a process of its own, which dies at the failpoint if one is given. */
export async function startMasterChild(
  directory: string,
  { failpoint, config = {} }: {
    failpoint?: string | undefined;
    config?: Record<string, unknown>;
  } = {},
): Promise<MasterChild> {
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "-A",
      "--no-check",
      new URL("./master_child.ts", import.meta.url).pathname,
      directory,
      JSON.stringify(config),
    ],
    env: failpoint === undefined ? {} : { PROCURATOR_FAILPOINT: failpoint },
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  while (!text.includes("\n")) {
    const { value, done } = await reader.read();
    if (done) throw new Error("the master ended before it listened");
    text += value;
  }
  const ended = async () => {
    await child.status;
    await reader.cancel();
  };
  const kill = async () => {
    try {
      child.kill("SIGKILL");
    } catch {
      // It has ended.
    }
    await ended();
  };
  const { rpc } = JSON.parse(text);
  return { rpc: String(rpc), ended, kill, [Symbol.asyncDispose]: kill };
}
