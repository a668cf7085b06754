/**
 * The QEMU that is installed: whether it is one, and of a version that is
 * driven. Asked before its first start; starts nothing.
 *
 * @module
 */
import { AppError } from "../../roles/model/errors.ts";
import { runProcess } from "../../roles/process/run.ts";
import { checkQemuVersion, MISSING_HINT, versionIn } from "./core/version.ts";

/** Its version takes milliseconds to say; a host that swaps may take long, but not for ever. */
const RUN_TIMEOUT_MS = 60_000;

export class QemuProgram {
  readonly path: string;
  #checked: Promise<void> | null = null;

  constructor(path: string) {
    this.path = path;
  }

  /** @throws {AppError} `missing_dependency` when it is not installed, another program, or too old. */
  async version(): Promise<string> {
    const { path } = this;
    const { stdout, stderrTail } = await runProcess(path, ["--version"], {
      missingHint: MISSING_HINT,
      timeoutMs: RUN_TIMEOUT_MS,
    }).catch((cause) => {
      if (!(cause instanceof Deno.errors.PermissionDenied)) throw cause;
      throw new AppError(
        "missing_dependency",
        `Cannot run ${path}: it is no program`,
        { cause, hint: MISSING_HINT },
      );
    });
    const said = stdout || stderrTail;
    checkQemuVersion(path, said);
    return versionIn(said) ?? "unknown";
  }

  /** Once it is good it is not asked again. @throws as {@linkcode QemuProgram.version}. */
  async ready(): Promise<void> {
    this.#checked ??= this.version().then(() => undefined, (error) => {
      this.#checked = null;
      throw error;
    });
    return await this.#checked;
  }
}
