// Generated from master.capnp by `deno task schema`. Do not edit.
import { type Reader, type Segment } from "../core/reader.ts";
import { type InterfaceType, type StructType } from "../core/types.ts";
import { getFloat64Default, getUint64 } from "../core/wide.ts";
import { checkInteger, enumNumber, flip64, setUint64, type Writer } from "../core/writer.ts";
import { type CallContext } from "../server.ts";
import { putClient, takeClient, type Call, type CallOptions, type Client } from "../stub.ts";
import * as common from "./common.ts";
import * as worker from "./worker.ts";

/** A number stands for an enumerant that this schema does not know. */
export type GenerationState = "pending" | "rolling" | "active" | "failed" | "superseded" | number;
const GenerationStateNames: readonly GenerationState[] = ["pending", "rolling", "active", "failed", "superseded"];
export const GenerationStateNumbers: Readonly<Record<string, number>> = { pending: 0, rolling: 1, active: 2, failed: 3, superseded: 4 };
export function decodeGenerationState(value: number): GenerationState {
  return GenerationStateNames[value] ?? value;
}

/** A number stands for an enumerant that this schema does not know. */
export type OperationKind = "cordon" | "uncordon" | "drain" | "rebalance" | "rollback" | "resume" | "retry" | "pause" | "promote" | "fail" | "removeWorker" | "cancel" | "restore" | number;
const OperationKindNames: readonly OperationKind[] = ["cordon", "uncordon", "drain", "rebalance", "rollback", "resume", "retry", "pause", "promote", "fail", "removeWorker", "cancel", "restore"];
export const OperationKindNumbers: Readonly<Record<string, number>> = { cordon: 0, uncordon: 1, drain: 2, rebalance: 3, rollback: 4, resume: 5, retry: 6, pause: 7, promote: 8, fail: 9, removeWorker: 10, cancel: 11, restore: 12 };
export function decodeOperationKind(value: number): OperationKind {
  return OperationKindNames[value] ?? value;
}

/** A number stands for an enumerant that this schema does not know. */
export type OperationState = "running" | "done" | "failed" | "cancelled" | number;
const OperationStateNames: readonly OperationState[] = ["running", "done", "failed", "cancelled"];
export const OperationStateNumbers: Readonly<Record<string, number>> = { running: 0, done: 1, failed: 2, cancelled: 3 };
export function decodeOperationState(value: number): OperationState {
  return OperationStateNames[value] ?? value;
}

/** A number stands for an enumerant that this schema does not know. */
export type Placement = "spread" | "pack" | number;
const PlacementNames: readonly Placement[] = ["spread", "pack"];
export const PlacementNumbers: Readonly<Record<string, number>> = { spread: 0, pack: 1 };
export function decodePlacement(value: number): Placement {
  return PlacementNames[value] ?? value;
}

/** A number stands for an enumerant that this schema does not know. */
export type PlanChangeKind = "create" | "replace" | "switch" | "move" | "destroy" | "relabel" | "keep" | "pending" | number;
const PlanChangeKindNames: readonly PlanChangeKind[] = ["create", "replace", "switch", "move", "destroy", "relabel", "keep", "pending"];
export const PlanChangeKindNumbers: Readonly<Record<string, number>> = { create: 0, replace: 1, switch: 2, move: 3, destroy: 4, relabel: 5, keep: 6, pending: 7 };
export function decodePlanChangeKind(value: number): PlanChangeKind {
  return PlanChangeKindNames[value] ?? value;
}

/** A number stands for an enumerant that this schema does not know. */
export type RolloutState = "pending" | "running" | "paused" | "failed" | "successful" | "cancelled" | number;
const RolloutStateNames: readonly RolloutState[] = ["pending", "running", "paused", "failed", "successful", "cancelled"];
export const RolloutStateNumbers: Readonly<Record<string, number>> = { pending: 0, running: 1, paused: 2, failed: 3, successful: 4, cancelled: 5 };
export function decodeRolloutState(value: number): RolloutState {
  return RolloutStateNames[value] ?? value;
}

/** A number stands for an enumerant that this schema does not know. */
export type WorkerStatusState = "alive" | "disconnected" | "lost" | number;
const WorkerStatusStateNames: readonly WorkerStatusState[] = ["alive", "disconnected", "lost"];
export const WorkerStatusStateNumbers: Readonly<Record<string, number>> = { alive: 0, disconnected: 1, lost: 2 };
export function decodeWorkerStatusState(value: number): WorkerStatusState {
  return WorkerStatusStateNames[value] ?? value;
}

export interface Assignment {
  worker: string;
  leaseEpoch: number | bigint;
  revision: number | bigint;
  leaseMs: number;
  orders: (Order)[];
  network: HostNetwork | undefined;
  addressLists: (common.AddressList)[];
}
export interface AssignmentInput {
  worker?: string | undefined;
  leaseEpoch?: number | bigint | undefined;
  revision?: number | bigint | undefined;
  leaseMs?: number | undefined;
  orders?: readonly (OrderInput)[] | undefined;
  network?: HostNetworkInput | undefined;
  addressLists?: readonly (common.AddressListInput)[] | undefined;
}
export function decodeAssignment(r: Reader): Assignment {
  const s = r.segment;
  const v = s.view;
  const d = r.data;
  const n = r.dataBytes;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    worker: q > 0 ? r.text(s, p + 0) : "",
    leaseEpoch: n >= 8 ? getUint64(v, d + 0) : 0,
    revision: n >= 16 ? getUint64(v, d + 8) : 0,
    leaseMs: n >= 20 ? v.getUint32(d + 16, true) : 0,
    orders: q > 1 ? r.structs(s, p + 8, decodeOrder) : [],
    network: q > 2 ? r.struct(s, p + 16, decodeHostNetwork) : undefined,
    addressLists: q > 3 ? r.structs(s, p + 24, common.decodeAddressList) : [],
  };
}
export function encodeAssignment(w: Writer, x: AssignmentInput, at: number): void {
  const p = at + 24;
  if (x.worker !== undefined && x.worker.length !== 0) w.text(p + 0, x.worker);
  if (x.leaseEpoch !== undefined) setUint64(w.view, at + 0, x.leaseEpoch, "Assignment.leaseEpoch");
  if (x.revision !== undefined) setUint64(w.view, at + 8, x.revision, "Assignment.revision");
  if (x.leaseMs !== undefined) w.view.setUint32(at + 16, checkInteger(x.leaseMs, 0, 4294967295, "Assignment.leaseMs"), true);
  if (x.orders !== undefined && x.orders.length !== 0) w.structs(p + 8, x.orders, { dataWords: 4, pointerWords: 8, write: encodeOrder });
  if (x.network !== undefined) encodeHostNetwork(w, x.network, w.struct(p + 16, 0, 2));
  if (x.addressLists !== undefined && x.addressLists.length !== 0) w.structs(p + 24, x.addressLists, { dataWords: 0, pointerWords: 1, write: common.encodeAddressList });
}
export const Assignment: StructType<Assignment, AssignmentInput> = { name: "Assignment", dataWords: 3, pointerWords: 4, decode: decodeAssignment, encode: encodeAssignment };

export interface Candidate {
  worker: string;
  score: number;
  parts: (Metric)[];
  refusal: string;
  kind: string;
}
export interface CandidateInput {
  worker?: string | undefined;
  score?: number | undefined;
  parts?: readonly (MetricInput)[] | undefined;
  refusal?: string | undefined;
  kind?: string | undefined;
}
export function decodeCandidate(r: Reader): Candidate {
  const s = r.segment;
  const v = s.view;
  const d = r.data;
  const n = r.dataBytes;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    worker: q > 0 ? r.text(s, p + 0) : "",
    score: n >= 8 ? v.getFloat64(d + 0, true) : 0,
    parts: q > 1 ? r.structs(s, p + 8, decodeMetric) : [],
    refusal: q > 2 ? r.text(s, p + 16) : "",
    kind: q > 3 ? r.text(s, p + 24) : "",
  };
}
export function encodeCandidate(w: Writer, x: CandidateInput, at: number): void {
  const p = at + 8;
  if (x.worker !== undefined && x.worker.length !== 0) w.text(p + 0, x.worker);
  if (x.score !== undefined) w.view.setFloat64(at + 0, x.score, true);
  if (x.parts !== undefined && x.parts.length !== 0) w.structs(p + 8, x.parts, { dataWords: 1, pointerWords: 1, write: encodeMetric });
  if (x.refusal !== undefined && x.refusal.length !== 0) w.text(p + 16, x.refusal);
  if (x.kind !== undefined && x.kind.length !== 0) w.text(p + 24, x.kind);
}
export const Candidate: StructType<Candidate, CandidateInput> = { name: "Candidate", dataWords: 1, pointerWords: 4, decode: decodeCandidate, encode: encodeCandidate };

export interface ClosureChange {
  vm: string;
  known: boolean;
  message: string;
  pathsAdded: number;
  pathsRemoved: number;
  bytesAdded: number | bigint;
  bytesRemoved: number | bigint;
  totalBytes: number | bigint;
  kernelChanged: boolean;
  copies: (CopyBytes)[];
}
export interface ClosureChangeInput {
  vm?: string | undefined;
  known?: boolean | undefined;
  message?: string | undefined;
  pathsAdded?: number | undefined;
  pathsRemoved?: number | undefined;
  bytesAdded?: number | bigint | undefined;
  bytesRemoved?: number | bigint | undefined;
  totalBytes?: number | bigint | undefined;
  kernelChanged?: boolean | undefined;
  copies?: readonly (CopyBytesInput)[] | undefined;
}
export function decodeClosureChange(r: Reader): ClosureChange {
  const s = r.segment;
  const v = s.view;
  const d = r.data;
  const n = r.dataBytes;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    vm: q > 0 ? r.text(s, p + 0) : "",
    known: n > 0 && (v.getUint8(d + 0) & 1) !== 0,
    message: q > 1 ? r.text(s, p + 8) : "",
    pathsAdded: n >= 8 ? v.getUint32(d + 4, true) : 0,
    pathsRemoved: n >= 12 ? v.getUint32(d + 8, true) : 0,
    bytesAdded: n >= 24 ? getUint64(v, d + 16) : 0,
    bytesRemoved: n >= 32 ? getUint64(v, d + 24) : 0,
    totalBytes: n >= 40 ? getUint64(v, d + 32) : 0,
    kernelChanged: n > 0 && (v.getUint8(d + 0) & 2) !== 0,
    copies: q > 2 ? r.structs(s, p + 16, decodeCopyBytes) : [],
  };
}
export function encodeClosureChange(w: Writer, x: ClosureChangeInput, at: number): void {
  const p = at + 40;
  if (x.vm !== undefined && x.vm.length !== 0) w.text(p + 0, x.vm);
  if (x.known === true) w.view.setUint8(at + 0, w.view.getUint8(at + 0) | 1);
  if (x.message !== undefined && x.message.length !== 0) w.text(p + 8, x.message);
  if (x.pathsAdded !== undefined) w.view.setUint32(at + 4, checkInteger(x.pathsAdded, 0, 4294967295, "ClosureChange.pathsAdded"), true);
  if (x.pathsRemoved !== undefined) w.view.setUint32(at + 8, checkInteger(x.pathsRemoved, 0, 4294967295, "ClosureChange.pathsRemoved"), true);
  if (x.bytesAdded !== undefined) setUint64(w.view, at + 16, x.bytesAdded, "ClosureChange.bytesAdded");
  if (x.bytesRemoved !== undefined) setUint64(w.view, at + 24, x.bytesRemoved, "ClosureChange.bytesRemoved");
  if (x.totalBytes !== undefined) setUint64(w.view, at + 32, x.totalBytes, "ClosureChange.totalBytes");
  if (x.kernelChanged === true) w.view.setUint8(at + 0, w.view.getUint8(at + 0) | 2);
  if (x.copies !== undefined && x.copies.length !== 0) w.structs(p + 16, x.copies, { dataWords: 1, pointerWords: 1, write: encodeCopyBytes });
}
export const ClosureChange: StructType<ClosureChange, ClosureChangeInput> = { name: "ClosureChange", dataWords: 5, pointerWords: 3, decode: decodeClosureChange, encode: encodeClosureChange };

export interface ClosureRoots {
  cluster: string;
  generation: number | bigint;
  commit: string;
  repository: string;
  paths: (string)[];
}
export interface ClosureRootsInput {
  cluster?: string | undefined;
  generation?: number | bigint | undefined;
  commit?: string | undefined;
  repository?: string | undefined;
  paths?: readonly (string)[] | undefined;
}
export function decodeClosureRoots(r: Reader): ClosureRoots {
  const s = r.segment;
  const v = s.view;
  const d = r.data;
  const n = r.dataBytes;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    cluster: q > 0 ? r.text(s, p + 0) : "",
    generation: n >= 8 ? getUint64(v, d + 0) : 0,
    commit: q > 1 ? r.text(s, p + 8) : "",
    repository: q > 2 ? r.text(s, p + 16) : "",
    paths: q > 3 ? r.pointerList(s, p + 24, (r, s, at) => r.text(s, at)) : [],
  };
}
export function encodeClosureRoots(w: Writer, x: ClosureRootsInput, at: number): void {
  const p = at + 8;
  if (x.cluster !== undefined && x.cluster.length !== 0) w.text(p + 0, x.cluster);
  if (x.generation !== undefined) setUint64(w.view, at + 0, x.generation, "ClosureRoots.generation");
  if (x.commit !== undefined && x.commit.length !== 0) w.text(p + 8, x.commit);
  if (x.repository !== undefined && x.repository.length !== 0) w.text(p + 16, x.repository);
  if (x.paths !== undefined && x.paths.length !== 0) w.pointers(p + 24, x.paths, (w, at, x) => w.text(at, x));
}
export const ClosureRoots: StructType<ClosureRoots, ClosureRootsInput> = { name: "ClosureRoots", dataWords: 1, pointerWords: 4, decode: decodeClosureRoots, encode: encodeClosureRoots };

export interface ClusterStatus {
  cluster: string;
  activeGeneration: number | bigint;
  commit: string;
  held: string;
  convergencePercent: number;
  highestGeneration: number | bigint;
  rollout: Rollout | undefined;
  workers: (WorkerStatus)[];
  vms: (VmStatus)[];
  planRevision: number | bigint;
}
export interface ClusterStatusInput {
  cluster?: string | undefined;
  activeGeneration?: number | bigint | undefined;
  commit?: string | undefined;
  held?: string | undefined;
  convergencePercent?: number | undefined;
  highestGeneration?: number | bigint | undefined;
  rollout?: RolloutInput | undefined;
  workers?: readonly (WorkerStatusInput)[] | undefined;
  vms?: readonly (VmStatusInput)[] | undefined;
  planRevision?: number | bigint | undefined;
}
export function decodeClusterStatus(r: Reader): ClusterStatus {
  const s = r.segment;
  const v = s.view;
  const d = r.data;
  const n = r.dataBytes;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    cluster: q > 0 ? r.text(s, p + 0) : "",
    activeGeneration: n >= 8 ? getUint64(v, d + 0) : 0,
    commit: q > 1 ? r.text(s, p + 8) : "",
    held: q > 2 ? r.text(s, p + 16) : "",
    convergencePercent: n >= 16 ? v.getFloat64(d + 8, true) : 0,
    highestGeneration: n >= 24 ? getUint64(v, d + 16) : 0,
    rollout: q > 3 ? r.struct(s, p + 24, decodeRollout) : undefined,
    workers: q > 4 ? r.structs(s, p + 32, decodeWorkerStatus) : [],
    vms: q > 5 ? r.structs(s, p + 40, decodeVmStatus) : [],
    planRevision: n >= 32 ? getUint64(v, d + 24) : 0,
  };
}
export function encodeClusterStatus(w: Writer, x: ClusterStatusInput, at: number): void {
  const p = at + 32;
  if (x.cluster !== undefined && x.cluster.length !== 0) w.text(p + 0, x.cluster);
  if (x.activeGeneration !== undefined) setUint64(w.view, at + 0, x.activeGeneration, "ClusterStatus.activeGeneration");
  if (x.commit !== undefined && x.commit.length !== 0) w.text(p + 8, x.commit);
  if (x.held !== undefined && x.held.length !== 0) w.text(p + 16, x.held);
  if (x.convergencePercent !== undefined) w.view.setFloat64(at + 8, x.convergencePercent, true);
  if (x.highestGeneration !== undefined) setUint64(w.view, at + 16, x.highestGeneration, "ClusterStatus.highestGeneration");
  if (x.rollout !== undefined) encodeRollout(w, x.rollout, w.struct(p + 24, 2, 2));
  if (x.workers !== undefined && x.workers.length !== 0) w.structs(p + 32, x.workers, { dataWords: 3, pointerWords: 5, write: encodeWorkerStatus });
  if (x.vms !== undefined && x.vms.length !== 0) w.structs(p + 40, x.vms, { dataWords: 4, pointerWords: 6, write: encodeVmStatus });
  if (x.planRevision !== undefined) setUint64(w.view, at + 24, x.planRevision, "ClusterStatus.planRevision");
}
export const ClusterStatus: StructType<ClusterStatus, ClusterStatusInput> = { name: "ClusterStatus", dataWords: 4, pointerWords: 6, decode: decodeClusterStatus, encode: encodeClusterStatus };

export interface CopyBytes {
  worker: string;
  bytes: number | bigint;
}
export interface CopyBytesInput {
  worker?: string | undefined;
  bytes?: number | bigint | undefined;
}
export function decodeCopyBytes(r: Reader): CopyBytes {
  const s = r.segment;
  const v = s.view;
  const d = r.data;
  const n = r.dataBytes;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    worker: q > 0 ? r.text(s, p + 0) : "",
    bytes: n >= 8 ? getUint64(v, d + 0) : 0,
  };
}
export function encodeCopyBytes(w: Writer, x: CopyBytesInput, at: number): void {
  const p = at + 8;
  if (x.worker !== undefined && x.worker.length !== 0) w.text(p + 0, x.worker);
  if (x.bytes !== undefined) setUint64(w.view, at + 0, x.bytes, "CopyBytes.bytes");
}
export const CopyBytes: StructType<CopyBytes, CopyBytesInput> = { name: "CopyBytes", dataWords: 1, pointerWords: 1, decode: decodeCopyBytes, encode: encodeCopyBytes };

export interface Event {
  index: number | bigint;
  atMs: number | bigint;
  topic: string;
  cluster: string;
  subject: string;
  message: string;
  by: Identity | undefined;
  data: (common.Label)[];
}
export interface EventInput {
  index?: number | bigint | undefined;
  atMs?: number | bigint | undefined;
  topic?: string | undefined;
  cluster?: string | undefined;
  subject?: string | undefined;
  message?: string | undefined;
  by?: IdentityInput | undefined;
  data?: readonly (common.LabelInput)[] | undefined;
}
export function decodeEvent(r: Reader): Event {
  const s = r.segment;
  const v = s.view;
  const d = r.data;
  const n = r.dataBytes;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    index: n >= 8 ? getUint64(v, d + 0) : 0,
    atMs: n >= 16 ? getUint64(v, d + 8) : 0,
    topic: q > 0 ? r.text(s, p + 0) : "",
    cluster: q > 1 ? r.text(s, p + 8) : "",
    subject: q > 2 ? r.text(s, p + 16) : "",
    message: q > 3 ? r.text(s, p + 24) : "",
    by: q > 4 ? r.struct(s, p + 32, decodeIdentity) : undefined,
    data: q > 5 ? r.structs(s, p + 40, common.decodeLabel) : [],
  };
}
export function encodeEvent(w: Writer, x: EventInput, at: number): void {
  const p = at + 16;
  if (x.index !== undefined) setUint64(w.view, at + 0, x.index, "Event.index");
  if (x.atMs !== undefined) setUint64(w.view, at + 8, x.atMs, "Event.atMs");
  if (x.topic !== undefined && x.topic.length !== 0) w.text(p + 0, x.topic);
  if (x.cluster !== undefined && x.cluster.length !== 0) w.text(p + 8, x.cluster);
  if (x.subject !== undefined && x.subject.length !== 0) w.text(p + 16, x.subject);
  if (x.message !== undefined && x.message.length !== 0) w.text(p + 24, x.message);
  if (x.by !== undefined) encodeIdentity(w, x.by, w.struct(p + 32, 0, 3));
  if (x.data !== undefined && x.data.length !== 0) w.structs(p + 40, x.data, { dataWords: 0, pointerWords: 2, write: common.encodeLabel });
}
export const Event: StructType<Event, EventInput> = { name: "Event", dataWords: 2, pointerWords: 6, decode: decodeEvent, encode: encodeEvent };

export interface EventSinkPushParams {
  events: (Event)[];
  last: boolean;
}
export interface EventSinkPushParamsInput {
  events?: readonly (EventInput)[] | undefined;
  last?: boolean | undefined;
}
export function decodeEventSinkPushParams(r: Reader): EventSinkPushParams {
  const s = r.segment;
  const v = s.view;
  const d = r.data;
  const n = r.dataBytes;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    events: q > 0 ? r.structs(s, p + 0, decodeEvent) : [],
    last: n > 0 && (v.getUint8(d + 0) & 1) !== 0,
  };
}
export function encodeEventSinkPushParams(w: Writer, x: EventSinkPushParamsInput, at: number): void {
  const p = at + 8;
  if (x.events !== undefined && x.events.length !== 0) w.structs(p + 0, x.events, { dataWords: 2, pointerWords: 6, write: encodeEvent });
  if (x.last === true) w.view.setUint8(at + 0, w.view.getUint8(at + 0) | 1);
}
export const EventSinkPushParams: StructType<EventSinkPushParams, EventSinkPushParamsInput> = { name: "EventSinkPushParams", dataWords: 1, pointerWords: 1, decode: decodeEventSinkPushParams, encode: encodeEventSinkPushParams };

export interface EventSinkPushResults {
}
export interface EventSinkPushResultsInput {
}
export function decodeEventSinkPushResults(r: Reader): EventSinkPushResults {
  void r;
  return {
  };
}
export function encodeEventSinkPushResults(w: Writer, x: EventSinkPushResultsInput, at: number): void {
  void w;
  void x;
  void at;
}
export const EventSinkPushResults: StructType<EventSinkPushResults, EventSinkPushResultsInput> = { name: "EventSinkPushResults", dataWords: 0, pointerWords: 0, decode: decodeEventSinkPushResults, encode: encodeEventSinkPushResults };

export interface FallbackSpec {
  spec: common.VmSpec | undefined;
  runtimeHash: string;
  generation: number | bigint;
}
export interface FallbackSpecInput {
  spec?: common.VmSpecInput | undefined;
  runtimeHash?: string | undefined;
  generation?: number | bigint | undefined;
}
export function decodeFallbackSpec(r: Reader): FallbackSpec {
  const s = r.segment;
  const v = s.view;
  const d = r.data;
  const n = r.dataBytes;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    spec: q > 0 ? r.struct(s, p + 0, common.decodeVmSpec) : undefined,
    runtimeHash: q > 1 ? r.text(s, p + 8) : "",
    generation: n >= 8 ? getUint64(v, d + 0) : 0,
  };
}
export function encodeFallbackSpec(w: Writer, x: FallbackSpecInput, at: number): void {
  const p = at + 8;
  if (x.spec !== undefined) common.encodeVmSpec(w, x.spec, w.struct(p + 0, 4, 14));
  if (x.runtimeHash !== undefined && x.runtimeHash.length !== 0) w.text(p + 8, x.runtimeHash);
  if (x.generation !== undefined) setUint64(w.view, at + 0, x.generation, "FallbackSpec.generation");
}
export const FallbackSpec: StructType<FallbackSpec, FallbackSpecInput> = { name: "FallbackSpec", dataWords: 1, pointerWords: 2, decode: decodeFallbackSpec, encode: encodeFallbackSpec };

export interface GateEnrollParams {
  token: string;
  worker: string;
  proof: string;
}
export interface GateEnrollParamsInput {
  token?: string | undefined;
  worker?: string | undefined;
  proof?: string | undefined;
}
export function decodeGateEnrollParams(r: Reader): GateEnrollParams {
  const s = r.segment;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    token: q > 0 ? r.text(s, p + 0) : "",
    worker: q > 1 ? r.text(s, p + 8) : "",
    proof: q > 2 ? r.text(s, p + 16) : "",
  };
}
export function encodeGateEnrollParams(w: Writer, x: GateEnrollParamsInput, at: number): void {
  const p = at + 0;
  if (x.token !== undefined && x.token.length !== 0) w.text(p + 0, x.token);
  if (x.worker !== undefined && x.worker.length !== 0) w.text(p + 8, x.worker);
  if (x.proof !== undefined && x.proof.length !== 0) w.text(p + 16, x.proof);
}
export const GateEnrollParams: StructType<GateEnrollParams, GateEnrollParamsInput> = { name: "GateEnrollParams", dataWords: 0, pointerWords: 3, decode: decodeGateEnrollParams, encode: encodeGateEnrollParams };

