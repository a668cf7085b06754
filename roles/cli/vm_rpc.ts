/**
 * The real {@linkcode VmClient}: Cap'n Proto over rpc/.
 *
 * @module
 */
import { z } from "zod";
import type { SessionClient } from "../../rpc/generated/master.ts";
import {
  ByteSink,
  type ByteSinkServer,
  ExecSink,
  type ExecSinkServer,
} from "../../rpc/generated/worker.ts";
import { type Released, serverOf } from "../../rpc/mod.ts";
import { AppError } from "../model/errors.ts";
import { Counter } from "../model/ids.ts";
import { parseWith } from "../model/parse.ts";
import { SnapshotInfo } from "../model/snapshot.ts";
import type { CallWithin } from "./operator_rpc.ts";
import type { AttachedConsole, RunningCommand, VmClient } from "./vm_client.ts";

const ANSWER = { what: "the master's answer" };
const LogAnswer = z.object({
  data: z.instanceof(Uint8Array),
  incarnation: Counter,
  boot: Counter,
  generation: Counter,
  offset: Counter,
  ended: z.boolean(),
});
/** -1 on the wire: not known. */
const Known = z.number().transform((value) => value < 0 ? null : value);
const FiguresAnswer = z.object({
  atMs: Counter,
  cpuSeconds: Known,
  memoryBytes: Known,
  diskReadBytes: Known,
  diskWrittenBytes: Known,
  networkReceivedBytes: Known,
  networkSentBytes: Known,
});

const GONE = () =>
  new AppError("unavailable", "The connection to the master ended", {
    hint: "the VM runs on; ask again when the master is back",
  });

/** How calls are bounded: those that answer at once, and those that move a guest's memory. */
export interface VmCalls {
  call: CallWithin;
  long: CallWithin;
}

function readingMethods(
  session: SessionClient,
  { call }: VmCalls,
): Pick<VmClient, "readLog" | "figures" | "snapshots"> {
  return {
    async readLog(request, signal) {
      using viewer = session.viewer().viewer;
      const reply = await call((options) =>
        viewer.readLog(request, {
          signal: AbortSignal.any([options.signal, signal]),
        })
      );
      return parseWith(LogAnswer, reply, ANSWER);
    },
    async figures(vm) {
      using viewer = session.viewer().viewer;
      const reply = await call((options) => viewer.figures({ vm }, options));
      return parseWith(FiguresAnswer, reply.figures, ANSWER);
    },
    async snapshots(vm) {
      using viewer = session.viewer().viewer;
      const reply = await call((options) => viewer.snapshots({ vm }, options));
      return parseWith(z.array(SnapshotInfo), reply.snapshots, ANSWER);
    },
  };
}

function actingMethods(
  session: SessionClient,
  { call, long }: VmCalls,
): Pick<
  VmClient,
  "pauseVm" | "resumeVm" | "snapshotVm" | "restoreVm" | "deleteSnapshot"
> {
  return {
    async pauseVm(vm) {
      using operator = session.operator().operator;
      await call((options) => operator.pauseVm({ vm }, options));
    },
    async resumeVm(vm) {
      using operator = session.operator().operator;
      await call((options) => operator.resumeVm({ vm }, options));
    },
    async snapshotVm(vm, name) {
      using operator = session.operator().operator;
      const reply = await long((options) =>
        operator.snapshotVm({ vm, name }, options)
      );
      return parseWith(Counter, reply.bytes, ANSWER);
    },
    async restoreVm(vm, name) {
      using operator = session.operator().operator;
      await long((options) => operator.restoreVm({ vm, name }, options));
    },
    async deleteSnapshot(vm, name) {
      using operator = session.operator().operator;
      await call((options) => operator.deleteSnapshot({ vm, name }, options));
    },
  };
}

/** Ended by the last call, or when nobody holds the sink any more. */
function endingOf<T>() {
  const ended = Promise.withResolvers<T>();
  // Who detaches first does not wait for it.
  ended.promise.catch(() => undefined);
  return { ...ended, released: () => ended.reject(GONE()) };
}

function streamMethods(
  session: SessionClient,
  { call }: VmCalls,
): Pick<VmClient, "console" | "exec"> {
  return {
    async console(vm, take): Promise<AttachedConsole> {
      using operator = session.operator().operator;
      const { promise: ended, resolve, released } = endingOf<string>();
      const server: ByteSinkServer & Released = {
        write: ({ data }) => take(data),
        done: ({ message }) => resolve(message),
        released,
      };
      using sink = serverOf(ByteSink, server);
      const { console } = await call((options) =>
        operator.console({ vm, sink }, options)
      );
      return {
        ended,
        write: async (data) => void await console.write({ data }),
        [Symbol.dispose]: () => console.dispose(),
      };
    },
    async exec(vm, command, { timeoutMs, take }): Promise<RunningCommand> {
      using operator = session.operator().operator;
      const { promise: ended, resolve, released } = endingOf<
        { code: number; message: string }
      >();
      const server: ExecSinkServer & Released = {
        output: ({ isError, data }) => take(isError, data),
        exited: ({ code, message }) => resolve({ code, message }),
        released,
      };
      using sink = serverOf(ExecSink, server);
      const { process } = await call((options) =>
        operator.exec({ vm, command: [...command], timeoutMs, sink }, options)
      );
      return {
        ended,
        write: async (data) => void await process.write({ data }),
        closeInput: async () => void await process.closeInput(),
        [Symbol.dispose]: () => process.dispose(),
      };
    },
  };
}

/** The methods over a session. */
export function vmMethods(session: SessionClient, calls: VmCalls): VmClient {
  return {
    ...readingMethods(session, calls),
    ...actingMethods(session, calls),
    ...streamMethods(session, calls),
  };
}
