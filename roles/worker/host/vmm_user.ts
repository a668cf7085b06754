/**
 * VMMs as a user of their own: who that is on this host, and that it can pass
 * through our directories (not look into them). Who it is decides
 * core/vmm_user_choice.ts; files are given to it by the driver that starts the VMM.
 *
 * @module
 */
import { basename, dirname } from "node:path";
import { AppError } from "../../model/errors.ts";
import type { VmConfig } from "../../../vmm/mod.ts";
import {
  AS_WORKER,
  chooseVmmUser,
  type VmmUser,
} from "./core/vmm_user_choice.ts";
import type { Provision } from "../vms/provisions.ts";

/** Others may go through, and see nothing. */
const PASS = 0o001;

/** Where the worker keeps what VMMs open. */
export interface VmmUserOptions {
  /** `vmmUser` of the configuration. */
  configured: string | VmmUser | undefined;
  stateDir: string;
  runDir: string;
  onWarning: (message: string, error: unknown) => void;
}

/**
 * Whom VMMs run as here; undefined: as the worker.
 *
 * @throws {AppError} as {@linkcode chooseVmmUser}, and `refused` when the
 * configured user could not reach its files; the usual one is then not taken.
 */
export async function openVmmUser(
  { configured, stateDir, runDir, onWarning }: VmmUserOptions,
): Promise<VmmUser | undefined> {
  const passwd = await Deno.readTextFile("/etc/passwd").catch(() => "");
  const user = chooseVmmUser(configured, { passwd, uid: Deno.uid() ?? -1 });
  if (user === undefined) return undefined;
  try {
    for (const dir of [stateDir, runDir]) await letPass(dir);
    return user;
  } catch (error) {
    if (configured !== undefined) throw error;
    onWarning("VMMs run as the worker itself", error);
    return undefined;
  }
}

/** {@linkcode Provision} of the user. */
export class VmmUserProvision implements Provision {
  readonly name = "VMM user";
  readonly #user: VmmUser;

  constructor(user: VmmUser) {
    this.#user = user;
  }

  provide(): Promise<Partial<VmConfig>> {
    return Promise.resolve({ user: this.#user });
  }

  withdraw(): Promise<void> {
    return Promise.resolve();
  }

  adopt(): Promise<void> {
    return Promise.resolve();
  }
}

/** A directory of ours, and the one that holds the directories of all roles; those above are not ours to open. */
async function letPass(dir: string): Promise<void> {
  const path = await Deno.realPath(dir);
  const parent = dirname(path);
  const ours = basename(parent) === "procurator" ? [path, parent] : [path];
  for (const each of ours) {
    const mode = (await Deno.stat(each)).mode ?? 0;
    if ((mode & PASS) === 0) await Deno.chmod(each, (mode & 0o7777) | PASS);
  }
  for (let above = parent; above !== "/"; above = dirname(above)) {
    if (((await Deno.stat(above)).mode ?? 0) & PASS) continue;
    throw new AppError(
      "refused",
      `Cannot run VMMs as another user: ${above} lets nobody but its owner pass, and ${path} is below it`,
      {
        hint:
          `choose another --state-dir and --run-dir, or set vmmUser to "${AS_WORKER}"`,
      },
    );
  }
}
