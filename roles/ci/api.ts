/**
 * ci's HTTP API.
 *
 *     GET  /api/v1/jobs?repository=&commit=&limit=   newest first
 *     GET  /api/v1/jobs/ID                           with its steps
 *     GET  /api/v1/jobs/ID/log?after=N               text; as text/event-stream it goes on until the job ends
 *     POST /api/v1/jobs/ID/retry                     runs an ended job again
 *     GET  /api/v1/closures                          what the head of each branch was built to
 *     POST /api/v1/hint {repository}                 a push happened: look now
 *     POST /api/v1/evaluations {repository, ref?}    the blueprint of a commit; nothing is built or published
 *
 * Events of a log: `lines` (a JSON list; the id is the last line's sequence and
 * resumes the stream as Last-Event-ID), `job` (the job, when it changed), `end`.
 *
 * @module
 */
import type { Context, Hono } from "hono";
import { streamSSE } from "hono/streaming";
import { z } from "zod";
import { type AppEnv, requireRole } from "../http/mod.ts";
import {
  AppError,
  type Clock,
  Commit,
  type JobDetail,
  Name,
  parseJsonWith,
  parseWith,
} from "../model/mod.ts";
import { isEnded } from "./core/job.ts";
import { viewJob } from "./core/view.ts";
import type { BranchClosures } from "./branch_closures.ts";
import type { Evaluations } from "./evaluations.ts";
import type { LogStore } from "./log_store.ts";
import type { Runner } from "./runner.ts";
import type { JobStore } from "./store.ts";

/** Pages show 50; a script may read more. */
const MAX_LIMIT = 1000;
/** Open log streams: a page is one. */
const MAX_STREAMS = 256;
/** Silence on a stream, so that both ends notice a dead one. */
const KEEP_ALIVE_MS = 15_000;

const Query = z.object({
  repository: Name.optional(),
  commit: Commit.optional(),
  limit: z.coerce.number().int().min(1).max(MAX_LIMIT).default(50),
});
const Sequence = z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
/** The repository is for the log alone: a hint is a look at all of them. */
const Hint = z.strictObject({ repository: Name.optional() });

/** A ref as people write it; a branch's name may be 255 bytes. */
const EvaluationBody = z.strictObject({
  repository: Name,
  ref: z.string().min(1).max(255).optional(),
});

export interface CiApi {
  closures: BranchClosures;
  evaluations: Evaluations;
  store: JobStore;
  logs: LogStore;
  runner: Runner;
  clock: Clock;
  /** Aborts when ci stops: log streams end. */
  stopping: AbortSignal;
}

function jobId(c: Context): number {
  return parseWith(Sequence, c.req.param("id"), { what: "the job's id" });
}

