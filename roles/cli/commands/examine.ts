/**
 * `examine`, hidden: what a service calls to learn what a commit is, in a
 * process of its own. `analyze --commit` is the word for people.
 *
 * @module
 */
import type { Command } from "@commander-js/extra-typings";
import type { CliContext } from "../context.ts";
import { examples } from "../flags.ts";

export function addExamine(program: Command, context: CliContext): void {
  program.command("examine", { hidden: true })
    .argument("<directory>", "a bare repository")
    .argument("<commit>", "its whole id")
    .requiredOption("--name <name>", "of the repository")
    .description("print what a commit is, for a service")
    .addHelpText(
      "after",
      examples(`examine --name shop shop.git ${"0".repeat(40)}`),
    )
    .action(async (gitDirectory, commit, { name }) => {
      const { examineForService } = await import(
        "../../../autonix/examiner.ts"
      );
      const request = { gitDirectory, commit, repository: name };
      context.out(`${await examineForService(request)}\n`);
    });
}
