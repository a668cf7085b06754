/**
 * What `dev` tells its user: where everything is, and the way from nothing to
 * a running VM. Text only.
 *
 * @module
 */
import { shellWord } from "../../cli/core/git_credential.ts";
import type { Layout } from "./layout.ts";

/**
 * A `procurator` that is a client of this dev: a script, so that it works from
 * sources too, and from every directory.
 */
export function commandScript(
  command: readonly string[],
  clientConfigFile: string,
): string {
  return [
    "#!/bin/sh",
    "# procurator as a client of the `dev` beside it. Written again at each start.",
    `PROCURATOR_CLIENT=${shellWord(clientConfigFile)}`,
    "export PROCURATOR_CLIENT",
    `exec ${command.map(shellWord).join(" ")} "$@"`,
    "",
  ].join("\n");
}

/** Where to look. */
export function whereToLook({ urls }: Layout): string {
  return [
    `pages    ${urls.hub}`,
    `cache    ${urls.cache}`,
    `master   ${urls.masterRpc} (HTTP ${urls.master})`,
  ].map((line) => `  ${line}\n`).join("");
}

/** The steps to a first VM; `hasRepositories` leaves those out that were taken. */
export function firstSteps(
  layout: Layout,
  options: { hasRepositories: boolean },
): string {
  const path = `export PATH=${shellWord(layout.commandDir)}:$PATH`;
  const look: [string, string][] = [
    ["procurator builds log -f", "evaluation, build, upload"],
    ["procurator status --watch", "the VMs; http://ADDRESS is their page"],
  ];
  const steps: [string, string][] = options.hasRepositories
    ? [[path, "procurator, as a client of this dev"], ...look]
    : [
      [path, "procurator, as a client of this dev"],
      ["procurator example shop && cd shop", "a flake: a web server, two VMs"],
      ['git add -A && git commit -m "open the shop"', ""],
      [
        "procurator repo create shop --remote procurator",
        "a repository here, and git's way to it",
      ],
      ["git push procurator main", ""],
      ...look,
    ];
  const width = Math.max(...steps.map(([command]) => command.length));
  const lines = steps.map(([command, about]) =>
    about === ""
      ? `  ${command}\n`
      : `  ${command.padEnd(width)}   # ${about}\n`
  );
  return `\nin another terminal:\n${lines.join("")}`;
}
