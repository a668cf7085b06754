/**
 * `deno task bench NAME [--json] [--trace FOLDER] [--million]`: runs one
 * benchmark. The last two are for `scheduler`.
 *
 * @module
 */
import { AppError, formatError } from "../../roles/model/errors.ts";

interface Bench {
  /** Prints its progress on standard error and returns the object to print. */
  run(options: BenchOptions): Promise<unknown>;
}

interface BenchOptions {
  json: boolean;
  /** The folder of a trace. */
  trace?: string;
  isMillion: boolean;
}

/** Every benchmark: literal imports, since a list cannot be scanned. */
const BENCHES: Readonly<Record<string, () => Promise<Bench>>> = {
  autonix: () => import("../bench/autonix/mod.ts"),
  cache: () => import("../bench/cache/mod.ts"),
  "cache-index": () => import("../bench/cache_index.ts"),
  "cache-transfer": () => import("../bench/cache/one_request.ts"),
  rpc: () => import("../bench/rpc.ts"),
  scheduler: () => import("../bench/scheduler.ts"),
  worker: () => import("../bench/worker/mod.ts"),
};

async function main(args: readonly string[]): Promise<void> {
  const options: BenchOptions = { json: false, isMillion: false };
  const words: string[] = [];
  for (let index = 0; index < args.length; index++) {
    const arg = args[index] ?? "";
    if (arg === "--json") options.json = true;
    else if (arg === "--million") options.isMillion = true;
    else if (arg === "--trace" && index + 1 < args.length) {
      options.trace = args[++index] ?? "";
    } else words.push(arg);
  }
  const [name = "", ...more] = words;
  const load = Object.hasOwn(BENCHES, name) ? BENCHES[name] : undefined;
  if (load === undefined || more.length > 0) {
    throw new AppError("usage", `There is no benchmark "${words.join(" ")}"`, {
      hint: `deno task bench ${
        Object.keys(BENCHES).join("|")
      } [--json] [--trace FOLDER] [--million]`,
    });
  }
  const result = await (await load()).run(options);
  console.log(JSON.stringify(result, null, 2));
}

try {
  await main(Deno.args);
} catch (error) {
  console.error(formatError(error));
  Deno.exit(error instanceof AppError && error.code === "usage" ? 2 : 1);
}
