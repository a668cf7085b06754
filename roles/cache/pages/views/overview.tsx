/**
 * What the cache has, how well it serves, what came and what goes.
 *
 * @module
 */
import {
  BadgeView,
  type Column,
  Empty,
  Fact,
  Facts,
  formatBytes,
  formatCount,
  Section,
  Table,
  TimeView,
} from "../../../../ui/mod.ts";
import {
  type CacheStatus,
  hitRate,
  type LargestClosures,
  type Push,
  type SourceStatus,
} from "../../../model/cache_status.ts";
import { Collections } from "./collections.tsx";
import { PathLink } from "./why.tsx";

type Viewed = { status: CacheStatus; nowMs: number };

function Summary({ status, nowMs }: Viewed) {
  const { content, disk, traffic } = status;
  return (
    <Facts>
      <Fact name="Paths">{formatCount(content.paths)}</Fact>
      <Fact name="On disk">
        {formatBytes(content.fileBytes)}
        <div class="note soft">{formatBytes(content.narBytes)} unpacked</div>
      </Fact>
      <Fact name="Free">
        {formatBytes(disk.freeBytes)}
        <div class="note soft">of {formatBytes(disk.totalBytes)}</div>
      </Fact>
      <Fact name="Hit rate">
        {hitRate(traffic.narInfos)}
        <div class="note soft">
          of {formatCount(traffic.narInfos.hits + traffic.narInfos.misses)}{" "}
          look-ups
        </div>
      </Fact>
      <Fact name="Sent">{formatBytes(traffic.sentBytes)}</Fact>
      <Fact name="Received">
        {formatBytes(traffic.receivedBytes)}
        {traffic.refusedUploads === 0 ? null : (
          <div class="note soft">
            {formatCount(traffic.refusedUploads)} uploads refused
          </div>
        )}
      </Fact>
      <Fact name="Counted since">
        <TimeView atMs={status.startedAtMs} nowMs={nowMs} />
      </Fact>
    </Facts>
  );
}

function Pushes({ pushes, nowMs }: { pushes: readonly Push[]; nowMs: number }) {
  const columns: Column<Push>[] = [
    {
      label: "When",
      class: "number soft",
      cell: ({ lastAtMs }) => <TimeView atMs={lastAtMs} nowMs={nowMs} />,
    },
    { label: "Who", cell: ({ by }) => by === "" ? "not known" : by },
    {
      label: "Last path",
      class: "wide",
      cell: ({ path }) => <PathLink path={path} />,
    },
    {
      label: "Paths",
      class: "number",
      cell: ({ paths, whole }) =>
        `${formatCount(paths)}${whole ? "" : " or more"}`,
    },
    {
      label: "Size",
      class: "number",
      cell: ({ bytes }) => formatBytes(bytes),
    },
  ];
  return (
    <Section title="Recent pushes">
      {pushes.length === 0
        ? <Empty text="Nothing was pushed yet. “Use it” below says how to." />
        : <Table label="Recent pushes" columns={columns} rows={pushes} />}
    </Section>
  );
}

function Largest(
  { largest, nowMs }: { largest: LargestClosures | null; nowMs: number },
) {
  const columns: Column<LargestClosures["closures"][number]>[] = [
    {
      label: "Path",
      class: "wide",
      cell: ({ path }) => <PathLink path={path} />,
    },
    {
      label: "Paths",
      class: "number",
      cell: ({ paths }) => formatCount(paths),
    },
    {
      label: "Size",
      class: "number",
      cell: ({ bytes }) => formatBytes(bytes),
    },
  ];
  return (
    <Section title="Largest closures">
      {largest === null
        ? <p class="soft">They are being looked for.</p>
        : largest.closures.length === 0
        ? <p class="soft">There is no path yet.</p>
        : (
          <>
            <p class="soft">
              A path with all it refers to, packed. Looked for{" "}
              <TimeView atMs={largest.atMs} nowMs={nowMs} />
              {largest.complete
                ? "."
                : "; there were too many to look at all of them."}
            </p>
            <Table
              label="Largest closures"
              columns={columns}
              rows={largest.closures}
            />
          </>
        )}
    </Section>
  );
}

function Sources({ sources }: { sources: readonly SourceStatus[] }) {
  const columns: Column<SourceStatus>[] = [
    { label: "Name", class: "wide", cell: ({ name }) => name },
    {
      label: "State",
      class: "wide",
      cell: ({ trouble }) =>
        trouble === null
          ? <BadgeView badge={{ text: "asked", tone: "good" }} />
          : (
            <>
              <BadgeView badge={{ text: "passed over", tone: "bad" }} />
              <div class="note">{trouble}</div>
            </>
          ),
    },
    {
      label: "Hit rate",
      class: "number",
      cell: (source) => hitRate(source),
    },
    {
      label: "Fetched",
      class: "number",
      cell: ({ bytes }) => formatBytes(bytes),
    },
    {
      label: "Failures",
      class: "number",
      cell: ({ failures }) => formatCount(failures),
    },
  ];
  return (
    <Section title="Upstreams">
      {sources.length === 0
        ? (
          <Empty text="None: what was not pushed is not here. “upstreams” in the configuration names caches to fetch from." />
        )
        : <Table label="Upstreams" columns={columns} rows={sources} />}
    </Section>
  );
}

export function Overview({ status, nowMs }: Viewed) {
  return (
    <>
      <Summary status={status} nowMs={nowMs} />
      <Pushes pushes={status.pushes} nowMs={nowMs} />
      <Largest largest={status.largest} nowMs={nowMs} />
      <Sources sources={status.sources} />
      <Collections collection={status.collection} nowMs={nowMs} />
    </>
  );
}
