/**
 * Questions to flakes that are pinned: their attributes, inputs and checks.
 *
 * @module
 */
import { AppError } from "../model/errors.ts";
import type { NixCall, RunNix } from "./command.ts";
import { parseChecks, parseLocalInputs } from "./core/output.ts";

/** What `nix eval` prints of an attribute. */
export function evaluate(
  run: RunNix,
  flakeRef: string,
  attribute: string,
  args: readonly string[],
  call: NixCall,
): Promise<string> {
  return run(`evaluate ${attribute}`, "nix", [
    "eval",
    "--no-write-lock-file",
    // A cached text can name derivations that were collected since.
    "--option",
    "eval-cache",
    "false",
    ...args,
    `${flakeRef}#${attribute}`,
  ], call);
}

/** See {@linkcode Nix.localInputs}. */
export async function localInputs(
  run: RunNix,
  flakeRef: string,
  call: NixCall,
): Promise<string[]> {
  return parseLocalInputs(
    await run("read the flake's inputs", "nix", [
      "flake",
      "metadata",
      "--no-write-lock-file",
      "--json",
      flakeRef,
    ], call),
  );
}

/** See {@linkcode Nix.checkDerivations}. */
export async function checkDerivations(
  run: RunNix,
  flakeRef: string,
  { system = "x86_64-linux", ...call }: NixCall & { system?: string },
): Promise<Record<string, string>> {
  const apply = "checks: builtins.mapAttrs (_: check: check.drvPath) checks";
  const args = ["--json", "--apply", apply];
  try {
    const printed = await evaluate(
      run,
      flakeRef,
      `checks.${system}`,
      args,
      call,
    );
    return parseChecks(JSON.parse(printed));
  } catch (error) {
    const absent = error instanceof AppError &&
      error.message.includes("does not provide attribute");
    if (absent) return {};
    throw error;
  }
}
