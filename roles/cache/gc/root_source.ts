/**
 * Who keeps paths from being collected: the port.
 *
 * @module
 */

/** One path that is kept with its closure, and what for. */
export interface Root {
  /** What a person reads: `generation 41 of shop`, `branch main of shop`. */
  label: string;
  /** `<hash>-<name>` */
  base: string;
}

export interface RootSource {
  /** `master`, `ci`: the name under which what it told last is remembered. */
  readonly name: string;
  /**
   * All it keeps.
   *
   * @throws {AppError} When it cannot tell: what it told last goes on being kept.
   */
  read(signal: AbortSignal): Promise<Root[]>;
}