export interface GateEnrollResults {
  token: string;
}
export interface GateEnrollResultsInput {
  token?: string | undefined;
}
export function decodeGateEnrollResults(r: Reader): GateEnrollResults {
  const s = r.segment;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    token: q > 0 ? r.text(s, p + 0) : "",
  };
}
export function encodeGateEnrollResults(w: Writer, x: GateEnrollResultsInput, at: number): void {
  const p = at + 0;
  if (x.token !== undefined && x.token.length !== 0) w.text(p + 0, x.token);
}
export const GateEnrollResults: StructType<GateEnrollResults, GateEnrollResultsInput> = { name: "GateEnrollResults", dataWords: 0, pointerWords: 1, decode: decodeGateEnrollResults, encode: encodeGateEnrollResults };

export interface GateLoginParams {
  token: string;
}
export interface GateLoginParamsInput {
  token?: string | undefined;
}
export function decodeGateLoginParams(r: Reader): GateLoginParams {
  const s = r.segment;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    token: q > 0 ? r.text(s, p + 0) : "",
  };
}
export function encodeGateLoginParams(w: Writer, x: GateLoginParamsInput, at: number): void {
  const p = at + 0;
  if (x.token !== undefined && x.token.length !== 0) w.text(p + 0, x.token);
}
export const GateLoginParams: StructType<GateLoginParams, GateLoginParamsInput> = { name: "GateLoginParams", dataWords: 0, pointerWords: 1, decode: decodeGateLoginParams, encode: encodeGateLoginParams };

export interface GateLoginResults {
  session: SessionClient;
}
export interface GateLoginResultsInput {
  session?: SessionClient | undefined;
}
export function decodeGateLoginResults(r: Reader): GateLoginResults {
  const s = r.segment;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    session: q > 0 ? takeClient(r, s, p + 0, Session) : takeClient(r, s, -1, Session),
  };
}
export function encodeGateLoginResults(w: Writer, x: GateLoginResultsInput, at: number): void {
  const p = at + 0;
  if (x.session !== undefined) putClient(w, p + 0, x.session);
}
export interface GateLoginResultsPipeline {
  readonly session: SessionClient;
}
export const GateLoginResults: StructType<GateLoginResults, GateLoginResultsInput> = { name: "GateLoginResults", dataWords: 0, pointerWords: 1, decode: decodeGateLoginResults, encode: encodeGateLoginResults, pipeline: { session: { index: 0, interface: () => Session } } };

export interface GateVersionParams {
}
export interface GateVersionParamsInput {
}
export function decodeGateVersionParams(r: Reader): GateVersionParams {
  void r;
  return {
  };
}
export function encodeGateVersionParams(w: Writer, x: GateVersionParamsInput, at: number): void {
  void w;
  void x;
  void at;
}
export const GateVersionParams: StructType<GateVersionParams, GateVersionParamsInput> = { name: "GateVersionParams", dataWords: 0, pointerWords: 0, decode: decodeGateVersionParams, encode: encodeGateVersionParams };

export interface GateVersionResults {
  version: string;
  protocol: number;
}
export interface GateVersionResultsInput {
  version?: string | undefined;
  protocol?: number | undefined;
}
export function decodeGateVersionResults(r: Reader): GateVersionResults {
  const s = r.segment;
  const v = s.view;
  const d = r.data;
  const n = r.dataBytes;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    version: q > 0 ? r.text(s, p + 0) : "",
    protocol: n >= 4 ? v.getUint32(d + 0, true) : 0,
  };
}
export function encodeGateVersionResults(w: Writer, x: GateVersionResultsInput, at: number): void {
  const p = at + 8;
  if (x.version !== undefined && x.version.length !== 0) w.text(p + 0, x.version);
  if (x.protocol !== undefined) w.view.setUint32(at + 0, checkInteger(x.protocol, 0, 4294967295, "GateVersionResults.protocol"), true);
}
export const GateVersionResults: StructType<GateVersionResults, GateVersionResultsInput> = { name: "GateVersionResults", dataWords: 1, pointerWords: 1, decode: decodeGateVersionResults, encode: encodeGateVersionResults };

export interface Generation {
  cluster: string;
  generation: number | bigint;
  commit: string;
  repository: string;
  intentHash: string;
  parent: number | bigint;
  state: GenerationState;
  reason: string;
  publishedAtMs: number | bigint;
  endedAtMs: number | bigint;
  vms: number;
  copySeconds: number;
  placeSeconds: number;
  bootSeconds: number;
  healthySeconds: number;
  traceparent: string;
  rollbackTarget: boolean;
}
export interface GenerationInput {
  cluster?: string | undefined;
  generation?: number | bigint | undefined;
  commit?: string | undefined;
  repository?: string | undefined;
  intentHash?: string | undefined;
  parent?: number | bigint | undefined;
  state?: GenerationState | undefined;
  reason?: string | undefined;
  publishedAtMs?: number | bigint | undefined;
  endedAtMs?: number | bigint | undefined;
  vms?: number | undefined;
  copySeconds?: number | undefined;
  placeSeconds?: number | undefined;
  bootSeconds?: number | undefined;
  healthySeconds?: number | undefined;
  traceparent?: string | undefined;
  rollbackTarget?: boolean | undefined;
}
export function decodeGeneration(r: Reader): Generation {
  const s = r.segment;
  const v = s.view;
  const d = r.data;
  const n = r.dataBytes;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    cluster: q > 0 ? r.text(s, p + 0) : "",
    generation: n >= 8 ? getUint64(v, d + 0) : 0,
    commit: q > 1 ? r.text(s, p + 8) : "",
    repository: q > 2 ? r.text(s, p + 16) : "",
    intentHash: q > 3 ? r.text(s, p + 24) : "",
    parent: n >= 16 ? getUint64(v, d + 8) : 0,
    state: decodeGenerationState(n >= 18 ? v.getUint16(d + 16, true) : 0),
    reason: q > 4 ? r.text(s, p + 32) : "",
    publishedAtMs: n >= 32 ? getUint64(v, d + 24) : 0,
    endedAtMs: n >= 40 ? getUint64(v, d + 32) : 0,
    vms: n >= 24 ? v.getUint32(d + 20, true) : 0,
    copySeconds: getFloat64Default(n >= 48 ? v : undefined, d + 40, 0, 3220176896),
    placeSeconds: getFloat64Default(n >= 56 ? v : undefined, d + 48, 0, 3220176896),
    bootSeconds: getFloat64Default(n >= 64 ? v : undefined, d + 56, 0, 3220176896),
    healthySeconds: getFloat64Default(n >= 72 ? v : undefined, d + 64, 0, 3220176896),
    traceparent: q > 5 ? r.text(s, p + 40) : "",
    rollbackTarget: n > 18 && (v.getUint8(d + 18) & 1) !== 0,
  };
}
export function encodeGeneration(w: Writer, x: GenerationInput, at: number): void {
  const p = at + 72;
  if (x.cluster !== undefined && x.cluster.length !== 0) w.text(p + 0, x.cluster);
  if (x.generation !== undefined) setUint64(w.view, at + 0, x.generation, "Generation.generation");
  if (x.commit !== undefined && x.commit.length !== 0) w.text(p + 8, x.commit);
  if (x.repository !== undefined && x.repository.length !== 0) w.text(p + 16, x.repository);
  if (x.intentHash !== undefined && x.intentHash.length !== 0) w.text(p + 24, x.intentHash);
  if (x.parent !== undefined) setUint64(w.view, at + 8, x.parent, "Generation.parent");
  if (x.state !== undefined) w.view.setUint16(at + 16, enumNumber(x.state, GenerationStateNumbers, "Generation.state"), true);
  if (x.reason !== undefined && x.reason.length !== 0) w.text(p + 32, x.reason);
  if (x.publishedAtMs !== undefined) setUint64(w.view, at + 24, x.publishedAtMs, "Generation.publishedAtMs");
  if (x.endedAtMs !== undefined) setUint64(w.view, at + 32, x.endedAtMs, "Generation.endedAtMs");
  if (x.vms !== undefined) w.view.setUint32(at + 20, checkInteger(x.vms, 0, 4294967295, "Generation.vms"), true);
  if (x.copySeconds !== undefined) { w.view.setFloat64(at + 40, x.copySeconds, true); flip64(w.view, at + 40, 0, 3220176896); }
  if (x.placeSeconds !== undefined) { w.view.setFloat64(at + 48, x.placeSeconds, true); flip64(w.view, at + 48, 0, 3220176896); }
  if (x.bootSeconds !== undefined) { w.view.setFloat64(at + 56, x.bootSeconds, true); flip64(w.view, at + 56, 0, 3220176896); }
  if (x.healthySeconds !== undefined) { w.view.setFloat64(at + 64, x.healthySeconds, true); flip64(w.view, at + 64, 0, 3220176896); }
  if (x.traceparent !== undefined && x.traceparent.length !== 0) w.text(p + 40, x.traceparent);
  if (x.rollbackTarget === true) w.view.setUint8(at + 18, w.view.getUint8(at + 18) | 1);
}
export const Generation: StructType<Generation, GenerationInput> = { name: "Generation", dataWords: 9, pointerWords: 6, decode: decodeGeneration, encode: encodeGeneration };

export interface HostNetwork {
  subnet: string;
  routes: (HostNetworkRoute)[];
}
export interface HostNetworkInput {
  subnet?: string | undefined;
  routes?: readonly (HostNetworkRouteInput)[] | undefined;
}
export function decodeHostNetwork(r: Reader): HostNetwork {
  const s = r.segment;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    subnet: q > 0 ? r.text(s, p + 0) : "",
    routes: q > 1 ? r.structs(s, p + 8, decodeHostNetworkRoute) : [],
  };
}
export function encodeHostNetwork(w: Writer, x: HostNetworkInput, at: number): void {
  const p = at + 0;
  if (x.subnet !== undefined && x.subnet.length !== 0) w.text(p + 0, x.subnet);
  if (x.routes !== undefined && x.routes.length !== 0) w.structs(p + 8, x.routes, { dataWords: 0, pointerWords: 3, write: encodeHostNetworkRoute });
}
export const HostNetwork: StructType<HostNetwork, HostNetworkInput> = { name: "HostNetwork", dataWords: 0, pointerWords: 2, decode: decodeHostNetwork, encode: encodeHostNetwork };

export interface HostNetworkRoute {
  worker: string;
  subnet: string;
  via: string;
}
export interface HostNetworkRouteInput {
  worker?: string | undefined;
  subnet?: string | undefined;
  via?: string | undefined;
}
export function decodeHostNetworkRoute(r: Reader): HostNetworkRoute {
  const s = r.segment;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    worker: q > 0 ? r.text(s, p + 0) : "",
    subnet: q > 1 ? r.text(s, p + 8) : "",
    via: q > 2 ? r.text(s, p + 16) : "",
  };
}
export function encodeHostNetworkRoute(w: Writer, x: HostNetworkRouteInput, at: number): void {
  const p = at + 0;
  if (x.worker !== undefined && x.worker.length !== 0) w.text(p + 0, x.worker);
  if (x.subnet !== undefined && x.subnet.length !== 0) w.text(p + 8, x.subnet);
  if (x.via !== undefined && x.via.length !== 0) w.text(p + 16, x.via);
}
export const HostNetworkRoute: StructType<HostNetworkRoute, HostNetworkRouteInput> = { name: "HostNetworkRoute", dataWords: 0, pointerWords: 3, decode: decodeHostNetworkRoute, encode: encodeHostNetworkRoute };

export interface Identity {
  role: string;
  name: string;
  tokenId: string;
}
export interface IdentityInput {
  role?: string | undefined;
  name?: string | undefined;
  tokenId?: string | undefined;
}
export function decodeIdentity(r: Reader): Identity {
  const s = r.segment;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    role: q > 0 ? r.text(s, p + 0) : "",
    name: q > 1 ? r.text(s, p + 8) : "",
    tokenId: q > 2 ? r.text(s, p + 16) : "",
  };
}
export function encodeIdentity(w: Writer, x: IdentityInput, at: number): void {
  const p = at + 0;
  if (x.role !== undefined && x.role.length !== 0) w.text(p + 0, x.role);
  if (x.name !== undefined && x.name.length !== 0) w.text(p + 8, x.name);
  if (x.tokenId !== undefined && x.tokenId.length !== 0) w.text(p + 16, x.tokenId);
}
export const Identity: StructType<Identity, IdentityInput> = { name: "Identity", dataWords: 0, pointerWords: 3, decode: decodeIdentity, encode: encodeIdentity };

export interface Metric {
  name: string;
  value: number;
}
export interface MetricInput {
  name?: string | undefined;
  value?: number | undefined;
}
export function decodeMetric(r: Reader): Metric {
  const s = r.segment;
  const v = s.view;
  const d = r.data;
  const n = r.dataBytes;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    name: q > 0 ? r.text(s, p + 0) : "",
    value: n >= 8 ? v.getFloat64(d + 0, true) : 0,
  };
}
export function encodeMetric(w: Writer, x: MetricInput, at: number): void {
  const p = at + 8;
  if (x.name !== undefined && x.name.length !== 0) w.text(p + 0, x.name);
  if (x.value !== undefined) w.view.setFloat64(at + 0, x.value, true);
}
export const Metric: StructType<Metric, MetricInput> = { name: "Metric", dataWords: 1, pointerWords: 1, decode: decodeMetric, encode: encodeMetric };

export interface Operation {
  id: string;
  kind: OperationKind;
  target: string;
  state: OperationState;
  by: Identity | undefined;
  reason: string;
  createdAtMs: number | bigint;
  endedAtMs: number | bigint;
  deadlineAtMs: number | bigint;
  force: boolean;
  done: number;
  total: number;
  message: string;
}
export interface OperationInput {
  id?: string | undefined;
  kind?: OperationKind | undefined;
  target?: string | undefined;
  state?: OperationState | undefined;
  by?: IdentityInput | undefined;
  reason?: string | undefined;
  createdAtMs?: number | bigint | undefined;
  endedAtMs?: number | bigint | undefined;
  deadlineAtMs?: number | bigint | undefined;
  force?: boolean | undefined;
  done?: number | undefined;
  total?: number | undefined;
  message?: string | undefined;
}
export function decodeOperation(r: Reader): Operation {
  const s = r.segment;
  const v = s.view;
  const d = r.data;
  const n = r.dataBytes;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    id: q > 0 ? r.text(s, p + 0) : "",
    kind: decodeOperationKind(n >= 2 ? v.getUint16(d + 0, true) : 0),
    target: q > 1 ? r.text(s, p + 8) : "",
    state: decodeOperationState(n >= 4 ? v.getUint16(d + 2, true) : 0),
    by: q > 2 ? r.struct(s, p + 16, decodeIdentity) : undefined,
    reason: q > 3 ? r.text(s, p + 24) : "",
    createdAtMs: n >= 16 ? getUint64(v, d + 8) : 0,
    endedAtMs: n >= 24 ? getUint64(v, d + 16) : 0,
    deadlineAtMs: n >= 32 ? getUint64(v, d + 24) : 0,
    force: n > 4 && (v.getUint8(d + 4) & 1) !== 0,
    done: n >= 36 ? v.getUint32(d + 32, true) : 0,
    total: n >= 40 ? v.getUint32(d + 36, true) : 0,
    message: q > 4 ? r.text(s, p + 32) : "",
  };
}
export function encodeOperation(w: Writer, x: OperationInput, at: number): void {
  const p = at + 40;
  if (x.id !== undefined && x.id.length !== 0) w.text(p + 0, x.id);
  if (x.kind !== undefined) w.view.setUint16(at + 0, enumNumber(x.kind, OperationKindNumbers, "Operation.kind"), true);
  if (x.target !== undefined && x.target.length !== 0) w.text(p + 8, x.target);
  if (x.state !== undefined) w.view.setUint16(at + 2, enumNumber(x.state, OperationStateNumbers, "Operation.state"), true);
  if (x.by !== undefined) encodeIdentity(w, x.by, w.struct(p + 16, 0, 3));
  if (x.reason !== undefined && x.reason.length !== 0) w.text(p + 24, x.reason);
  if (x.createdAtMs !== undefined) setUint64(w.view, at + 8, x.createdAtMs, "Operation.createdAtMs");
  if (x.endedAtMs !== undefined) setUint64(w.view, at + 16, x.endedAtMs, "Operation.endedAtMs");
  if (x.deadlineAtMs !== undefined) setUint64(w.view, at + 24, x.deadlineAtMs, "Operation.deadlineAtMs");
  if (x.force === true) w.view.setUint8(at + 4, w.view.getUint8(at + 4) | 1);
  if (x.done !== undefined) w.view.setUint32(at + 32, checkInteger(x.done, 0, 4294967295, "Operation.done"), true);
  if (x.total !== undefined) w.view.setUint32(at + 36, checkInteger(x.total, 0, 4294967295, "Operation.total"), true);
  if (x.message !== undefined && x.message.length !== 0) w.text(p + 32, x.message);
}
export const Operation: StructType<Operation, OperationInput> = { name: "Operation", dataWords: 5, pointerWords: 5, decode: decodeOperation, encode: encodeOperation };

export interface OperatorCancelParams {
  operation: string;
}
export interface OperatorCancelParamsInput {
  operation?: string | undefined;
}
export function decodeOperatorCancelParams(r: Reader): OperatorCancelParams {
  const s = r.segment;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    operation: q > 0 ? r.text(s, p + 0) : "",
  };
}
export function encodeOperatorCancelParams(w: Writer, x: OperatorCancelParamsInput, at: number): void {
  const p = at + 0;
  if (x.operation !== undefined && x.operation.length !== 0) w.text(p + 0, x.operation);
}
export const OperatorCancelParams: StructType<OperatorCancelParams, OperatorCancelParamsInput> = { name: "OperatorCancelParams", dataWords: 0, pointerWords: 1, decode: decodeOperatorCancelParams, encode: encodeOperatorCancelParams };

export interface OperatorCancelResults {
  operation: Operation | undefined;
}
export interface OperatorCancelResultsInput {
  operation?: OperationInput | undefined;
}
export function decodeOperatorCancelResults(r: Reader): OperatorCancelResults {
  const s = r.segment;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    operation: q > 0 ? r.struct(s, p + 0, decodeOperation) : undefined,
  };
}
export function encodeOperatorCancelResults(w: Writer, x: OperatorCancelResultsInput, at: number): void {
  const p = at + 0;
  if (x.operation !== undefined) encodeOperation(w, x.operation, w.struct(p + 0, 5, 5));
}
export const OperatorCancelResults: StructType<OperatorCancelResults, OperatorCancelResultsInput> = { name: "OperatorCancelResults", dataWords: 0, pointerWords: 1, decode: decodeOperatorCancelResults, encode: encodeOperatorCancelResults };

export interface OperatorConsoleParams {
  vm: string;
  sink: worker.ByteSinkClient;
}
export interface OperatorConsoleParamsInput {
  vm?: string | undefined;
  sink?: worker.ByteSinkClient | undefined;
}
export function decodeOperatorConsoleParams(r: Reader): OperatorConsoleParams {
  const s = r.segment;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    vm: q > 0 ? r.text(s, p + 0) : "",
    sink: q > 1 ? takeClient(r, s, p + 8, worker.ByteSink) : takeClient(r, s, -1, worker.ByteSink),
  };
}
export function encodeOperatorConsoleParams(w: Writer, x: OperatorConsoleParamsInput, at: number): void {
  const p = at + 0;
  if (x.vm !== undefined && x.vm.length !== 0) w.text(p + 0, x.vm);
  if (x.sink !== undefined) putClient(w, p + 8, x.sink);
}
export interface OperatorConsoleParamsPipeline {
  readonly sink: worker.ByteSinkClient;
}
export const OperatorConsoleParams: StructType<OperatorConsoleParams, OperatorConsoleParamsInput> = { name: "OperatorConsoleParams", dataWords: 0, pointerWords: 2, decode: decodeOperatorConsoleParams, encode: encodeOperatorConsoleParams, pipeline: { sink: { index: 1, interface: () => worker.ByteSink } } };

export interface OperatorConsoleResults {
  console: worker.ConsoleClient;
}
export interface OperatorConsoleResultsInput {
  console?: worker.ConsoleClient | undefined;
}
export function decodeOperatorConsoleResults(r: Reader): OperatorConsoleResults {
  const s = r.segment;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    console: q > 0 ? takeClient(r, s, p + 0, worker.Console) : takeClient(r, s, -1, worker.Console),
  };
}
export function encodeOperatorConsoleResults(w: Writer, x: OperatorConsoleResultsInput, at: number): void {
  const p = at + 0;
  if (x.console !== undefined) putClient(w, p + 0, x.console);
}
export interface OperatorConsoleResultsPipeline {
  readonly console: worker.ConsoleClient;
}
export const OperatorConsoleResults: StructType<OperatorConsoleResults, OperatorConsoleResultsInput> = { name: "OperatorConsoleResults", dataWords: 0, pointerWords: 1, decode: decodeOperatorConsoleResults, encode: encodeOperatorConsoleResults, pipeline: { console: { index: 0, interface: () => worker.Console } } };

export interface OperatorCordonParams {
  worker: string;
  reason: string;
}
export interface OperatorCordonParamsInput {
  worker?: string | undefined;
  reason?: string | undefined;
}
export function decodeOperatorCordonParams(r: Reader): OperatorCordonParams {
  const s = r.segment;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    worker: q > 0 ? r.text(s, p + 0) : "",
    reason: q > 1 ? r.text(s, p + 8) : "",
  };
}
export function encodeOperatorCordonParams(w: Writer, x: OperatorCordonParamsInput, at: number): void {
  const p = at + 0;
  if (x.worker !== undefined && x.worker.length !== 0) w.text(p + 0, x.worker);
  if (x.reason !== undefined && x.reason.length !== 0) w.text(p + 8, x.reason);
}
export const OperatorCordonParams: StructType<OperatorCordonParams, OperatorCordonParamsInput> = { name: "OperatorCordonParams", dataWords: 0, pointerWords: 2, decode: decodeOperatorCordonParams, encode: encodeOperatorCordonParams };

export interface OperatorCordonResults {
  operation: Operation | undefined;
}
export interface OperatorCordonResultsInput {
  operation?: OperationInput | undefined;
}
export function decodeOperatorCordonResults(r: Reader): OperatorCordonResults {
  const s = r.segment;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    operation: q > 0 ? r.struct(s, p + 0, decodeOperation) : undefined,
  };
}
export function encodeOperatorCordonResults(w: Writer, x: OperatorCordonResultsInput, at: number): void {
  const p = at + 0;
  if (x.operation !== undefined) encodeOperation(w, x.operation, w.struct(p + 0, 5, 5));
}
export const OperatorCordonResults: StructType<OperatorCordonResults, OperatorCordonResultsInput> = { name: "OperatorCordonResults", dataWords: 0, pointerWords: 1, decode: decodeOperatorCordonResults, encode: encodeOperatorCordonResults };

export interface OperatorDeleteSnapshotParams {
  vm: string;
  name: string;
}
export interface OperatorDeleteSnapshotParamsInput {
  vm?: string | undefined;
  name?: string | undefined;
}
export function decodeOperatorDeleteSnapshotParams(r: Reader): OperatorDeleteSnapshotParams {
  const s = r.segment;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    vm: q > 0 ? r.text(s, p + 0) : "",
    name: q > 1 ? r.text(s, p + 8) : "",
  };
}
export function encodeOperatorDeleteSnapshotParams(w: Writer, x: OperatorDeleteSnapshotParamsInput, at: number): void {
  const p = at + 0;
  if (x.vm !== undefined && x.vm.length !== 0) w.text(p + 0, x.vm);
  if (x.name !== undefined && x.name.length !== 0) w.text(p + 8, x.name);
}
export const OperatorDeleteSnapshotParams: StructType<OperatorDeleteSnapshotParams, OperatorDeleteSnapshotParamsInput> = { name: "OperatorDeleteSnapshotParams", dataWords: 0, pointerWords: 2, decode: decodeOperatorDeleteSnapshotParams, encode: encodeOperatorDeleteSnapshotParams };

