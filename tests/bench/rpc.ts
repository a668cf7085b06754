/**
 * `deno task bench rpc`: calls per second of the same C++ client against our
 * server and against a C++ server, medians of interleaved runs.
 *
 * @module
 */
import { buildCpp } from "../interop/build.ts";
import {
  runCppClient,
  startCppServer,
  startOurServer,
} from "../interop/processes.ts";
import { median } from "./median.ts";
import { measurePublishFull } from "./rpc_publish.ts";

const NAMES = ["sequential", "inFlight64", "publish1000"] as const;
/** Interleaved, so that the machine's other load meets both sides alike. */
const RUNS = 5;
const SECONDS_PER_RUN = 1.5;

export interface RpcFigure {
  callsPerSecond: number;
  cppCallsPerSecond: number;
  ratio: number;
}

export type RpcFigures = Record<(typeof NAMES)[number], RpcFigure>;

/** Measures the three keys that need no master. */
export async function measureRpc(
  options: { runs?: number; secondsPerRun?: number } = {},
): Promise<RpcFigures> {
  const { runs = RUNS, secondsPerRun = SECONDS_PER_RUN } = options;
  const programs = await buildCpp();
  await using ours = await startOurServer();
  await using theirs = await startCppServer(programs.server);
  const callsPerSecond = async (port: number, name: string) => {
    const args = ["bench", name, String(secondsPerRun)];
    const { success, text } = await runCppClient(programs.client, port, args);
    if (!success) throw new Error(`The benchmark client failed: ${text}`);
    return Number(text);
  };
  const figures: Partial<RpcFigures> = {};
  for (const name of NAMES) {
    const mine: number[] = [];
    const cpp: number[] = [];
    // Not counted: the compiler of the runtime warms up.
    await callsPerSecond(ours.port, name);
    for (let run = 0; run < runs; run++) {
      mine.push(await callsPerSecond(ours.port, name));
      cpp.push(await callsPerSecond(theirs.port, name));
    }
    const [a, b] = [median(mine), median(cpp)];
    figures[name] = {
      callsPerSecond: Math.round(a),
      cppCallsPerSecond: Math.round(b),
      ratio: Math.round(100 * a / b) / 100,
    };
  }
  return figures as RpcFigures;
}

/** What the task prints as JSON. */
export async function run(_options: { json: boolean }): Promise<unknown> {
  const figures = await measureRpc();
  const publish = await measurePublishFull();
  const publishFull1000 = { callsPerSecond: Math.round(10 * publish) / 10 };
  return { ...figures, publishFull1000 };
}