function addLog(
  app: Hono<AppEnv>,
  { store, logs, clock, stopping }: CiApi,
): void {
  let streams = 0;
  const plain = (id: number, after: number): ReadableStream<Uint8Array> => {
    const encoder = new TextEncoder();
    let last = after;
    return new ReadableStream({
      pull(controller) {
        const lines = logs.read(id, last);
        last = lines.at(-1)?.sequence ?? last;
        if (lines.length === 0) controller.close();
        else {controller.enqueue(encoder.encode(
            lines.map((line) => `${line.step} | ${line.text}\n`).join(""),
          ));}
      },
    });
  };
  app.get("/api/v1/jobs/:id/log", requireRole("viewer"), (c) => {
    const id = store.require(jobId(c)).id;
    const resume = c.req.header("last-event-id") ?? c.req.query("after") ?? "0";
    const after = parseWith(Sequence, resume, {
      what: "where the log resumes",
    });
    if (!(c.req.header("accept") ?? "").includes("text/event-stream")) {
      return c.body(plain(id, after), 200, {
        "content-type": "text/plain; charset=utf-8",
      });
    }
    if (streams >= MAX_STREAMS) {
      throw new AppError(
        "overloaded",
        `Cannot follow the log: ${MAX_STREAMS} streams are open`,
      );
    }
    streams++;
    return streamSSE(c, async (stream) => {
      const gone = new AbortController();
      stream.onAbort(() => gone.abort());
      try {
        await follow(stream, {
          id,
          after,
          signal: AbortSignal.any([gone.signal, stopping]),
        });
      } finally {
        streams--;
      }
    });
  });

  async function follow(
    stream: Parameters<Parameters<typeof streamSSE>[1]>[0],
    from: { id: number; after: number; signal: AbortSignal },
  ): Promise<void> {
    let last = from.after;
    let shown = "";
    while (!from.signal.aborted) {
      const round = new AbortController();
      const end = () => round.abort();
      from.signal.addEventListener("abort", end, { once: true });
      // Waiting begins before reading, so that no line falls between the two.
      const changed = logs.wait(from.id, round.signal);
      const job = store.get(from.id);
      const lines = logs.read(from.id, last);
      last = lines.at(-1)?.sequence ?? last;
      if (lines.length > 0) {
        await stream.writeSSE({
          event: "lines",
          id: String(last),
          data: JSON.stringify(lines),
        });
      }
      const state = job === null
        ? ""
        : JSON.stringify({ ...viewJob(job), steps: store.steps(job.id) });
      if (state !== shown && state !== "") {
        await stream.writeSSE({ event: "job", data: state });
      }
      shown = state;
      if (lines.length === 0) {
        if (job === null || isEnded(job)) {
          await stream.writeSSE({ event: "end", data: "" });
          round.abort();
          return;
        }
        await Promise.race([changed, clock.sleep(KEEP_ALIVE_MS, round.signal)]);
        if (!from.signal.aborted) await stream.write(": alive\n\n");
      }
      from.signal.removeEventListener("abort", end);
      round.abort();
    }
  }
}

/** Adds the API to ci's app. */
export function addCiRoutes(app: Hono<AppEnv>, api: CiApi): void {
  const { store, runner, clock, logs } = api;
  const detail = (id: number): JobDetail => ({
    ...viewJob(store.require(id)),
    steps: store.steps(id),
  });
  app.get("/api/v1/jobs", requireRole("viewer"), (c) => {
    const query = parseWith(Query, c.req.query(), {
      what: "which jobs to list",
    });
    return c.json({ jobs: store.list(query).map(viewJob) });
  });
  app.get(
    "/api/v1/jobs/:id",
    requireRole("viewer"),
    (c) => c.json(detail(jobId(c))),
  );
  app.post("/api/v1/jobs/:id/retry", requireRole("publisher"), (c) => {
    const id = jobId(c);
    if (!isEnded(store.require(id))) {
      throw new AppError("refused", `Job ${id} has not ended yet`, {
        hint: "wait for it, or see its log",
      });
    }
    store.step(id, { kind: "retried", at: clock.now() });
    logs.changed(id);
    runner.poke();
    return c.json(detail(id), 202);
  });
  app.post("/api/v1/hint", requireRole("viewer"), async (c) => {
    parseJsonWith(Hint, await c.req.text(), {
      what: "the hint",
      hint: 'send {"repository": "shop"}',
    });
    runner.hint();
    return c.json({ accepted: true }, 202);
  });
  app.get(
    "/api/v1/closures",
    requireRole("viewer"),
    async (c) => c.json({ closures: await api.closures.list() }),
  );
  // It runs what was pushed, and takes minutes of this machine: not for anybody who may look.
  app.post("/api/v1/evaluations", requireRole("publisher"), async (c) => {
    const body = parseJsonWith(EvaluationBody, await c.req.text(), {
      what: "what is to be evaluated",
      hint: 'send {"repository": "shop", "ref": "main"}',
    });
    return c.json(await api.evaluations.evaluate(body));
  });
  addLog(app, api);
}