export interface OperatorDeleteSnapshotResults {
}
export interface OperatorDeleteSnapshotResultsInput {
}
export function decodeOperatorDeleteSnapshotResults(r: Reader): OperatorDeleteSnapshotResults {
  void r;
  return {
  };
}
export function encodeOperatorDeleteSnapshotResults(w: Writer, x: OperatorDeleteSnapshotResultsInput, at: number): void {
  void w;
  void x;
  void at;
}
export const OperatorDeleteSnapshotResults: StructType<OperatorDeleteSnapshotResults, OperatorDeleteSnapshotResultsInput> = { name: "OperatorDeleteSnapshotResults", dataWords: 0, pointerWords: 0, decode: decodeOperatorDeleteSnapshotResults, encode: encodeOperatorDeleteSnapshotResults };

export interface OperatorDrainParams {
  worker: string;
  deadlineMs: number | bigint;
  force: boolean;
  reason: string;
}
export interface OperatorDrainParamsInput {
  worker?: string | undefined;
  deadlineMs?: number | bigint | undefined;
  force?: boolean | undefined;
  reason?: string | undefined;
}
export function decodeOperatorDrainParams(r: Reader): OperatorDrainParams {
  const s = r.segment;
  const v = s.view;
  const d = r.data;
  const n = r.dataBytes;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    worker: q > 0 ? r.text(s, p + 0) : "",
    deadlineMs: n >= 8 ? getUint64(v, d + 0) : 0,
    force: n > 8 && (v.getUint8(d + 8) & 1) !== 0,
    reason: q > 1 ? r.text(s, p + 8) : "",
  };
}
export function encodeOperatorDrainParams(w: Writer, x: OperatorDrainParamsInput, at: number): void {
  const p = at + 16;
  if (x.worker !== undefined && x.worker.length !== 0) w.text(p + 0, x.worker);
  if (x.deadlineMs !== undefined) setUint64(w.view, at + 0, x.deadlineMs, "OperatorDrainParams.deadlineMs");
  if (x.force === true) w.view.setUint8(at + 8, w.view.getUint8(at + 8) | 1);
  if (x.reason !== undefined && x.reason.length !== 0) w.text(p + 8, x.reason);
}
export const OperatorDrainParams: StructType<OperatorDrainParams, OperatorDrainParamsInput> = { name: "OperatorDrainParams", dataWords: 2, pointerWords: 2, decode: decodeOperatorDrainParams, encode: encodeOperatorDrainParams };

export interface OperatorDrainResults {
  operation: Operation | undefined;
}
export interface OperatorDrainResultsInput {
  operation?: OperationInput | undefined;
}
export function decodeOperatorDrainResults(r: Reader): OperatorDrainResults {
  const s = r.segment;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    operation: q > 0 ? r.struct(s, p + 0, decodeOperation) : undefined,
  };
}
export function encodeOperatorDrainResults(w: Writer, x: OperatorDrainResultsInput, at: number): void {
  const p = at + 0;
  if (x.operation !== undefined) encodeOperation(w, x.operation, w.struct(p + 0, 5, 5));
}
export const OperatorDrainResults: StructType<OperatorDrainResults, OperatorDrainResultsInput> = { name: "OperatorDrainResults", dataWords: 0, pointerWords: 1, decode: decodeOperatorDrainResults, encode: encodeOperatorDrainResults };

export interface OperatorExecParams {
  vm: string;
  command: (string)[];
  timeoutMs: number;
  sink: worker.ExecSinkClient;
}
export interface OperatorExecParamsInput {
  vm?: string | undefined;
  command?: readonly (string)[] | undefined;
  timeoutMs?: number | undefined;
  sink?: worker.ExecSinkClient | undefined;
}
export function decodeOperatorExecParams(r: Reader): OperatorExecParams {
  const s = r.segment;
  const v = s.view;
  const d = r.data;
  const n = r.dataBytes;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    vm: q > 0 ? r.text(s, p + 0) : "",
    command: q > 1 ? r.pointerList(s, p + 8, (r, s, at) => r.text(s, at)) : [],
    timeoutMs: n >= 4 ? v.getUint32(d + 0, true) : 0,
    sink: q > 2 ? takeClient(r, s, p + 16, worker.ExecSink) : takeClient(r, s, -1, worker.ExecSink),
  };
}
export function encodeOperatorExecParams(w: Writer, x: OperatorExecParamsInput, at: number): void {
  const p = at + 8;
  if (x.vm !== undefined && x.vm.length !== 0) w.text(p + 0, x.vm);
  if (x.command !== undefined && x.command.length !== 0) w.pointers(p + 8, x.command, (w, at, x) => w.text(at, x));
  if (x.timeoutMs !== undefined) w.view.setUint32(at + 0, checkInteger(x.timeoutMs, 0, 4294967295, "OperatorExecParams.timeoutMs"), true);
  if (x.sink !== undefined) putClient(w, p + 16, x.sink);
}
export interface OperatorExecParamsPipeline {
  readonly sink: worker.ExecSinkClient;
}
export const OperatorExecParams: StructType<OperatorExecParams, OperatorExecParamsInput> = { name: "OperatorExecParams", dataWords: 1, pointerWords: 3, decode: decodeOperatorExecParams, encode: encodeOperatorExecParams, pipeline: { sink: { index: 2, interface: () => worker.ExecSink } } };

export interface OperatorExecResults {
  process: worker.ProcessClient;
}
export interface OperatorExecResultsInput {
  process?: worker.ProcessClient | undefined;
}
export function decodeOperatorExecResults(r: Reader): OperatorExecResults {
  const s = r.segment;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    process: q > 0 ? takeClient(r, s, p + 0, worker.Process) : takeClient(r, s, -1, worker.Process),
  };
}
export function encodeOperatorExecResults(w: Writer, x: OperatorExecResultsInput, at: number): void {
  const p = at + 0;
  if (x.process !== undefined) putClient(w, p + 0, x.process);
}
export interface OperatorExecResultsPipeline {
  readonly process: worker.ProcessClient;
}
export const OperatorExecResults: StructType<OperatorExecResults, OperatorExecResultsInput> = { name: "OperatorExecResults", dataWords: 0, pointerWords: 1, decode: decodeOperatorExecResults, encode: encodeOperatorExecResults, pipeline: { process: { index: 0, interface: () => worker.Process } } };

export interface OperatorFailParams {
  cluster: string;
  reason: string;
}
export interface OperatorFailParamsInput {
  cluster?: string | undefined;
  reason?: string | undefined;
}
export function decodeOperatorFailParams(r: Reader): OperatorFailParams {
  const s = r.segment;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    cluster: q > 0 ? r.text(s, p + 0) : "",
    reason: q > 1 ? r.text(s, p + 8) : "",
  };
}
export function encodeOperatorFailParams(w: Writer, x: OperatorFailParamsInput, at: number): void {
  const p = at + 0;
  if (x.cluster !== undefined && x.cluster.length !== 0) w.text(p + 0, x.cluster);
  if (x.reason !== undefined && x.reason.length !== 0) w.text(p + 8, x.reason);
}
export const OperatorFailParams: StructType<OperatorFailParams, OperatorFailParamsInput> = { name: "OperatorFailParams", dataWords: 0, pointerWords: 2, decode: decodeOperatorFailParams, encode: encodeOperatorFailParams };

export interface OperatorFailResults {
  status: ClusterStatus | undefined;
}
export interface OperatorFailResultsInput {
  status?: ClusterStatusInput | undefined;
}
export function decodeOperatorFailResults(r: Reader): OperatorFailResults {
  const s = r.segment;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    status: q > 0 ? r.struct(s, p + 0, decodeClusterStatus) : undefined,
  };
}
export function encodeOperatorFailResults(w: Writer, x: OperatorFailResultsInput, at: number): void {
  const p = at + 0;
  if (x.status !== undefined) encodeClusterStatus(w, x.status, w.struct(p + 0, 4, 6));
}
export const OperatorFailResults: StructType<OperatorFailResults, OperatorFailResultsInput> = { name: "OperatorFailResults", dataWords: 0, pointerWords: 1, decode: decodeOperatorFailResults, encode: encodeOperatorFailResults };

export interface OperatorPauseParams {
  cluster: string;
  reason: string;
}
export interface OperatorPauseParamsInput {
  cluster?: string | undefined;
  reason?: string | undefined;
}
export function decodeOperatorPauseParams(r: Reader): OperatorPauseParams {
  const s = r.segment;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    cluster: q > 0 ? r.text(s, p + 0) : "",
    reason: q > 1 ? r.text(s, p + 8) : "",
  };
}
export function encodeOperatorPauseParams(w: Writer, x: OperatorPauseParamsInput, at: number): void {
  const p = at + 0;
  if (x.cluster !== undefined && x.cluster.length !== 0) w.text(p + 0, x.cluster);
  if (x.reason !== undefined && x.reason.length !== 0) w.text(p + 8, x.reason);
}
export const OperatorPauseParams: StructType<OperatorPauseParams, OperatorPauseParamsInput> = { name: "OperatorPauseParams", dataWords: 0, pointerWords: 2, decode: decodeOperatorPauseParams, encode: encodeOperatorPauseParams };

export interface OperatorPauseResults {
  status: ClusterStatus | undefined;
}
export interface OperatorPauseResultsInput {
  status?: ClusterStatusInput | undefined;
}
export function decodeOperatorPauseResults(r: Reader): OperatorPauseResults {
  const s = r.segment;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    status: q > 0 ? r.struct(s, p + 0, decodeClusterStatus) : undefined,
  };
}
export function encodeOperatorPauseResults(w: Writer, x: OperatorPauseResultsInput, at: number): void {
  const p = at + 0;
  if (x.status !== undefined) encodeClusterStatus(w, x.status, w.struct(p + 0, 4, 6));
}
export const OperatorPauseResults: StructType<OperatorPauseResults, OperatorPauseResultsInput> = { name: "OperatorPauseResults", dataWords: 0, pointerWords: 1, decode: decodeOperatorPauseResults, encode: encodeOperatorPauseResults };

export interface OperatorPauseVmParams {
  vm: string;
}
export interface OperatorPauseVmParamsInput {
  vm?: string | undefined;
}
export function decodeOperatorPauseVmParams(r: Reader): OperatorPauseVmParams {
  const s = r.segment;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    vm: q > 0 ? r.text(s, p + 0) : "",
  };
}
export function encodeOperatorPauseVmParams(w: Writer, x: OperatorPauseVmParamsInput, at: number): void {
  const p = at + 0;
  if (x.vm !== undefined && x.vm.length !== 0) w.text(p + 0, x.vm);
}
export const OperatorPauseVmParams: StructType<OperatorPauseVmParams, OperatorPauseVmParamsInput> = { name: "OperatorPauseVmParams", dataWords: 0, pointerWords: 1, decode: decodeOperatorPauseVmParams, encode: encodeOperatorPauseVmParams };

export interface OperatorPauseVmResults {
}
export interface OperatorPauseVmResultsInput {
}
export function decodeOperatorPauseVmResults(r: Reader): OperatorPauseVmResults {
  void r;
  return {
  };
}
export function encodeOperatorPauseVmResults(w: Writer, x: OperatorPauseVmResultsInput, at: number): void {
  void w;
  void x;
  void at;
}
export const OperatorPauseVmResults: StructType<OperatorPauseVmResults, OperatorPauseVmResultsInput> = { name: "OperatorPauseVmResults", dataWords: 0, pointerWords: 0, decode: decodeOperatorPauseVmResults, encode: encodeOperatorPauseVmResults };

export interface OperatorPromoteParams {
  cluster: string;
}
export interface OperatorPromoteParamsInput {
  cluster?: string | undefined;
}
export function decodeOperatorPromoteParams(r: Reader): OperatorPromoteParams {
  const s = r.segment;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    cluster: q > 0 ? r.text(s, p + 0) : "",
  };
}
export function encodeOperatorPromoteParams(w: Writer, x: OperatorPromoteParamsInput, at: number): void {
  const p = at + 0;
  if (x.cluster !== undefined && x.cluster.length !== 0) w.text(p + 0, x.cluster);
}
export const OperatorPromoteParams: StructType<OperatorPromoteParams, OperatorPromoteParamsInput> = { name: "OperatorPromoteParams", dataWords: 0, pointerWords: 1, decode: decodeOperatorPromoteParams, encode: encodeOperatorPromoteParams };

export interface OperatorPromoteResults {
  status: ClusterStatus | undefined;
}
export interface OperatorPromoteResultsInput {
  status?: ClusterStatusInput | undefined;
}
export function decodeOperatorPromoteResults(r: Reader): OperatorPromoteResults {
  const s = r.segment;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    status: q > 0 ? r.struct(s, p + 0, decodeClusterStatus) : undefined,
  };
}
export function encodeOperatorPromoteResults(w: Writer, x: OperatorPromoteResultsInput, at: number): void {
  const p = at + 0;
  if (x.status !== undefined) encodeClusterStatus(w, x.status, w.struct(p + 0, 4, 6));
}
export const OperatorPromoteResults: StructType<OperatorPromoteResults, OperatorPromoteResultsInput> = { name: "OperatorPromoteResults", dataWords: 0, pointerWords: 1, decode: decodeOperatorPromoteResults, encode: encodeOperatorPromoteResults };

export interface OperatorRebalanceParams {
  cluster: string;
  maxMoves: number;
  apply: boolean;
}
export interface OperatorRebalanceParamsInput {
  cluster?: string | undefined;
  maxMoves?: number | undefined;
  apply?: boolean | undefined;
}
export function decodeOperatorRebalanceParams(r: Reader): OperatorRebalanceParams {
  const s = r.segment;
  const v = s.view;
  const d = r.data;
  const n = r.dataBytes;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    cluster: q > 0 ? r.text(s, p + 0) : "",
    maxMoves: n >= 4 ? v.getUint32(d + 0, true) : 0,
    apply: n > 4 && (v.getUint8(d + 4) & 1) !== 0,
  };
}
export function encodeOperatorRebalanceParams(w: Writer, x: OperatorRebalanceParamsInput, at: number): void {
  const p = at + 8;
  if (x.cluster !== undefined && x.cluster.length !== 0) w.text(p + 0, x.cluster);
  if (x.maxMoves !== undefined) w.view.setUint32(at + 0, checkInteger(x.maxMoves, 0, 4294967295, "OperatorRebalanceParams.maxMoves"), true);
  if (x.apply === true) w.view.setUint8(at + 4, w.view.getUint8(at + 4) | 1);
}
export const OperatorRebalanceParams: StructType<OperatorRebalanceParams, OperatorRebalanceParamsInput> = { name: "OperatorRebalanceParams", dataWords: 1, pointerWords: 1, decode: decodeOperatorRebalanceParams, encode: encodeOperatorRebalanceParams };

export interface OperatorRebalanceResults {
  proposal: Rebalance | undefined;
  operation: Operation | undefined;
}
export interface OperatorRebalanceResultsInput {
  proposal?: RebalanceInput | undefined;
  operation?: OperationInput | undefined;
}
export function decodeOperatorRebalanceResults(r: Reader): OperatorRebalanceResults {
  const s = r.segment;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    proposal: q > 0 ? r.struct(s, p + 0, decodeRebalance) : undefined,
    operation: q > 1 ? r.struct(s, p + 8, decodeOperation) : undefined,
  };
}
export function encodeOperatorRebalanceResults(w: Writer, x: OperatorRebalanceResultsInput, at: number): void {
  const p = at + 0;
  if (x.proposal !== undefined) encodeRebalance(w, x.proposal, w.struct(p + 0, 1, 2));
  if (x.operation !== undefined) encodeOperation(w, x.operation, w.struct(p + 8, 5, 5));
}
export const OperatorRebalanceResults: StructType<OperatorRebalanceResults, OperatorRebalanceResultsInput> = { name: "OperatorRebalanceResults", dataWords: 0, pointerWords: 2, decode: decodeOperatorRebalanceResults, encode: encodeOperatorRebalanceResults };

export interface OperatorRemoveWorkerParams {
  worker: string;
}
export interface OperatorRemoveWorkerParamsInput {
  worker?: string | undefined;
}
export function decodeOperatorRemoveWorkerParams(r: Reader): OperatorRemoveWorkerParams {
  const s = r.segment;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    worker: q > 0 ? r.text(s, p + 0) : "",
  };
}
export function encodeOperatorRemoveWorkerParams(w: Writer, x: OperatorRemoveWorkerParamsInput, at: number): void {
  const p = at + 0;
  if (x.worker !== undefined && x.worker.length !== 0) w.text(p + 0, x.worker);
}
export const OperatorRemoveWorkerParams: StructType<OperatorRemoveWorkerParams, OperatorRemoveWorkerParamsInput> = { name: "OperatorRemoveWorkerParams", dataWords: 0, pointerWords: 1, decode: decodeOperatorRemoveWorkerParams, encode: encodeOperatorRemoveWorkerParams };

export interface OperatorRemoveWorkerResults {
  operation: Operation | undefined;
}
export interface OperatorRemoveWorkerResultsInput {
  operation?: OperationInput | undefined;
}
export function decodeOperatorRemoveWorkerResults(r: Reader): OperatorRemoveWorkerResults {
  const s = r.segment;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    operation: q > 0 ? r.struct(s, p + 0, decodeOperation) : undefined,
  };
}
export function encodeOperatorRemoveWorkerResults(w: Writer, x: OperatorRemoveWorkerResultsInput, at: number): void {
  const p = at + 0;
  if (x.operation !== undefined) encodeOperation(w, x.operation, w.struct(p + 0, 5, 5));
}
export const OperatorRemoveWorkerResults: StructType<OperatorRemoveWorkerResults, OperatorRemoveWorkerResultsInput> = { name: "OperatorRemoveWorkerResults", dataWords: 0, pointerWords: 1, decode: decodeOperatorRemoveWorkerResults, encode: encodeOperatorRemoveWorkerResults };

export interface OperatorRestoreVmParams {
  vm: string;
  name: string;
}
export interface OperatorRestoreVmParamsInput {
  vm?: string | undefined;
  name?: string | undefined;
}
export function decodeOperatorRestoreVmParams(r: Reader): OperatorRestoreVmParams {
  const s = r.segment;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    vm: q > 0 ? r.text(s, p + 0) : "",
    name: q > 1 ? r.text(s, p + 8) : "",
  };
}
export function encodeOperatorRestoreVmParams(w: Writer, x: OperatorRestoreVmParamsInput, at: number): void {
  const p = at + 0;
  if (x.vm !== undefined && x.vm.length !== 0) w.text(p + 0, x.vm);
  if (x.name !== undefined && x.name.length !== 0) w.text(p + 8, x.name);
}
export const OperatorRestoreVmParams: StructType<OperatorRestoreVmParams, OperatorRestoreVmParamsInput> = { name: "OperatorRestoreVmParams", dataWords: 0, pointerWords: 2, decode: decodeOperatorRestoreVmParams, encode: encodeOperatorRestoreVmParams };

export interface OperatorRestoreVmResults {
}
export interface OperatorRestoreVmResultsInput {
}
export function decodeOperatorRestoreVmResults(r: Reader): OperatorRestoreVmResults {
  void r;
  return {
  };
}
export function encodeOperatorRestoreVmResults(w: Writer, x: OperatorRestoreVmResultsInput, at: number): void {
  void w;
  void x;
  void at;
}
export const OperatorRestoreVmResults: StructType<OperatorRestoreVmResults, OperatorRestoreVmResultsInput> = { name: "OperatorRestoreVmResults", dataWords: 0, pointerWords: 0, decode: decodeOperatorRestoreVmResults, encode: encodeOperatorRestoreVmResults };

export interface OperatorResumeParams {
  cluster: string;
}
export interface OperatorResumeParamsInput {
  cluster?: string | undefined;
}
export function decodeOperatorResumeParams(r: Reader): OperatorResumeParams {
  const s = r.segment;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    cluster: q > 0 ? r.text(s, p + 0) : "",
  };
}
export function encodeOperatorResumeParams(w: Writer, x: OperatorResumeParamsInput, at: number): void {
  const p = at + 0;
  if (x.cluster !== undefined && x.cluster.length !== 0) w.text(p + 0, x.cluster);
}
export const OperatorResumeParams: StructType<OperatorResumeParams, OperatorResumeParamsInput> = { name: "OperatorResumeParams", dataWords: 0, pointerWords: 1, decode: decodeOperatorResumeParams, encode: encodeOperatorResumeParams };

export interface OperatorResumeResults {
  status: ClusterStatus | undefined;
}
export interface OperatorResumeResultsInput {
  status?: ClusterStatusInput | undefined;
}
export function decodeOperatorResumeResults(r: Reader): OperatorResumeResults {
  const s = r.segment;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    status: q > 0 ? r.struct(s, p + 0, decodeClusterStatus) : undefined,
  };
}
export function encodeOperatorResumeResults(w: Writer, x: OperatorResumeResultsInput, at: number): void {
  const p = at + 0;
  if (x.status !== undefined) encodeClusterStatus(w, x.status, w.struct(p + 0, 4, 6));
}
export const OperatorResumeResults: StructType<OperatorResumeResults, OperatorResumeResultsInput> = { name: "OperatorResumeResults", dataWords: 0, pointerWords: 1, decode: decodeOperatorResumeResults, encode: encodeOperatorResumeResults };

export interface OperatorResumeVmParams {
  vm: string;
}
export interface OperatorResumeVmParamsInput {
  vm?: string | undefined;
}
export function decodeOperatorResumeVmParams(r: Reader): OperatorResumeVmParams {
  const s = r.segment;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    vm: q > 0 ? r.text(s, p + 0) : "",
  };
}
export function encodeOperatorResumeVmParams(w: Writer, x: OperatorResumeVmParamsInput, at: number): void {
  const p = at + 0;
  if (x.vm !== undefined && x.vm.length !== 0) w.text(p + 0, x.vm);
}
export const OperatorResumeVmParams: StructType<OperatorResumeVmParams, OperatorResumeVmParamsInput> = { name: "OperatorResumeVmParams", dataWords: 0, pointerWords: 1, decode: decodeOperatorResumeVmParams, encode: encodeOperatorResumeVmParams };

export interface OperatorResumeVmResults {
}
export interface OperatorResumeVmResultsInput {
}
export function decodeOperatorResumeVmResults(r: Reader): OperatorResumeVmResults {
  void r;
  return {
  };
}
export function encodeOperatorResumeVmResults(w: Writer, x: OperatorResumeVmResultsInput, at: number): void {
  void w;
  void x;
  void at;
}
export const OperatorResumeVmResults: StructType<OperatorResumeVmResults, OperatorResumeVmResultsInput> = { name: "OperatorResumeVmResults", dataWords: 0, pointerWords: 0, decode: decodeOperatorResumeVmResults, encode: encodeOperatorResumeVmResults };

export interface OperatorRetryParams {
  cluster: string;
  generation: number | bigint;
}
export interface OperatorRetryParamsInput {
  cluster?: string | undefined;
  generation?: number | bigint | undefined;
}
export function decodeOperatorRetryParams(r: Reader): OperatorRetryParams {
  const s = r.segment;
  const v = s.view;
  const d = r.data;
  const n = r.dataBytes;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    cluster: q > 0 ? r.text(s, p + 0) : "",
    generation: n >= 8 ? getUint64(v, d + 0) : 0,
  };
}
export function encodeOperatorRetryParams(w: Writer, x: OperatorRetryParamsInput, at: number): void {
  const p = at + 8;
  if (x.cluster !== undefined && x.cluster.length !== 0) w.text(p + 0, x.cluster);
  if (x.generation !== undefined) setUint64(w.view, at + 0, x.generation, "OperatorRetryParams.generation");
}
export const OperatorRetryParams: StructType<OperatorRetryParams, OperatorRetryParamsInput> = { name: "OperatorRetryParams", dataWords: 1, pointerWords: 1, decode: decodeOperatorRetryParams, encode: encodeOperatorRetryParams };

export interface OperatorRetryResults {
  status: ClusterStatus | undefined;
}
export interface OperatorRetryResultsInput {
  status?: ClusterStatusInput | undefined;
}
export function decodeOperatorRetryResults(r: Reader): OperatorRetryResults {
  const s = r.segment;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    status: q > 0 ? r.struct(s, p + 0, decodeClusterStatus) : undefined,
  };
}
export function encodeOperatorRetryResults(w: Writer, x: OperatorRetryResultsInput, at: number): void {
  const p = at + 0;
  if (x.status !== undefined) encodeClusterStatus(w, x.status, w.struct(p + 0, 4, 6));
}
export const OperatorRetryResults: StructType<OperatorRetryResults, OperatorRetryResultsInput> = { name: "OperatorRetryResults", dataWords: 0, pointerWords: 1, decode: decodeOperatorRetryResults, encode: encodeOperatorRetryResults };

