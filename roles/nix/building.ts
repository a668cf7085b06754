/**
 * Builds, of derivations and of a flake's attributes. Keeps nothing from being
 * collected: whoever builds copies or pins what came out.
 *
 * @module
 */
import { chunks, type NixCall, type RunNix } from "./command.ts";
import { parseBuilt, parsePaths } from "./core/output.ts";

/** Said for every build without a root, as ours are: the outputs are kept in the cache. */
const NO_ROOT_WARNING = "you did not specify '--add-root'";

/** The call, without lines that tell a reader of the log nothing. */
function withoutNoise<C extends NixCall>(call: C): C {
  const { onLog } = call;
  if (onLog === undefined) return call;
  return {
    ...call,
    onLog: (line) => {
      if (!line.includes(NO_ROOT_WARNING)) onLog(line);
    },
  };
}

/** Derivations (`.drv` paths), with the paths that came out. */
export async function realise(
  run: RunNix,
  derivations: readonly string[],
  call: NixCall & { keepGoing?: boolean },
): Promise<string[]> {
  const outputs: string[] = [];
  for (const part of chunks(derivations)) {
    const printed = await run("build", "nix-store", [
      "--realise",
      "--log-format",
      "bar-with-logs",
      ...(call.keepGoing === true ? ["--keep-going"] : []),
      ...part,
    ], withoutNoise(call));
    outputs.push(...parsePaths(printed));
  }
  return outputs;
}

/** Attributes of a flake, with the paths that came out. */
export async function build(
  run: RunNix,
  flakeRef: string,
  attributes: readonly string[],
  call: NixCall,
): Promise<string[]> {
  const printed = await run(`build ${attributes.join(", ")}`, "nix", [
    "build",
    "--no-link",
    "--json",
    "--print-build-logs",
    "--no-write-lock-file",
    ...attributes.map((attribute) => `${flakeRef}#${attribute}`),
  ], call);
  return parseBuilt(printed);
}
