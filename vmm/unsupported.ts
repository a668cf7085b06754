/**
 * What a driver may leave out: each call refuses, in words for the user. A
 * driver that has not all of it extends this, and overrides what its
 * capabilities promise.
 *
 * @module
 */
import { AppError } from "../roles/model/errors.ts";
import type { CopyId } from "../roles/model/ids.ts";
import type { VmConfig } from "./core/vm_config.ts";
import type { GuestConnection, VmInstance } from "./vmm.ts";

export abstract class Unsupported {
  abstract readonly name: string;

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

  #refuse<T>(what: string): Promise<T> {
    return Promise.reject(
      new AppError("refused", `Cannot ${what}: driver ${this.name} does not`),
    );
  }
}