export interface OperatorRollbackParams {
  cluster: string;
  generation: number | bigint;
}
export interface OperatorRollbackParamsInput {
  cluster?: string | undefined;
  generation?: number | bigint | undefined;
}
export function decodeOperatorRollbackParams(r: Reader): OperatorRollbackParams {
  const s = r.segment;
  const v = s.view;
  const d = r.data;
  const n = r.dataBytes;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    cluster: q > 0 ? r.text(s, p + 0) : "",
    generation: n >= 8 ? getUint64(v, d + 0) : 0,
  };
}
export function encodeOperatorRollbackParams(w: Writer, x: OperatorRollbackParamsInput, at: number): void {
  const p = at + 8;
  if (x.cluster !== undefined && x.cluster.length !== 0) w.text(p + 0, x.cluster);
  if (x.generation !== undefined) setUint64(w.view, at + 0, x.generation, "OperatorRollbackParams.generation");
}
export const OperatorRollbackParams: StructType<OperatorRollbackParams, OperatorRollbackParamsInput> = { name: "OperatorRollbackParams", dataWords: 1, pointerWords: 1, decode: decodeOperatorRollbackParams, encode: encodeOperatorRollbackParams };

export interface OperatorRollbackResults {
  status: ClusterStatus | undefined;
}
export interface OperatorRollbackResultsInput {
  status?: ClusterStatusInput | undefined;
}
export function decodeOperatorRollbackResults(r: Reader): OperatorRollbackResults {
  const s = r.segment;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    status: q > 0 ? r.struct(s, p + 0, decodeClusterStatus) : undefined,
  };
}
export function encodeOperatorRollbackResults(w: Writer, x: OperatorRollbackResultsInput, at: number): void {
  const p = at + 0;
  if (x.status !== undefined) encodeClusterStatus(w, x.status, w.struct(p + 0, 4, 6));
}
export const OperatorRollbackResults: StructType<OperatorRollbackResults, OperatorRollbackResultsInput> = { name: "OperatorRollbackResults", dataWords: 0, pointerWords: 1, decode: decodeOperatorRollbackResults, encode: encodeOperatorRollbackResults };

export interface OperatorSnapshotVmParams {
  vm: string;
  name: string;
}
export interface OperatorSnapshotVmParamsInput {
  vm?: string | undefined;
  name?: string | undefined;
}
export function decodeOperatorSnapshotVmParams(r: Reader): OperatorSnapshotVmParams {
  const s = r.segment;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    vm: q > 0 ? r.text(s, p + 0) : "",
    name: q > 1 ? r.text(s, p + 8) : "",
  };
}
export function encodeOperatorSnapshotVmParams(w: Writer, x: OperatorSnapshotVmParamsInput, at: number): void {
  const p = at + 0;
  if (x.vm !== undefined && x.vm.length !== 0) w.text(p + 0, x.vm);
  if (x.name !== undefined && x.name.length !== 0) w.text(p + 8, x.name);
}
export const OperatorSnapshotVmParams: StructType<OperatorSnapshotVmParams, OperatorSnapshotVmParamsInput> = { name: "OperatorSnapshotVmParams", dataWords: 0, pointerWords: 2, decode: decodeOperatorSnapshotVmParams, encode: encodeOperatorSnapshotVmParams };

export interface OperatorSnapshotVmResults {
  bytes: number | bigint;
}
export interface OperatorSnapshotVmResultsInput {
  bytes?: number | bigint | undefined;
}
export function decodeOperatorSnapshotVmResults(r: Reader): OperatorSnapshotVmResults {
  const s = r.segment;
  const v = s.view;
  const d = r.data;
  const n = r.dataBytes;
  return {
    bytes: n >= 8 ? getUint64(v, d + 0) : 0,
  };
}
export function encodeOperatorSnapshotVmResults(w: Writer, x: OperatorSnapshotVmResultsInput, at: number): void {
  if (x.bytes !== undefined) setUint64(w.view, at + 0, x.bytes, "OperatorSnapshotVmResults.bytes");
}
export const OperatorSnapshotVmResults: StructType<OperatorSnapshotVmResults, OperatorSnapshotVmResultsInput> = { name: "OperatorSnapshotVmResults", dataWords: 1, pointerWords: 0, decode: decodeOperatorSnapshotVmResults, encode: encodeOperatorSnapshotVmResults };

export interface OperatorUncordonParams {
  worker: string;
}
export interface OperatorUncordonParamsInput {
  worker?: string | undefined;
}
export function decodeOperatorUncordonParams(r: Reader): OperatorUncordonParams {
  const s = r.segment;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    worker: q > 0 ? r.text(s, p + 0) : "",
  };
}
export function encodeOperatorUncordonParams(w: Writer, x: OperatorUncordonParamsInput, at: number): void {
  const p = at + 0;
  if (x.worker !== undefined && x.worker.length !== 0) w.text(p + 0, x.worker);
}
export const OperatorUncordonParams: StructType<OperatorUncordonParams, OperatorUncordonParamsInput> = { name: "OperatorUncordonParams", dataWords: 0, pointerWords: 1, decode: decodeOperatorUncordonParams, encode: encodeOperatorUncordonParams };

export interface OperatorUncordonResults {
  operation: Operation | undefined;
}
export interface OperatorUncordonResultsInput {
  operation?: OperationInput | undefined;
}
export function decodeOperatorUncordonResults(r: Reader): OperatorUncordonResults {
  const s = r.segment;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    operation: q > 0 ? r.struct(s, p + 0, decodeOperation) : undefined,
  };
}
export function encodeOperatorUncordonResults(w: Writer, x: OperatorUncordonResultsInput, at: number): void {
  const p = at + 0;
  if (x.operation !== undefined) encodeOperation(w, x.operation, w.struct(p + 0, 5, 5));
}
export const OperatorUncordonResults: StructType<OperatorUncordonResults, OperatorUncordonResultsInput> = { name: "OperatorUncordonResults", dataWords: 0, pointerWords: 1, decode: decodeOperatorUncordonResults, encode: encodeOperatorUncordonResults };

export interface Order {
  vm: string;
  incarnation: number | bigint;
  orderRevision: number | bigint;
  generation: number | bigint;
  commit: string;
  spec: common.VmSpec | undefined;
  runtimeHash: string;
  policyHash: string;
  traceparent: string;
  fallback: OrderFallback;
  surge: boolean;
  network: common.GuestNetwork | undefined;
}
export interface OrderInput {
  vm?: string | undefined;
  incarnation?: number | bigint | undefined;
  orderRevision?: number | bigint | undefined;
  generation?: number | bigint | undefined;
  commit?: string | undefined;
  spec?: common.VmSpecInput | undefined;
  runtimeHash?: string | undefined;
  policyHash?: string | undefined;
  traceparent?: string | undefined;
  fallback?: OrderFallbackInput | undefined;
  surge?: boolean | undefined;
  network?: common.GuestNetworkInput | undefined;
}
export function decodeOrder(r: Reader): Order {
  const s = r.segment;
  const v = s.view;
  const d = r.data;
  const n = r.dataBytes;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    vm: q > 0 ? r.text(s, p + 0) : "",
    incarnation: n >= 8 ? getUint64(v, d + 0) : 0,
    orderRevision: n >= 16 ? getUint64(v, d + 8) : 0,
    generation: n >= 24 ? getUint64(v, d + 16) : 0,
    commit: q > 1 ? r.text(s, p + 8) : "",
    spec: q > 2 ? r.struct(s, p + 16, common.decodeVmSpec) : undefined,
    runtimeHash: q > 3 ? r.text(s, p + 24) : "",
    policyHash: q > 4 ? r.text(s, p + 32) : "",
    traceparent: q > 5 ? r.text(s, p + 40) : "",
    fallback: decodeOrderFallback(r, s, d, n, p, q),
    surge: n > 26 && (v.getUint8(d + 26) & 1) !== 0,
    network: q > 7 ? r.struct(s, p + 56, common.decodeGuestNetwork) : undefined,
  };
}
export function encodeOrder(w: Writer, x: OrderInput, at: number): void {
  const p = at + 32;
  if (x.vm !== undefined && x.vm.length !== 0) w.text(p + 0, x.vm);
  if (x.incarnation !== undefined) setUint64(w.view, at + 0, x.incarnation, "Order.incarnation");
  if (x.orderRevision !== undefined) setUint64(w.view, at + 8, x.orderRevision, "Order.orderRevision");
  if (x.generation !== undefined) setUint64(w.view, at + 16, x.generation, "Order.generation");
  if (x.commit !== undefined && x.commit.length !== 0) w.text(p + 8, x.commit);
  if (x.spec !== undefined) common.encodeVmSpec(w, x.spec, w.struct(p + 16, 4, 14));
  if (x.runtimeHash !== undefined && x.runtimeHash.length !== 0) w.text(p + 24, x.runtimeHash);
  if (x.policyHash !== undefined && x.policyHash.length !== 0) w.text(p + 32, x.policyHash);
  if (x.traceparent !== undefined && x.traceparent.length !== 0) w.text(p + 40, x.traceparent);
  if (x.fallback !== undefined) encodeOrderFallback(w, x.fallback, at);
  if (x.surge === true) w.view.setUint8(at + 26, w.view.getUint8(at + 26) | 1);
  if (x.network !== undefined) common.encodeGuestNetwork(w, x.network, w.struct(p + 56, 1, 3));
}
export const Order: StructType<Order, OrderInput> = { name: "Order", dataWords: 4, pointerWords: 8, decode: decodeOrder, encode: encodeOrder };

/** A number in `which` stands for a member that this schema does not know. */
export type OrderFallback = ({ which: "stop" } | { which: "spec"; spec: FallbackSpec | undefined } | { which: number });
export type OrderFallbackInput = ({ which: "stop" } | { which: "spec"; spec?: FallbackSpecInput | undefined } | { which: number });
export function decodeOrderFallback(r: Reader, s: Segment, d: number, n: number, p: number, q: number): OrderFallback {
  const v = s.view;
  const which = n >= 26 ? v.getUint16(d + 24, true) : 0;
  switch (which) {
    case 0:
      return {  which: "stop", };
    case 1:
      return {  which: "spec", spec: q > 6 ? r.struct(s, p + 48, decodeFallbackSpec) : undefined, };
    default:
      return {  which };
  }
}
export function encodeOrderFallback(w: Writer, x: OrderFallbackInput, at: number): void {
  const p = at + 32;
  switch (x.which) {
    case "stop":
      w.view.setUint16(at + 24, 0, true);
      break;
    case "spec":
      w.view.setUint16(at + 24, 1, true);
      if (x.spec !== undefined) encodeFallbackSpec(w, x.spec, w.struct(p + 48, 1, 2));
      break;
    default:
      throw new RangeError(`OrderFallback.which must be one of stop, spec, not ${String(x.which)}`);
  }
}
export interface Plan {
  cluster: string;
  planRevision: number | bigint;
  activeGeneration: number | bigint;
  nextGeneration: number | bigint;
  commit: string;
  intentHash: string;
  refused: string;
  held: string;
  changes: (PlanChange)[];
  closures: (ClosureChange)[];
}
export interface PlanInput {
  cluster?: string | undefined;
  planRevision?: number | bigint | undefined;
  activeGeneration?: number | bigint | undefined;
  nextGeneration?: number | bigint | undefined;
  commit?: string | undefined;
  intentHash?: string | undefined;
  refused?: string | undefined;
  held?: string | undefined;
  changes?: readonly (PlanChangeInput)[] | undefined;
  closures?: readonly (ClosureChangeInput)[] | undefined;
}
export function decodePlan(r: Reader): Plan {
  const s = r.segment;
  const v = s.view;
  const d = r.data;
  const n = r.dataBytes;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    cluster: q > 0 ? r.text(s, p + 0) : "",
    planRevision: n >= 8 ? getUint64(v, d + 0) : 0,
    activeGeneration: n >= 16 ? getUint64(v, d + 8) : 0,
    nextGeneration: n >= 24 ? getUint64(v, d + 16) : 0,
    commit: q > 1 ? r.text(s, p + 8) : "",
    intentHash: q > 2 ? r.text(s, p + 16) : "",
    refused: q > 3 ? r.text(s, p + 24) : "",
    held: q > 4 ? r.text(s, p + 32) : "",
    changes: q > 5 ? r.structs(s, p + 40, decodePlanChange) : [],
    closures: q > 6 ? r.structs(s, p + 48, decodeClosureChange) : [],
  };
}
export function encodePlan(w: Writer, x: PlanInput, at: number): void {
  const p = at + 24;
  if (x.cluster !== undefined && x.cluster.length !== 0) w.text(p + 0, x.cluster);
  if (x.planRevision !== undefined) setUint64(w.view, at + 0, x.planRevision, "Plan.planRevision");
  if (x.activeGeneration !== undefined) setUint64(w.view, at + 8, x.activeGeneration, "Plan.activeGeneration");
  if (x.nextGeneration !== undefined) setUint64(w.view, at + 16, x.nextGeneration, "Plan.nextGeneration");
  if (x.commit !== undefined && x.commit.length !== 0) w.text(p + 8, x.commit);
  if (x.intentHash !== undefined && x.intentHash.length !== 0) w.text(p + 16, x.intentHash);
  if (x.refused !== undefined && x.refused.length !== 0) w.text(p + 24, x.refused);
  if (x.held !== undefined && x.held.length !== 0) w.text(p + 32, x.held);
  if (x.changes !== undefined && x.changes.length !== 0) w.structs(p + 40, x.changes, { dataWords: 1, pointerWords: 4, write: encodePlanChange });
  if (x.closures !== undefined && x.closures.length !== 0) w.structs(p + 48, x.closures, { dataWords: 5, pointerWords: 3, write: encodeClosureChange });
}
export const Plan: StructType<Plan, PlanInput> = { name: "Plan", dataWords: 3, pointerWords: 7, decode: decodePlan, encode: encodePlan };

export interface PlanChange {
  vm: string;
  kind: PlanChangeKind;
  fromWorker: string;
  toWorker: string;
  reason: string;
}
export interface PlanChangeInput {
  vm?: string | undefined;
  kind?: PlanChangeKind | undefined;
  fromWorker?: string | undefined;
  toWorker?: string | undefined;
  reason?: string | undefined;
}
export function decodePlanChange(r: Reader): PlanChange {
  const s = r.segment;
  const v = s.view;
  const d = r.data;
  const n = r.dataBytes;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    vm: q > 0 ? r.text(s, p + 0) : "",
    kind: decodePlanChangeKind(n >= 2 ? v.getUint16(d + 0, true) : 0),
    fromWorker: q > 1 ? r.text(s, p + 8) : "",
    toWorker: q > 2 ? r.text(s, p + 16) : "",
    reason: q > 3 ? r.text(s, p + 24) : "",
  };
}
export function encodePlanChange(w: Writer, x: PlanChangeInput, at: number): void {
  const p = at + 8;
  if (x.vm !== undefined && x.vm.length !== 0) w.text(p + 0, x.vm);
  if (x.kind !== undefined) w.view.setUint16(at + 0, enumNumber(x.kind, PlanChangeKindNumbers, "PlanChange.kind"), true);
  if (x.fromWorker !== undefined && x.fromWorker.length !== 0) w.text(p + 8, x.fromWorker);
  if (x.toWorker !== undefined && x.toWorker.length !== 0) w.text(p + 16, x.toWorker);
  if (x.reason !== undefined && x.reason.length !== 0) w.text(p + 24, x.reason);
}
export const PlanChange: StructType<PlanChange, PlanChangeInput> = { name: "PlanChange", dataWords: 1, pointerWords: 4, decode: decodePlanChange, encode: encodePlanChange };

export interface PlanRequest {
  cluster: string;
  repository: string;
  commit: string;
  vmSpecs: (common.VmSpec)[];
  placement: Placement;
}
export interface PlanRequestInput {
  cluster?: string | undefined;
  repository?: string | undefined;
  commit?: string | undefined;
  vmSpecs?: readonly (common.VmSpecInput)[] | undefined;
  placement?: Placement | undefined;
}
export function decodePlanRequest(r: Reader): PlanRequest {
  const s = r.segment;
  const v = s.view;
  const d = r.data;
  const n = r.dataBytes;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    cluster: q > 0 ? r.text(s, p + 0) : "",
    repository: q > 1 ? r.text(s, p + 8) : "",
    commit: q > 2 ? r.text(s, p + 16) : "",
    vmSpecs: q > 3 ? r.structs(s, p + 24, common.decodeVmSpec) : [],
    placement: decodePlacement(n >= 2 ? v.getUint16(d + 0, true) : 0),
  };
}
export function encodePlanRequest(w: Writer, x: PlanRequestInput, at: number): void {
  const p = at + 8;
  if (x.cluster !== undefined && x.cluster.length !== 0) w.text(p + 0, x.cluster);
  if (x.repository !== undefined && x.repository.length !== 0) w.text(p + 8, x.repository);
  if (x.commit !== undefined && x.commit.length !== 0) w.text(p + 16, x.commit);
  if (x.vmSpecs !== undefined && x.vmSpecs.length !== 0) w.structs(p + 24, x.vmSpecs, { dataWords: 4, pointerWords: 14, write: common.encodeVmSpec });
  if (x.placement !== undefined) w.view.setUint16(at + 0, enumNumber(x.placement, PlacementNumbers, "PlanRequest.placement"), true);
}
export const PlanRequest: StructType<PlanRequest, PlanRequestInput> = { name: "PlanRequest", dataWords: 1, pointerWords: 4, decode: decodePlanRequest, encode: encodePlanRequest };

export interface PublishRequest {
  cluster: string;
  repository: string;
  commit: string;
  generation: number | bigint;
  parent: number | bigint;
  intentHash: string;
  checkRevision: boolean;
  expectedRevision: number | bigint;
  traceparent: string;
  vmSpecs: (common.VmSpec)[];
  placement: Placement;
}
export interface PublishRequestInput {
  cluster?: string | undefined;
  repository?: string | undefined;
  commit?: string | undefined;
  generation?: number | bigint | undefined;
  parent?: number | bigint | undefined;
  intentHash?: string | undefined;
  checkRevision?: boolean | undefined;
  expectedRevision?: number | bigint | undefined;
  traceparent?: string | undefined;
  vmSpecs?: readonly (common.VmSpecInput)[] | undefined;
  placement?: Placement | undefined;
}
export function decodePublishRequest(r: Reader): PublishRequest {
  const s = r.segment;
  const v = s.view;
  const d = r.data;
  const n = r.dataBytes;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    cluster: q > 0 ? r.text(s, p + 0) : "",
    repository: q > 1 ? r.text(s, p + 8) : "",
    commit: q > 2 ? r.text(s, p + 16) : "",
    generation: n >= 8 ? getUint64(v, d + 0) : 0,
    parent: n >= 16 ? getUint64(v, d + 8) : 0,
    intentHash: q > 3 ? r.text(s, p + 24) : "",
    checkRevision: n > 16 && (v.getUint8(d + 16) & 1) !== 0,
    expectedRevision: n >= 32 ? getUint64(v, d + 24) : 0,
    traceparent: q > 4 ? r.text(s, p + 32) : "",
    vmSpecs: q > 5 ? r.structs(s, p + 40, common.decodeVmSpec) : [],
    placement: decodePlacement(n >= 20 ? v.getUint16(d + 18, true) : 0),
  };
}
export function encodePublishRequest(w: Writer, x: PublishRequestInput, at: number): void {
  const p = at + 32;
  if (x.cluster !== undefined && x.cluster.length !== 0) w.text(p + 0, x.cluster);
  if (x.repository !== undefined && x.repository.length !== 0) w.text(p + 8, x.repository);
  if (x.commit !== undefined && x.commit.length !== 0) w.text(p + 16, x.commit);
  if (x.generation !== undefined) setUint64(w.view, at + 0, x.generation, "PublishRequest.generation");
  if (x.parent !== undefined) setUint64(w.view, at + 8, x.parent, "PublishRequest.parent");
  if (x.intentHash !== undefined && x.intentHash.length !== 0) w.text(p + 24, x.intentHash);
  if (x.checkRevision === true) w.view.setUint8(at + 16, w.view.getUint8(at + 16) | 1);
  if (x.expectedRevision !== undefined) setUint64(w.view, at + 24, x.expectedRevision, "PublishRequest.expectedRevision");
  if (x.traceparent !== undefined && x.traceparent.length !== 0) w.text(p + 32, x.traceparent);
  if (x.vmSpecs !== undefined && x.vmSpecs.length !== 0) w.structs(p + 40, x.vmSpecs, { dataWords: 4, pointerWords: 14, write: common.encodeVmSpec });
  if (x.placement !== undefined) w.view.setUint16(at + 18, enumNumber(x.placement, PlacementNumbers, "PublishRequest.placement"), true);
}
export const PublishRequest: StructType<PublishRequest, PublishRequestInput> = { name: "PublishRequest", dataWords: 4, pointerWords: 6, decode: decodePublishRequest, encode: encodePublishRequest };

export interface PublisherHighestGenerationParams {
  cluster: string;
}
export interface PublisherHighestGenerationParamsInput {
  cluster?: string | undefined;
}
export function decodePublisherHighestGenerationParams(r: Reader): PublisherHighestGenerationParams {
  const s = r.segment;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    cluster: q > 0 ? r.text(s, p + 0) : "",
  };
}
export function encodePublisherHighestGenerationParams(w: Writer, x: PublisherHighestGenerationParamsInput, at: number): void {
  const p = at + 0;
  if (x.cluster !== undefined && x.cluster.length !== 0) w.text(p + 0, x.cluster);
}
export const PublisherHighestGenerationParams: StructType<PublisherHighestGenerationParams, PublisherHighestGenerationParamsInput> = { name: "PublisherHighestGenerationParams", dataWords: 0, pointerWords: 1, decode: decodePublisherHighestGenerationParams, encode: encodePublisherHighestGenerationParams };

export interface PublisherHighestGenerationResults {
  generation: number | bigint;
  intentHash: string;
  commit: string;
}
export interface PublisherHighestGenerationResultsInput {
  generation?: number | bigint | undefined;
  intentHash?: string | undefined;
  commit?: string | undefined;
}
export function decodePublisherHighestGenerationResults(r: Reader): PublisherHighestGenerationResults {
  const s = r.segment;
  const v = s.view;
  const d = r.data;
  const n = r.dataBytes;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    generation: n >= 8 ? getUint64(v, d + 0) : 0,
    intentHash: q > 0 ? r.text(s, p + 0) : "",
    commit: q > 1 ? r.text(s, p + 8) : "",
  };
}
export function encodePublisherHighestGenerationResults(w: Writer, x: PublisherHighestGenerationResultsInput, at: number): void {
  const p = at + 8;
  if (x.generation !== undefined) setUint64(w.view, at + 0, x.generation, "PublisherHighestGenerationResults.generation");
  if (x.intentHash !== undefined && x.intentHash.length !== 0) w.text(p + 0, x.intentHash);
  if (x.commit !== undefined && x.commit.length !== 0) w.text(p + 8, x.commit);
}
export const PublisherHighestGenerationResults: StructType<PublisherHighestGenerationResults, PublisherHighestGenerationResultsInput> = { name: "PublisherHighestGenerationResults", dataWords: 1, pointerWords: 2, decode: decodePublisherHighestGenerationResults, encode: encodePublisherHighestGenerationResults };

export interface PublisherPublishStateResults {
  cluster: string;
  generation: number | bigint;
  state: GenerationState;
  intentHash: string;
  created: boolean;
}
export interface PublisherPublishStateResultsInput {
  cluster?: string | undefined;
  generation?: number | bigint | undefined;
  state?: GenerationState | undefined;
  intentHash?: string | undefined;
  created?: boolean | undefined;
}
export function decodePublisherPublishStateResults(r: Reader): PublisherPublishStateResults {
  const s = r.segment;
  const v = s.view;
  const d = r.data;
  const n = r.dataBytes;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    cluster: q > 0 ? r.text(s, p + 0) : "",
    generation: n >= 8 ? getUint64(v, d + 0) : 0,
    state: decodeGenerationState(n >= 10 ? v.getUint16(d + 8, true) : 0),
    intentHash: q > 1 ? r.text(s, p + 8) : "",
    created: n > 10 && (v.getUint8(d + 10) & 1) !== 0,
  };
}
export function encodePublisherPublishStateResults(w: Writer, x: PublisherPublishStateResultsInput, at: number): void {
  const p = at + 16;
  if (x.cluster !== undefined && x.cluster.length !== 0) w.text(p + 0, x.cluster);
  if (x.generation !== undefined) setUint64(w.view, at + 0, x.generation, "PublisherPublishStateResults.generation");
  if (x.state !== undefined) w.view.setUint16(at + 8, enumNumber(x.state, GenerationStateNumbers, "PublisherPublishStateResults.state"), true);
  if (x.intentHash !== undefined && x.intentHash.length !== 0) w.text(p + 8, x.intentHash);
  if (x.created === true) w.view.setUint8(at + 10, w.view.getUint8(at + 10) | 1);
}
export const PublisherPublishStateResults: StructType<PublisherPublishStateResults, PublisherPublishStateResultsInput> = { name: "PublisherPublishStateResults", dataWords: 2, pointerWords: 2, decode: decodePublisherPublishStateResults, encode: encodePublisherPublishStateResults };

