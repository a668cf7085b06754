/**
 * One process per directory, held by the kernel: a lock ends with its process,
 * however that ends.
 *
 * @module
 */
import { AppError } from "../model/errors.ts";

async function openLock(path: string): Promise<Deno.FsFile> {
  try {
    await Deno.mkdir(path, { recursive: true, mode: 0o700 });
    return await Deno.open(`${path}/lock`, {
      read: true,
      write: true,
      create: true,
      mode: 0o600,
    });
  } catch (cause) {
    const why = cause instanceof Deno.errors.PermissionDenied
      ? "no permission"
      : cause instanceof Error
      ? cause.message
      : String(cause);
    throw new AppError("refused", `Cannot use ${path}: ${why}`, {
      cause,
      hint:
        "give a directory of yours with --state-dir or --run-dir, or set XDG_STATE_HOME and XDG_RUNTIME_DIR",
    });
  }
}

/**
 * Takes the exclusive lock of a directory, which is made (mode 0700) if it is
 * missing. Dispose to let go.
 *
 * @throws {AppError} `refused`, naming the process that has it, or why it cannot be used.
 */
export async function lockDirectory(path: string): Promise<AsyncDisposable> {
  const name = `${path}/lock`;
  const file = await openLock(path);
  try {
    if (!await file.tryLock(true)) {
      const owner = (await Deno.readTextFile(name)).trim();
      throw new AppError(
        "refused",
        `Cannot use ${path}: it is in use by process ${
          /^[0-9]{1,10}$/.test(owner) ? owner : "unknown"
        }`,
        { hint: "stop that process, or give another --state-dir" },
      );
    }
    await file.truncate(0);
    await file.write(new TextEncoder().encode(`${Deno.pid}\n`));
  } catch (error) {
    file.close();
    throw error;
  }
  let held = true;
  return {
    async [Symbol.asyncDispose]() {
      if (!held) return;
      held = false;
      // Closing lets go. The file stays: removing it would let two processes lock two files of one name.
      file.close();
    },
  };
}
