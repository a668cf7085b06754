/**
 * What a commit is: at a glance on the repository's page, and on its own.
 *
 * @module
 */
import type {
  AnalysedApplication,
  AnalysedService,
  Analysis,
} from "../../roles/model/analysis.ts";
import type { RepositoryView } from "../../roles/model/mod.ts";
import {
  analysisPath,
  applicationRows,
  countsOf,
  drawingOf,
  drawingPath,
  frameworksOf,
  isNothing,
  languageOf,
  MAX_SHOWN,
  type Row,
  servicesLine,
  shortText,
  startOf,
  text,
  usersOf,
  variablesOf,
  whyNothing,
} from "../core/analysis_model.ts";
import type { Part } from "../core/view_model.ts";
import type { AnalysisView } from "../data.ts";
import {
  type Column,
  Commands,
  CommitView,
  Empty,
  Problem,
  Section,
  Table,
} from "./parts.tsx";

/** Applications on the repository's page. */
const MAX_GLANCED = 6;
/** Nodes of the picture side by side: on a telephone, and where there is room. */
export const COLUMNS = { narrow: 2, wide: 5 } as const;

const PENDING =
  "This commit is being read. What it is made of is shown here in a moment.";

function Nothing({ analysis }: { analysis: Analysis }) {
  return (
    <Empty
      text={`No application was found: ${whyNothing(analysis)}.`}
    />
  );
}

function GlanceTable({ shown }: { shown: readonly AnalysedApplication[] }) {
  const columns: Column<AnalysedApplication>[] = [
    {
      label: "Application",
      cell: ({ name, path }) => (
        <>
          <div>
            <strong>{shortText(name)}</strong>
          </div>
          {path === "." || path === name
            ? null
            : <div class="note">in {text(path)}</div>}
        </>
      ),
    },
    { label: "Language", cell: (one) => languageOf(one) },
    { label: "Frameworks", cell: (one) => frameworksOf(one) },
    {
      label: "Start",
      class: "wide",
      cell: (one) => startOf(one) === "" ? "" : <code>{startOf(one)}</code>,
    },
  ];
  return <Table label="Applications" columns={columns} rows={shown} />;
}

function GlanceOf({ name, found }: { name: string; found: AnalysisView }) {
  const { analysis, branch, commit } = found;
  const { applications, services } = analysis;
  const more = applications.length - MAX_GLANCED;
  const href = analysisPath(
    name,
    branch === null ? { commit } : { branch },
  );
  return (
    <>
      {isNothing(analysis) ? <Nothing analysis={analysis} /> : null}
      {applications.length === 0
        ? null
        : <GlanceTable shown={applications.slice(0, MAX_GLANCED)} />}
      <p class="below">
        {services.length === 0 ? null : (
          <>
            With {servicesLine(services)}.<br />
          </>
        )}
        <a href={href}>
          {more > 0
            ? `All of it, and ${more} more applications`
            : drawingOf(found) === "drawn"
            ? "All of it, and a drawing"
            : "All of it"}
        </a>
      </p>
    </>
  );
}

/** A part of the repository's page. */
export function Glance({ repository, found }: {
  repository: RepositoryView;
  found: Part<AnalysisView | null>;
}) {
  return (
    <Section title="What is in it">
      {repository.branches.length === 0
        ? (
          <Empty text="What a commit is made of is shown here once one was pushed." />
        )
        : !found.ok
        ? <Problem error={found.error} />
        : found.value === null
        ? <Empty text={PENDING} />
        : <GlanceOf name={repository.name} found={found.value} />}
    </Section>
  );
}

function RowView({ name, value, isCode }: Row) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{isCode ? <code>{value}</code> : value}</dd>
    </div>
  );
}

function ApplicationView({ application, services }: {
  application: AnalysedApplication;
  services: readonly AnalysedService[];
}) {
  const { name, path } = application;
  return (
    <article class="entry">
      <h3>
        {shortText(name)}
        {path === "." || path === name
          ? null
          : <span class="note soft">in {text(path)}</span>}
      </h3>
      <dl class="rows">
        {applicationRows(application, services).map((row) => (
          <RowView {...row} />
        ))}
      </dl>
    </article>
  );
}