export interface Rebalance {
  moves: (RebalanceMove)[];
  message: string;
  freedWorkers: number;
}
export interface RebalanceInput {
  moves?: readonly (RebalanceMoveInput)[] | undefined;
  message?: string | undefined;
  freedWorkers?: number | undefined;
}
export function decodeRebalance(r: Reader): Rebalance {
  const s = r.segment;
  const v = s.view;
  const d = r.data;
  const n = r.dataBytes;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    moves: q > 0 ? r.structs(s, p + 0, decodeRebalanceMove) : [],
    message: q > 1 ? r.text(s, p + 8) : "",
    freedWorkers: n >= 4 ? v.getUint32(d + 0, true) : 0,
  };
}
export function encodeRebalance(w: Writer, x: RebalanceInput, at: number): void {
  const p = at + 8;
  if (x.moves !== undefined && x.moves.length !== 0) w.structs(p + 0, x.moves, { dataWords: 0, pointerWords: 4, write: encodeRebalanceMove });
  if (x.message !== undefined && x.message.length !== 0) w.text(p + 8, x.message);
  if (x.freedWorkers !== undefined) w.view.setUint32(at + 0, checkInteger(x.freedWorkers, 0, 4294967295, "Rebalance.freedWorkers"), true);
}
export const Rebalance: StructType<Rebalance, RebalanceInput> = { name: "Rebalance", dataWords: 1, pointerWords: 2, decode: decodeRebalance, encode: encodeRebalance };

export interface RebalanceMove {
  vm: string;
  fromWorker: string;
  toWorker: string;
  reason: string;
}
export interface RebalanceMoveInput {
  vm?: string | undefined;
  fromWorker?: string | undefined;
  toWorker?: string | undefined;
  reason?: string | undefined;
}
export function decodeRebalanceMove(r: Reader): RebalanceMove {
  const s = r.segment;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    vm: q > 0 ? r.text(s, p + 0) : "",
    fromWorker: q > 1 ? r.text(s, p + 8) : "",
    toWorker: q > 2 ? r.text(s, p + 16) : "",
    reason: q > 3 ? r.text(s, p + 24) : "",
  };
}
export function encodeRebalanceMove(w: Writer, x: RebalanceMoveInput, at: number): void {
  const p = at + 0;
  if (x.vm !== undefined && x.vm.length !== 0) w.text(p + 0, x.vm);
  if (x.fromWorker !== undefined && x.fromWorker.length !== 0) w.text(p + 8, x.fromWorker);
  if (x.toWorker !== undefined && x.toWorker.length !== 0) w.text(p + 16, x.toWorker);
  if (x.reason !== undefined && x.reason.length !== 0) w.text(p + 24, x.reason);
}
export const RebalanceMove: StructType<RebalanceMove, RebalanceMoveInput> = { name: "RebalanceMove", dataWords: 0, pointerWords: 4, decode: decodeRebalanceMove, encode: encodeRebalanceMove };

export interface Rollout {
  generation: number | bigint;
  state: RolloutState;
  message: string;
  waitingOn: string;
}
export interface RolloutInput {
  generation?: number | bigint | undefined;
  state?: RolloutState | undefined;
  message?: string | undefined;
  waitingOn?: string | undefined;
}
export function decodeRollout(r: Reader): Rollout {
  const s = r.segment;
  const v = s.view;
  const d = r.data;
  const n = r.dataBytes;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    generation: n >= 8 ? getUint64(v, d + 0) : 0,
    state: decodeRolloutState(n >= 10 ? v.getUint16(d + 8, true) : 0),
    message: q > 0 ? r.text(s, p + 0) : "",
    waitingOn: q > 1 ? r.text(s, p + 8) : "",
  };
}
export function encodeRollout(w: Writer, x: RolloutInput, at: number): void {
  const p = at + 16;
  if (x.generation !== undefined) setUint64(w.view, at + 0, x.generation, "Rollout.generation");
  if (x.state !== undefined) w.view.setUint16(at + 8, enumNumber(x.state, RolloutStateNumbers, "Rollout.state"), true);
  if (x.message !== undefined && x.message.length !== 0) w.text(p + 0, x.message);
  if (x.waitingOn !== undefined && x.waitingOn.length !== 0) w.text(p + 8, x.waitingOn);
}
export const Rollout: StructType<Rollout, RolloutInput> = { name: "Rollout", dataWords: 2, pointerWords: 2, decode: decodeRollout, encode: encodeRollout };

export interface SessionOperatorParams {
}
export interface SessionOperatorParamsInput {
}
export function decodeSessionOperatorParams(r: Reader): SessionOperatorParams {
  void r;
  return {
  };
}
export function encodeSessionOperatorParams(w: Writer, x: SessionOperatorParamsInput, at: number): void {
  void w;
  void x;
  void at;
}
export const SessionOperatorParams: StructType<SessionOperatorParams, SessionOperatorParamsInput> = { name: "SessionOperatorParams", dataWords: 0, pointerWords: 0, decode: decodeSessionOperatorParams, encode: encodeSessionOperatorParams };

export interface SessionOperatorResults {
  operator: OperatorClient;
}
export interface SessionOperatorResultsInput {
  operator?: OperatorClient | undefined;
}
export function decodeSessionOperatorResults(r: Reader): SessionOperatorResults {
  const s = r.segment;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    operator: q > 0 ? takeClient(r, s, p + 0, Operator) : takeClient(r, s, -1, Operator),
  };
}
export function encodeSessionOperatorResults(w: Writer, x: SessionOperatorResultsInput, at: number): void {
  const p = at + 0;
  if (x.operator !== undefined) putClient(w, p + 0, x.operator);
}
export interface SessionOperatorResultsPipeline {
  readonly operator: OperatorClient;
}
export const SessionOperatorResults: StructType<SessionOperatorResults, SessionOperatorResultsInput> = { name: "SessionOperatorResults", dataWords: 0, pointerWords: 1, decode: decodeSessionOperatorResults, encode: encodeSessionOperatorResults, pipeline: { operator: { index: 0, interface: () => Operator } } };

export interface SessionPublisherParams {
}
export interface SessionPublisherParamsInput {
}
export function decodeSessionPublisherParams(r: Reader): SessionPublisherParams {
  void r;
  return {
  };
}
export function encodeSessionPublisherParams(w: Writer, x: SessionPublisherParamsInput, at: number): void {
  void w;
  void x;
  void at;
}
export const SessionPublisherParams: StructType<SessionPublisherParams, SessionPublisherParamsInput> = { name: "SessionPublisherParams", dataWords: 0, pointerWords: 0, decode: decodeSessionPublisherParams, encode: encodeSessionPublisherParams };

export interface SessionPublisherResults {
  publisher: PublisherClient;
}
export interface SessionPublisherResultsInput {
  publisher?: PublisherClient | undefined;
}
export function decodeSessionPublisherResults(r: Reader): SessionPublisherResults {
  const s = r.segment;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    publisher: q > 0 ? takeClient(r, s, p + 0, Publisher) : takeClient(r, s, -1, Publisher),
  };
}
export function encodeSessionPublisherResults(w: Writer, x: SessionPublisherResultsInput, at: number): void {
  const p = at + 0;
  if (x.publisher !== undefined) putClient(w, p + 0, x.publisher);
}
export interface SessionPublisherResultsPipeline {
  readonly publisher: PublisherClient;
}
export const SessionPublisherResults: StructType<SessionPublisherResults, SessionPublisherResultsInput> = { name: "SessionPublisherResults", dataWords: 0, pointerWords: 1, decode: decodeSessionPublisherResults, encode: encodeSessionPublisherResults, pipeline: { publisher: { index: 0, interface: () => Publisher } } };

export interface SessionTokensParams {
}
export interface SessionTokensParamsInput {
}
export function decodeSessionTokensParams(r: Reader): SessionTokensParams {
  void r;
  return {
  };
}
export function encodeSessionTokensParams(w: Writer, x: SessionTokensParamsInput, at: number): void {
  void w;
  void x;
  void at;
}
export const SessionTokensParams: StructType<SessionTokensParams, SessionTokensParamsInput> = { name: "SessionTokensParams", dataWords: 0, pointerWords: 0, decode: decodeSessionTokensParams, encode: encodeSessionTokensParams };

export interface SessionTokensResults {
  tokens: TokensClient;
}
export interface SessionTokensResultsInput {
  tokens?: TokensClient | undefined;
}
export function decodeSessionTokensResults(r: Reader): SessionTokensResults {
  const s = r.segment;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    tokens: q > 0 ? takeClient(r, s, p + 0, Tokens) : takeClient(r, s, -1, Tokens),
  };
}
export function encodeSessionTokensResults(w: Writer, x: SessionTokensResultsInput, at: number): void {
  const p = at + 0;
  if (x.tokens !== undefined) putClient(w, p + 0, x.tokens);
}
export interface SessionTokensResultsPipeline {
  readonly tokens: TokensClient;
}
export const SessionTokensResults: StructType<SessionTokensResults, SessionTokensResultsInput> = { name: "SessionTokensResults", dataWords: 0, pointerWords: 1, decode: decodeSessionTokensResults, encode: encodeSessionTokensResults, pipeline: { tokens: { index: 0, interface: () => Tokens } } };

export interface SessionViewerParams {
}
export interface SessionViewerParamsInput {
}
export function decodeSessionViewerParams(r: Reader): SessionViewerParams {
  void r;
  return {
  };
}
export function encodeSessionViewerParams(w: Writer, x: SessionViewerParamsInput, at: number): void {
  void w;
  void x;
  void at;
}
export const SessionViewerParams: StructType<SessionViewerParams, SessionViewerParamsInput> = { name: "SessionViewerParams", dataWords: 0, pointerWords: 0, decode: decodeSessionViewerParams, encode: encodeSessionViewerParams };

export interface SessionViewerResults {
  viewer: ViewerClient;
}
export interface SessionViewerResultsInput {
  viewer?: ViewerClient | undefined;
}
export function decodeSessionViewerResults(r: Reader): SessionViewerResults {
  const s = r.segment;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    viewer: q > 0 ? takeClient(r, s, p + 0, Viewer) : takeClient(r, s, -1, Viewer),
  };
}
export function encodeSessionViewerResults(w: Writer, x: SessionViewerResultsInput, at: number): void {
  const p = at + 0;
  if (x.viewer !== undefined) putClient(w, p + 0, x.viewer);
}
export interface SessionViewerResultsPipeline {
  readonly viewer: ViewerClient;
}
export const SessionViewerResults: StructType<SessionViewerResults, SessionViewerResultsInput> = { name: "SessionViewerResults", dataWords: 0, pointerWords: 1, decode: decodeSessionViewerResults, encode: encodeSessionViewerResults, pipeline: { viewer: { index: 0, interface: () => Viewer } } };

export interface SessionWhoamiParams {
}
export interface SessionWhoamiParamsInput {
}
export function decodeSessionWhoamiParams(r: Reader): SessionWhoamiParams {
  void r;
  return {
  };
}
export function encodeSessionWhoamiParams(w: Writer, x: SessionWhoamiParamsInput, at: number): void {
  void w;
  void x;
  void at;
}
export const SessionWhoamiParams: StructType<SessionWhoamiParams, SessionWhoamiParamsInput> = { name: "SessionWhoamiParams", dataWords: 0, pointerWords: 0, decode: decodeSessionWhoamiParams, encode: encodeSessionWhoamiParams };

export interface SessionWhoamiResults {
  role: string;
  name: string;
  tokenId: string;
}
export interface SessionWhoamiResultsInput {
  role?: string | undefined;
  name?: string | undefined;
  tokenId?: string | undefined;
}
export function decodeSessionWhoamiResults(r: Reader): SessionWhoamiResults {
  const s = r.segment;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    role: q > 0 ? r.text(s, p + 0) : "",
    name: q > 1 ? r.text(s, p + 8) : "",
    tokenId: q > 2 ? r.text(s, p + 16) : "",
  };
}
export function encodeSessionWhoamiResults(w: Writer, x: SessionWhoamiResultsInput, at: number): void {
  const p = at + 0;
  if (x.role !== undefined && x.role.length !== 0) w.text(p + 0, x.role);
  if (x.name !== undefined && x.name.length !== 0) w.text(p + 8, x.name);
  if (x.tokenId !== undefined && x.tokenId.length !== 0) w.text(p + 16, x.tokenId);
}
export const SessionWhoamiResults: StructType<SessionWhoamiResults, SessionWhoamiResultsInput> = { name: "SessionWhoamiResults", dataWords: 0, pointerWords: 3, decode: decodeSessionWhoamiResults, encode: encodeSessionWhoamiResults };

export interface SessionWorkerLinkParams {
  name: string;
}
export interface SessionWorkerLinkParamsInput {
  name?: string | undefined;
}
export function decodeSessionWorkerLinkParams(r: Reader): SessionWorkerLinkParams {
  const s = r.segment;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    name: q > 0 ? r.text(s, p + 0) : "",
  };
}
export function encodeSessionWorkerLinkParams(w: Writer, x: SessionWorkerLinkParamsInput, at: number): void {
  const p = at + 0;
  if (x.name !== undefined && x.name.length !== 0) w.text(p + 0, x.name);
}
export const SessionWorkerLinkParams: StructType<SessionWorkerLinkParams, SessionWorkerLinkParamsInput> = { name: "SessionWorkerLinkParams", dataWords: 0, pointerWords: 1, decode: decodeSessionWorkerLinkParams, encode: encodeSessionWorkerLinkParams };

export interface SessionWorkerLinkResults {
  link: WorkerLinkClient;
}
export interface SessionWorkerLinkResultsInput {
  link?: WorkerLinkClient | undefined;
}
export function decodeSessionWorkerLinkResults(r: Reader): SessionWorkerLinkResults {
  const s = r.segment;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    link: q > 0 ? takeClient(r, s, p + 0, WorkerLink) : takeClient(r, s, -1, WorkerLink),
  };
}
export function encodeSessionWorkerLinkResults(w: Writer, x: SessionWorkerLinkResultsInput, at: number): void {
  const p = at + 0;
  if (x.link !== undefined) putClient(w, p + 0, x.link);
}
export interface SessionWorkerLinkResultsPipeline {
  readonly link: WorkerLinkClient;
}
export const SessionWorkerLinkResults: StructType<SessionWorkerLinkResults, SessionWorkerLinkResultsInput> = { name: "SessionWorkerLinkResults", dataWords: 0, pointerWords: 1, decode: decodeSessionWorkerLinkResults, encode: encodeSessionWorkerLinkResults, pipeline: { link: { index: 0, interface: () => WorkerLink } } };

export interface TokenInfo {
  id: string;
  role: string;
  name: string;
  createdAtMs: number | bigint;
  expiresAtMs: number | bigint;
  oneTime: boolean;
  worker: string;
}
export interface TokenInfoInput {
  id?: string | undefined;
  role?: string | undefined;
  name?: string | undefined;
  createdAtMs?: number | bigint | undefined;
  expiresAtMs?: number | bigint | undefined;
  oneTime?: boolean | undefined;
  worker?: string | undefined;
}
export function decodeTokenInfo(r: Reader): TokenInfo {
  const s = r.segment;
  const v = s.view;
  const d = r.data;
  const n = r.dataBytes;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    id: q > 0 ? r.text(s, p + 0) : "",
    role: q > 1 ? r.text(s, p + 8) : "",
    name: q > 2 ? r.text(s, p + 16) : "",
    createdAtMs: n >= 8 ? getUint64(v, d + 0) : 0,
    expiresAtMs: n >= 16 ? getUint64(v, d + 8) : 0,
    oneTime: n > 16 && (v.getUint8(d + 16) & 1) !== 0,
    worker: q > 3 ? r.text(s, p + 24) : "",
  };
}
export function encodeTokenInfo(w: Writer, x: TokenInfoInput, at: number): void {
  const p = at + 24;
  if (x.id !== undefined && x.id.length !== 0) w.text(p + 0, x.id);
  if (x.role !== undefined && x.role.length !== 0) w.text(p + 8, x.role);
  if (x.name !== undefined && x.name.length !== 0) w.text(p + 16, x.name);
  if (x.createdAtMs !== undefined) setUint64(w.view, at + 0, x.createdAtMs, "TokenInfo.createdAtMs");
  if (x.expiresAtMs !== undefined) setUint64(w.view, at + 8, x.expiresAtMs, "TokenInfo.expiresAtMs");
  if (x.oneTime === true) w.view.setUint8(at + 16, w.view.getUint8(at + 16) | 1);
  if (x.worker !== undefined && x.worker.length !== 0) w.text(p + 24, x.worker);
}
export const TokenInfo: StructType<TokenInfo, TokenInfoInput> = { name: "TokenInfo", dataWords: 3, pointerWords: 4, decode: decodeTokenInfo, encode: encodeTokenInfo };

export interface TokensCreateParams {
  role: string;
  name: string;
  expiresAtMs: number | bigint;
  oneTime: boolean;
}
export interface TokensCreateParamsInput {
  role?: string | undefined;
  name?: string | undefined;
  expiresAtMs?: number | bigint | undefined;
  oneTime?: boolean | undefined;
}
export function decodeTokensCreateParams(r: Reader): TokensCreateParams {
  const s = r.segment;
  const v = s.view;
  const d = r.data;
  const n = r.dataBytes;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    role: q > 0 ? r.text(s, p + 0) : "",
    name: q > 1 ? r.text(s, p + 8) : "",
    expiresAtMs: n >= 8 ? getUint64(v, d + 0) : 0,
    oneTime: n > 8 && (v.getUint8(d + 8) & 1) !== 0,
  };
}
export function encodeTokensCreateParams(w: Writer, x: TokensCreateParamsInput, at: number): void {
  const p = at + 16;
  if (x.role !== undefined && x.role.length !== 0) w.text(p + 0, x.role);
  if (x.name !== undefined && x.name.length !== 0) w.text(p + 8, x.name);
  if (x.expiresAtMs !== undefined) setUint64(w.view, at + 0, x.expiresAtMs, "TokensCreateParams.expiresAtMs");
  if (x.oneTime === true) w.view.setUint8(at + 8, w.view.getUint8(at + 8) | 1);
}
export const TokensCreateParams: StructType<TokensCreateParams, TokensCreateParamsInput> = { name: "TokensCreateParams", dataWords: 2, pointerWords: 2, decode: decodeTokensCreateParams, encode: encodeTokensCreateParams };

export interface TokensCreateResults {
  token: string;
  id: string;
}
export interface TokensCreateResultsInput {
  token?: string | undefined;
  id?: string | undefined;
}
export function decodeTokensCreateResults(r: Reader): TokensCreateResults {
  const s = r.segment;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    token: q > 0 ? r.text(s, p + 0) : "",
    id: q > 1 ? r.text(s, p + 8) : "",
  };
}
export function encodeTokensCreateResults(w: Writer, x: TokensCreateResultsInput, at: number): void {
  const p = at + 0;
  if (x.token !== undefined && x.token.length !== 0) w.text(p + 0, x.token);
  if (x.id !== undefined && x.id.length !== 0) w.text(p + 8, x.id);
}
export const TokensCreateResults: StructType<TokensCreateResults, TokensCreateResultsInput> = { name: "TokensCreateResults", dataWords: 0, pointerWords: 2, decode: decodeTokensCreateResults, encode: encodeTokensCreateResults };

export interface TokensListParams {
}
export interface TokensListParamsInput {
}
export function decodeTokensListParams(r: Reader): TokensListParams {
  void r;
  return {
  };
}
export function encodeTokensListParams(w: Writer, x: TokensListParamsInput, at: number): void {
  void w;
  void x;
  void at;
}
export const TokensListParams: StructType<TokensListParams, TokensListParamsInput> = { name: "TokensListParams", dataWords: 0, pointerWords: 0, decode: decodeTokensListParams, encode: encodeTokensListParams };

export interface TokensListResults {
  tokens: (TokenInfo)[];
}
export interface TokensListResultsInput {
  tokens?: readonly (TokenInfoInput)[] | undefined;
}
export function decodeTokensListResults(r: Reader): TokensListResults {
  const s = r.segment;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    tokens: q > 0 ? r.structs(s, p + 0, decodeTokenInfo) : [],
  };
}
export function encodeTokensListResults(w: Writer, x: TokensListResultsInput, at: number): void {
  const p = at + 0;
  if (x.tokens !== undefined && x.tokens.length !== 0) w.structs(p + 0, x.tokens, { dataWords: 3, pointerWords: 4, write: encodeTokenInfo });
}
export const TokensListResults: StructType<TokensListResults, TokensListResultsInput> = { name: "TokensListResults", dataWords: 0, pointerWords: 1, decode: decodeTokensListResults, encode: encodeTokensListResults };

export interface TokensRevokeParams {
  id: string;
}
export interface TokensRevokeParamsInput {
  id?: string | undefined;
}
export function decodeTokensRevokeParams(r: Reader): TokensRevokeParams {
  const s = r.segment;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    id: q > 0 ? r.text(s, p + 0) : "",
  };
}
export function encodeTokensRevokeParams(w: Writer, x: TokensRevokeParamsInput, at: number): void {
  const p = at + 0;
  if (x.id !== undefined && x.id.length !== 0) w.text(p + 0, x.id);
}
export const TokensRevokeParams: StructType<TokensRevokeParams, TokensRevokeParamsInput> = { name: "TokensRevokeParams", dataWords: 0, pointerWords: 1, decode: decodeTokensRevokeParams, encode: encodeTokensRevokeParams };

export interface TokensRevokeResults {
}
export interface TokensRevokeResultsInput {
}
export function decodeTokensRevokeResults(r: Reader): TokensRevokeResults {
  void r;
  return {
  };
}
export function encodeTokensRevokeResults(w: Writer, x: TokensRevokeResultsInput, at: number): void {
  void w;
  void x;
  void at;
}
export const TokensRevokeResults: StructType<TokensRevokeResults, TokensRevokeResultsInput> = { name: "TokensRevokeResults", dataWords: 0, pointerWords: 0, decode: decodeTokensRevokeResults, encode: encodeTokensRevokeResults };

export interface ViewerClosureRootsParams {
  cluster: string;
  after: number | bigint;
}
export interface ViewerClosureRootsParamsInput {
  cluster?: string | undefined;
  after?: number | bigint | undefined;
}
export function decodeViewerClosureRootsParams(r: Reader): ViewerClosureRootsParams {
  const s = r.segment;
  const v = s.view;
  const d = r.data;
  const n = r.dataBytes;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    cluster: q > 0 ? r.text(s, p + 0) : "",
    after: n >= 8 ? getUint64(v, d + 0) : 0,
  };
}
export function encodeViewerClosureRootsParams(w: Writer, x: ViewerClosureRootsParamsInput, at: number): void {
  const p = at + 8;
  if (x.cluster !== undefined && x.cluster.length !== 0) w.text(p + 0, x.cluster);
  if (x.after !== undefined) setUint64(w.view, at + 0, x.after, "ViewerClosureRootsParams.after");
}
export const ViewerClosureRootsParams: StructType<ViewerClosureRootsParams, ViewerClosureRootsParamsInput> = { name: "ViewerClosureRootsParams", dataWords: 1, pointerWords: 1, decode: decodeViewerClosureRootsParams, encode: encodeViewerClosureRootsParams };

