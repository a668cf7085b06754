/**
 * One build: what it came to, its steps, its log.
 *
 * @module
 */
import type {
  GenerationSummary,
  JobDetail,
  StepView,
} from "../../roles/model/mod.ts";
import {
  type Badge,
  formatSeconds,
  generationBadge,
  jobBadge,
} from "../core/view_model.ts";
import {
  BadgeView,
  type Column,
  CommitView,
  Empty,
  Fact,
  Facts,
  Section,
  Table,
  TimeView,
} from "./parts.tsx";
import { buildPath, generationPath } from "./repositories.tsx";

const STEP_BADGE: Record<StepView["state"], Badge> = {
  running: { text: "running", tone: "busy" },
  succeeded: { text: "done", tone: "good" },
  failed: { text: "failed", tone: "bad" },
};

function Outcome({ job }: { job: JobDetail }) {
  if (job.state !== "failed" && job.state !== "waiting") return null;
  return (
    <div
      class={`notice ${job.state === "failed" ? "bad" : "wait"}`}
      role="status"
    >
      <p>{job.message}</p>
      {job.hint === null ? null : <p class="soft">Try: {job.hint}</p>}
    </div>
  );
}

/** Why a published generation does not run: the build itself went well. */
function Rollout({ generation }: { generation: GenerationSummary | null }) {
  if (generation === null || generation.reason === "") return null;
  return (
    <div
      class={`notice ${generation.state === "failed" ? "bad" : "wait"}`}
      role="status"
    >
      <p>
        Generation {generation.generation} {generation.state}:{" "}
        {generation.reason}
      </p>
    </div>
  );
}

export function BuildPage({ job, generation, nowMs }: {
  job: JobDetail;
  /** What the master made of it; null where it published none or the master is away. */
  generation: GenerationSummary | null;
  nowMs: number;
}) {
  const took = (step: StepView) =>
    formatSeconds(((step.endedAtMs ?? nowMs) - step.startedAtMs) / 1000);
  const columns: Column<StepView>[] = [
    { label: "Step", cell: (step) => step.name },
    {
      label: "State",
      class: "wide",
      cell: (step) => (
        <>
          <BadgeView badge={STEP_BADGE[step.state]} />
          {step.message === ""
            ? null
            : <div class="note">{step.message.split("\n")[0]}</div>}
        </>
      ),
    },
    { label: "Took", class: "number", cell: took },
  ];
  return (
    <>
      <Facts>
        <Fact name="State">
          <BadgeView badge={jobBadge(job)} />
        </Fact>
        <Fact name="Commit">
          <CommitView commit={job.commit} />
        </Fact>
        <Fact name="Branch">{job.branch}</Fact>
        <Fact name="Generation">
          {job.generation === null ? "–" : (
            <>
              <a
                href={generationPath({
                  cluster: job.cluster,
                  generation: job.generation,
                })}
              >
                {job.cluster} {job.generation}
              </a>{" "}
              {generation === null
                ? null
                : <BadgeView badge={generationBadge(generation.state)} />}
            </>
          )}
        </Fact>
        <Fact name="Eval">{formatSeconds(job.seconds.eval)}</Fact>
        <Fact name="Build and upload">{formatSeconds(job.seconds.build)}</Fact>
        <Fact name="Queued">
          <TimeView atMs={job.queuedAtMs} nowMs={nowMs} />
        </Fact>
      </Facts>
      <Outcome job={job} />
      <Rollout generation={generation} />
      <Section title="Steps">
        {job.steps.length === 0
          ? (
            <Empty text="It has not begun: builds of one repository run one after the other." />
          )
          : <Table label="Steps" columns={columns} rows={job.steps} />}
      </Section>
    </>
  );
}

export function BuildLog({ job }: { job: JobDetail }) {
  const base = buildPath(job);
  return (
    <section class="card">
      <div class="loghead">
        <h2>Log</h2>
        <a href={`${base}/log`}>Plain text</a>
      </div>
      <pre
        class="log"
        tabindex={0}
        role="log"
        aria-label="Log"
        data-log={`${base}/events`}
      ><div data-placeholder="" class="soft">Waiting for lines… Without scripts, read the plain text.</div></pre>
    </section>
  );
}
