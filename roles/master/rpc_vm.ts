/**
 * What users do to one VM that runs: its log, its console, commands inside it.
 * Passes on to the worker that runs it, over that worker's own session; what
 * acts is recorded first, with who asks.
 *
 * @module
 */
import type {
  OperatorServer,
  ViewerServer,
} from "../../rpc/generated/master.ts";
import { within } from "../clock/within.ts";
import { Counter, VmId } from "../model/ids.ts";
import { parseWith } from "../model/parse.ts";
import type { Check, RpcDeps } from "./rpc_deps.ts";
import { VmRelays } from "./rpc_vm_relay.ts";
import type { VmHost } from "./worker_desk.ts";

type VmViewMethod = "readLog" | "figures" | "snapshots";
type VmActMethod =
  | "console"
  | "exec"
  | "pauseVm"
  | "resumeVm"
  | "snapshotVm"
  | "restoreVm"
  | "deleteSnapshot";

/** A worker answers from memory or the end of a file: longer means that it hangs. */
const MAX_ANSWER_MS = 10_000;
/** As long as a poll for more of a log may be held. */
const MAX_LOG_WAIT_MS = 60_000;
/** A guest's memory is written to disk or read from it, after others that wait. */
const MAX_STATE_MS = 15 * 60_000;
/** Of a command in an event: what it was, without a page of arguments. */
const MAX_COMMAND_CHARS = 300;

function idOf(vm: string): string {
  return parseWith(VmId, vm, { what: "the VM's id" });
}

/** Calls a worker and gives up when it does not answer. */
function asking({ clock }: RpcDeps) {
  return <T>(
    host: VmHost,
    { ms, signal }: { ms: number; signal: AbortSignal },
    call: (options: { signal: AbortSignal }) => PromiseLike<T>,
  ): Promise<T> =>
    within({
      clock,
      ms,
      late: `${host.name} did not answer within ${ms / 1000} s`,
      signal,
    }, call);
}

/** For viewers. */
export function vmViewMethods(
  deps: RpcDeps,
  check: Check,
): Pick<ViewerServer, VmViewMethod> {
  const { service } = deps;
  const ask = asking(deps);
  return {
    async readLog(request, { signal }) {
      check();
      const vm = idOf(request.vm);
      const incarnation = parseWith(Counter, request.incarnation, {
        what: "the incarnation",
      });
      const host = service.hostOf(vm, incarnation, `read the log of ${vm}`);
      const waitMs = Math.min(request.waitMs, MAX_LOG_WAIT_MS);
      return await ask(
        host,
        { ms: waitMs + MAX_ANSWER_MS, signal },
        (limit) => host.worker.readLog({ ...request, waitMs }, limit),
      );
    },
    async figures({ vm }, { signal }) {
      check();
      const id = idOf(vm);
      const host = service.hostOf(id, 0, `read figures of ${id}`);
      return await ask(
        host,
        { ms: MAX_ANSWER_MS, signal },
        (limit) => host.worker.figures({ vm: id }, limit),
      );
    },
    async snapshots({ vm }, { signal }) {
      check();
      const id = idOf(vm);
      const host = service.hostOf(id, 0, `list the snapshots of ${id}`);
      return await ask(
        host,
        { ms: MAX_ANSWER_MS, signal },
        (limit) => host.worker.snapshots({ vm: id }, limit),
      );
    },
  };
}

/** For operators. */
export function vmActMethods(
  deps: RpcDeps,
  check: Check,
): Pick<OperatorServer, VmActMethod> {
  return { ...streamMethods(deps, check), ...stateMethods(deps, check) };
}

