/**
 * The QEMU that is installed: whether it is one, and of a version that is
 * driven. Asked before its first start; starts nothing.
 *
 * @module
 */
import { askVersion } from "../host/program_version.ts";
import { checkQemuVersion, MISSING_HINT, versionIn } from "./core/version.ts";

export class QemuProgram {
  readonly path: string;
  #checked: Promise<void> | null = null;

  constructor(path: string) {
    this.path = path;
  }

  /** @throws {AppError} `missing_dependency` when it is not installed, another program, or too old. */
  async version(): Promise<string> {
    const { path } = this;
    const { stdout, stderrTail } = await askVersion(path, MISSING_HINT);
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
