/**
 * `plan`: what publishing a commit or a blueprint would do. Nothing is
 * published, built or changed.
 *
 * @module
 */
import type { Command } from "@commander-js/extra-typings";
import {
  AppError,
  BlueprintView,
  MAX_BLUEPRINT_BYTES,
  Name,
  parseBlueprint,
  parseWith,
  type PlanRequest,
} from "../../model/mod.ts";
import type { ClientFlags } from "../client_config.ts";
import type { CliContext } from "../context.ts";
import { formatPlan, hasChanges } from "../core/plan_view.ts";
import {
  examples,
  printJson,
  withClientFlags,
  withCluster,
  withMaster,
  withService,
} from "../flags.ts";
import type { MasterClient } from "../master_client.ts";

/** ci bounds an evaluation itself, at ten minutes unless told otherwise; in line it may wait for others. */
const EVALUATION_TIMEOUT_MS = 3_600_000;
/** Of `plan --detailed-exitcode`. */
const EXIT_CHANGES = 5;

interface PlanFlags extends ClientFlags {
  repo?: string | undefined;
  blueprint?: string | undefined;
  ci?: string | undefined;
  cluster?: string | undefined;
  json?: true | undefined;
  detailedExitcode?: true | undefined;
}

function requestOf(
  blueprint: string,
  source: Pick<PlanRequest, "repository" | "commit">,
): PlanRequest {
  const { cluster, placement, vmSpecs } = parseBlueprint(blueprint);
  return { cluster, placement, vmSpecs, ...source };
}

async function readBlueprint(
  context: CliContext,
  file: string,
): Promise<string> {
  if (file === "-") return await context.readInput(MAX_BLUEPRINT_BYTES);
  try {
    const { size } = await Deno.stat(file);
    if (size > MAX_BLUEPRINT_BYTES) {
      throw new AppError(
        "invalid",
        `Cannot read ${file}: it is larger than ${MAX_BLUEPRINT_BYTES} bytes`,
      );
    }
    return await Deno.readTextFile(file);
  } catch (cause) {
    if (cause instanceof AppError) throw cause;
    throw new AppError("not_found", `Cannot read the blueprint ${file}`, {
      cause,
      hint: "write it with: nix eval --raw .#blueprintJSON > blueprint.json",
    });
  }
}

/** The repository that the cluster belongs to: a cluster has one, and most masters one cluster. */
async function ownerOf(
  master: MasterClient,
  cluster: string,
): Promise<string> {
  const { cluster: name } = await master.status(cluster);
  const [newest] = await master.generations(name, 1);
  if (newest !== undefined) return newest.repository;
  throw new AppError("not_found", `Nothing was published to "${name}" yet`, {
    hint: "name the repository with --repo",
  });
}

/** Has ci evaluate a commit. */
async function evaluated(
  context: CliContext,
  flags: PlanFlags,
  body: { repository: string; ref?: string },
): Promise<PlanRequest> {
  const target = { ...flags, url: flags.ci };
  const view = await withService(
    context,
    "ci",
    target,
    (ci) =>
      ci.json(BlueprintView, "/api/v1/evaluations", {
        method: "POST",
        json: body,
        timeoutMs: EVALUATION_TIMEOUT_MS,
      }),
  );
  const { repository, commit } = view;
  return requestOf(view.blueprint, { repository, commit });
}

async function plan(
  context: CliContext,
  ref: string | undefined,
  flags: PlanFlags,
): Promise<void> {
  const { blueprint } = flags;
  if (blueprint !== undefined && ref !== undefined) {
    throw new AppError(
      "usage",
      "A commit and --blueprint are two plans: give one of them",
    );
  }
  const repository = flags.repo === undefined
    ? undefined
    : parseWith(Name, flags.repo, { what: "the repository's name" });
  const local = blueprint === undefined
    ? undefined
    : requestOf(await readBlueprint(context, blueprint), { repository });
  const made = await withMaster(context, flags, async (master) => {
    const request = local ?? await evaluated(context, flags, {
      repository: repository ?? await ownerOf(master, flags.cluster ?? ""),
      ...(ref === undefined ? {} : { ref }),
    });
    return await master.plan(request);
  });
  if (flags.json === true) printJson(context, made);
  else context.out(formatPlan(made, context.paint));
  if (made.refused !== null) context.exitStatus = 3;
  else if (flags.detailedExitcode === true && hasChanges(made)) {
    context.exitStatus = EXIT_CHANGES;
  }
}

export function addPlan(program: Command, context: CliContext): void {
  withCluster(withClientFlags(program.command("plan")))
    .description(
      "show what publishing a commit or a blueprint would do; nothing is published",
    )
    .argument(
      "[ref]",
      "a branch or a commit of the hub, evaluated by ci; the branch that is published when not given",
    )
    .option(
      "--repo <name>",
      "the repository; the one that the cluster belongs to when not given",
    )
    .option(
      "--blueprint <file>",
      "a blueprint's JSON instead of a commit; - for standard input",
    )
    .option("--ci <url>", "the URL of ci")
    .option(
      "--detailed-exitcode",
      "exit 5 when there are changes; 3 when it would be refused, as always",
    )
    .addHelpText(
      "after",
      examples(
        "plan",
        "plan topic --repo shop",
        "plan --blueprint blueprint.json --detailed-exitcode",
      ),
    )
    .action((ref, flags) => plan(context, ref, flags));
}
