/**
 * What a driver may leave out: each call refuses, in words for the user. A
 * driver extends this and overrides what its capabilities promise.
 *
 * @module
 */
import { AppError } from "../roles/model/errors.ts";
import type { CopyId } from "../roles/model/ids.ts";
import type { VmConfig } from "./core/vm_config.ts";
import type {
  GuestConnection,
  LogPiece,
  LogRequest,
  VmFigures,
  VmInstance,
} from "./vmm.ts";

export abstract class Unsupported {
  abstract readonly name: string;

  readLog(copy: CopyId, _request: LogRequest): Promise<LogPiece> {
    return this.#refuse(`read the log of "${copy.id}" by its boots`);
  }

  console(copy: CopyId): Promise<GuestConnection> {
    return this.#refuse(`attach to the console of "${copy.id}"`);
  }

  guestChannel(copy: CopyId): Promise<GuestConnection> {
    return this.#refuse(`reach inside "${copy.id}"`);
  }

  pause(copy: CopyId): Promise<void> {
    return this.#refuse(`pause "${copy.id}"`);
  }

  resume(copy: CopyId): Promise<void> {
    return this.#refuse(`resume "${copy.id}"`);
  }

  resize(copy: CopyId, _to: { cpus?: number; memoryMib?: number }) {
    return this.#refuse<void>(`resize "${copy.id}"`);
  }

  snapshot(copy: CopyId, _dir: string): Promise<number> {
    return this.#refuse(`make a snapshot of "${copy.id}"`);
  }

  restore(config: VmConfig, _dir: string): Promise<VmInstance> {
    return this.#refuse(`restore "${config.id}" from a snapshot`);
  }

  figures(copy: CopyId): Promise<VmFigures> {
    return this.#refuse(`read figures of "${copy.id}"`);
  }

  #refuse<T>(what: string): Promise<T> {
    return Promise.reject(
      new AppError("refused", `Cannot ${what}: driver ${this.name} does not`),
    );
  }
}
