/**
 * The list of repositories, and one of them.
 *
 * @module
 */
import type {
  BranchView,
  GenerationSummary,
  JobView,
  RepositoryView,
  StageSeconds,
} from "../../roles/model/mod.ts";
import { analysisPath } from "../core/analysis_model.ts";
import {
  firstPush,
  formatSeconds,
  generationBadge,
  type GenerationRow,
  generationRows,
  jobBadge,
  type Part,
  type RepositoryRow,
  valueOr,
} from "../core/view_model.ts";
import type { AnalysisView } from "../data.ts";
import { Glance } from "./analysis.tsx";
import {
  BadgeView,
  type Column,
  Commands,
  CommitView,
  Empty,
  Problem,
  Section,
  Table,
  TimeView,
} from "./parts.tsx";

/** A commit's stages in the order it meets them. */
const STAGES = ["eval", "build", "copy", "place", "boot", "healthy"] as const;

export function buildPath(job: Pick<JobView, "repository" | "id">): string {
  return `/repositories/${job.repository}/builds/${job.id}`;
}

function JobLink({ job }: { job: JobView | null }) {
  return job === null
    ? <span class="soft">no build yet</span>
    : (
      <a href={buildPath(job)}>
        <BadgeView badge={jobBadge(job)} />
      </a>
    );
}

export function RepositoriesView({ rows, jobs, nowMs }: {
  rows: readonly RepositoryRow[];
  jobs: Part<unknown>;
  nowMs: number;
}) {
  const columns: Column<RepositoryRow>[] = [
    {
      label: "Name",
      cell: (row) => (
        <a href={`/repositories/${row.name}`}>
          <strong>{row.name}</strong>
        </a>
      ),
    },
    { label: "Branch", cell: (row) => row.head ?? "–" },
    {
      label: "Last commit",
      class: "wide",
      cell: (row) =>
        row.commit === null ? <span class="soft">nothing pushed yet</span> : (
          <>
            <CommitView commit={row.commit} /> {row.subject}
          </>
        ),
    },
    {
      label: "When",
      class: "number soft",
      cell: (row) =>
        row.committedAtMs === null
          ? "–"
          : <TimeView atMs={row.committedAtMs} nowMs={nowMs} />,
    },
    { label: "Build", cell: (row) => <JobLink job={row.job} /> },
  ];
  return (
    <>
      {jobs.ok ? null : <Problem error={jobs.error} />}
      <Section title="Repositories" count={rows.length}>
        {rows.length === 0
          ? (
            <Empty
              text="There is no repository yet. Make one from a Git work tree that holds a flake (procurator example DIR writes one), and push:"
              commands={firstPush(null)}
            />
          )
          : <Table label="Repositories" columns={columns} rows={rows} />}
      </Section>
    </>
  );
}

export function BuildsTable(
  { jobs, nowMs }: { jobs: readonly JobView[]; nowMs: number },
) {
  const columns: Column<JobView>[] = [
    {
      label: "Build",
      class: "number",
      cell: (job) => <a href={buildPath(job)}>#{job.id}</a>,
    },
    { label: "State", cell: (job) => <BadgeView badge={jobBadge(job)} /> },
    { label: "Commit", cell: (job) => <CommitView commit={job.commit} /> },
    { label: "Branch", cell: (job) => job.branch },
    {
      label: "What",
      class: "wide",
      cell: (job) => job.message.split("\n")[0]?.slice(0, 200) ?? "",
    },
    {
      label: "When",
      class: "number soft",
      cell: (job) => <TimeView atMs={job.queuedAtMs} nowMs={nowMs} />,
    },
  ];
  return <Table label="Builds" columns={columns} rows={jobs} />;
}

function BranchesTable(
  { repository, nowMs }: { repository: RepositoryView; nowMs: number },
) {
  const columns: Column<BranchView>[] = [
    {
      label: "Branch",
      cell: (branch) => (
        <>
          <strong>{branch.name}</strong>
          {branch.name === repository.head
            ? <span class="note soft">published</span>
            : null}
        </>
      ),
    },
    {
      label: "Commit",
      cell: (branch) => <CommitView commit={branch.commit} />,
    },
    { label: "Subject", class: "wide", cell: (branch) => branch.subject },
    {
      label: "Contents",
      cell: ({ name }) => (
        <a href={analysisPath(repository.name, { branch: name })}>
          applications
        </a>
      ),
    },
    {
      label: "When",
      class: "number soft",
      cell: (branch) => <TimeView atMs={branch.committedAtMs} nowMs={nowMs} />,
    },
  ];
  return (
    <Table
      label="Branches"
      columns={columns}
      rows={repository.branches}
    />
  );
}

