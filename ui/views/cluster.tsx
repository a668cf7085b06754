/**
 * A cluster: its generation, VMs, generations and workers.
 *
 * @module
 */
import type {
  ClusterStatus,
  GenerationSummary,
  JobView,
  VmStatus,
  WorkerStatus,
} from "../../roles/model/mod.ts";
import {
  formatCores,
  formatMemory,
  generationRows,
  type Part,
  valueOr,
  vmBadge,
  workerBadge,
} from "../core/view_model.ts";
import {
  BadgeView,
  type Column,
  CommitView,
  Empty,
  Fact,
  Facts,
  Problem,
  Section,
  Table,
} from "./parts.tsx";
import { GenerationsTable } from "./repositories.tsx";

function Convergence({ percent }: { percent: number }) {
  return (
    <>
      {percent} %
      <span class="meter" aria-hidden="true">
        <svg viewBox="0 0 100 1" preserveAspectRatio="none">
          <rect width={percent} height="1" />
        </svg>
      </span>
    </>
  );
}

const VM_COLUMNS: Column<VmStatus>[] = [
  {
    label: "VM",
    cell: (vm) => <strong>{vm.id.split("/")[1] ?? vm.id}</strong>,
  },
  {
    label: "State",
    class: "wide",
    cell: (vm) => (
      <>
        <BadgeView badge={vmBadge(vm)} />
        {vm.message === "" ? null : <div class="note">{vm.message}</div>}
      </>
    ),
  },
  {
    label: "Generation",
    class: "number",
    cell: (vm) => vm.generation === 0 ? "–" : String(vm.generation),
  },
  {
    label: "Drift",
    cell: (vm) =>
      vm.drift
        ? <BadgeView badge={{ text: "not as desired", tone: "wait" }} />
        : <span class="soft">none</span>,
  },
  {
    label: "Worker",
    cell: (vm) =>
      vm.worker === "" ? <span class="soft">not placed</span> : vm.worker,
  },
  {
    label: "Address",
    cell: (vm) => vm.address === "" ? "–" : <code>{vm.address}</code>,
  },
  { label: "Restarts", class: "number", cell: (vm) => String(vm.restarts) },
];

const WORKER_COLUMNS: Column<WorkerStatus>[] = [
  { label: "Worker", cell: (worker) => <strong>{worker.id}</strong> },
  {
    label: "State",
    cell: (worker) => <BadgeView badge={workerBadge(worker.state)} />,
  },
  {
    label: "Free",
    class: "number",
    cell: (worker) =>
      `${formatCores(worker.free.cpuMilli)} of ${
        formatCores(worker.capacity.cpuMilli)
      }, ${formatMemory(worker.free.memoryMib)} of ${
        formatMemory(worker.capacity.memoryMib)
      }`,
  },
  {
    label: "Versions",
    class: "wide soft",
    cell: (worker) =>
      Object.entries(worker.versions).map(([name, version]) =>
        `${name} ${version}`
      ).join(", "),
  },
];

function Rollout({ status }: { status: ClusterStatus }) {
  const { rollout, held } = status;
  return (
    <>
      {held === null ? null : (
        <div class="notice wait" role="status">
          <p>{held}</p>
          <p class="soft">Newer generations wait until: procurator resume</p>
        </div>
      )}
      {rollout === null ? null : (
        <div
          class={`notice ${rollout.state === "failed" ? "bad" : "busy"}`}
          role="status"
        >
          <p>
            Rollout of generation {rollout.generation}: {rollout.state}
            {rollout.message === "" ? "" : `. ${rollout.message}`}
          </p>
        </div>
      )}
    </>
  );
}

export function ClusterPage({ status, generations, jobs, nowMs }: {
  status: ClusterStatus;
  generations: Part<GenerationSummary[]>;
  /** Builds that generations may have come from; empty where ci is away. */
  jobs: readonly JobView[];
  nowMs: number;
}) {
  const list = valueOr(generations, []);
  const healthy = status.vms.filter((vm) => vm.health === "healthy").length;
  return (
    <>
      <Facts>
        <Fact name="Active generation">
          {status.activeGeneration === 0
            ? "none yet"
            : String(status.activeGeneration)}
        </Fact>
        <Fact name="Commit">
          {status.commit === "" ? "–" : <CommitView commit={status.commit} />}
        </Fact>
        <Fact name="Healthy VMs">{`${healthy} of ${status.vms.length}`}</Fact>
        <Fact name="Convergence">
          <Convergence percent={status.convergencePercent} />
        </Fact>
      </Facts>
      <Rollout status={status} />
      <Section title="VMs" count={status.vms.length}>
        {status.vms.length === 0
          ? (
            <Empty text="No VM runs here, and none is desired. A push whose build succeeds brings them." />
          )
          : <Table label="VMs" columns={VM_COLUMNS} rows={status.vms} />}
      </Section>
      <Section title="Generations" count={list.length}>
        {!generations.ok
          ? <Problem error={generations.error} />
          : list.length === 0
          ? <Empty text="Nothing was published yet." />
          : (
            <GenerationsTable
              rows={generationRows(list, jobs)}
              nowMs={nowMs}
            />
          )}
      </Section>
      <Section title="Workers" count={status.workers.length}>
        {status.workers.length === 0
          ? (
            <Empty
              text="No worker has reported yet. Start one on a host that shall run VMs:"
              commands={["procurator worker --config worker.json"]}
            />
          )
          : (
            <Table
              label="Workers"
              columns={WORKER_COLUMNS}
              rows={status.workers}
            />
          )}
      </Section>
    </>
  );
}

export function ClustersPage({ clusters }: { clusters: readonly string[] }) {
  return (
    <Section title="Clusters" count={clusters.length}>
      {clusters.length === 0
        ? (
          <Empty text="There is no cluster yet: the first published commit makes one." />
        )
        : (
          <Table
            label="Clusters"
            columns={[{
              label: "Name",
              cell: (name: string) => <a href={`/clusters/${name}`}>{name}</a>,
            }]}
            rows={clusters}
          />
        )}
    </Section>
  );
}
