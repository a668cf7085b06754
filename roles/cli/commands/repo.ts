/**
 * `repo create|list|head`: the hub's repositories, and git's way to them.
 *
 * @module
 */
import type { Command } from "@commander-js/extra-typings";
import { resolve } from "node:path";
import { z } from "zod";
import {
  AppError,
  Name,
  parseWith,
  RepositoryList,
  RepositoryView,
} from "../../model/mod.ts";
import { runChecked } from "../../process/mod.ts";
import {
  clientFile,
  type ClientFlags,
  readClientConfig,
  serviceTarget,
} from "../client_config.ts";
import type { CliContext } from "../context.ts";
import { formatRepositories, remoteUrl } from "../core/build_view.ts";
import { credentialHelper } from "../core/git_credential.ts";
import {
  examples,
  printJson,
  withService,
  withServiceFlags,
} from "../flags.ts";

const PATH = "/api/v1/repositories";
const Created = RepositoryView.extend({ created: z.boolean() });

interface RepoFlags extends ClientFlags {
  url?: string | undefined;
  json?: true | undefined;
}

function parseName(text: string): string {
  return parseWith(Name, text, { what: "the repository's name" });
}

function git(...args: string[]): Promise<string> {
  return runChecked("git", args, { missingHint: "apt-get install git" });
}

/** Outside of a work tree nothing may be created: the user would have half of what was asked. */
async function requireWorkTree(): Promise<void> {
  try {
    await git("rev-parse", "--git-dir");
  } catch (cause) {
    if (cause instanceof AppError && cause.code === "missing_dependency") {
      throw cause;
    }
    throw new AppError(
      "refused",
      "Cannot add a remote: this directory is not in a Git repository",
      { hint: "git init -b main, or leave --remote out" },
    );
  }
}

/** Makes `remote` of the work tree here point to the hub, with the token and CA that this client has. */
async function addRemote(
  context: CliContext,
  flags: RepoFlags,
  remote: { name: string; url: string; hub: string },
): Promise<void> {
  const known = (await git("remote")).split("\n").includes(remote.name);
  await git("remote", known ? "set-url" : "add", remote.name, remote.url);
  const file = resolve(clientFile(flags, context.env));
  const key = `credential.${new URL(remote.hub).origin}.helper`;
  // An empty helper first: those of the user's own configuration do not get to see or keep the token.
  await git("config", "--local", "--replace-all", key, "");
  const helper = credentialHelper(context.command, file);
  await git("config", "--local", "--add", key, helper);
  const { caFile } = await readClientConfig(flags, context.env);
  const ca = flags.caFile ?? caFile;
  if (ca !== undefined && remote.hub.startsWith("https:")) {
    const origin = new URL(remote.hub).origin;
    await git("config", "--local", `http.${origin}.sslCAInfo`, resolve(ca));
  }
}

async function create(
  context: CliContext,
  text: string,
  flags: RepoFlags & { remote?: string | undefined },
): Promise<void> {
  const name = parseName(text);
  if (flags.remote !== undefined) await requireWorkTree();
  const { created, ...repository } = await withService(
    context,
    "hub",
    flags,
    (hub) => hub.json(Created, PATH, { method: "POST", json: { name } }),
  );
  const hub = (await serviceTarget("hub", flags, context.env)).url;
  const url = remoteUrl(hub, name);
  if (flags.remote !== undefined) {
    await addRemote(context, flags, { name: flags.remote, url, hub });
  }
  if (flags.json === true) {
    return printJson(context, { ...repository, created, url });
  }
  const next = flags.remote === undefined
    ? `push to it, from a Git repository: procurator repo create ${name} --remote procurator && git push procurator main`
    : `the remote ${flags.remote} points to it: git push ${flags.remote} main`;
  context.out(
    `${created ? "made" : "there already:"} ${name}, ${url}\n${next}\n`,
  );
}

function addList(parent: Command, context: CliContext): void {
  withServiceFlags(parent.command("list", { isDefault: true }), "hub")
    .description(
      "list the repositories, with the last commit of the branch that is published",
    )
    .addHelpText("after", examples("repo list", "repo list --json"))
    .action((flags) =>
      withService(context, "hub", flags, async (hub) => {
        const { repositories } = await hub.json(RepositoryList, PATH);
        if (flags.json === true) return printJson(context, repositories);
        context.out(
          formatRepositories(
            repositories,
            hub.url,
            context.clock.now(),
            context.paint,
          ),
        );
      })
    );
}

function addHead(parent: Command, context: CliContext): void {
  withServiceFlags(parent.command("head"), "hub")
    .argument("<name>", "the repository")
    .argument("<branch>", "a branch that was pushed")
    .description("choose the branch that is published")
    .addHelpText("after", examples("repo head shop main"))
    .action((text, branch, flags) =>
      withService(context, "hub", flags, async (hub) => {
        const name = parseName(text);
        const repository = await hub.json(
          RepositoryView,
          `${PATH}/${name}/head`,
          { method: "PUT", json: { branch } },
        );
        if (flags.json === true) return printJson(context, repository);
        context.out(`${name} publishes ${repository.head}\n`);
      })
    );
}

export function addRepo(program: Command, context: CliContext): void {
  const repo = program.command("repo").description(
    "make and list the hub's repositories",
  ).addHelpText(
    "after",
    examples("repo create shop --remote procurator", "repo list"),
  );
  withServiceFlags(repo.command("create"), "hub")
    .argument("<name>", "small letters, digits and dashes")
    .description("make a repository; one that is there stays as it is")
    .option(
      "--remote <name>",
      "point this remote of the Git repository here to it, token included",
    )
    .addHelpText(
      "after",
      examples("repo create shop", "repo create shop --remote procurator"),
    )
    .action((name, flags) => create(context, name, flags));
  addList(repo, context);
  addHead(repo, context);
}
