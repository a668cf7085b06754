/**
 * `completion SHELL`: prints the script; `complete`, hidden, answers it.
 *
 * @module
 */
import {
  Argument,
  type Command,
  type CommandUnknownOpts,
} from "@commander-js/extra-typings";
import type { CliContext } from "../context.ts";
import {
  candidates,
  type CommandTree,
  completionScript,
  SHELLS,
} from "../core/completion.ts";
import { examples } from "../flags.ts";

const HIDDEN = "complete";

function treeOf(command: CommandUnknownOpts): CommandTree {
  return {
    name: command.name(),
    description: command.description(),
    commands: command.commands.filter((item) => item.name() !== HIDDEN).map(
      treeOf,
    ),
    takesDirectory: command.registeredArguments.some((argument) =>
      ["directory", "dir"].includes(argument.name())
    ),
    flags: [
      ...command.options.map((option) => ({
        name: option.long ?? option.short ?? "",
        description: option.description,
        takesValue: option.required || option.optional,
        choices: option.argChoices ?? [],
      })),
      {
        name: "--help",
        description: "show help",
        takesValue: false,
        choices: [],
      },
    ],
  };
}

export function addCompletion(program: Command, context: CliContext): void {
  program.command("completion")
    .addArgument(new Argument("<shell>", "which").choices(SHELLS))
    .description("print the completion script of a shell")
    .addHelpText(
      "after",
      examples("completion bash > /etc/bash_completion.d/procurator"),
    )
    .action((shell) => context.out(completionScript(shell)));
  program.command(HIDDEN, { hidden: true })
    .argument("[words...]")
    .description("answer the completion scripts")
    .addHelpText("after", examples("complete -- stat"))
    .action((words) => {
      const lines = candidates(treeOf(program), words).map((item) =>
        `${item.word}\t${item.description}\n`
      );
      context.out(lines.join(""));
    });
}
