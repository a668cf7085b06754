/**
 * What could come next on a command line, and the scripts that ask for it.
 * Decides from a plain tree of the commands.
 *
 * @module
 */

/** A command as completion sees it. */
export interface CommandTree {
  name: string;
  description: string;
  commands: readonly CommandTree[];
  /** True when its argument is a directory, which the shell knows best. */
  takesDirectory: boolean;
  flags: readonly {
    /** `--json` */
    name: string;
    description: string;
    takesValue: boolean;
    choices: readonly string[];
  }[];
}

/** A word that could come next. */
export interface Candidate {
  word: string;
  description: string;
}

/** Instead of candidates: the shell is to offer directories. */
export const DIRECTORIES = ":directories";

/** The candidates for the last of `words`, which follow the program's name. */
export function candidates(
  root: CommandTree,
  words: readonly string[],
): Candidate[] {
  const typed = words.at(-1) ?? "";
  let command = root;
  let pending: CommandTree["flags"][number] | undefined;
  for (const word of words.slice(0, -1)) {
    if (pending !== undefined) {
      pending = undefined;
      continue;
    }
    if (word.startsWith("-")) {
      const flag = command.flags.find((item) => item.name === word);
      if (flag?.takesValue === true) pending = flag;
      continue;
    }
    command = command.commands.find((item) => item.name === word) ?? command;
  }
  const all: Candidate[] = pending !== undefined
    ? pending.choices.map((word) => ({ word, description: "" }))
    : typed.startsWith("-")
    ? command.flags.map((flag) => ({
      word: flag.name,
      description: flag.description,
    }))
    : command.takesDirectory
    ? [{ word: DIRECTORIES, description: "" }]
    : command.commands.map((item) => ({
      word: item.name,
      description: item.description,
    }));
  return all.filter(({ word }) =>
    word === DIRECTORIES || word.startsWith(typed)
  );
}

/** The shells there is a script for. */
export const SHELLS = ["bash", "zsh", "fish"] as const;
export type Shell = typeof SHELLS[number];

const SCRIPTS: Readonly<Record<Shell, string>> = {
  bash: `# procurator: source this file, or put it into /etc/bash_completion.d
_procurator() {
  local IFS=$'\\n'
  COMPREPLY=($(procurator complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null | cut -f1))
  if [ "\${COMPREPLY[0]}" = "${DIRECTORIES}" ]; then COMPREPLY=(); compopt -o dirnames -o filenames; fi
}
complete -o default -F _procurator procurator
`,
  zsh: `#compdef procurator
_procurator() {
  local -a found
  local line word about
  while IFS= read -r line; do
    word=\${line%%$'\\t'*}
    about=\${line#*$'\\t'}
    if [ "\$word" = "${DIRECTORIES}" ]; then _files -/; return; fi
    found+=("\${word//:/\\\\:}:\$about")
  done < <(procurator complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)
  if (( \${#found} )); then _describe procurator found; else _files; fi
}
if [ "\$funcstack[1]" = "_procurator" ]; then _procurator "\$@"; else compdef _procurator procurator; fi
`,
  fish: `# procurator: put this file into ~/.config/fish/completions
function __procurator_complete
  set -l words (commandline -opc) (commandline -ct)
  set -l found (procurator complete -- $words[2..-1] 2>/dev/null)
  if string match -q -- "${DIRECTORIES}*" "$found[1]"; __fish_complete_directories "$words[-1]"
  else; printf '%s\\n' $found; end
end
complete -c procurator -f -a '(__procurator_complete)'
`,
};

/** The script for a shell. */
export function completionScript(shell: Shell): string {
  return SCRIPTS[shell];
}