/** Where a generation is shown. */
export function generationPath(
  one: Pick<GenerationSummary, "cluster" | "generation">,
): string {
  return `/clusters/${one.cluster}#generation-${one.generation}`;
}

/** What a stage took: ci's stages from the build, the master's from the generation. */
function stageText(
  { generation, job }: GenerationRow,
  stage: keyof StageSeconds,
): string {
  const { eval: evaluation = null, build = null } = job?.seconds ?? {};
  const all = { eval: evaluation, build, ...generation.seconds };
  return formatSeconds(all[stage]);
}

export function GenerationsTable(
  { rows, nowMs }: { rows: readonly GenerationRow[]; nowMs: number },
) {
  const columns: Column<GenerationRow>[] = [
    {
      label: "Generation",
      class: "number",
      cell: ({ generation: one }) => (
        <a href={generationPath(one)} id={`generation-${one.generation}`}>
          {one.generation}
        </a>
      ),
    },
    {
      label: "State",
      class: "wide",
      cell: ({ generation: one }) => (
        <>
          <BadgeView badge={generationBadge(one.state)} />
          {one.reason === "" ? null : <div class="note">{one.reason}</div>}
        </>
      ),
    },
    {
      label: "Commit",
      cell: ({ generation: one, job }) =>
        job === null
          ? <CommitView commit={one.commit} />
          : (
            <a href={buildPath(job)}>
              <CommitView commit={one.commit} />
            </a>
          ),
    },
    {
      label: "VMs",
      class: "number",
      cell: ({ generation: one }) => String(one.vms),
    },
    ...STAGES.map((stage): Column<GenerationRow> => ({
      label: stage[0]?.toUpperCase() + stage.slice(1),
      class: "number",
      cell: (row) => stageText(row, stage),
    })),
    {
      label: "When",
      class: "number soft",
      cell: ({ generation: one }) => (
        <TimeView atMs={one.publishedAtMs} nowMs={nowMs} />
      ),
    },
  ];
  return <Table label="Generations" columns={columns} rows={rows} />;
}

export function RepositoryPage(
  { repository, found, jobs, generations, url, nowMs }: {
    repository: RepositoryView;
    found: Part<AnalysisView | null>;
    jobs: Part<JobView[]>;
    generations: Part<GenerationSummary[]>;
    url: string;
    nowMs: number;
  },
) {
  const builds = valueOr(jobs, []);
  const published = valueOr(generations, []);
  return (
    <>
      <Section title="Clone">
        <div class="inside">
          <Commands lines={[`git clone ${url}/${repository.name}.git`]} />
        </div>
      </Section>
      <Glance repository={repository} found={found} />
      <Section title="Builds" count={builds.length}>
        {!jobs.ok
          ? <Problem error={jobs.error} />
          : builds.length === 0
          ? repository.branches.length === 0
            ? (
              <Empty
                text="Nothing was pushed yet. Push a flake with a blueprintJSON:"
                commands={firstPush(repository.name)}
              />
            )
            : (
              <Empty text="No commit has been built yet. ci looks for new ones every 30 seconds." />
            )
          : <BuildsTable jobs={builds} nowMs={nowMs} />}
      </Section>
      <Section title="Branches" count={repository.branches.length}>
        {repository.branches.length === 0
          ? (
            <Empty text="The first branch that is pushed is the one that is published." />
          )
          : <BranchesTable repository={repository} nowMs={nowMs} />}
      </Section>
      <Section title="Generations" count={published.length}>
        {!generations.ok
          ? <Problem error={generations.error} />
          : published.length === 0
          ? (
            <Empty text="Nothing was published from here yet: a build that succeeds on the published branch makes a generation." />
          )
          : (
            <GenerationsTable
              rows={generationRows(published, builds)}
              nowMs={nowMs}
            />
          )}
      </Section>
    </>
  );
}