export interface ViewerClosureRootsResults {
  generations: (ClosureRoots)[];
  more: boolean;
}
export interface ViewerClosureRootsResultsInput {
  generations?: readonly (ClosureRootsInput)[] | undefined;
  more?: boolean | undefined;
}
export function decodeViewerClosureRootsResults(r: Reader): ViewerClosureRootsResults {
  const s = r.segment;
  const v = s.view;
  const d = r.data;
  const n = r.dataBytes;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    generations: q > 0 ? r.structs(s, p + 0, decodeClosureRoots) : [],
    more: n > 0 && (v.getUint8(d + 0) & 1) !== 0,
  };
}
export function encodeViewerClosureRootsResults(w: Writer, x: ViewerClosureRootsResultsInput, at: number): void {
  const p = at + 8;
  if (x.generations !== undefined && x.generations.length !== 0) w.structs(p + 0, x.generations, { dataWords: 1, pointerWords: 4, write: encodeClosureRoots });
  if (x.more === true) w.view.setUint8(at + 0, w.view.getUint8(at + 0) | 1);
}
export const ViewerClosureRootsResults: StructType<ViewerClosureRootsResults, ViewerClosureRootsResultsInput> = { name: "ViewerClosureRootsResults", dataWords: 1, pointerWords: 1, decode: decodeViewerClosureRootsResults, encode: encodeViewerClosureRootsResults };

export interface ViewerClustersParams {
}
export interface ViewerClustersParamsInput {
}
export function decodeViewerClustersParams(r: Reader): ViewerClustersParams {
  void r;
  return {
  };
}
export function encodeViewerClustersParams(w: Writer, x: ViewerClustersParamsInput, at: number): void {
  void w;
  void x;
  void at;
}
export const ViewerClustersParams: StructType<ViewerClustersParams, ViewerClustersParamsInput> = { name: "ViewerClustersParams", dataWords: 0, pointerWords: 0, decode: decodeViewerClustersParams, encode: encodeViewerClustersParams };

export interface ViewerClustersResults {
  clusters: (string)[];
}
export interface ViewerClustersResultsInput {
  clusters?: readonly (string)[] | undefined;
}
export function decodeViewerClustersResults(r: Reader): ViewerClustersResults {
  const s = r.segment;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    clusters: q > 0 ? r.pointerList(s, p + 0, (r, s, at) => r.text(s, at)) : [],
  };
}
export function encodeViewerClustersResults(w: Writer, x: ViewerClustersResultsInput, at: number): void {
  const p = at + 0;
  if (x.clusters !== undefined && x.clusters.length !== 0) w.pointers(p + 0, x.clusters, (w, at, x) => w.text(at, x));
}
export const ViewerClustersResults: StructType<ViewerClustersResults, ViewerClustersResultsInput> = { name: "ViewerClustersResults", dataWords: 0, pointerWords: 1, decode: decodeViewerClustersResults, encode: encodeViewerClustersResults };

export interface ViewerEventsParams {
  after: number | bigint;
  follow: boolean;
  topics: (string)[];
  cluster: string;
  sink: EventSinkClient;
  audit: boolean;
  tail: number;
}
export interface ViewerEventsParamsInput {
  after?: number | bigint | undefined;
  follow?: boolean | undefined;
  topics?: readonly (string)[] | undefined;
  cluster?: string | undefined;
  sink?: EventSinkClient | undefined;
  audit?: boolean | undefined;
  tail?: number | undefined;
}
export function decodeViewerEventsParams(r: Reader): ViewerEventsParams {
  const s = r.segment;
  const v = s.view;
  const d = r.data;
  const n = r.dataBytes;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    after: n >= 8 ? getUint64(v, d + 0) : 0,
    follow: n > 8 && (v.getUint8(d + 8) & 1) !== 0,
    topics: q > 0 ? r.pointerList(s, p + 0, (r, s, at) => r.text(s, at)) : [],
    cluster: q > 1 ? r.text(s, p + 8) : "",
    sink: q > 2 ? takeClient(r, s, p + 16, EventSink) : takeClient(r, s, -1, EventSink),
    audit: n > 8 && (v.getUint8(d + 8) & 2) !== 0,
    tail: n >= 16 ? v.getUint32(d + 12, true) : 0,
  };
}
export function encodeViewerEventsParams(w: Writer, x: ViewerEventsParamsInput, at: number): void {
  const p = at + 16;
  if (x.after !== undefined) setUint64(w.view, at + 0, x.after, "ViewerEventsParams.after");
  if (x.follow === true) w.view.setUint8(at + 8, w.view.getUint8(at + 8) | 1);
  if (x.topics !== undefined && x.topics.length !== 0) w.pointers(p + 0, x.topics, (w, at, x) => w.text(at, x));
  if (x.cluster !== undefined && x.cluster.length !== 0) w.text(p + 8, x.cluster);
  if (x.sink !== undefined) putClient(w, p + 16, x.sink);
  if (x.audit === true) w.view.setUint8(at + 8, w.view.getUint8(at + 8) | 2);
  if (x.tail !== undefined) w.view.setUint32(at + 12, checkInteger(x.tail, 0, 4294967295, "ViewerEventsParams.tail"), true);
}
export interface ViewerEventsParamsPipeline {
  readonly sink: EventSinkClient;
}
export const ViewerEventsParams: StructType<ViewerEventsParams, ViewerEventsParamsInput> = { name: "ViewerEventsParams", dataWords: 2, pointerWords: 3, decode: decodeViewerEventsParams, encode: encodeViewerEventsParams, pipeline: { sink: { index: 2, interface: () => EventSink } } };

export interface ViewerEventsResults {
  subscription: SubscriptionClient;
}
export interface ViewerEventsResultsInput {
  subscription?: SubscriptionClient | undefined;
}
export function decodeViewerEventsResults(r: Reader): ViewerEventsResults {
  const s = r.segment;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    subscription: q > 0 ? takeClient(r, s, p + 0, Subscription) : takeClient(r, s, -1, Subscription),
  };
}
export function encodeViewerEventsResults(w: Writer, x: ViewerEventsResultsInput, at: number): void {
  const p = at + 0;
  if (x.subscription !== undefined) putClient(w, p + 0, x.subscription);
}
export interface ViewerEventsResultsPipeline {
  readonly subscription: SubscriptionClient;
}
export const ViewerEventsResults: StructType<ViewerEventsResults, ViewerEventsResultsInput> = { name: "ViewerEventsResults", dataWords: 0, pointerWords: 1, decode: decodeViewerEventsResults, encode: encodeViewerEventsResults, pipeline: { subscription: { index: 0, interface: () => Subscription } } };

export interface ViewerFiguresParams {
  vm: string;
}
export interface ViewerFiguresParamsInput {
  vm?: string | undefined;
}
export function decodeViewerFiguresParams(r: Reader): ViewerFiguresParams {
  const s = r.segment;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    vm: q > 0 ? r.text(s, p + 0) : "",
  };
}
export function encodeViewerFiguresParams(w: Writer, x: ViewerFiguresParamsInput, at: number): void {
  const p = at + 0;
  if (x.vm !== undefined && x.vm.length !== 0) w.text(p + 0, x.vm);
}
export const ViewerFiguresParams: StructType<ViewerFiguresParams, ViewerFiguresParamsInput> = { name: "ViewerFiguresParams", dataWords: 0, pointerWords: 1, decode: decodeViewerFiguresParams, encode: encodeViewerFiguresParams };

export interface ViewerFiguresResults {
  figures: worker.VmFigures | undefined;
}
export interface ViewerFiguresResultsInput {
  figures?: worker.VmFiguresInput | undefined;
}
export function decodeViewerFiguresResults(r: Reader): ViewerFiguresResults {
  const s = r.segment;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    figures: q > 0 ? r.struct(s, p + 0, worker.decodeVmFigures) : undefined,
  };
}
export function encodeViewerFiguresResults(w: Writer, x: ViewerFiguresResultsInput, at: number): void {
  const p = at + 0;
  if (x.figures !== undefined) worker.encodeVmFigures(w, x.figures, w.struct(p + 0, 7, 0));
}
export const ViewerFiguresResults: StructType<ViewerFiguresResults, ViewerFiguresResultsInput> = { name: "ViewerFiguresResults", dataWords: 0, pointerWords: 1, decode: decodeViewerFiguresResults, encode: encodeViewerFiguresResults };

export interface ViewerGenerationsParams {
  cluster: string;
  limit: number;
}
export interface ViewerGenerationsParamsInput {
  cluster?: string | undefined;
  limit?: number | undefined;
}
export function decodeViewerGenerationsParams(r: Reader): ViewerGenerationsParams {
  const s = r.segment;
  const v = s.view;
  const d = r.data;
  const n = r.dataBytes;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    cluster: q > 0 ? r.text(s, p + 0) : "",
    limit: ((n >= 4 ? v.getUint32(d + 0, true) : 0) ^ 50) >>> 0,
  };
}
export function encodeViewerGenerationsParams(w: Writer, x: ViewerGenerationsParamsInput, at: number): void {
  const p = at + 8;
  if (x.cluster !== undefined && x.cluster.length !== 0) w.text(p + 0, x.cluster);
  if (x.limit !== undefined) w.view.setUint32(at + 0, checkInteger(x.limit, 0, 4294967295, "ViewerGenerationsParams.limit") ^ 50, true);
}
export const ViewerGenerationsParams: StructType<ViewerGenerationsParams, ViewerGenerationsParamsInput> = { name: "ViewerGenerationsParams", dataWords: 1, pointerWords: 1, decode: decodeViewerGenerationsParams, encode: encodeViewerGenerationsParams };

export interface ViewerGenerationsResults {
  generations: (Generation)[];
}
export interface ViewerGenerationsResultsInput {
  generations?: readonly (GenerationInput)[] | undefined;
}
export function decodeViewerGenerationsResults(r: Reader): ViewerGenerationsResults {
  const s = r.segment;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    generations: q > 0 ? r.structs(s, p + 0, decodeGeneration) : [],
  };
}
export function encodeViewerGenerationsResults(w: Writer, x: ViewerGenerationsResultsInput, at: number): void {
  const p = at + 0;
  if (x.generations !== undefined && x.generations.length !== 0) w.structs(p + 0, x.generations, { dataWords: 9, pointerWords: 6, write: encodeGeneration });
}
export const ViewerGenerationsResults: StructType<ViewerGenerationsResults, ViewerGenerationsResultsInput> = { name: "ViewerGenerationsResults", dataWords: 0, pointerWords: 1, decode: decodeViewerGenerationsResults, encode: encodeViewerGenerationsResults };

export interface ViewerGetClusterStatusParams {
  cluster: string;
}
export interface ViewerGetClusterStatusParamsInput {
  cluster?: string | undefined;
}
export function decodeViewerGetClusterStatusParams(r: Reader): ViewerGetClusterStatusParams {
  const s = r.segment;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    cluster: q > 0 ? r.text(s, p + 0) : "",
  };
}
export function encodeViewerGetClusterStatusParams(w: Writer, x: ViewerGetClusterStatusParamsInput, at: number): void {
  const p = at + 0;
  if (x.cluster !== undefined && x.cluster.length !== 0) w.text(p + 0, x.cluster);
}
export const ViewerGetClusterStatusParams: StructType<ViewerGetClusterStatusParams, ViewerGetClusterStatusParamsInput> = { name: "ViewerGetClusterStatusParams", dataWords: 0, pointerWords: 1, decode: decodeViewerGetClusterStatusParams, encode: encodeViewerGetClusterStatusParams };

export interface ViewerGetClusterStatusResults {
  status: ClusterStatus | undefined;
}
export interface ViewerGetClusterStatusResultsInput {
  status?: ClusterStatusInput | undefined;
}
export function decodeViewerGetClusterStatusResults(r: Reader): ViewerGetClusterStatusResults {
  const s = r.segment;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    status: q > 0 ? r.struct(s, p + 0, decodeClusterStatus) : undefined,
  };
}
export function encodeViewerGetClusterStatusResults(w: Writer, x: ViewerGetClusterStatusResultsInput, at: number): void {
  const p = at + 0;
  if (x.status !== undefined) encodeClusterStatus(w, x.status, w.struct(p + 0, 4, 6));
}
export const ViewerGetClusterStatusResults: StructType<ViewerGetClusterStatusResults, ViewerGetClusterStatusResultsInput> = { name: "ViewerGetClusterStatusResults", dataWords: 0, pointerWords: 1, decode: decodeViewerGetClusterStatusResults, encode: encodeViewerGetClusterStatusResults };

export interface ViewerGetWorkerParams {
  worker: string;
}
export interface ViewerGetWorkerParamsInput {
  worker?: string | undefined;
}
export function decodeViewerGetWorkerParams(r: Reader): ViewerGetWorkerParams {
  const s = r.segment;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    worker: q > 0 ? r.text(s, p + 0) : "",
  };
}
export function encodeViewerGetWorkerParams(w: Writer, x: ViewerGetWorkerParamsInput, at: number): void {
  const p = at + 0;
  if (x.worker !== undefined && x.worker.length !== 0) w.text(p + 0, x.worker);
}
export const ViewerGetWorkerParams: StructType<ViewerGetWorkerParams, ViewerGetWorkerParamsInput> = { name: "ViewerGetWorkerParams", dataWords: 0, pointerWords: 1, decode: decodeViewerGetWorkerParams, encode: encodeViewerGetWorkerParams };

export interface ViewerGetWorkerResults {
  worker: WorkerStatus | undefined;
  vms: (common.ObservedVm)[];
}
export interface ViewerGetWorkerResultsInput {
  worker?: WorkerStatusInput | undefined;
  vms?: readonly (common.ObservedVmInput)[] | undefined;
}
export function decodeViewerGetWorkerResults(r: Reader): ViewerGetWorkerResults {
  const s = r.segment;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    worker: q > 0 ? r.struct(s, p + 0, decodeWorkerStatus) : undefined,
    vms: q > 1 ? r.structs(s, p + 8, common.decodeObservedVm) : [],
  };
}
export function encodeViewerGetWorkerResults(w: Writer, x: ViewerGetWorkerResultsInput, at: number): void {
  const p = at + 0;
  if (x.worker !== undefined) encodeWorkerStatus(w, x.worker, w.struct(p + 0, 3, 5));
  if (x.vms !== undefined && x.vms.length !== 0) w.structs(p + 8, x.vms, { dataWords: 9, pointerWords: 8, write: common.encodeObservedVm });
}
export const ViewerGetWorkerResults: StructType<ViewerGetWorkerResults, ViewerGetWorkerResultsInput> = { name: "ViewerGetWorkerResults", dataWords: 0, pointerWords: 2, decode: decodeViewerGetWorkerResults, encode: encodeViewerGetWorkerResults };

export interface ViewerLogsParams {
  vm: string;
  maxBytes: number;
}
export interface ViewerLogsParamsInput {
  vm?: string | undefined;
  maxBytes?: number | undefined;
}
export function decodeViewerLogsParams(r: Reader): ViewerLogsParams {
  const s = r.segment;
  const v = s.view;
  const d = r.data;
  const n = r.dataBytes;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    vm: q > 0 ? r.text(s, p + 0) : "",
    maxBytes: ((n >= 4 ? v.getUint32(d + 0, true) : 0) ^ 65536) >>> 0,
  };
}
export function encodeViewerLogsParams(w: Writer, x: ViewerLogsParamsInput, at: number): void {
  const p = at + 8;
  if (x.vm !== undefined && x.vm.length !== 0) w.text(p + 0, x.vm);
  if (x.maxBytes !== undefined) w.view.setUint32(at + 0, checkInteger(x.maxBytes, 0, 4294967295, "ViewerLogsParams.maxBytes") ^ 65536, true);
}
export const ViewerLogsParams: StructType<ViewerLogsParams, ViewerLogsParamsInput> = { name: "ViewerLogsParams", dataWords: 1, pointerWords: 1, decode: decodeViewerLogsParams, encode: encodeViewerLogsParams };

export interface ViewerLogsResults {
  text: string;
  truncated: boolean;
}
export interface ViewerLogsResultsInput {
  text?: string | undefined;
  truncated?: boolean | undefined;
}
export function decodeViewerLogsResults(r: Reader): ViewerLogsResults {
  const s = r.segment;
  const v = s.view;
  const d = r.data;
  const n = r.dataBytes;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    text: q > 0 ? r.text(s, p + 0) : "",
    truncated: n > 0 && (v.getUint8(d + 0) & 1) !== 0,
  };
}
export function encodeViewerLogsResults(w: Writer, x: ViewerLogsResultsInput, at: number): void {
  const p = at + 8;
  if (x.text !== undefined && x.text.length !== 0) w.text(p + 0, x.text);
  if (x.truncated === true) w.view.setUint8(at + 0, w.view.getUint8(at + 0) | 1);
}
export const ViewerLogsResults: StructType<ViewerLogsResults, ViewerLogsResultsInput> = { name: "ViewerLogsResults", dataWords: 1, pointerWords: 1, decode: decodeViewerLogsResults, encode: encodeViewerLogsResults };

export interface ViewerOperationParams {
  id: string;
}
export interface ViewerOperationParamsInput {
  id?: string | undefined;
}
export function decodeViewerOperationParams(r: Reader): ViewerOperationParams {
  const s = r.segment;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    id: q > 0 ? r.text(s, p + 0) : "",
  };
}
export function encodeViewerOperationParams(w: Writer, x: ViewerOperationParamsInput, at: number): void {
  const p = at + 0;
  if (x.id !== undefined && x.id.length !== 0) w.text(p + 0, x.id);
}
export const ViewerOperationParams: StructType<ViewerOperationParams, ViewerOperationParamsInput> = { name: "ViewerOperationParams", dataWords: 0, pointerWords: 1, decode: decodeViewerOperationParams, encode: encodeViewerOperationParams };

export interface ViewerOperationResults {
  operation: Operation | undefined;
}
export interface ViewerOperationResultsInput {
  operation?: OperationInput | undefined;
}
export function decodeViewerOperationResults(r: Reader): ViewerOperationResults {
  const s = r.segment;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    operation: q > 0 ? r.struct(s, p + 0, decodeOperation) : undefined,
  };
}
export function encodeViewerOperationResults(w: Writer, x: ViewerOperationResultsInput, at: number): void {
  const p = at + 0;
  if (x.operation !== undefined) encodeOperation(w, x.operation, w.struct(p + 0, 5, 5));
}
export const ViewerOperationResults: StructType<ViewerOperationResults, ViewerOperationResultsInput> = { name: "ViewerOperationResults", dataWords: 0, pointerWords: 1, decode: decodeViewerOperationResults, encode: encodeViewerOperationResults };

export interface ViewerOperationsParams {
  limit: number;
}
export interface ViewerOperationsParamsInput {
  limit?: number | undefined;
}
export function decodeViewerOperationsParams(r: Reader): ViewerOperationsParams {
  const s = r.segment;
  const v = s.view;
  const d = r.data;
  const n = r.dataBytes;
  return {
    limit: ((n >= 4 ? v.getUint32(d + 0, true) : 0) ^ 50) >>> 0,
  };
}
export function encodeViewerOperationsParams(w: Writer, x: ViewerOperationsParamsInput, at: number): void {
  if (x.limit !== undefined) w.view.setUint32(at + 0, checkInteger(x.limit, 0, 4294967295, "ViewerOperationsParams.limit") ^ 50, true);
}
export const ViewerOperationsParams: StructType<ViewerOperationsParams, ViewerOperationsParamsInput> = { name: "ViewerOperationsParams", dataWords: 1, pointerWords: 0, decode: decodeViewerOperationsParams, encode: encodeViewerOperationsParams };

export interface ViewerOperationsResults {
  operations: (Operation)[];
}
export interface ViewerOperationsResultsInput {
  operations?: readonly (OperationInput)[] | undefined;
}
export function decodeViewerOperationsResults(r: Reader): ViewerOperationsResults {
  const s = r.segment;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    operations: q > 0 ? r.structs(s, p + 0, decodeOperation) : [],
  };
}
export function encodeViewerOperationsResults(w: Writer, x: ViewerOperationsResultsInput, at: number): void {
  const p = at + 0;
  if (x.operations !== undefined && x.operations.length !== 0) w.structs(p + 0, x.operations, { dataWords: 5, pointerWords: 5, write: encodeOperation });
}
export const ViewerOperationsResults: StructType<ViewerOperationsResults, ViewerOperationsResultsInput> = { name: "ViewerOperationsResults", dataWords: 0, pointerWords: 1, decode: decodeViewerOperationsResults, encode: encodeViewerOperationsResults };

export interface ViewerPlanResults {
  plan: Plan | undefined;
}
export interface ViewerPlanResultsInput {
  plan?: PlanInput | undefined;
}
export function decodeViewerPlanResults(r: Reader): ViewerPlanResults {
  const s = r.segment;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    plan: q > 0 ? r.struct(s, p + 0, decodePlan) : undefined,
  };
}
export function encodeViewerPlanResults(w: Writer, x: ViewerPlanResultsInput, at: number): void {
  const p = at + 0;
  if (x.plan !== undefined) encodePlan(w, x.plan, w.struct(p + 0, 3, 7));
}
export const ViewerPlanResults: StructType<ViewerPlanResults, ViewerPlanResultsInput> = { name: "ViewerPlanResults", dataWords: 0, pointerWords: 1, decode: decodeViewerPlanResults, encode: encodeViewerPlanResults };

export interface ViewerReadLogParams {
  vm: string;
  generation: number | bigint;
  boot: number | bigint;
  offset: number | bigint;
  maxBytes: number;
  waitMs: number;
  incarnation: number | bigint;
}
export interface ViewerReadLogParamsInput {
  vm?: string | undefined;
  generation?: number | bigint | undefined;
  boot?: number | bigint | undefined;
  offset?: number | bigint | undefined;
  maxBytes?: number | undefined;
  waitMs?: number | undefined;
  incarnation?: number | bigint | undefined;
}
export function decodeViewerReadLogParams(r: Reader): ViewerReadLogParams {
  const s = r.segment;
  const v = s.view;
  const d = r.data;
  const n = r.dataBytes;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    vm: q > 0 ? r.text(s, p + 0) : "",
    generation: n >= 8 ? getUint64(v, d + 0) : 0,
    boot: n >= 16 ? getUint64(v, d + 8) : 0,
    offset: n >= 24 ? getUint64(v, d + 16) : 0,
    maxBytes: ((n >= 28 ? v.getUint32(d + 24, true) : 0) ^ 65536) >>> 0,
    waitMs: n >= 32 ? v.getUint32(d + 28, true) : 0,
    incarnation: n >= 40 ? getUint64(v, d + 32) : 0,
  };
}
export function encodeViewerReadLogParams(w: Writer, x: ViewerReadLogParamsInput, at: number): void {
  const p = at + 40;
  if (x.vm !== undefined && x.vm.length !== 0) w.text(p + 0, x.vm);
  if (x.generation !== undefined) setUint64(w.view, at + 0, x.generation, "ViewerReadLogParams.generation");
  if (x.boot !== undefined) setUint64(w.view, at + 8, x.boot, "ViewerReadLogParams.boot");
  if (x.offset !== undefined) setUint64(w.view, at + 16, x.offset, "ViewerReadLogParams.offset");
  if (x.maxBytes !== undefined) w.view.setUint32(at + 24, checkInteger(x.maxBytes, 0, 4294967295, "ViewerReadLogParams.maxBytes") ^ 65536, true);
  if (x.waitMs !== undefined) w.view.setUint32(at + 28, checkInteger(x.waitMs, 0, 4294967295, "ViewerReadLogParams.waitMs"), true);
  if (x.incarnation !== undefined) setUint64(w.view, at + 32, x.incarnation, "ViewerReadLogParams.incarnation");
}
export const ViewerReadLogParams: StructType<ViewerReadLogParams, ViewerReadLogParamsInput> = { name: "ViewerReadLogParams", dataWords: 5, pointerWords: 1, decode: decodeViewerReadLogParams, encode: encodeViewerReadLogParams };

export interface ViewerReadLogResults {
  data: Uint8Array;
  boot: number | bigint;
  offset: number | bigint;
  generation: number | bigint;
  ended: boolean;
  incarnation: number | bigint;
}
export interface ViewerReadLogResultsInput {
  data?: Uint8Array | undefined;
  boot?: number | bigint | undefined;
  offset?: number | bigint | undefined;
  generation?: number | bigint | undefined;
  ended?: boolean | undefined;
  incarnation?: number | bigint | undefined;
}
export function decodeViewerReadLogResults(r: Reader): ViewerReadLogResults {
  const s = r.segment;
  const v = s.view;
  const d = r.data;
  const n = r.dataBytes;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    data: q > 0 ? r.dataOf(s, p + 0) : new Uint8Array(0),
    boot: n >= 8 ? getUint64(v, d + 0) : 0,
    offset: n >= 16 ? getUint64(v, d + 8) : 0,
    generation: n >= 24 ? getUint64(v, d + 16) : 0,
    ended: n > 24 && (v.getUint8(d + 24) & 1) !== 0,
    incarnation: n >= 40 ? getUint64(v, d + 32) : 0,
  };
}
export function encodeViewerReadLogResults(w: Writer, x: ViewerReadLogResultsInput, at: number): void {
  const p = at + 40;
  if (x.data !== undefined && x.data.length !== 0) w.data(p + 0, x.data);
  if (x.boot !== undefined) setUint64(w.view, at + 0, x.boot, "ViewerReadLogResults.boot");
  if (x.offset !== undefined) setUint64(w.view, at + 8, x.offset, "ViewerReadLogResults.offset");
  if (x.generation !== undefined) setUint64(w.view, at + 16, x.generation, "ViewerReadLogResults.generation");
  if (x.ended === true) w.view.setUint8(at + 24, w.view.getUint8(at + 24) | 1);
  if (x.incarnation !== undefined) setUint64(w.view, at + 32, x.incarnation, "ViewerReadLogResults.incarnation");
}
export const ViewerReadLogResults: StructType<ViewerReadLogResults, ViewerReadLogResultsInput> = { name: "ViewerReadLogResults", dataWords: 5, pointerWords: 1, decode: decodeViewerReadLogResults, encode: encodeViewerReadLogResults };

