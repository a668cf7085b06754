/**
 * Closures of a given number of paths and depth, made by nix from an
 * expression, without a builder.
 *
 * @module
 */
import type { Nix } from "../../roles/nix/mod.ts";

/** What a closure is to be like. */
export interface DeepClosure {
  paths: number;
  depth: number;
  /** Tells contents of several closures apart. */
  seed?: string;
  /** Of the smallest paths; every eighth is 16 times as large. Half of it is left when it is packed. */
  fileBytes?: number;
  /** The same again and again, which nix makes in no time and packs to nothing. */
  isEven?: boolean;
}

/**
 * One path on top; below it levels of equal width, each path of which refers to
 * three of the next level.
 */
function expression(
  { paths, depth, seed = "", fileBytes = 1024, isEven = false }: DeepClosure,
): string {
  const levels = depth - 1;
  const width = Math.floor((paths - 1) / levels);
  const wider = (paths - 1) % levels;
  return `
    let
      twice = text: bytes: if builtins.stringLength text >= bytes then text else twice (text + text) bytes;
      noise = name: bytes: if ${isEven} then twice (builtins.hashString "sha256" name) bytes else builtins.concatStringsSep "\\n" (builtins.genList
        (part: builtins.hashString "sha256" "\${name} ${seed} \${toString part}")
        (bytes / 64));
      mod = a: b: a - b * (a / b);
      at = list: index: builtins.elemAt list (mod index (builtins.length list));
      path = name: index: below: builtins.toFile name (noise name
        (${fileBytes} * (if mod index 8 == 0 then 16 else 1))
        + builtins.concatStringsSep "\\n" below);
      level = number: below: builtins.genList
        (index: path "l\${toString number}-\${toString index}" index
          (if below == [] then []
           else [ (at below index) (at below (index + 1)) (at below (index + 7)) ]))
        (${width} + (if number <= ${wider} then 1 else 0));
      # All of each level are referred to by those above, and all of the first by the top.
      all = number: below: if number == 0 then below
        else all (number - 1) (level number below);
    in path "top" 1 (all ${levels} [])
  `;
}

/** Makes one in the store of `nix`; gives the path on top. */
export async function deepClosure(
  nix: Nix,
  dir: string,
  closure: DeepClosure,
): Promise<string> {
  await Deno.mkdir(dir, { recursive: true });
  await Deno.writeTextFile(
    `${dir}/flake.nix`,
    `{ outputs = { self }: { top = ${expression(closure)}; }; }`,
  );
  return await nix.evalRaw(`path:${dir}`, "top");
}
