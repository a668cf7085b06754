/**
 * `builds list|log|retry`: what ci makes of the commits that were pushed.
 *
 * @module
 */
import type { Command } from "@commander-js/extra-typings";
import { z } from "zod";
import type { HttpClient } from "../../http/client.ts";
import {
  AppError,
  JobDetail,
  JobList,
  type JobView,
  LogLine,
  Name,
  parseJsonWith,
  parseWith,
} from "../../model/mod.ts";
import type { CliContext } from "../context.ts";
import { describeBuild, formatBuilds } from "../core/build_view.ts";
import { EventStream } from "../core/event_stream.ts";
import { plain } from "../core/table.ts";
import {
  examples,
  printJson,
  wholeNumber,
  withService,
  withServiceFlags,
} from "../flags.ts";

const PATH = "/api/v1/jobs";
/** As many as ci gives at once. */
const MAX_LIMIT = 1000;

const buildId = wholeNumber(1, Number.MAX_SAFE_INTEGER);
const Lines = z.array(LogLine);
const ANSWER = { what: "ci's answer" };

async function list(
  ci: HttpClient,
  filter: { repository?: string | undefined; limit: number },
): Promise<JobView[]> {
  const query = new URLSearchParams({ limit: String(filter.limit) });
  if (filter.repository !== undefined) {
    query.set(
      "repository",
      parseWith(Name, filter.repository, { what: "the repository's name" }),
    );
  }
  return (await ci.json(JobList, `${PATH}?${query}`)).jobs;
}

/** The build that is meant: the newest when none is named. */
async function idOf(
  ci: HttpClient,
  id: number | undefined,
  repository: string | undefined,
): Promise<number> {
  if (id !== undefined) return id;
  const [newest] = await list(ci, { repository, limit: 1 });
  if (newest !== undefined) return newest.id;
  throw new AppError("not_found", "There is no build yet", {
    hint: "push a commit to the hub first",
  });
}

/** A log's text without what steers a terminal. */
function printable(text: string): string {
  return text.split("\n").map(plain).join("\n");
}

async function printLog(
  context: CliContext,
  ci: HttpClient,
  id: number,
  json: boolean,
): Promise<void> {
  const answer = await ci.request(`${PATH}/${id}/log`, {
    headers: { accept: "text/plain" },
  });
  const text = await answer.text();
  if (json) return printJson(context, { build: id, text });
  context.out(printable(text));
}

/** Prints lines as they come, until the build has ended; then what it came to. */
async function follow(
  context: CliContext,
  ci: HttpClient,
  id: number,
  options: { json: boolean; signal: AbortSignal },
): Promise<void> {
  const answer = await ci.request(`${PATH}/${id}/log`, {
    headers: { accept: "text/event-stream" },
    signal: options.signal,
  });
  const events = new EventStream();
  const decoder = new TextDecoder();
  let ended = false;
  for await (const chunk of answer.body ?? []) {
    for (
      const { event, data } of events.take(
        decoder.decode(chunk, { stream: true }),
      )
    ) {
      ended ||= event === "end";
      if (event !== "lines") continue;
      for (const line of parseJsonWith(Lines, data, ANSWER)) {
        context.out(
          options.json
            ? `${JSON.stringify(line)}\n`
            : `${plain(line.step)} | ${plain(line.text)}\n`,
        );
      }
    }
  }
  if (!ended) {
    throw new AppError("unavailable", `The log of build ${id} broke off`, {
      hint: "ci was stopped; follow the log again when it runs",
    });
  }
  const job = await ci.json(JobDetail, `${PATH}/${id}`);
  if (!options.json) context.err(describeBuild(job));
  if (job.state === "failed") context.exitStatus = 1;
}

async function followUntilStopped(
  context: CliContext,
  ci: HttpClient,
  id: number,
  json: boolean,
): Promise<void> {
  const stop = new AbortController();
  const stopped = context.untilStopped().then(() => stop.abort());
  const followed = follow(context, ci, id, { json, signal: stop.signal })
    .catch((error) => {
      if (!stop.signal.aborted) throw error;
    });
  await Promise.race([followed, stopped.then(() => followed)]);
}

function addList(parent: Command, context: CliContext): void {
  withServiceFlags(parent.command("list", { isDefault: true }), "ci")
    .description("list the builds, newest first")
    .option("--repository <name>", "of one repository only")
    .option("--limit <count>", "how many", wholeNumber(1, MAX_LIMIT), 20)
    .addHelpText("after", examples("builds", "builds --repository shop"))
    .action((flags) =>
      withService(context, "ci", flags, async (ci) => {
        const jobs = await list(ci, flags);
        if (flags.json === true) return printJson(context, jobs);
        context.out(formatBuilds(jobs, context.clock.now(), context.paint));
      })
    );
}

function addLog(parent: Command, context: CliContext): void {
  withServiceFlags(parent.command("log"), "ci")
    .argument("[build]", "which; the newest when not given", buildId)
    .description("print the log of a build")
    .option("--repository <name>", "the newest of this repository")
    .option(
      "-f, --follow",
      "go on until the build has ended; exits 1 when it failed (with --json: a line each)",
    )
    .addHelpText("after", examples("builds log -f", "builds log 3"))
    .action((build, flags) =>
      withService(context, "ci", flags, async (ci) => {
        const id = await idOf(ci, build, flags.repository);
        const json = flags.json === true;
        await (flags.follow === true
          ? followUntilStopped(context, ci, id, json)
          : printLog(context, ci, id, json));
      })
    );
}

function addRetry(parent: Command, context: CliContext): void {
  withServiceFlags(parent.command("retry"), "ci")
    .argument("<build>", "which", buildId)
    .description("run a build that has ended again")
    .addHelpText("after", examples("builds retry 3"))
    .action((build, flags) =>
      withService(context, "ci", flags, async (ci) => {
        const job = await ci.json(JobDetail, `${PATH}/${build}/retry`, {
          method: "POST",
        });
        if (flags.json === true) return printJson(context, job);
        context.out(describeBuild(job));
      })
    );
}

export function addBuilds(program: Command, context: CliContext): void {
  const builds = program.command("builds").description(
    "see what ci makes of the commits that were pushed",
  ).addHelpText(
    "after",
    examples("builds", "builds log -f", "builds retry 3"),
  );
  addList(builds, context);
  addLog(builds, context);
  addRetry(builds, context);
}
