/**
 * `deno task schema [--check]`: writes rpc/generated/ from rpc/schema/, the
 * interop tests' schema, and the JSON Schemas of the contracts in roles/model.
 *
 * With `--check` nothing is written: exit 1 names the files that differ.
 *
 * @module
 */
import { z } from "zod";
import { emitFile } from "../../rpc/codegen/emit.ts";
import { moduleOf } from "../../rpc/codegen/names.ts";
import { readSchema } from "../../rpc/codegen/schema.ts";
import * as model from "../../roles/model/mod.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
const OUT = "rpc/generated";
const SCHEMAS = [
  "rpc/schema/common.capnp",
  "rpc/schema/master.capnp",
  "rpc/schema/worker.capnp",
];
/** Compiled by itself: nothing of it is in the program. */
const INTEROP = "tests/interop/interop.capnp";

/** The contracts that users and other programs read and write as JSON. */
const CONTRACTS = {
  analysis: model.Analysis,
  blueprint: model.Blueprint,
  cluster_status: model.ClusterStatus,
  vm_spec: model.VmSpec,
  assignment: model.Assignment,
  worker_report: model.WorkerReport,
  publish_request: model.PublishRequest,
  plan: model.Plan,
  why: model.Why,
  event: model.Event,
  operation: model.Operation,
  rebalance: model.Rebalance,
} as const satisfies Record<string, z.ZodType>;

async function compile(files: readonly string[]): Promise<Uint8Array> {
  const command = new Deno.Command("capnp", {
    args: ["compile", "-o-", ...files],
    cwd: ROOT,
    stdout: "piped",
    stderr: "piped",
  });
  let output: Deno.CommandOutput;
  try {
    output = await command.output();
  } catch (cause) {
    throw new Error(
      "Cannot run capnp: install it with `apt-get install capnproto`",
      { cause },
    );
  }
  if (!output.success) throw new Error(new TextDecoder().decode(output.stderr));
  return output.stdout;
}

/** Path to text of everything that is generated. */
export async function generate(): Promise<Map<string, string>> {
  const texts = new Map<string, string>();
  for (const group of [SCHEMAS, [INTEROP]]) {
    const schema = readSchema(await compile(group));
    for (const file of schema.files.values()) {
      texts.set(`${OUT}/${moduleOf(file)}.ts`, emitFile(schema, file));
    }
  }
  for (const [name, contract] of Object.entries(CONTRACTS)) {
    const schema = z.toJSONSchema(contract, { io: "input" });
    texts.set(
      `${OUT}/json_schema/${name}.json`,
      JSON.stringify(schema, null, 2) + "\n",
    );
  }
  return texts;
}

/** Paths whose text on disk is not what would be generated. */
export async function staleFiles(): Promise<string[]> {
  const stale: string[] = [];
  for (const [path, text] of await generate()) {
    const there = await Deno.readTextFile(ROOT + path).catch(() => undefined);
    if (there !== text) stale.push(path);
  }
  return stale;
}

async function write(): Promise<void> {
  for (const [path, text] of await generate()) {
    await Deno.mkdir(ROOT + path.slice(0, path.lastIndexOf("/")), {
      recursive: true,
    });
    await Deno.writeTextFile(ROOT + path, text);
    console.log(path);
  }
}

if (import.meta.main) {
  if (Deno.args.includes("--check")) {
    const stale = await staleFiles();
    for (const path of stale) console.error(`differs: ${path}`);
    if (stale.length > 0) {
      console.error("Try: deno task schema");
      Deno.exit(1);
    }
  } else await write();
}
