/**
 * What the heads of all branches were built to, asked of ci.
 *
 * @module
 */
import { httpClient, type HttpClientOptions } from "../../http/mod.ts";
import { BranchClosureList } from "../../model/build.ts";
import { baseOf } from "./core/base_of.ts";
import type { RootSource } from "./root_source.ts";

/** A thousand branches of a slow ci. */
const TIMEOUT_MS = 60_000;

/** A source that asks ci at `url`; dispose to close its connections. */
export function ciRoots(
  options: HttpClientOptions,
): RootSource & Disposable {
  const ci = httpClient({ ...options, timeoutMs: TIMEOUT_MS });
  return {
    name: "ci",
    async read(signal) {
      const { closures } = await ci.json(
        BranchClosureList,
        "/api/v1/closures",
        { signal },
      );
      return closures.flatMap(({ repository, branch, paths }) => {
        const label = `branch ${branch} of ${repository}`;
        return paths.map((path) => ({ label, base: baseOf(path) }));
      });
    },
    [Symbol.dispose]: () => ci.close(),
  };
}
