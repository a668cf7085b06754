/**
 * `worker enroll`: exchanges a one-time token for this worker's own and keeps
 * it in the worker's token file.
 *
 * The proof is on disk before it is shown: an enrolment that was cut off
 * anywhere is finished by running the same command again.
 *
 * @module
 */
import type { Command } from "@commander-js/extra-typings";
import { z } from "zod";
import { loadCa } from "../../auth/mod.ts";
import { readSmallFile } from "../../config/mod.ts";
import {
  readIfThere,
  removeIfThere,
  writeFileAtomic,
} from "../../files/mod.ts";
import { AppError } from "../../model/errors.ts";
import { Name } from "../../model/ids.ts";
import { parseJsonWith, parseWith } from "../../model/parse.ts";
import type { CliContext } from "../context.ts";
import { parseMasterUrl } from "../core/master_url.ts";
import { withMasterToken } from "../core/token_file.ts";
import { commandNamed, examples, printJson } from "../flags.ts";

const PROOF_BYTES = 32;
/** A token file is a few lines. */
const MAX_FILE_BYTES = 64 * 1024;

/** What is kept between asking and being answered. */
const Asked = z.strictObject({
  /** Of the one-time token: its public part. */
  tokenId: z.string().max(64),
  worker: Name,
  proof: z.string().regex(/^[0-9a-f]{64}$/),
});

interface EnrollFlags {
  master?: string | undefined;
  token?: string | undefined;
  name?: string | undefined;
  config?: string | undefined;
  tokenFile?: string | undefined;
  caFile?: string | undefined;
  json?: true | undefined;
}

/** What the worker's own configuration says; the role's other keys are its own matter. */
const WorkerSettings = z.looseObject({
  name: z.string().optional(),
  masterUrl: z.string().optional(),
  tokenFile: z.string().optional(),
  caFile: z.string().optional(),
});

async function settingsOf(flags: EnrollFlags) {
  if (flags.config === undefined) return WorkerSettings.parse({});
  const what = `the configuration ${flags.config}`;
  const text = await readSmallFile(flags.config, {
    what,
    maxBytes: MAX_FILE_BYTES,
  });
  return parseJsonWith(WorkerSettings, text, { what });
}

function required(value: string | undefined, flag: string, why: string) {
  if (value !== undefined && value !== "") return value;
  throw new AppError("usage", `Cannot enrol without ${flag}: ${why}`);
}

async function oneTimeToken(
  context: CliContext,
  given: string | undefined,
): Promise<string> {
  const token = given ?? await context.readSecret("One-time token: ");
  if (/^pcr_worker_[0-9a-f]{16}_[0-9a-f]{64}$/.test(token)) return token;
  throw new AppError("usage", "Cannot enrol: that is not a one-time token", {
    hint:
      "make one: procurator token create --role worker --one-time --name NAME",
  });
}

function parsedOrNull(text: string): z.output<typeof Asked> | null {
  try {
    return Asked.parse(JSON.parse(text));
  } catch {
    return null;
  }
}

/** The proof for this token and worker: the one that was shown before, or a new one on disk. */
async function proofFor(
  context: CliContext,
  file: string,
  asked: { tokenId: string; worker: string },
): Promise<string> {
  const text = await readIfThere(file);
  if (text !== null) {
    // Of another token, or damaged: it has no say in this one.
    const known = parsedOrNull(text);
    if (known?.tokenId === asked.tokenId && known.worker === asked.worker) {
      return known.proof;
    }
  }
  const proof = context.random.hex(PROOF_BYTES);
  await writeFileAtomic(file, JSON.stringify({ ...asked, proof }));
  return proof;
}

async function enroll(context: CliContext, flags: EnrollFlags): Promise<void> {
  const settings = await settingsOf(flags);
  const url = parseMasterUrl(
    required(
      flags.master ?? settings.masterUrl,
      "--master",
      "whom should it ask?",
    ),
  );
  const tokenFile = required(
    flags.tokenFile ?? settings.tokenFile,
    "--token-file",
    "where should the worker's token be kept?",
  );
  const worker = parseWith(
    Name,
    flags.name ?? settings.name ?? Deno.hostname().toLowerCase().split(".")[0],
    { what: "the worker's name", hint: "give it by --name" },
  );
  const token = await oneTimeToken(context, flags.token);
  // Read first: a file that cannot be written into is better met now.
  const before = await readIfThere(tokenFile) ?? "";
  withMasterToken(before, token, tokenFile);
  const proofFile = `${tokenFile}.enrolling`;
  const tokenId = token.split("_")[2] ?? "";
  const proof = await proofFor(context, proofFile, { tokenId, worker });
  const caCert = await loadCa(flags.caFile ?? settings.caFile);
  const own = await context.enrolWorker(
    { url, caCert },
    { token, worker, proof },
  );
  await writeFileAtomic(tokenFile, withMasterToken(before, own, tokenFile), {
    mode: 0o600,
  });
  await removeIfThere(proofFile);
  if (flags.json === true) {
    return printJson(context, { worker, master: url, tokenFile });
  }
  context.out(
    `${worker} is enrolled with ${url}; its token is in ${tokenFile}\n`,
  );
}

/** Below `worker`, which runs the role. */
export function addWorkerEnroll(program: Command, context: CliContext): void {
  commandNamed(program, "worker").command("enroll")
    .description("exchange a one-time token for this worker's own")
    .option("--master <url>", "the master's RPC: tls://HOST:6440")
    .option(
      "--token <token>",
      "the one-time token; asked for, or read from standard input, when not given",
    )
    .option("--name <name>", "the worker's name (default: the host's)")
    .option("--config <file>", "the worker's configuration, for all of these")
    .option(
      "--token-file <file>",
      "where to keep the token: the worker's tokenFile",
    )
    .option("--ca-file <file>", "the CA to trust")
    .option("--json", "print JSON and nothing else")
    .addHelpText(
      "after",
      examples(
        "worker enroll --master tls://10.0.0.1:6440 --ca-file ca.crt --name w1 --token-file /etc/procurator/worker.token",
        "worker enroll --config /etc/procurator/worker.json < one-time-token",
      ) +
        "\n\nThe one-time token is used up. When this was cut off, run it again as it was:" +
        "\nthe same worker is answered the same until the one-time token expires.",
    )
    .action((_flags, command) =>
      // Flags that the role has as well are taken by the word before.
      enroll(context, command.optsWithGlobals())
    );
}
