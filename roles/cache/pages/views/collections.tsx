/**
 * What is kept and why, when the rest goes, and what went last.
 *
 * @module
 */
import {
  BadgeView,
  type Column,
  formatBytes,
  formatCount,
  formatSeconds,
  Section,
  Table,
  TimeView,
  type Tone,
} from "../../../../ui/mod.ts";
import type {
  CollectionReport,
  CollectionStatus,
  RootSourceView,
} from "../../../model/collection.ts";
import { untilText } from "../core/until_text.ts";

const TONES = {
  done: "good",
  cancelled: "idle",
  failed: "bad",
} as const satisfies Record<CollectionReport["state"], Tone>;

/** What each source of roots keeps. */
const KEEPS: Readonly<Record<string, string>> = {
  master: "generations of the cluster",
  ci: "what the heads of branches were built to",
  pins: "what people pinned",
};

function Keepers(
  { sources, nowMs }: { sources: readonly RootSourceView[]; nowMs: number },
) {
  const columns: Column<RootSourceView>[] = [
    {
      label: "Kept by",
      cell: ({ name }) => (
        <>
          {name}
          <div class="note soft">{KEEPS[name] ?? ""}</div>
        </>
      ),
    },
    {
      label: "Names",
      class: "number",
      cell: ({ roots }) =>
        `${formatCount(roots)} ${roots === 1 ? "path" : "paths"}`,
    },
    {
      label: "Told",
      class: "number soft",
      cell: ({ name, readAtMs }) =>
        name === "pins"
          ? ""
          : readAtMs === null
          ? "never"
          : <TimeView atMs={readAtMs} nowMs={nowMs} />,
    },
    {
      label: "Problem",
      class: "wide",
      cell: ({ problem }) => problem ?? "",
    },
  ];
  return <Table label="What keeps paths" columns={columns} rows={sources} />;
}

function Reports(
  { last, nowMs }: { last: readonly CollectionReport[]; nowMs: number },
) {
  const columns: Column<CollectionReport>[] = [
    {
      label: "Collected",
      class: "number soft",
      cell: ({ endedAtMs }) => <TimeView atMs={endedAtMs} nowMs={nowMs} />,
    },
    { label: "By", cell: ({ by }) => by },
    {
      label: "State",
      class: "wide",
      cell: ({ state, message }) => (
        <>
          <BadgeView badge={{ text: state, tone: TONES[state] }} />
          {message === "" ? null : <div class="note">{message}</div>}
        </>
      ),
    },
    {
      label: "Took",
      class: "number",
      cell: ({ startedAtMs, endedAtMs }) =>
        formatSeconds((endedAtMs - startedAtMs) / 1000),
    },
    {
      label: "Gone",
      class: "number",
      cell: ({ removed }) => formatCount(removed.paths),
    },
    {
      label: "Freed",
      class: "number",
      cell: ({ removed }) => formatBytes(removed.bytes),
    },
  ];
  return <Table label="Collections" columns={columns} rows={last} />;
}

function Schedule(
  { collection: { running, nextAtMs, problem }, nowMs }: {
    collection: CollectionStatus;
    nowMs: number;
  },
) {
  return (
    <>
      <p>
        {running === null
          ? nextAtMs === null
            ? "Garbage is collected only when somebody asks for it."
            : `The next collection comes ${untilText(nextAtMs - nowMs)}.`
          : `${running.by} ${
            running.dryRun ? "looks at what would go" : "collects garbage"
          }: ${running.progress.phase}.`}{" "}
        What is asked for or was stored lately stays in any case;{" "}
        <a href="/why">what keeps a path</a> says it for one of them.
      </p>
      {problem === null ? null : <p class="soft">{problem}</p>}
    </>
  );
}

export function Collections(
  { collection, nowMs }: { collection: CollectionStatus; nowMs: number },
) {
  const { sources, last } = collection;
  return (
    <Section title="What is kept">
      <Schedule collection={collection} nowMs={nowMs} />
      <Keepers sources={sources} nowMs={nowMs} />
      {last.length === 0 ? null : <Reports last={last} nowMs={nowMs} />}
    </Section>
  );
}
