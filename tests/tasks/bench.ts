/**
 * `deno task bench NAME [--json]`: runs one benchmark.
 *
 * @module
 */
import { AppError, formatError } from "../../roles/model/errors.ts";

interface Bench {
  /** Prints its progress on standard error and returns the object to print. */
  run(options: { json: boolean }): Promise<unknown>;
}

/** Every benchmark: literal imports, since a list cannot be scanned. */
const BENCHES: Readonly<Record<string, () => Promise<Bench>>> = {
  rpc: () => import("../bench/rpc.ts"),
};

async function main(args: readonly string[]): Promise<void> {
  const json = args.includes("--json");
  const [name = "", ...more] = args.filter((word) => !word.startsWith("--"));
  const load = Object.hasOwn(BENCHES, name) ? BENCHES[name] : undefined;
  if (load === undefined || more.length > 0) {
    throw new AppError("usage", `There is no benchmark "${name}"`, {
      hint: `deno task bench ${Object.keys(BENCHES).join("|")} [--json]`,
    });
  }
  const result = await (await load()).run({ json });
  console.log(JSON.stringify(result, null, 2));
}

try {
  await main(Deno.args);
} catch (error) {
  console.error(formatError(error));
  Deno.exit(error instanceof AppError && error.code === "usage" ? 2 : 1);
}
