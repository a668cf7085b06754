/**
 * `git-credential`, hidden: what git runs to get the hub's token, so that no
 * URL and no configuration of git holds it.
 *
 * @module
 */
import type { Command } from "@commander-js/extra-typings";
import { serviceTarget } from "../client_config.ts";
import type { CliContext } from "../context.ts";
import { answerCredential } from "../core/git_credential.ts";
import { examples } from "../flags.ts";

export function addGitCredential(program: Command, context: CliContext): void {
  program.command("git-credential", { hidden: true })
    .argument("<action>", "get; store and erase do nothing")
    .option("--client <file>", "another client configuration")
    .description("answer git with the hub's token")
    .addHelpText(
      "after",
      examples("git-credential get < request"),
    )
    .action(async (action, flags) => {
      const request = await context.readInput();
      if (action !== "get") return;
      const hub = await serviceTarget("hub", flags, context.env);
      context.out(answerCredential(request, hub));
    });
}
