/**
 * `rpc ...`: single RPC calls by hand, answered as they are, in JSON.
 *
 * @module
 */
import type { Command } from "@commander-js/extra-typings";
import {
  AppError,
  Counter,
  intentHash,
  parseWith,
  PublishRequest,
  Sha256,
} from "../../model/mod.ts";
import { z } from "zod";
import type { CliContext } from "../context.ts";
import { sampleSpecs } from "../core/sample_specs.ts";
import {
  examples,
  printJson,
  wholeNumber,
  withClientFlags,
  withCluster,
  withMaster,
} from "../flags.ts";
import type { MasterClient } from "../master_client.ts";

const CLUSTER = "sample";
const REPOSITORY = "manual";
/** As many as a cluster has at most. */
const MAX_SPECS = 10_000;

/** Digits only, and not rounded: 2^64-1 must be refused, not become another number. */
const GenerationText = z.string().regex(
  /^[0-9]{1,20}$/,
  "must be a whole number",
)
  .transform(Number).pipe(Counter.min(1));

async function publishSample(
  master: MasterClient,
  flags: {
    commit: string;
    generation: string;
    intentHash?: string | undefined;
    count: number;
  },
): Promise<unknown> {
  const vmSpecs = sampleSpecs(flags.count);
  const computed = intentHash(vmSpecs);
  const given = flags.intentHash ?? computed;
  if (!Sha256.safeParse(given).success) {
    throw new AppError(
      "refused",
      `Cannot publish: the intent hash given is ${
        given.slice(0, 128)
      }, that of the ${flags.count} specs is ${computed}`,
      { hint: "leave -i out to send the right one" },
    );
  }
  const generation = parseWith(GenerationText, flags.generation, {
    what: "the generation",
  });
  const highest = await master.highestGeneration(CLUSTER);
  const same = highest.generation === generation;
  const request = parseWith(PublishRequest, {
    cluster: CLUSTER,
    repository: REPOSITORY,
    commit: flags.commit,
    generation,
    // Publishing the highest again is the same call again: its parent is not itself.
    parent: same ? Math.max(0, generation - 1) : highest.generation,
    intentHash: given,
    vmSpecs,
  }, { what: "the request" });
  return await master.publish(request);
}

function addPublish(program: Command, context: CliContext): void {
  withClientFlags(program.command("publish"))
    .description(
      `publish sample specs for the cluster "${CLUSTER}" (repository "${REPOSITORY}")`,
    )
    .requiredOption("-c, --commit <commit>", "the commit, 6 to 64 hex digits")
    .requiredOption(
      "-g, --generation <number>",
      "the generation; the parent is read from the master",
    )
    .option(
      "-i, --intent-hash <hash>",
      "send this hash; the right one when not given",
    )
    .option("-n, --count <specs>", "how many VMs", wholeNumber(0, MAX_SPECS), 3)
    .addHelpText("after", examples("rpc state publish -c abc123 -g 1 -n 3"))
    .action((flags) =>
      withMaster(
        context,
        flags,
        async (master) =>
          printJson(context, await publishSample(master, flags)),
      )
    );
}

function addHighest(program: Command, context: CliContext): void {
  withClientFlags(program.command("highest"))
    .description("the highest published generation: the parent of the next")
    .option("--cluster <name>", "the cluster", CLUSTER)
    .addHelpText("after", examples("rpc state highest --cluster shop"))
    .action((flags) =>
      withMaster(
        context,
        flags,
        async (master) =>
          printJson(context, await master.highestGeneration(flags.cluster)),
      )
    );
}

function addControl(program: Command, context: CliContext): void {
  withCluster(withClientFlags(program.command("status")))
    .description("getClusterStatus")
    .addHelpText("after", examples("rpc control status"))
    .action((flags) =>
      withMaster(
        context,
        flags,
        async (master) =>
          printJson(context, await master.status(flags.cluster ?? "")),
      )
    );
  withClientFlags(program.command("whoami"))
    .description("who the token is")
    .addHelpText("after", examples("rpc control whoami"))
    .action((flags) =>
      withMaster(
        context,
        flags,
        async (master) => printJson(context, await master.whoami()),
      )
    );
}

export function addRpc(program: Command, context: CliContext): void {
  const rpc = program.command("rpc").description(
    "make a single RPC call, answered in JSON",
  )
    .addHelpText(
      "after",
      examples("rpc state publish -c abc123 -g 1 -n 3", "rpc control status"),
    );
  const state = rpc.command("state").description("desired state")
    .addHelpText("after", examples("rpc state highest --cluster shop"));
  addPublish(state, context);
  addHighest(state, context);
  const control = rpc.command("control").description("observed state")
    .addHelpText("after", examples("rpc control status"));
  addControl(control, context);
}
