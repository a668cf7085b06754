/**
 * The page of a build, and its log as text and as events.
 *
 * @module
 */
import type { Context, Hono } from "hono";
import {
  AppError,
  type GenerationSummary,
  type JobDetail,
} from "../../roles/model/mod.ts";
import type { RenderPage, UiDeps } from "../app.tsx";
import { valueOr } from "../core/view_model.ts";
import { part } from "../part.ts";
import { BuildLog, BuildPage } from "../views/build.tsx";

/** Looked through for the one that a build published; older ones have no badge. */
const GENERATIONS = 100;

export function addBuildRoutes(
  app: Hono,
  deps: UiDeps,
  render: RenderPage,
): void {
  /** The job that the path names; a job of another repository is not found. */
  async function jobOf(c: Context): Promise<JobDetail> {
    const name = c.req.param("name") ?? "";
    const text = c.req.param("id") ?? "";
    const missing = new AppError(
      "not_found",
      `Repository "${name.slice(0, 80)}" has no build ${text.slice(0, 20)}`,
    );
    if (!/^[1-9][0-9]{0,14}$/.test(text)) throw missing;
    const job = await deps.data.job(Number(text));
    if (job.repository !== name) throw missing;
    return job;
  }
  /** What became of what the job published. */
  async function generationOf(
    job: JobDetail,
  ): Promise<GenerationSummary | null> {
    if (job.generation === null || job.cluster === "") return null;
    const list = await part(deps.data.generations(job.cluster, GENERATIONS));
    return valueOr(list, []).find((one) => one.generation === job.generation) ??
      null;
  }
  app.get("/repositories/:name/builds/:id", async (c) => {
    const job = await jobOf(c);
    return render(
      {
        title: `Build #${job.id}`,
        place: "repositories",
        refreshMs: 0,
        crumbs: (
          <>
            <a href="/">Repositories</a> /{" "}
            <a href={`/repositories/${job.repository}`}>{job.repository}</a>
          </>
        ),
        after: <BuildLog job={job} />,
      },
      <BuildPage
        job={job}
        generation={await generationOf(job)}
        nowMs={deps.nowMs()}
      />,
    );
  });
  app.get("/repositories/:name/builds/:id/log", async (c) => {
    const job = await jobOf(c);
    return c.body(await deps.data.log(job.id, "text"), 200, {
      "content-type": "text/plain; charset=utf-8",
    });
  });
  app.get("/repositories/:name/builds/:id/events", async (c) => {
    const job = await jobOf(c);
    const after = c.req.header("last-event-id") ?? "0";
    if (!/^[0-9]{1,15}$/.test(after)) {
      throw new AppError("invalid", "Last-Event-ID must be a number");
    }
    return c.body(await deps.data.log(job.id, { eventsAfter: after }), 200, {
      "content-type": "text/event-stream",
      "cache-control": "no-store",
    });
  });
}
