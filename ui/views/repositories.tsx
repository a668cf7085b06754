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
} from "../../roles/model/mod.ts";
import {
  firstPush,
  generationBadge,
  jobBadge,
  type Part,
  type RepositoryRow,
  stageList,
  valueOr,
} from "../core/view_model.ts";
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

export function RepositoriesView({ rows, jobs, url, nowMs }: {
  rows: readonly RepositoryRow[];
  jobs: Part<unknown>;
  url: string;
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
              text="There is no repository yet. Create one with a publisher's token (procurator token create), then push a flake:"
              commands={firstPush(url, null)}
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

export function GenerationsTable(
  { generations, nowMs }: {
    generations: readonly GenerationSummary[];
    nowMs: number;
  },
) {
  const columns: Column<GenerationSummary>[] = [
    {
      label: "Generation",
      class: "number",
      cell: (one) => <strong>{one.generation}</strong>,
    },
    {
      label: "State",
      class: "wide",
      cell: (one) => (
        <>
          <BadgeView badge={generationBadge(one.state)} />
          {one.reason === "" ? null : <div class="note">{one.reason}</div>}
        </>
      ),
    },
    { label: "Commit", cell: (one) => <CommitView commit={one.commit} /> },
    { label: "VMs", class: "number", cell: (one) => String(one.vms) },
    ...(["copy", "place", "boot", "healthy"] as const).map((
      stage,
    ): Column<GenerationSummary> => ({
      label: stage[0]?.toUpperCase() + stage.slice(1),
      class: "number",
      cell: (one) => stageList({ [stage]: one.seconds[stage] })[0]?.text ?? "",
    })),
    {
      label: "When",
      class: "number soft",
      cell: (one) => <TimeView atMs={one.publishedAtMs} nowMs={nowMs} />,
    },
  ];
  return <Table label="Generations" columns={columns} rows={generations} />;
}

export function RepositoryPage({ repository, jobs, generations, url, nowMs }: {
  repository: RepositoryView;
  jobs: Part<JobView[]>;
  generations: Part<GenerationSummary[]>;
  url: string;
  nowMs: number;
}) {
  const builds = valueOr(jobs, []);
  const published = valueOr(generations, []);
  return (
    <>
      <Section title="Clone">
        <div class="inside">
          <Commands lines={[`git clone ${url}/${repository.name}.git`]} />
        </div>
      </Section>
      <Section title="Builds" count={builds.length}>
        {!jobs.ok
          ? <Problem error={jobs.error} />
          : builds.length === 0
          ? repository.branches.length === 0
            ? (
              <Empty
                text="Nothing was pushed yet. Push a flake with a blueprintJSON:"
                commands={firstPush(url, repository.name)}
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
          : <GenerationsTable generations={published} nowMs={nowMs} />}
      </Section>
    </>
  );
}
