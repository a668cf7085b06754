/**
 * Where a repair puts files that are not what they should be: `quarantine/`
 * below the state directory. Nothing is ever removed from there by us.
 *
 * @module
 */
import { flushDirectory, storageError } from "../../files/mod.ts";
import { failpoint } from "../../process/failpoint.ts";

/** The same name may be damaged again after it was pushed again; more often than that somebody should look at the disk. */
const MAX_SAME = 1000;

export class Quarantine {
  readonly directory: string;

  constructor(stateDir: string) {
    this.directory = `${stateDir}/quarantine`;
  }

  /**
   * Moves a file there, durably, beside what is there already.
   *
   * @throws {AppError} `storage`
   */
  async take(path: string, name: string): Promise<void> {
    try {
      await Deno.mkdir(this.directory, { recursive: true, mode: 0o700 });
      await Deno.rename(path, await this.#freeName(name));
      await flushDirectory(this.directory);
      await flushDirectory(path.slice(0, path.lastIndexOf("/")));
    } catch (error) {
      throw storageError(path, error);
    }
    failpoint("fsck.file.moved");
  }

  async #freeName(name: string): Promise<string> {
    for (let again = 1; again <= MAX_SAME; again++) {
      const path = `${this.directory}/${name}${again === 1 ? "" : `.${again}`}`;
      const isThere = await Deno.lstat(path).then(() => true, () => false);
      if (!isThere) return path;
    }
    throw new Error(`${name} is in ${this.directory} ${MAX_SAME} times`);
  }
}
