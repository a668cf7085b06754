/**
 * The worker's methods on one VM that runs: its log, its console, commands
 * inside it. Wire to domain; what they do is seeing/'s.
 *
 * @module
 */
import {
  type ByteSinkClient,
  Console,
  type ConsoleServer,
  type ExecSinkClient,
  Process,
  type ProcessServer,
  type VmFiguresInput,
  type WorkerServer,
} from "../../../rpc/generated/worker.ts";
import { type Released, serverOf } from "../../../rpc/mod.ts";
import type { VmFigures } from "../../../vmm/mod.ts";
import { AppError } from "../../model/errors.ts";
import { Counter, VmId } from "../../model/ids.ts";
import { parseWith } from "../../model/parse.ts";
import type { RunningCommand } from "./command.ts";
import type { ConsoleAttachment } from "./console.ts";
import type { VmAccess } from "./vm_access.ts";

/** Everything but what a worker tells without its VMs' leave. */
type VmMethods = Omit<WorkerServer, "read" | "listVms" | "logs">;

function idOf(vm: string): string {
  return parseWith(VmId, vm, { what: "the VM's id" });
}

function counterOf(value: number | bigint, what: string): number {
  return parseWith(Counter, value, { what });
}

/** -1 on the wire: not known. */
export function figuresToWire(
  figures: VmFigures & { atMs: number },
): VmFiguresInput {
  return {
    atMs: figures.atMs,
    cpuSeconds: figures.cpuSeconds ?? -1,
    memoryBytes: figures.memoryBytes ?? -1,
    diskReadBytes: figures.diskReadBytes ?? -1,
    diskWrittenBytes: figures.diskWrittenBytes ?? -1,
    networkReceivedBytes: figures.networkReceivedBytes ?? -1,
    networkSentBytes: figures.networkSentBytes ?? -1,
  };
}

/** A console as its reader holds it; letting go of it detaches. */
class ConsoleObject implements ConsoleServer, Released {
  readonly #attached: ConsoleAttachment;

  constructor(attached: ConsoleAttachment, sink: ByteSinkClient) {
    this.#attached = attached;
    void attached.ended.then(() => sink.dispose());
  }

  async write({ data }: { data: Uint8Array }): Promise<void> {
    await this.#attached.write(data);
  }

  released(): void {
    this.#attached.close();
  }
}

/** A command as who asked for it holds it; letting go of it ends the command. */
class ProcessObject implements ProcessServer, Released {
  readonly #command: RunningCommand;

  constructor(command: RunningCommand, sink: ExecSinkClient) {
    this.#command = command;
    void command.ended.then(() => sink.dispose());
  }

  async write({ data }: { data: Uint8Array }): Promise<void> {
    await this.#command.write(data);
  }

  async closeInput(): Promise<void> {
    await this.#command.closeInput();
  }

  released(): void {
    this.#command.end();
  }
}

/** One who went away before the answer holds nothing that could be let go of. */
function endWith(signal: AbortSignal, object: Released): void {
  signal.addEventListener("abort", () => object.released?.(), { once: true });
  if (signal.aborted) object.released?.();
}

function streamMethods(
  access: VmAccess,
): Pick<VmMethods, "console" | "exec"> {
  return {
    async console({ vm, sink }, { signal }) {
      const id = idOf(vm);
      const kept = sink.dup();
      try {
        const attached = await access.console(id, {
          write: (data, limit) => kept.write({ data }, { signal: limit }),
          done: (message, limit) => kept.done({ message }, { signal: limit }),
        });
        const object = new ConsoleObject(attached, kept);
        endWith(signal, object);
        return { console: serverOf(Console, object) };
      } catch (error) {
        kept.dispose();
        throw error;
      }
    },
    exec({ vm, command: argv, timeoutMs, sink }, { signal }) {
      const id = idOf(vm);
      const kept = sink.dup();
      try {
        const command = access.exec(id, { argv, timeoutMs }, {
          output: (isError, data, limit) =>
            kept.output({ isError, data }, { signal: limit }),
          exited: (code, message, limit) =>
            kept.exited({ code, message }, { signal: limit }),
        });
        const object = new ProcessObject(command, kept);
        endWith(signal, object);
        return { process: serverOf(Process, object) };
      } catch (error) {
        kept.dispose();
        throw error;
      }
    },
  };
}

/** The methods; without access each is refused. */
export function vmMethods(access: VmAccess | undefined): VmMethods {
  if (access === undefined) return refusing();
  return {
    ...streamMethods(access),
    async readLog(request, { signal }) {
      const piece = await access.readLog(idOf(request.vm), {
        incarnation: counterOf(request.incarnation, "the incarnation"),
        generation: counterOf(request.generation, "the generation"),
        boot: counterOf(request.boot, "the boot"),
        offset: counterOf(request.offset, "the offset"),
        maxBytes: request.maxBytes,
        waitMs: request.waitMs,
      }, signal);
      const { bytes: data, ...rest } = piece;
      return { data, ...rest };
    },
    async figures({ vm }) {
      return { figures: figuresToWire(await access.figures(idOf(vm))) };
    },
    pause: ({ vm }) => access.pause(idOf(vm)),
    resume: ({ vm }) => access.resume(idOf(vm)),
    async snapshot({ vm, name }) {
      const { bytes } = await access.snapshot(idOf(vm), name);
      return { bytes };
    },
    restore: ({ vm, name }) => access.restore(idOf(vm), name),
    async snapshots({ vm }) {
      return { snapshots: await access.snapshots(idOf(vm)) };
    },
    deleteSnapshot: ({ vm, name }) => access.deleteSnapshot(idOf(vm), name),
    createVm: ({ vm }) => access.start(idOf(vm)),
    deleteVm: ({ vm }) => access.remake(idOf(vm)),
  };
}

function refusing(): VmMethods {
  const refuse = () => {
    throw new AppError("refused", "Cannot do that: this worker does not");
  };
  return {
    readLog: refuse,
    console: refuse,
    exec: refuse,
    pause: refuse,
    resume: refuse,
    snapshot: refuse,
    restore: refuse,
    figures: refuse,
    snapshots: refuse,
    deleteSnapshot: refuse,
    createVm: refuse,
    deleteVm: refuse,
  };
}