function ServicesTable({ shown }: { shown: readonly AnalysedService[] }) {
  const columns: Column<AnalysedService>[] = [
    {
      label: "Service",
      cell: ({ kind }) => <strong>{shortText(kind)}</strong>,
    },
    {
      label: "Version",
      cell: ({ version }) => version === null ? "" : shortText(version),
    },
    {
      label: "Port",
      class: "number",
      cell: ({ port }) => port === null ? "" : String(port),
    },
    { label: "Used by", class: "wide", cell: (one) => usersOf(one) },
    {
      label: "Address in",
      class: "wide",
      cell: (one) =>
        variablesOf(one) === "" ? "" : <code>{variablesOf(one)}</code>,
    },
  ];
  return <Table label="Services" columns={columns} rows={shown} />;
}

function UnknownTable({ shown }: { shown: Analysis["unknown"] }) {
  const columns: Column<Analysis["unknown"][number]>[] = [
    { label: "Where", class: "wide", cell: ({ path }) => text(path) },
    { label: "What", class: "wide", cell: ({ what }) => text(what) },
    { label: "Why", class: "wide", cell: ({ why }) => text(why) },
  ];
  return <Table label="Could not tell" columns={columns} rows={shown} />;
}

/** How many a page leaves out. */
function More({ count, what }: { count: number; what: string }) {
  return count <= MAX_SHOWN ? null : (
    <p class="below soft">
      {count - MAX_SHOWN} more {what}: procurator analyze shows all of them.
    </p>
  );
}

function Drawing({ name, found }: { name: string; found: AnalysisView }) {
  const kind = drawingOf(found);
  if (kind === "nothing") return null;
  return (
    <Section title="Who needs whom">
      {kind === "too much"
        ? (
          <Empty
            text={`${found.graph.nodes.length} applications and services are too many for a drawing here. In a clone:`}
            commands={["procurator graph . --format dot"]}
          />
        )
        : (
          <picture class="drawing">
            <source
              media="(min-width: 721px)"
              srcset={drawingPath(name, found.commit, COLUMNS.wide)}
            />
            <img
              src={drawingPath(name, found.commit, COLUMNS.narrow)}
              alt="Applications and services as boxes, with lines to what they need; the tables below say the same in words."
            />
          </picture>
        )}
    </Section>
  );
}

function AnalysisOf({ name, found }: { name: string; found: AnalysisView }) {
  const { analysis, isWhole } = found;
  const { applications, services, unknown } = analysis;
  return (
    <>
      {isWhole ? null : (
        <div class="notice wait" role="status">
          <p>
            This commit is larger than what is read here: what lies nearest to
            its root counts. In a clone, procurator analyze shows all of it.
          </p>
        </div>
      )}
      <Drawing name={name} found={found} />
      <Section title="Applications" count={applications.length}>
        {applications.length === 0 ? <Nothing analysis={analysis} /> : null}
        {applications.slice(0, MAX_SHOWN).map((application) => (
          <ApplicationView application={application} services={services} />
        ))}
        <More count={applications.length} what="applications" />
      </Section>
      {services.length === 0
        ? null
        : (
          <Section title="Services" count={services.length}>
            <ServicesTable shown={services.slice(0, MAX_SHOWN)} />
            <More count={services.length} what="services" />
          </Section>
        )}
      {unknown.length === 0 || isNothing(analysis)
        ? null
        : (
          <Section title="Could not tell" count={unknown.length}>
            <UnknownTable shown={unknown.slice(0, MAX_SHOWN)} />
            <More count={unknown.length} what="places" />
          </Section>
        )}
      {isNothing(analysis) ? null : (
        <Section title="Run it">
          <div class="inside">
            <p class="soft">
              In a clone, this writes the flake that builds and runs it:
            </p>
            <Commands lines={["procurator init ."]} />
          </div>
        </Section>
      )}
    </>
  );
}

/** `1a2b3c of main: 2 applications, 1 service`. */
export function analysisLead(found: AnalysisView) {
  const { analysis, branch, commit } = found;
  return (
    <>
      <CommitView commit={commit} />
      {branch === null ? null : ` of ${text(branch)}`}: {countsOf(analysis)}
    </>
  );
}

/** The page of a commit; null while it is being read. */
export function AnalysisPage(
  { name, found }: { name: string; found: AnalysisView | null },
) {
  if (found === null) {
    return (
      <Section title="Applications">
        <Empty text={PENDING} />
      </Section>
    );
  }
  return <AnalysisOf name={name} found={found} />;
}
