/**
 * `master backup` and `master restore`: the master's database as a file.
 *
 * @module
 */
import type { Command, CommandUnknownOpts } from "@commander-js/extra-typings";
import { loadConfig } from "../../config/mod.ts";
import type { CliContext } from "../context.ts";
import { commandNamed, examples, printJson } from "../flags.ts";
import type { LoadRoleConfig, MasterFiles, RoleTable } from "../roles.ts";

/** Read and written at a time. */
const CHUNK_BYTES = 1024 * 1024;

interface PlaceFlags {
  config?: string | undefined;
  stateDir?: string | undefined;
  json?: true | undefined;
}

/** Where the master's directory is, by the flags of its role. */
function loaderOf(flags: PlaceFlags): LoadRoleConfig {
  return (schema) =>
    loadConfig(schema, {
      ...(flags.config === undefined ? {} : { file: flags.config }),
      overrides: { stateDir: flags.stateDir },
    });
}

/** A backup goes through a file in any case: it is checked before a byte of it is out. */
async function backupToOutput(
  context: CliContext,
  write: (file: string) => ReturnType<MasterFiles["backup"]>,
): Promise<void> {
  const directory = await Deno.makeTempDir({ prefix: "procurator-backup-" });
  try {
    const { file } = await write(`${directory}/backup`);
    using source = await Deno.open(file);
    const chunk = new Uint8Array(CHUNK_BYTES);
    for (;;) {
      const count = await source.read(chunk);
      if (count === null) return;
      context.outBytes(chunk.subarray(0, count));
    }
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

function addBackup(
  master: CommandUnknownOpts,
  context: CliContext,
  files: MasterFiles,
): void {
  master.command("backup")
    .description(
      "write the master's database and tokens to a file, while it runs or not",
    )
    .argument("<file>", "where to; - is standard output")
    .option("--config <file>", "the master's configuration")
    .option("--state-dir <dir>", "the master's directory")
    .option("--json", "print JSON and nothing else")
    .addHelpText(
      "after",
      examples(
        "master backup /var/backups/master.sqlite",
        "master backup - --state-dir /var/lib/procurator/master | age -r KEY > master.age",
      ),
    )
    .action(async (file, _flags, command) => {
      const flags: PlaceFlags = command.optsWithGlobals();
      const write = (to: string) => files.backup(loaderOf(flags), to);
      if (file === "-") return await backupToOutput(context, write);
      const info = await write(file);
      if (flags.json === true) return printJson(context, info);
      context.out(
        `${info.file}: ${info.generations} generations, ${info.documents} documents, ${info.events} events, ${info.bytes} bytes\n`,
      );
    });
}

function addRestore(
  master: CommandUnknownOpts,
  context: CliContext,
  files: MasterFiles,
): void {
  master.command("restore")
    .description(
      "replace the database of a stopped master by a backup; the replaced one is kept",
    )
    .argument("<file>", "what `master backup` wrote")
    .option("--config <file>", "the master's configuration")
    .option("--state-dir <dir>", "the master's directory")
    .option("--json", "print JSON and nothing else")
    .addHelpText(
      "after",
      examples(
        "master restore /var/backups/master.sqlite --state-dir /var/lib/procurator/master",
      ),
    )
    .action(async (file, _flags, command) => {
      const flags: PlaceFlags = command.optsWithGlobals();
      const user = context.env["SUDO_USER"] ?? context.env["USER"] ?? "local";
      const info = await files.restore(loaderOf(flags), file, {
        // Who may write the directory needs no token.
        by: { role: "admin", name: user.slice(0, 255), tokenId: "" },
        nowMs: context.clock.now(),
      });
      if (flags.json === true) return printJson(context, info);
      context.out(
        `restored ${info.generations} generations, ${info.documents} documents, ${info.events} events as incarnation ${info.incarnation}\n`,
      );
      context.out(
        info.replaced === null
          ? "there was no database before\n"
          : `what was there before is ${info.replaced}\n`,
      );
      if (info.tokensRestored) {
        context.out("the tokens of the backup are good again\n");
      }
    });
}

/** Below `master`, which runs the role. */
export function addMasterFiles(
  program: Command,
  context: CliContext,
  { masterFiles }: RoleTable,
): void {
  const master = commandNamed(program, "master");
  addBackup(master, context, masterFiles);
  addRestore(master, context, masterFiles);
}
