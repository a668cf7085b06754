/**
 * Whom VMMs run as. Pure: reads the text of a passwd file, changes nothing.
 *
 * A VMM is the part of a host that a hostile guest talks to. Where the worker
 * is root it runs VMMs as a user of their own, if there is one; elsewhere they
 * run as the worker.
 *
 * @module
 */
import { AppError } from "../../../model/errors.ts";

/** Taken when it exists and nothing else is configured. */
export const DEFAULT_VMM_USER = "procurator-vmm";
/** In place of a name: VMMs run as the worker itself. */
export const AS_WORKER = "worker";

export interface VmmUser {
  uid: number;
  gid: number;
}

/** The user of that name in the text of /etc/passwd. */
export function userIn(passwd: string, name: string): VmmUser | null {
  for (const line of passwd.split("\n")) {
    const [found, , uid, gid] = line.split(":");
    if (
      found !== name || !/^\d+$/.test(uid ?? "") || !/^\d+$/.test(gid ?? "")
    ) {
      continue;
    }
    return { uid: Number(uid), gid: Number(gid) };
  }
  return null;
}

/**
 * The user that VMMs run as; undefined: the worker's own.
 *
 * @throws {AppError} `refused` when only root could do it, `invalid` when there is no such user.
 */
export function chooseVmmUser(
  configured: string | VmmUser | undefined,
  host: { passwd: string; uid: number },
): VmmUser | undefined {
  if (configured === AS_WORKER) return undefined;
  const name = configured ?? DEFAULT_VMM_USER;
  const user = typeof name === "string" ? userIn(host.passwd, name) : name;
  if (user === null) {
    if (configured === undefined) return undefined;
    throw new AppError(
      "invalid",
      `Cannot run VMMs as "${name}": this host has no such user`,
      {
        hint:
          `useradd --system --no-create-home --shell /usr/sbin/nologin --gid kvm ${name}, or set vmmUser to "${AS_WORKER}"`,
      },
    );
  }
  if (user.uid === host.uid) return undefined;
  if (host.uid === 0) return user;
  if (configured === undefined) return undefined;
  throw new AppError(
    "refused",
    `Cannot run VMMs as user ${user.uid}: the worker is not root`,
    { hint: `run it as root, or set vmmUser to "${AS_WORKER}"` },
  );
}