export interface ViewerSnapshotsParams {
  vm: string;
}
export interface ViewerSnapshotsParamsInput {
  vm?: string | undefined;
}
export function decodeViewerSnapshotsParams(r: Reader): ViewerSnapshotsParams {
  const s = r.segment;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    vm: q > 0 ? r.text(s, p + 0) : "",
  };
}
export function encodeViewerSnapshotsParams(w: Writer, x: ViewerSnapshotsParamsInput, at: number): void {
  const p = at + 0;
  if (x.vm !== undefined && x.vm.length !== 0) w.text(p + 0, x.vm);
}
export const ViewerSnapshotsParams: StructType<ViewerSnapshotsParams, ViewerSnapshotsParamsInput> = { name: "ViewerSnapshotsParams", dataWords: 0, pointerWords: 1, decode: decodeViewerSnapshotsParams, encode: encodeViewerSnapshotsParams };

export interface ViewerSnapshotsResults {
  snapshots: (worker.Snapshot)[];
}
export interface ViewerSnapshotsResultsInput {
  snapshots?: readonly (worker.SnapshotInput)[] | undefined;
}
export function decodeViewerSnapshotsResults(r: Reader): ViewerSnapshotsResults {
  const s = r.segment;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    snapshots: q > 0 ? r.structs(s, p + 0, worker.decodeSnapshot) : [],
  };
}
export function encodeViewerSnapshotsResults(w: Writer, x: ViewerSnapshotsResultsInput, at: number): void {
  const p = at + 0;
  if (x.snapshots !== undefined && x.snapshots.length !== 0) w.structs(p + 0, x.snapshots, { dataWords: 3, pointerWords: 2, write: worker.encodeSnapshot });
}
export const ViewerSnapshotsResults: StructType<ViewerSnapshotsResults, ViewerSnapshotsResultsInput> = { name: "ViewerSnapshotsResults", dataWords: 0, pointerWords: 1, decode: decodeViewerSnapshotsResults, encode: encodeViewerSnapshotsResults };

export interface ViewerWhyParams {
  vm: string;
}
export interface ViewerWhyParamsInput {
  vm?: string | undefined;
}
export function decodeViewerWhyParams(r: Reader): ViewerWhyParams {
  const s = r.segment;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    vm: q > 0 ? r.text(s, p + 0) : "",
  };
}
export function encodeViewerWhyParams(w: Writer, x: ViewerWhyParamsInput, at: number): void {
  const p = at + 0;
  if (x.vm !== undefined && x.vm.length !== 0) w.text(p + 0, x.vm);
}
export const ViewerWhyParams: StructType<ViewerWhyParams, ViewerWhyParamsInput> = { name: "ViewerWhyParams", dataWords: 0, pointerWords: 1, decode: decodeViewerWhyParams, encode: encodeViewerWhyParams };

export interface ViewerWhyResults {
  why: Why | undefined;
}
export interface ViewerWhyResultsInput {
  why?: WhyInput | undefined;
}
export function decodeViewerWhyResults(r: Reader): ViewerWhyResults {
  const s = r.segment;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    why: q > 0 ? r.struct(s, p + 0, decodeWhy) : undefined,
  };
}
export function encodeViewerWhyResults(w: Writer, x: ViewerWhyResultsInput, at: number): void {
  const p = at + 0;
  if (x.why !== undefined) encodeWhy(w, x.why, w.struct(p + 0, 2, 6));
}
export const ViewerWhyResults: StructType<ViewerWhyResults, ViewerWhyResultsInput> = { name: "ViewerWhyResults", dataWords: 0, pointerWords: 1, decode: decodeViewerWhyResults, encode: encodeViewerWhyResults };

export interface VmStatus {
  id: string;
  incarnation: number | bigint;
  worker: string;
  desired: string;
  observed: string;
  generation: number | bigint;
  state: common.VmState;
  health: common.Health;
  drift: boolean;
  address: string;
  restarts: number | bigint;
  message: string;
  surge: boolean;
}
export interface VmStatusInput {
  id?: string | undefined;
  incarnation?: number | bigint | undefined;
  worker?: string | undefined;
  desired?: string | undefined;
  observed?: string | undefined;
  generation?: number | bigint | undefined;
  state?: common.VmState | undefined;
  health?: common.Health | undefined;
  drift?: boolean | undefined;
  address?: string | undefined;
  restarts?: number | bigint | undefined;
  message?: string | undefined;
  surge?: boolean | undefined;
}
export function decodeVmStatus(r: Reader): VmStatus {
  const s = r.segment;
  const v = s.view;
  const d = r.data;
  const n = r.dataBytes;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    id: q > 0 ? r.text(s, p + 0) : "",
    incarnation: n >= 8 ? getUint64(v, d + 0) : 0,
    worker: q > 1 ? r.text(s, p + 8) : "",
    desired: q > 2 ? r.text(s, p + 16) : "",
    observed: q > 3 ? r.text(s, p + 24) : "",
    generation: n >= 16 ? getUint64(v, d + 8) : 0,
    state: common.decodeVmState(n >= 18 ? v.getUint16(d + 16, true) : 0),
    health: common.decodeHealth(n >= 20 ? v.getUint16(d + 18, true) : 0),
    drift: n > 20 && (v.getUint8(d + 20) & 1) !== 0,
    address: q > 4 ? r.text(s, p + 32) : "",
    restarts: n >= 32 ? getUint64(v, d + 24) : 0,
    message: q > 5 ? r.text(s, p + 40) : "",
    surge: n > 20 && (v.getUint8(d + 20) & 2) !== 0,
  };
}
export function encodeVmStatus(w: Writer, x: VmStatusInput, at: number): void {
  const p = at + 32;
  if (x.id !== undefined && x.id.length !== 0) w.text(p + 0, x.id);
  if (x.incarnation !== undefined) setUint64(w.view, at + 0, x.incarnation, "VmStatus.incarnation");
  if (x.worker !== undefined && x.worker.length !== 0) w.text(p + 8, x.worker);
  if (x.desired !== undefined && x.desired.length !== 0) w.text(p + 16, x.desired);
  if (x.observed !== undefined && x.observed.length !== 0) w.text(p + 24, x.observed);
  if (x.generation !== undefined) setUint64(w.view, at + 8, x.generation, "VmStatus.generation");
  if (x.state !== undefined) w.view.setUint16(at + 16, enumNumber(x.state, common.VmStateNumbers, "VmStatus.state"), true);
  if (x.health !== undefined) w.view.setUint16(at + 18, enumNumber(x.health, common.HealthNumbers, "VmStatus.health"), true);
  if (x.drift === true) w.view.setUint8(at + 20, w.view.getUint8(at + 20) | 1);
  if (x.address !== undefined && x.address.length !== 0) w.text(p + 32, x.address);
  if (x.restarts !== undefined) setUint64(w.view, at + 24, x.restarts, "VmStatus.restarts");
  if (x.message !== undefined && x.message.length !== 0) w.text(p + 40, x.message);
  if (x.surge === true) w.view.setUint8(at + 20, w.view.getUint8(at + 20) | 2);
}
export const VmStatus: StructType<VmStatus, VmStatusInput> = { name: "VmStatus", dataWords: 4, pointerWords: 6, decode: decodeVmStatus, encode: encodeVmStatus };

export interface Why {
  vm: string;
  summary: string;
  worker: string;
  incarnation: number | bigint;
  decidedAtMs: number | bigint;
  reason: string;
  rolledBack: string;
  candidates: (Candidate)[];
}
export interface WhyInput {
  vm?: string | undefined;
  summary?: string | undefined;
  worker?: string | undefined;
  incarnation?: number | bigint | undefined;
  decidedAtMs?: number | bigint | undefined;
  reason?: string | undefined;
  rolledBack?: string | undefined;
  candidates?: readonly (CandidateInput)[] | undefined;
}
export function decodeWhy(r: Reader): Why {
  const s = r.segment;
  const v = s.view;
  const d = r.data;
  const n = r.dataBytes;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    vm: q > 0 ? r.text(s, p + 0) : "",
    summary: q > 1 ? r.text(s, p + 8) : "",
    worker: q > 2 ? r.text(s, p + 16) : "",
    incarnation: n >= 8 ? getUint64(v, d + 0) : 0,
    decidedAtMs: n >= 16 ? getUint64(v, d + 8) : 0,
    reason: q > 3 ? r.text(s, p + 24) : "",
    rolledBack: q > 4 ? r.text(s, p + 32) : "",
    candidates: q > 5 ? r.structs(s, p + 40, decodeCandidate) : [],
  };
}
export function encodeWhy(w: Writer, x: WhyInput, at: number): void {
  const p = at + 16;
  if (x.vm !== undefined && x.vm.length !== 0) w.text(p + 0, x.vm);
  if (x.summary !== undefined && x.summary.length !== 0) w.text(p + 8, x.summary);
  if (x.worker !== undefined && x.worker.length !== 0) w.text(p + 16, x.worker);
  if (x.incarnation !== undefined) setUint64(w.view, at + 0, x.incarnation, "Why.incarnation");
  if (x.decidedAtMs !== undefined) setUint64(w.view, at + 8, x.decidedAtMs, "Why.decidedAtMs");
  if (x.reason !== undefined && x.reason.length !== 0) w.text(p + 24, x.reason);
  if (x.rolledBack !== undefined && x.rolledBack.length !== 0) w.text(p + 32, x.rolledBack);
  if (x.candidates !== undefined && x.candidates.length !== 0) w.structs(p + 40, x.candidates, { dataWords: 1, pointerWords: 4, write: encodeCandidate });
}
export const Why: StructType<Why, WhyInput> = { name: "Why", dataWords: 2, pointerWords: 6, decode: decodeWhy, encode: encodeWhy };

export interface WorkerLinkGetAssignmentParams {
  lastSeen: common.Fence | undefined;
  waitMs: number;
}
export interface WorkerLinkGetAssignmentParamsInput {
  lastSeen?: common.FenceInput | undefined;
  waitMs?: number | undefined;
}
export function decodeWorkerLinkGetAssignmentParams(r: Reader): WorkerLinkGetAssignmentParams {
  const s = r.segment;
  const v = s.view;
  const d = r.data;
  const n = r.dataBytes;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    lastSeen: q > 0 ? r.struct(s, p + 0, common.decodeFence) : undefined,
    waitMs: n >= 4 ? v.getUint32(d + 0, true) : 0,
  };
}
export function encodeWorkerLinkGetAssignmentParams(w: Writer, x: WorkerLinkGetAssignmentParamsInput, at: number): void {
  const p = at + 8;
  if (x.lastSeen !== undefined) common.encodeFence(w, x.lastSeen, w.struct(p + 0, 2, 0));
  if (x.waitMs !== undefined) w.view.setUint32(at + 0, checkInteger(x.waitMs, 0, 4294967295, "WorkerLinkGetAssignmentParams.waitMs"), true);
}
export const WorkerLinkGetAssignmentParams: StructType<WorkerLinkGetAssignmentParams, WorkerLinkGetAssignmentParamsInput> = { name: "WorkerLinkGetAssignmentParams", dataWords: 1, pointerWords: 1, decode: decodeWorkerLinkGetAssignmentParams, encode: encodeWorkerLinkGetAssignmentParams };

export interface WorkerLinkGetAssignmentResults {
  unchanged: boolean;
  assignment: Assignment | undefined;
}
export interface WorkerLinkGetAssignmentResultsInput {
  unchanged?: boolean | undefined;
  assignment?: AssignmentInput | undefined;
}
export function decodeWorkerLinkGetAssignmentResults(r: Reader): WorkerLinkGetAssignmentResults {
  const s = r.segment;
  const v = s.view;
  const d = r.data;
  const n = r.dataBytes;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    unchanged: n > 0 && (v.getUint8(d + 0) & 1) !== 0,
    assignment: q > 0 ? r.struct(s, p + 0, decodeAssignment) : undefined,
  };
}
export function encodeWorkerLinkGetAssignmentResults(w: Writer, x: WorkerLinkGetAssignmentResultsInput, at: number): void {
  const p = at + 8;
  if (x.unchanged === true) w.view.setUint8(at + 0, w.view.getUint8(at + 0) | 1);
  if (x.assignment !== undefined) encodeAssignment(w, x.assignment, w.struct(p + 0, 3, 4));
}
export const WorkerLinkGetAssignmentResults: StructType<WorkerLinkGetAssignmentResults, WorkerLinkGetAssignmentResultsInput> = { name: "WorkerLinkGetAssignmentResults", dataWords: 1, pointerWords: 1, decode: decodeWorkerLinkGetAssignmentResults, encode: encodeWorkerLinkGetAssignmentResults };

export interface WorkerLinkPushDataResults {
  leaseEpoch: number | bigint;
  revision: number | bigint;
  leaseMs: number;
}
export interface WorkerLinkPushDataResultsInput {
  leaseEpoch?: number | bigint | undefined;
  revision?: number | bigint | undefined;
  leaseMs?: number | undefined;
}
export function decodeWorkerLinkPushDataResults(r: Reader): WorkerLinkPushDataResults {
  const s = r.segment;
  const v = s.view;
  const d = r.data;
  const n = r.dataBytes;
  return {
    leaseEpoch: n >= 8 ? getUint64(v, d + 0) : 0,
    revision: n >= 16 ? getUint64(v, d + 8) : 0,
    leaseMs: n >= 20 ? v.getUint32(d + 16, true) : 0,
  };
}
export function encodeWorkerLinkPushDataResults(w: Writer, x: WorkerLinkPushDataResultsInput, at: number): void {
  if (x.leaseEpoch !== undefined) setUint64(w.view, at + 0, x.leaseEpoch, "WorkerLinkPushDataResults.leaseEpoch");
  if (x.revision !== undefined) setUint64(w.view, at + 8, x.revision, "WorkerLinkPushDataResults.revision");
  if (x.leaseMs !== undefined) w.view.setUint32(at + 16, checkInteger(x.leaseMs, 0, 4294967295, "WorkerLinkPushDataResults.leaseMs"), true);
}
export const WorkerLinkPushDataResults: StructType<WorkerLinkPushDataResults, WorkerLinkPushDataResultsInput> = { name: "WorkerLinkPushDataResults", dataWords: 3, pointerWords: 0, decode: decodeWorkerLinkPushDataResults, encode: encodeWorkerLinkPushDataResults };

export interface WorkerLinkRegisterParams {
  worker: worker.WorkerClient;
}
export interface WorkerLinkRegisterParamsInput {
  worker?: worker.WorkerClient | undefined;
}
export function decodeWorkerLinkRegisterParams(r: Reader): WorkerLinkRegisterParams {
  const s = r.segment;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    worker: q > 0 ? takeClient(r, s, p + 0, worker.Worker) : takeClient(r, s, -1, worker.Worker),
  };
}
export function encodeWorkerLinkRegisterParams(w: Writer, x: WorkerLinkRegisterParamsInput, at: number): void {
  const p = at + 0;
  if (x.worker !== undefined) putClient(w, p + 0, x.worker);
}
export interface WorkerLinkRegisterParamsPipeline {
  readonly worker: worker.WorkerClient;
}
export const WorkerLinkRegisterParams: StructType<WorkerLinkRegisterParams, WorkerLinkRegisterParamsInput> = { name: "WorkerLinkRegisterParams", dataWords: 0, pointerWords: 1, decode: decodeWorkerLinkRegisterParams, encode: encodeWorkerLinkRegisterParams, pipeline: { worker: { index: 0, interface: () => worker.Worker } } };

export interface WorkerLinkRegisterResults {
}
export interface WorkerLinkRegisterResultsInput {
}
export function decodeWorkerLinkRegisterResults(r: Reader): WorkerLinkRegisterResults {
  void r;
  return {
  };
}
export function encodeWorkerLinkRegisterResults(w: Writer, x: WorkerLinkRegisterResultsInput, at: number): void {
  void w;
  void x;
  void at;
}
export const WorkerLinkRegisterResults: StructType<WorkerLinkRegisterResults, WorkerLinkRegisterResultsInput> = { name: "WorkerLinkRegisterResults", dataWords: 0, pointerWords: 0, decode: decodeWorkerLinkRegisterResults, encode: encodeWorkerLinkRegisterResults };

export interface WorkerReport {
  worker: string;
  bootId: string;
  sequence: number | bigint;
  process: string;
  leaseEpoch: number | bigint;
  revision: number | bigint;
  capacity: common.Capacity | undefined;
  attributes: (common.Label)[];
  versions: (common.Label)[];
  vms: (common.ObservedVm)[];
  metrics: (Metric)[];
  roots: (string)[];
}
export interface WorkerReportInput {
  worker?: string | undefined;
  bootId?: string | undefined;
  sequence?: number | bigint | undefined;
  process?: string | undefined;
  leaseEpoch?: number | bigint | undefined;
  revision?: number | bigint | undefined;
  capacity?: common.CapacityInput | undefined;
  attributes?: readonly (common.LabelInput)[] | undefined;
  versions?: readonly (common.LabelInput)[] | undefined;
  vms?: readonly (common.ObservedVmInput)[] | undefined;
  metrics?: readonly (MetricInput)[] | undefined;
  roots?: readonly (string)[] | undefined;
}
export function decodeWorkerReport(r: Reader): WorkerReport {
  const s = r.segment;
  const v = s.view;
  const d = r.data;
  const n = r.dataBytes;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    worker: q > 0 ? r.text(s, p + 0) : "",
    bootId: q > 1 ? r.text(s, p + 8) : "",
    sequence: n >= 8 ? getUint64(v, d + 0) : 0,
    process: q > 2 ? r.text(s, p + 16) : "",
    leaseEpoch: n >= 16 ? getUint64(v, d + 8) : 0,
    revision: n >= 24 ? getUint64(v, d + 16) : 0,
    capacity: q > 3 ? r.struct(s, p + 24, common.decodeCapacity) : undefined,
    attributes: q > 4 ? r.structs(s, p + 32, common.decodeLabel) : [],
    versions: q > 5 ? r.structs(s, p + 40, common.decodeLabel) : [],
    vms: q > 6 ? r.structs(s, p + 48, common.decodeObservedVm) : [],
    metrics: q > 7 ? r.structs(s, p + 56, decodeMetric) : [],
    roots: q > 8 ? r.pointerList(s, p + 64, (r, s, at) => r.text(s, at)) : [],
  };
}
export function encodeWorkerReport(w: Writer, x: WorkerReportInput, at: number): void {
  const p = at + 24;
  if (x.worker !== undefined && x.worker.length !== 0) w.text(p + 0, x.worker);
  if (x.bootId !== undefined && x.bootId.length !== 0) w.text(p + 8, x.bootId);
  if (x.sequence !== undefined) setUint64(w.view, at + 0, x.sequence, "WorkerReport.sequence");
  if (x.process !== undefined && x.process.length !== 0) w.text(p + 16, x.process);
  if (x.leaseEpoch !== undefined) setUint64(w.view, at + 8, x.leaseEpoch, "WorkerReport.leaseEpoch");
  if (x.revision !== undefined) setUint64(w.view, at + 16, x.revision, "WorkerReport.revision");
  if (x.capacity !== undefined) common.encodeCapacity(w, x.capacity, w.struct(p + 24, 1, 0));
  if (x.attributes !== undefined && x.attributes.length !== 0) w.structs(p + 32, x.attributes, { dataWords: 0, pointerWords: 2, write: common.encodeLabel });
  if (x.versions !== undefined && x.versions.length !== 0) w.structs(p + 40, x.versions, { dataWords: 0, pointerWords: 2, write: common.encodeLabel });
  if (x.vms !== undefined && x.vms.length !== 0) w.structs(p + 48, x.vms, { dataWords: 9, pointerWords: 8, write: common.encodeObservedVm });
  if (x.metrics !== undefined && x.metrics.length !== 0) w.structs(p + 56, x.metrics, { dataWords: 1, pointerWords: 1, write: encodeMetric });
  if (x.roots !== undefined && x.roots.length !== 0) w.pointers(p + 64, x.roots, (w, at, x) => w.text(at, x));
}
export const WorkerReport: StructType<WorkerReport, WorkerReportInput> = { name: "WorkerReport", dataWords: 3, pointerWords: 9, decode: decodeWorkerReport, encode: encodeWorkerReport };

export interface WorkerStatus {
  id: string;
  state: WorkerStatusState;
  epoch: number | bigint;
  capacity: common.Capacity | undefined;
  freeCpuMilli: number;
  freeMemoryMib: number;
  attributes: (common.Label)[];
  versions: (common.Label)[];
  cordoned: string;
}
export interface WorkerStatusInput {
  id?: string | undefined;
  state?: WorkerStatusState | undefined;
  epoch?: number | bigint | undefined;
  capacity?: common.CapacityInput | undefined;
  freeCpuMilli?: number | undefined;
  freeMemoryMib?: number | undefined;
  attributes?: readonly (common.LabelInput)[] | undefined;
  versions?: readonly (common.LabelInput)[] | undefined;
  cordoned?: string | undefined;
}
export function decodeWorkerStatus(r: Reader): WorkerStatus {
  const s = r.segment;
  const v = s.view;
  const d = r.data;
  const n = r.dataBytes;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    id: q > 0 ? r.text(s, p + 0) : "",
    state: decodeWorkerStatusState(n >= 2 ? v.getUint16(d + 0, true) : 0),
    epoch: n >= 16 ? getUint64(v, d + 8) : 0,
    capacity: q > 1 ? r.struct(s, p + 8, common.decodeCapacity) : undefined,
    freeCpuMilli: n >= 8 ? v.getInt32(d + 4, true) : 0,
    freeMemoryMib: n >= 20 ? v.getInt32(d + 16, true) : 0,
    attributes: q > 2 ? r.structs(s, p + 16, common.decodeLabel) : [],
    versions: q > 3 ? r.structs(s, p + 24, common.decodeLabel) : [],
    cordoned: q > 4 ? r.text(s, p + 32) : "",
  };
}
export function encodeWorkerStatus(w: Writer, x: WorkerStatusInput, at: number): void {
  const p = at + 24;
  if (x.id !== undefined && x.id.length !== 0) w.text(p + 0, x.id);
  if (x.state !== undefined) w.view.setUint16(at + 0, enumNumber(x.state, WorkerStatusStateNumbers, "WorkerStatus.state"), true);
  if (x.epoch !== undefined) setUint64(w.view, at + 8, x.epoch, "WorkerStatus.epoch");
  if (x.capacity !== undefined) common.encodeCapacity(w, x.capacity, w.struct(p + 8, 1, 0));
  if (x.freeCpuMilli !== undefined) w.view.setInt32(at + 4, checkInteger(x.freeCpuMilli, -2147483648, 2147483647, "WorkerStatus.freeCpuMilli"), true);
  if (x.freeMemoryMib !== undefined) w.view.setInt32(at + 16, checkInteger(x.freeMemoryMib, -2147483648, 2147483647, "WorkerStatus.freeMemoryMib"), true);
  if (x.attributes !== undefined && x.attributes.length !== 0) w.structs(p + 16, x.attributes, { dataWords: 0, pointerWords: 2, write: common.encodeLabel });
  if (x.versions !== undefined && x.versions.length !== 0) w.structs(p + 24, x.versions, { dataWords: 0, pointerWords: 2, write: common.encodeLabel });
  if (x.cordoned !== undefined && x.cordoned.length !== 0) w.text(p + 32, x.cordoned);
}
export const WorkerStatus: StructType<WorkerStatus, WorkerStatusInput> = { name: "WorkerStatus", dataWords: 3, pointerWords: 5, decode: decodeWorkerStatus, encode: encodeWorkerStatus };