/** Its processors and its memory. */
function stateMethods(
  deps: RpcDeps,
  check: Check,
): Omit<Pick<OperatorServer, VmActMethod>, "console" | "exec"> {
  const { service } = deps;
  const ask = asking(deps);
  /** Recorded, then done. */
  const act = async <T>(
    vm: string,
    what: string,
    options: { ms: number; signal: AbortSignal },
    call: (
      host: VmHost,
      id: string,
      limit: { signal: AbortSignal },
    ) => PromiseLike<T>,
  ): Promise<T> => {
    const by = check();
    const id = idOf(vm);
    const host = service.hostOf(id, 0, `${what}: ${id}`);
    const { name: worker } = host;
    await service.recordVmAct(by, id, {
      message: `asked on ${worker}: ${what}`,
      worker,
    });
    return await ask(host, options, (limit) => call(host, id, limit));
  };
  const quick = (signal: AbortSignal) => ({ ms: MAX_ANSWER_MS, signal });
  const long = (signal: AbortSignal) => ({ ms: MAX_STATE_MS, signal });
  return {
    async pauseVm({ vm }, { signal }) {
      await act(
        vm,
        "pause",
        quick(signal),
        ({ worker }, id, limit) => worker.pause({ vm: id }, limit),
      );
    },
    async resumeVm({ vm }, { signal }) {
      await act(
        vm,
        "resume",
        quick(signal),
        ({ worker }, id, limit) => worker.resume({ vm: id }, limit),
      );
    },
    async snapshotVm({ vm, name }, { signal }) {
      const { bytes } = await act(
        vm,
        `make the snapshot ${name.slice(0, 63)}`,
        long(signal),
        ({ worker }, id, limit) => worker.snapshot({ vm: id, name }, limit),
      );
      return { bytes };
    },
    async restoreVm({ vm, name }, { signal }) {
      await act(
        vm,
        `restore the snapshot ${name.slice(0, 63)}`,
        long(signal),
        ({ worker }, id, limit) => worker.restore({ vm: id, name }, limit),
      );
    },
    async deleteSnapshot({ vm, name }, { signal }) {
      await act(
        vm,
        `delete the snapshot ${name.slice(0, 63)}`,
        quick(signal),
        ({ worker }, id, limit) =>
          worker.deleteSnapshot({ vm: id, name }, limit),
      );
    },
  };
}

/** What goes both ways for as long as its user holds it. */
function streamMethods(
  deps: RpcDeps,
  check: Check,
): Pick<OperatorServer, "console" | "exec"> {
  const { service } = deps;
  const ask = asking(deps);
  const relays = VmRelays.of(service);
  return {
    async console({ vm, sink }, { signal }) {
      const by = check();
      const id = idOf(vm);
      const host = service.hostOf(id, 0, `attach to the console of ${id}`);
      using relay = relays.console(sink, { check, worker: host.name });
      await service.recordVmAct(by, id, {
        message: `its console was attached to, on ${host.name}`,
        worker: host.name,
      });
      const { console } = await ask(
        host,
        { ms: MAX_ANSWER_MS, signal },
        (limit) => host.worker.console({ vm: id, sink: relay.sink }, limit),
      );
      return { console: relay.given(console, signal) };
    },
    async exec({ vm, command, timeoutMs, sink }, { signal }) {
      const by = check();
      const id = idOf(vm);
      const host = service.hostOf(id, 0, `run a command inside ${id}`);
      using relay = relays.exec(sink, { check, worker: host.name });
      await service.recordVmAct(by, id, {
        message: `a command was run inside: ${shown(command)}`,
        worker: host.name,
      });
      const { process } = await ask(
        host,
        { ms: MAX_ANSWER_MS, signal },
        (limit) =>
          host.worker.exec(
            { vm: id, command, timeoutMs, sink: relay.sink },
            limit,
          ),
      );
      return { process: relay.given(process, signal) };
    },
  };
}

/** A command in one line, as an event tells it. */
function shown(command: readonly string[]): string {
  const text = command.slice(0, MAX_COMMAND_CHARS).join(" ")
    .replaceAll(/\p{Cc}/gu, " ");
  return text.length > MAX_COMMAND_CHARS
    ? `${text.slice(0, MAX_COMMAND_CHARS - 1)}…`
    : text;
}
