/**
 * Waiting for a condition, so that no test sleeps.
 *
 * @module
 */

/** Between two looks at the condition. */
const INTERVAL_MS = 20;

/**
 * Resolves with the first value of `look` that is not undefined, null or false.
 *
 * @throws {Error} `WHAT did not happen within N ms`, with the last error of `look` as cause.
 */
export async function until<T>(
  what: string,
  look: () =>
    | T
    | undefined
    | null
    | false
    | Promise<T | undefined | null | false>,
  options: { timeoutMs: number },
): Promise<T> {
  const end = performance.now() + options.timeoutMs;
  let last: unknown;
  for (;;) {
    try {
      const value = await look();
      if (value !== undefined && value !== null && value !== false) {
        return value;
      }
    } catch (error) {
      last = error;
    }
    if (performance.now() > end) {
      throw new Error(`${what} did not happen within ${options.timeoutMs} ms`, {
        cause: last,
      });
    }
    await new Promise((resolve) => setTimeout(resolve, INTERVAL_MS));
  }
}