export interface EventSinkClient extends Client {
  push(params: EventSinkPushParamsInput, options?: CallOptions): Call<EventSinkPushResults>;
}
export interface EventSinkServer {
  push(params: EventSinkPushParams, context: CallContext): EventSinkPushResultsInput | void | PromiseLike<EventSinkPushResultsInput | void>;
}
export const EventSink: InterfaceType<EventSinkClient, EventSinkServer> = {
  name: "EventSink",
  methods: [
    { name: "push", ordinal: 0, interfaceLow: 2402659221, interfaceHigh: 4173324753, params: EventSinkPushParams, results: EventSinkPushResults },
  ],
};

export interface GateClient extends Client {
  login(params: GateLoginParamsInput, options?: CallOptions): Call<GateLoginResults, GateLoginResultsPipeline>;
  version(params?: GateVersionParamsInput, options?: CallOptions): Call<GateVersionResults>;
  enroll(params: GateEnrollParamsInput, options?: CallOptions): Call<GateEnrollResults>;
}
export interface GateServer {
  login(params: GateLoginParams, context: CallContext): GateLoginResultsInput | PromiseLike<GateLoginResultsInput>;
  version(params: GateVersionParams, context: CallContext): GateVersionResultsInput | PromiseLike<GateVersionResultsInput>;
  enroll(params: GateEnrollParams, context: CallContext): GateEnrollResultsInput | PromiseLike<GateEnrollResultsInput>;
}
export const Gate: InterfaceType<GateClient, GateServer> = {
  name: "Gate",
  methods: [
    { name: "login", ordinal: 0, interfaceLow: 242244548, interfaceHigh: 2632729253, params: GateLoginParams, results: GateLoginResults },
    { name: "version", ordinal: 1, interfaceLow: 242244548, interfaceHigh: 2632729253, params: GateVersionParams, results: GateVersionResults },
    { name: "enroll", ordinal: 2, interfaceLow: 242244548, interfaceHigh: 2632729253, params: GateEnrollParams, results: GateEnrollResults },
  ],
};

export interface OperatorClient extends Client {
  rollback(params: OperatorRollbackParamsInput, options?: CallOptions): Call<OperatorRollbackResults>;
  resume(params: OperatorResumeParamsInput, options?: CallOptions): Call<OperatorResumeResults>;
  retry(params: OperatorRetryParamsInput, options?: CallOptions): Call<OperatorRetryResults>;
  pause(params: OperatorPauseParamsInput, options?: CallOptions): Call<OperatorPauseResults>;
  promote(params: OperatorPromoteParamsInput, options?: CallOptions): Call<OperatorPromoteResults>;
  fail(params: OperatorFailParamsInput, options?: CallOptions): Call<OperatorFailResults>;
  cordon(params: OperatorCordonParamsInput, options?: CallOptions): Call<OperatorCordonResults>;
  uncordon(params: OperatorUncordonParamsInput, options?: CallOptions): Call<OperatorUncordonResults>;
  drain(params: OperatorDrainParamsInput, options?: CallOptions): Call<OperatorDrainResults>;
  rebalance(params: OperatorRebalanceParamsInput, options?: CallOptions): Call<OperatorRebalanceResults>;
  cancel(params: OperatorCancelParamsInput, options?: CallOptions): Call<OperatorCancelResults>;
  removeWorker(params: OperatorRemoveWorkerParamsInput, options?: CallOptions): Call<OperatorRemoveWorkerResults>;
  console(params: OperatorConsoleParamsInput, options?: CallOptions): Call<OperatorConsoleResults, OperatorConsoleResultsPipeline>;
  exec(params: OperatorExecParamsInput, options?: CallOptions): Call<OperatorExecResults, OperatorExecResultsPipeline>;
  pauseVm(params: OperatorPauseVmParamsInput, options?: CallOptions): Call<OperatorPauseVmResults>;
  resumeVm(params: OperatorResumeVmParamsInput, options?: CallOptions): Call<OperatorResumeVmResults>;
  snapshotVm(params: OperatorSnapshotVmParamsInput, options?: CallOptions): Call<OperatorSnapshotVmResults>;
  restoreVm(params: OperatorRestoreVmParamsInput, options?: CallOptions): Call<OperatorRestoreVmResults>;
  deleteSnapshot(params: OperatorDeleteSnapshotParamsInput, options?: CallOptions): Call<OperatorDeleteSnapshotResults>;
}
export interface OperatorServer {
  rollback(params: OperatorRollbackParams, context: CallContext): OperatorRollbackResultsInput | PromiseLike<OperatorRollbackResultsInput>;
  resume(params: OperatorResumeParams, context: CallContext): OperatorResumeResultsInput | PromiseLike<OperatorResumeResultsInput>;
  retry(params: OperatorRetryParams, context: CallContext): OperatorRetryResultsInput | PromiseLike<OperatorRetryResultsInput>;
  pause(params: OperatorPauseParams, context: CallContext): OperatorPauseResultsInput | PromiseLike<OperatorPauseResultsInput>;
  promote(params: OperatorPromoteParams, context: CallContext): OperatorPromoteResultsInput | PromiseLike<OperatorPromoteResultsInput>;
  fail(params: OperatorFailParams, context: CallContext): OperatorFailResultsInput | PromiseLike<OperatorFailResultsInput>;
  cordon(params: OperatorCordonParams, context: CallContext): OperatorCordonResultsInput | PromiseLike<OperatorCordonResultsInput>;
  uncordon(params: OperatorUncordonParams, context: CallContext): OperatorUncordonResultsInput | PromiseLike<OperatorUncordonResultsInput>;
  drain(params: OperatorDrainParams, context: CallContext): OperatorDrainResultsInput | PromiseLike<OperatorDrainResultsInput>;
  rebalance(params: OperatorRebalanceParams, context: CallContext): OperatorRebalanceResultsInput | PromiseLike<OperatorRebalanceResultsInput>;
  cancel(params: OperatorCancelParams, context: CallContext): OperatorCancelResultsInput | PromiseLike<OperatorCancelResultsInput>;
  removeWorker(params: OperatorRemoveWorkerParams, context: CallContext): OperatorRemoveWorkerResultsInput | PromiseLike<OperatorRemoveWorkerResultsInput>;
  console(params: OperatorConsoleParams, context: CallContext): OperatorConsoleResultsInput | PromiseLike<OperatorConsoleResultsInput>;
  exec(params: OperatorExecParams, context: CallContext): OperatorExecResultsInput | PromiseLike<OperatorExecResultsInput>;
  pauseVm(params: OperatorPauseVmParams, context: CallContext): OperatorPauseVmResultsInput | void | PromiseLike<OperatorPauseVmResultsInput | void>;
  resumeVm(params: OperatorResumeVmParams, context: CallContext): OperatorResumeVmResultsInput | void | PromiseLike<OperatorResumeVmResultsInput | void>;
  snapshotVm(params: OperatorSnapshotVmParams, context: CallContext): OperatorSnapshotVmResultsInput | PromiseLike<OperatorSnapshotVmResultsInput>;
  restoreVm(params: OperatorRestoreVmParams, context: CallContext): OperatorRestoreVmResultsInput | void | PromiseLike<OperatorRestoreVmResultsInput | void>;
  deleteSnapshot(params: OperatorDeleteSnapshotParams, context: CallContext): OperatorDeleteSnapshotResultsInput | void | PromiseLike<OperatorDeleteSnapshotResultsInput | void>;
}
export const Operator: InterfaceType<OperatorClient, OperatorServer> = {
  name: "Operator",
  methods: [
    { name: "rollback", ordinal: 0, interfaceLow: 3538773896, interfaceHigh: 4102913907, params: OperatorRollbackParams, results: OperatorRollbackResults },
    { name: "resume", ordinal: 1, interfaceLow: 3538773896, interfaceHigh: 4102913907, params: OperatorResumeParams, results: OperatorResumeResults },
    { name: "retry", ordinal: 2, interfaceLow: 3538773896, interfaceHigh: 4102913907, params: OperatorRetryParams, results: OperatorRetryResults },
    { name: "pause", ordinal: 3, interfaceLow: 3538773896, interfaceHigh: 4102913907, params: OperatorPauseParams, results: OperatorPauseResults },
    { name: "promote", ordinal: 4, interfaceLow: 3538773896, interfaceHigh: 4102913907, params: OperatorPromoteParams, results: OperatorPromoteResults },
    { name: "fail", ordinal: 5, interfaceLow: 3538773896, interfaceHigh: 4102913907, params: OperatorFailParams, results: OperatorFailResults },
    { name: "cordon", ordinal: 6, interfaceLow: 3538773896, interfaceHigh: 4102913907, params: OperatorCordonParams, results: OperatorCordonResults },
    { name: "uncordon", ordinal: 7, interfaceLow: 3538773896, interfaceHigh: 4102913907, params: OperatorUncordonParams, results: OperatorUncordonResults },
    { name: "drain", ordinal: 8, interfaceLow: 3538773896, interfaceHigh: 4102913907, params: OperatorDrainParams, results: OperatorDrainResults },
    { name: "rebalance", ordinal: 9, interfaceLow: 3538773896, interfaceHigh: 4102913907, params: OperatorRebalanceParams, results: OperatorRebalanceResults },
    { name: "cancel", ordinal: 10, interfaceLow: 3538773896, interfaceHigh: 4102913907, params: OperatorCancelParams, results: OperatorCancelResults },
    { name: "removeWorker", ordinal: 11, interfaceLow: 3538773896, interfaceHigh: 4102913907, params: OperatorRemoveWorkerParams, results: OperatorRemoveWorkerResults },
    { name: "console", ordinal: 12, interfaceLow: 3538773896, interfaceHigh: 4102913907, params: OperatorConsoleParams, results: OperatorConsoleResults },
    { name: "exec", ordinal: 13, interfaceLow: 3538773896, interfaceHigh: 4102913907, params: OperatorExecParams, results: OperatorExecResults },
    { name: "pauseVm", ordinal: 14, interfaceLow: 3538773896, interfaceHigh: 4102913907, params: OperatorPauseVmParams, results: OperatorPauseVmResults },
    { name: "resumeVm", ordinal: 15, interfaceLow: 3538773896, interfaceHigh: 4102913907, params: OperatorResumeVmParams, results: OperatorResumeVmResults },
    { name: "snapshotVm", ordinal: 16, interfaceLow: 3538773896, interfaceHigh: 4102913907, params: OperatorSnapshotVmParams, results: OperatorSnapshotVmResults },
    { name: "restoreVm", ordinal: 17, interfaceLow: 3538773896, interfaceHigh: 4102913907, params: OperatorRestoreVmParams, results: OperatorRestoreVmResults },
    { name: "deleteSnapshot", ordinal: 18, interfaceLow: 3538773896, interfaceHigh: 4102913907, params: OperatorDeleteSnapshotParams, results: OperatorDeleteSnapshotResults },
  ],
};

export interface PublisherClient extends Client {
  publishState(params: PublishRequestInput, options?: CallOptions): Call<PublisherPublishStateResults>;
  highestGeneration(params: PublisherHighestGenerationParamsInput, options?: CallOptions): Call<PublisherHighestGenerationResults>;
}
export interface PublisherServer {
  publishState(params: PublishRequest, context: CallContext): PublisherPublishStateResultsInput | PromiseLike<PublisherPublishStateResultsInput>;
  highestGeneration(params: PublisherHighestGenerationParams, context: CallContext): PublisherHighestGenerationResultsInput | PromiseLike<PublisherHighestGenerationResultsInput>;
}
export const Publisher: InterfaceType<PublisherClient, PublisherServer> = {
  name: "Publisher",
  methods: [
    { name: "publishState", ordinal: 0, interfaceLow: 2084101792, interfaceHigh: 3308945652, params: PublishRequest, results: PublisherPublishStateResults },
    { name: "highestGeneration", ordinal: 1, interfaceLow: 2084101792, interfaceHigh: 3308945652, params: PublisherHighestGenerationParams, results: PublisherHighestGenerationResults },
  ],
};

export interface SessionClient extends Client {
  whoami(params?: SessionWhoamiParamsInput, options?: CallOptions): Call<SessionWhoamiResults>;
  viewer(params?: SessionViewerParamsInput, options?: CallOptions): Call<SessionViewerResults, SessionViewerResultsPipeline>;
  operator(params?: SessionOperatorParamsInput, options?: CallOptions): Call<SessionOperatorResults, SessionOperatorResultsPipeline>;
  publisher(params?: SessionPublisherParamsInput, options?: CallOptions): Call<SessionPublisherResults, SessionPublisherResultsPipeline>;
  workerLink(params: SessionWorkerLinkParamsInput, options?: CallOptions): Call<SessionWorkerLinkResults, SessionWorkerLinkResultsPipeline>;
  tokens(params?: SessionTokensParamsInput, options?: CallOptions): Call<SessionTokensResults, SessionTokensResultsPipeline>;
}
export interface SessionServer {
  whoami(params: SessionWhoamiParams, context: CallContext): SessionWhoamiResultsInput | PromiseLike<SessionWhoamiResultsInput>;
  viewer(params: SessionViewerParams, context: CallContext): SessionViewerResultsInput | PromiseLike<SessionViewerResultsInput>;
  operator(params: SessionOperatorParams, context: CallContext): SessionOperatorResultsInput | PromiseLike<SessionOperatorResultsInput>;
  publisher(params: SessionPublisherParams, context: CallContext): SessionPublisherResultsInput | PromiseLike<SessionPublisherResultsInput>;
  workerLink(params: SessionWorkerLinkParams, context: CallContext): SessionWorkerLinkResultsInput | PromiseLike<SessionWorkerLinkResultsInput>;
  tokens(params: SessionTokensParams, context: CallContext): SessionTokensResultsInput | PromiseLike<SessionTokensResultsInput>;
}
export const Session: InterfaceType<SessionClient, SessionServer> = {
  name: "Session",
  methods: [
    { name: "whoami", ordinal: 0, interfaceLow: 565860367, interfaceHigh: 3648313872, params: SessionWhoamiParams, results: SessionWhoamiResults },
    { name: "viewer", ordinal: 1, interfaceLow: 565860367, interfaceHigh: 3648313872, params: SessionViewerParams, results: SessionViewerResults },
    { name: "operator", ordinal: 2, interfaceLow: 565860367, interfaceHigh: 3648313872, params: SessionOperatorParams, results: SessionOperatorResults },
    { name: "publisher", ordinal: 3, interfaceLow: 565860367, interfaceHigh: 3648313872, params: SessionPublisherParams, results: SessionPublisherResults },
    { name: "workerLink", ordinal: 4, interfaceLow: 565860367, interfaceHigh: 3648313872, params: SessionWorkerLinkParams, results: SessionWorkerLinkResults },
    { name: "tokens", ordinal: 5, interfaceLow: 565860367, interfaceHigh: 3648313872, params: SessionTokensParams, results: SessionTokensResults },
  ],
};

export interface SubscriptionClient extends Client {
}
export interface SubscriptionServer {
}
export const Subscription: InterfaceType<SubscriptionClient, SubscriptionServer> = {
  name: "Subscription",
  methods: [
  ],
};

export interface TokensClient extends Client {
  create(params: TokensCreateParamsInput, options?: CallOptions): Call<TokensCreateResults>;
  list(params?: TokensListParamsInput, options?: CallOptions): Call<TokensListResults>;
  revoke(params: TokensRevokeParamsInput, options?: CallOptions): Call<TokensRevokeResults>;
}
export interface TokensServer {
  create(params: TokensCreateParams, context: CallContext): TokensCreateResultsInput | PromiseLike<TokensCreateResultsInput>;
  list(params: TokensListParams, context: CallContext): TokensListResultsInput | PromiseLike<TokensListResultsInput>;
  revoke(params: TokensRevokeParams, context: CallContext): TokensRevokeResultsInput | void | PromiseLike<TokensRevokeResultsInput | void>;
}
export const Tokens: InterfaceType<TokensClient, TokensServer> = {
  name: "Tokens",
  methods: [
    { name: "create", ordinal: 0, interfaceLow: 2003402437, interfaceHigh: 2163404555, params: TokensCreateParams, results: TokensCreateResults },
    { name: "list", ordinal: 1, interfaceLow: 2003402437, interfaceHigh: 2163404555, params: TokensListParams, results: TokensListResults },
    { name: "revoke", ordinal: 2, interfaceLow: 2003402437, interfaceHigh: 2163404555, params: TokensRevokeParams, results: TokensRevokeResults },
  ],
};

export interface ViewerClient extends Client {
  getClusterStatus(params: ViewerGetClusterStatusParamsInput, options?: CallOptions): Call<ViewerGetClusterStatusResults>;
  getWorker(params: ViewerGetWorkerParamsInput, options?: CallOptions): Call<ViewerGetWorkerResults>;
  generations(params: ViewerGenerationsParamsInput, options?: CallOptions): Call<ViewerGenerationsResults>;
  clusters(params?: ViewerClustersParamsInput, options?: CallOptions): Call<ViewerClustersResults>;
  logs(params: ViewerLogsParamsInput, options?: CallOptions): Call<ViewerLogsResults>;
  plan(params: PlanRequestInput, options?: CallOptions): Call<ViewerPlanResults>;
  why(params: ViewerWhyParamsInput, options?: CallOptions): Call<ViewerWhyResults>;
  events(params: ViewerEventsParamsInput, options?: CallOptions): Call<ViewerEventsResults, ViewerEventsResultsPipeline>;
  operations(params: ViewerOperationsParamsInput, options?: CallOptions): Call<ViewerOperationsResults>;
  operation(params: ViewerOperationParamsInput, options?: CallOptions): Call<ViewerOperationResults>;
  readLog(params: ViewerReadLogParamsInput, options?: CallOptions): Call<ViewerReadLogResults>;
  figures(params: ViewerFiguresParamsInput, options?: CallOptions): Call<ViewerFiguresResults>;
  snapshots(params: ViewerSnapshotsParamsInput, options?: CallOptions): Call<ViewerSnapshotsResults>;
  closureRoots(params: ViewerClosureRootsParamsInput, options?: CallOptions): Call<ViewerClosureRootsResults>;
}
export interface ViewerServer {
  getClusterStatus(params: ViewerGetClusterStatusParams, context: CallContext): ViewerGetClusterStatusResultsInput | PromiseLike<ViewerGetClusterStatusResultsInput>;
  getWorker(params: ViewerGetWorkerParams, context: CallContext): ViewerGetWorkerResultsInput | PromiseLike<ViewerGetWorkerResultsInput>;
  generations(params: ViewerGenerationsParams, context: CallContext): ViewerGenerationsResultsInput | PromiseLike<ViewerGenerationsResultsInput>;
  clusters(params: ViewerClustersParams, context: CallContext): ViewerClustersResultsInput | PromiseLike<ViewerClustersResultsInput>;
  logs(params: ViewerLogsParams, context: CallContext): ViewerLogsResultsInput | PromiseLike<ViewerLogsResultsInput>;
  plan(params: PlanRequest, context: CallContext): ViewerPlanResultsInput | PromiseLike<ViewerPlanResultsInput>;
  why(params: ViewerWhyParams, context: CallContext): ViewerWhyResultsInput | PromiseLike<ViewerWhyResultsInput>;
  events(params: ViewerEventsParams, context: CallContext): ViewerEventsResultsInput | PromiseLike<ViewerEventsResultsInput>;
  operations(params: ViewerOperationsParams, context: CallContext): ViewerOperationsResultsInput | PromiseLike<ViewerOperationsResultsInput>;
  operation(params: ViewerOperationParams, context: CallContext): ViewerOperationResultsInput | PromiseLike<ViewerOperationResultsInput>;
  readLog(params: ViewerReadLogParams, context: CallContext): ViewerReadLogResultsInput | PromiseLike<ViewerReadLogResultsInput>;
  figures(params: ViewerFiguresParams, context: CallContext): ViewerFiguresResultsInput | PromiseLike<ViewerFiguresResultsInput>;
  snapshots(params: ViewerSnapshotsParams, context: CallContext): ViewerSnapshotsResultsInput | PromiseLike<ViewerSnapshotsResultsInput>;
  closureRoots(params: ViewerClosureRootsParams, context: CallContext): ViewerClosureRootsResultsInput | PromiseLike<ViewerClosureRootsResultsInput>;
}
export const Viewer: InterfaceType<ViewerClient, ViewerServer> = {
  name: "Viewer",
  methods: [
    { name: "getClusterStatus", ordinal: 0, interfaceLow: 946741445, interfaceHigh: 3961666358, params: ViewerGetClusterStatusParams, results: ViewerGetClusterStatusResults },
    { name: "getWorker", ordinal: 1, interfaceLow: 946741445, interfaceHigh: 3961666358, params: ViewerGetWorkerParams, results: ViewerGetWorkerResults },
    { name: "generations", ordinal: 2, interfaceLow: 946741445, interfaceHigh: 3961666358, params: ViewerGenerationsParams, results: ViewerGenerationsResults },
    { name: "clusters", ordinal: 3, interfaceLow: 946741445, interfaceHigh: 3961666358, params: ViewerClustersParams, results: ViewerClustersResults },
    { name: "logs", ordinal: 4, interfaceLow: 946741445, interfaceHigh: 3961666358, params: ViewerLogsParams, results: ViewerLogsResults },
    { name: "plan", ordinal: 5, interfaceLow: 946741445, interfaceHigh: 3961666358, params: PlanRequest, results: ViewerPlanResults },
    { name: "why", ordinal: 6, interfaceLow: 946741445, interfaceHigh: 3961666358, params: ViewerWhyParams, results: ViewerWhyResults },
    { name: "events", ordinal: 7, interfaceLow: 946741445, interfaceHigh: 3961666358, params: ViewerEventsParams, results: ViewerEventsResults },
    { name: "operations", ordinal: 8, interfaceLow: 946741445, interfaceHigh: 3961666358, params: ViewerOperationsParams, results: ViewerOperationsResults },
    { name: "operation", ordinal: 9, interfaceLow: 946741445, interfaceHigh: 3961666358, params: ViewerOperationParams, results: ViewerOperationResults },
    { name: "readLog", ordinal: 10, interfaceLow: 946741445, interfaceHigh: 3961666358, params: ViewerReadLogParams, results: ViewerReadLogResults },
    { name: "figures", ordinal: 11, interfaceLow: 946741445, interfaceHigh: 3961666358, params: ViewerFiguresParams, results: ViewerFiguresResults },
    { name: "snapshots", ordinal: 12, interfaceLow: 946741445, interfaceHigh: 3961666358, params: ViewerSnapshotsParams, results: ViewerSnapshotsResults },
    { name: "closureRoots", ordinal: 13, interfaceLow: 946741445, interfaceHigh: 3961666358, params: ViewerClosureRootsParams, results: ViewerClosureRootsResults },
  ],
};

export interface WorkerLinkClient extends Client {
  getAssignment(params: WorkerLinkGetAssignmentParamsInput, options?: CallOptions): Call<WorkerLinkGetAssignmentResults>;
  pushData(params: WorkerReportInput, options?: CallOptions): Call<WorkerLinkPushDataResults>;
  register(params: WorkerLinkRegisterParamsInput, options?: CallOptions): Call<WorkerLinkRegisterResults>;
}
export interface WorkerLinkServer {
  getAssignment(params: WorkerLinkGetAssignmentParams, context: CallContext): WorkerLinkGetAssignmentResultsInput | PromiseLike<WorkerLinkGetAssignmentResultsInput>;
  pushData(params: WorkerReport, context: CallContext): WorkerLinkPushDataResultsInput | PromiseLike<WorkerLinkPushDataResultsInput>;
  register(params: WorkerLinkRegisterParams, context: CallContext): WorkerLinkRegisterResultsInput | void | PromiseLike<WorkerLinkRegisterResultsInput | void>;
}
export const WorkerLink: InterfaceType<WorkerLinkClient, WorkerLinkServer> = {
  name: "WorkerLink",
  methods: [
    { name: "getAssignment", ordinal: 0, interfaceLow: 3001789123, interfaceHigh: 3551614354, params: WorkerLinkGetAssignmentParams, results: WorkerLinkGetAssignmentResults },
    { name: "pushData", ordinal: 1, interfaceLow: 3001789123, interfaceHigh: 3551614354, params: WorkerReport, results: WorkerLinkPushDataResults },
    { name: "register", ordinal: 2, interfaceLow: 3001789123, interfaceHigh: 3551614354, params: WorkerLinkRegisterParams, results: WorkerLinkRegisterResults },
  ],
};

