// Generated from worker.capnp by `deno task schema`. Do not edit.
import { type Reader } from "../core/reader.ts";
import { type InterfaceType, type StructType } from "../core/types.ts";
import { getFloat64Default, getInt64Default, getUint64 } from "../core/wide.ts";
import { checkInteger, flip64, setInt64, setUint64, type Writer } from "../core/writer.ts";
import { type CallContext } from "../server.ts";
import { putClient, takeClient, type Call, type CallOptions, type Client } from "../stub.ts";
import * as common from "./common.ts";

export interface ByteSinkDoneParams {
  message: string;
}
export interface ByteSinkDoneParamsInput {
  message?: string | undefined;
}
export function decodeByteSinkDoneParams(r: Reader): ByteSinkDoneParams {
  const s = r.segment;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    message: q > 0 ? r.text(s, p + 0) : "",
  };
}
export function encodeByteSinkDoneParams(w: Writer, x: ByteSinkDoneParamsInput, at: number): void {
  const p = at + 0;
  if (x.message !== undefined && x.message.length !== 0) w.text(p + 0, x.message);
}
export const ByteSinkDoneParams: StructType<ByteSinkDoneParams, ByteSinkDoneParamsInput> = { name: "ByteSinkDoneParams", dataWords: 0, pointerWords: 1, decode: decodeByteSinkDoneParams, encode: encodeByteSinkDoneParams };

export interface ByteSinkDoneResults {
}
export interface ByteSinkDoneResultsInput {
}
export function decodeByteSinkDoneResults(r: Reader): ByteSinkDoneResults {
  void r;
  return {
  };
}
export function encodeByteSinkDoneResults(w: Writer, x: ByteSinkDoneResultsInput, at: number): void {
  void w;
  void x;
  void at;
}
export const ByteSinkDoneResults: StructType<ByteSinkDoneResults, ByteSinkDoneResultsInput> = { name: "ByteSinkDoneResults", dataWords: 0, pointerWords: 0, decode: decodeByteSinkDoneResults, encode: encodeByteSinkDoneResults };

export interface ByteSinkWriteParams {
  data: Uint8Array;
}
export interface ByteSinkWriteParamsInput {
  data?: Uint8Array | undefined;
}
export function decodeByteSinkWriteParams(r: Reader): ByteSinkWriteParams {
  const s = r.segment;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    data: q > 0 ? r.dataOf(s, p + 0) : new Uint8Array(0),
  };
}
export function encodeByteSinkWriteParams(w: Writer, x: ByteSinkWriteParamsInput, at: number): void {
  const p = at + 0;
  if (x.data !== undefined && x.data.length !== 0) w.data(p + 0, x.data);
}
export const ByteSinkWriteParams: StructType<ByteSinkWriteParams, ByteSinkWriteParamsInput> = { name: "ByteSinkWriteParams", dataWords: 0, pointerWords: 1, decode: decodeByteSinkWriteParams, encode: encodeByteSinkWriteParams };

export interface ByteSinkWriteResults {
}
export interface ByteSinkWriteResultsInput {
}
export function decodeByteSinkWriteResults(r: Reader): ByteSinkWriteResults {
  void r;
  return {
  };
}
export function encodeByteSinkWriteResults(w: Writer, x: ByteSinkWriteResultsInput, at: number): void {
  void w;
  void x;
  void at;
}
export const ByteSinkWriteResults: StructType<ByteSinkWriteResults, ByteSinkWriteResultsInput> = { name: "ByteSinkWriteResults", dataWords: 0, pointerWords: 0, decode: decodeByteSinkWriteResults, encode: encodeByteSinkWriteResults };

export interface ConsoleWriteParams {
  data: Uint8Array;
}
export interface ConsoleWriteParamsInput {
  data?: Uint8Array | undefined;
}
export function decodeConsoleWriteParams(r: Reader): ConsoleWriteParams {
  const s = r.segment;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    data: q > 0 ? r.dataOf(s, p + 0) : new Uint8Array(0),
  };
}
export function encodeConsoleWriteParams(w: Writer, x: ConsoleWriteParamsInput, at: number): void {
  const p = at + 0;
  if (x.data !== undefined && x.data.length !== 0) w.data(p + 0, x.data);
}
export const ConsoleWriteParams: StructType<ConsoleWriteParams, ConsoleWriteParamsInput> = { name: "ConsoleWriteParams", dataWords: 0, pointerWords: 1, decode: decodeConsoleWriteParams, encode: encodeConsoleWriteParams };

export interface ConsoleWriteResults {
}
export interface ConsoleWriteResultsInput {
}
export function decodeConsoleWriteResults(r: Reader): ConsoleWriteResults {
  void r;
  return {
  };
}
export function encodeConsoleWriteResults(w: Writer, x: ConsoleWriteResultsInput, at: number): void {
  void w;
  void x;
  void at;
}
export const ConsoleWriteResults: StructType<ConsoleWriteResults, ConsoleWriteResultsInput> = { name: "ConsoleWriteResults", dataWords: 0, pointerWords: 0, decode: decodeConsoleWriteResults, encode: encodeConsoleWriteResults };

export interface ExecSinkExitedParams {
  code: number;
  message: string;
}
export interface ExecSinkExitedParamsInput {
  code?: number | undefined;
  message?: string | undefined;
}
export function decodeExecSinkExitedParams(r: Reader): ExecSinkExitedParams {
  const s = r.segment;
  const v = s.view;
  const d = r.data;
  const n = r.dataBytes;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    code: n >= 4 ? v.getInt32(d + 0, true) : 0,
    message: q > 0 ? r.text(s, p + 0) : "",
  };
}
export function encodeExecSinkExitedParams(w: Writer, x: ExecSinkExitedParamsInput, at: number): void {
  const p = at + 8;
  if (x.code !== undefined) w.view.setInt32(at + 0, checkInteger(x.code, -2147483648, 2147483647, "ExecSinkExitedParams.code"), true);
  if (x.message !== undefined && x.message.length !== 0) w.text(p + 0, x.message);
}
export const ExecSinkExitedParams: StructType<ExecSinkExitedParams, ExecSinkExitedParamsInput> = { name: "ExecSinkExitedParams", dataWords: 1, pointerWords: 1, decode: decodeExecSinkExitedParams, encode: encodeExecSinkExitedParams };

export interface ExecSinkExitedResults {
}
export interface ExecSinkExitedResultsInput {
}
export function decodeExecSinkExitedResults(r: Reader): ExecSinkExitedResults {
  void r;
  return {
  };
}
export function encodeExecSinkExitedResults(w: Writer, x: ExecSinkExitedResultsInput, at: number): void {
  void w;
  void x;
  void at;
}
export const ExecSinkExitedResults: StructType<ExecSinkExitedResults, ExecSinkExitedResultsInput> = { name: "ExecSinkExitedResults", dataWords: 0, pointerWords: 0, decode: decodeExecSinkExitedResults, encode: encodeExecSinkExitedResults };

export interface ExecSinkOutputParams {
  isError: boolean;
  data: Uint8Array;
}
export interface ExecSinkOutputParamsInput {
  isError?: boolean | undefined;
  data?: Uint8Array | undefined;
}
export function decodeExecSinkOutputParams(r: Reader): ExecSinkOutputParams {
  const s = r.segment;
  const v = s.view;
  const d = r.data;
  const n = r.dataBytes;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    isError: n > 0 && (v.getUint8(d + 0) & 1) !== 0,
    data: q > 0 ? r.dataOf(s, p + 0) : new Uint8Array(0),
  };
}
export function encodeExecSinkOutputParams(w: Writer, x: ExecSinkOutputParamsInput, at: number): void {
  const p = at + 8;
  if (x.isError === true) w.view.setUint8(at + 0, w.view.getUint8(at + 0) | 1);
  if (x.data !== undefined && x.data.length !== 0) w.data(p + 0, x.data);
}
export const ExecSinkOutputParams: StructType<ExecSinkOutputParams, ExecSinkOutputParamsInput> = { name: "ExecSinkOutputParams", dataWords: 1, pointerWords: 1, decode: decodeExecSinkOutputParams, encode: encodeExecSinkOutputParams };

export interface ExecSinkOutputResults {
}
export interface ExecSinkOutputResultsInput {
}
export function decodeExecSinkOutputResults(r: Reader): ExecSinkOutputResults {
  void r;
  return {
  };
}
export function encodeExecSinkOutputResults(w: Writer, x: ExecSinkOutputResultsInput, at: number): void {
  void w;
  void x;
  void at;
}
export const ExecSinkOutputResults: StructType<ExecSinkOutputResults, ExecSinkOutputResultsInput> = { name: "ExecSinkOutputResults", dataWords: 0, pointerWords: 0, decode: decodeExecSinkOutputResults, encode: encodeExecSinkOutputResults };

export interface ProcessCloseInputParams {
}
export interface ProcessCloseInputParamsInput {
}
export function decodeProcessCloseInputParams(r: Reader): ProcessCloseInputParams {
  void r;
  return {
  };
}
export function encodeProcessCloseInputParams(w: Writer, x: ProcessCloseInputParamsInput, at: number): void {
  void w;
  void x;
  void at;
}
export const ProcessCloseInputParams: StructType<ProcessCloseInputParams, ProcessCloseInputParamsInput> = { name: "ProcessCloseInputParams", dataWords: 0, pointerWords: 0, decode: decodeProcessCloseInputParams, encode: encodeProcessCloseInputParams };

export interface ProcessCloseInputResults {
}
export interface ProcessCloseInputResultsInput {
}
export function decodeProcessCloseInputResults(r: Reader): ProcessCloseInputResults {
  void r;
  return {
  };
}
export function encodeProcessCloseInputResults(w: Writer, x: ProcessCloseInputResultsInput, at: number): void {
  void w;
  void x;
  void at;
}
export const ProcessCloseInputResults: StructType<ProcessCloseInputResults, ProcessCloseInputResultsInput> = { name: "ProcessCloseInputResults", dataWords: 0, pointerWords: 0, decode: decodeProcessCloseInputResults, encode: encodeProcessCloseInputResults };

export interface ProcessWriteParams {
  data: Uint8Array;
}
export interface ProcessWriteParamsInput {
  data?: Uint8Array | undefined;
}
export function decodeProcessWriteParams(r: Reader): ProcessWriteParams {
  const s = r.segment;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    data: q > 0 ? r.dataOf(s, p + 0) : new Uint8Array(0),
  };
}
export function encodeProcessWriteParams(w: Writer, x: ProcessWriteParamsInput, at: number): void {
  const p = at + 0;
  if (x.data !== undefined && x.data.length !== 0) w.data(p + 0, x.data);
}
export const ProcessWriteParams: StructType<ProcessWriteParams, ProcessWriteParamsInput> = { name: "ProcessWriteParams", dataWords: 0, pointerWords: 1, decode: decodeProcessWriteParams, encode: encodeProcessWriteParams };

export interface ProcessWriteResults {
}
export interface ProcessWriteResultsInput {
}
export function decodeProcessWriteResults(r: Reader): ProcessWriteResults {
  void r;
  return {
  };
}
export function encodeProcessWriteResults(w: Writer, x: ProcessWriteResultsInput, at: number): void {
  void w;
  void x;
  void at;
}
export const ProcessWriteResults: StructType<ProcessWriteResults, ProcessWriteResultsInput> = { name: "ProcessWriteResults", dataWords: 0, pointerWords: 0, decode: decodeProcessWriteResults, encode: encodeProcessWriteResults };

export interface Snapshot {
  name: string;
  createdAtMs: number | bigint;
  bytes: number | bigint;
  runtimeHash: string;
  generation: number | bigint;
}
export interface SnapshotInput {
  name?: string | undefined;
  createdAtMs?: number | bigint | undefined;
  bytes?: number | bigint | undefined;
  runtimeHash?: string | undefined;
  generation?: number | bigint | undefined;
}
export function decodeSnapshot(r: Reader): Snapshot {
  const s = r.segment;
  const v = s.view;
  const d = r.data;
  const n = r.dataBytes;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    name: q > 0 ? r.text(s, p + 0) : "",
    createdAtMs: n >= 8 ? getUint64(v, d + 0) : 0,
    bytes: n >= 16 ? getUint64(v, d + 8) : 0,
    runtimeHash: q > 1 ? r.text(s, p + 8) : "",
    generation: n >= 24 ? getUint64(v, d + 16) : 0,
  };
}
export function encodeSnapshot(w: Writer, x: SnapshotInput, at: number): void {
  const p = at + 24;
  if (x.name !== undefined && x.name.length !== 0) w.text(p + 0, x.name);
  if (x.createdAtMs !== undefined) setUint64(w.view, at + 0, x.createdAtMs, "Snapshot.createdAtMs");
  if (x.bytes !== undefined) setUint64(w.view, at + 8, x.bytes, "Snapshot.bytes");
  if (x.runtimeHash !== undefined && x.runtimeHash.length !== 0) w.text(p + 8, x.runtimeHash);
  if (x.generation !== undefined) setUint64(w.view, at + 16, x.generation, "Snapshot.generation");
}
export const Snapshot: StructType<Snapshot, SnapshotInput> = { name: "Snapshot", dataWords: 3, pointerWords: 2, decode: decodeSnapshot, encode: encodeSnapshot };

export interface VmFigures {
  atMs: number | bigint;
  cpuSeconds: number;
  memoryBytes: number | bigint;
  diskReadBytes: number | bigint;
  diskWrittenBytes: number | bigint;
  networkReceivedBytes: number | bigint;
  networkSentBytes: number | bigint;
}
export interface VmFiguresInput {
  atMs?: number | bigint | undefined;
  cpuSeconds?: number | undefined;
  memoryBytes?: number | bigint | undefined;
  diskReadBytes?: number | bigint | undefined;
  diskWrittenBytes?: number | bigint | undefined;
  networkReceivedBytes?: number | bigint | undefined;
  networkSentBytes?: number | bigint | undefined;
}
export function decodeVmFigures(r: Reader): VmFigures {
  const s = r.segment;
  const v = s.view;
  const d = r.data;
  const n = r.dataBytes;
  return {
    atMs: n >= 8 ? getUint64(v, d + 0) : 0,
    cpuSeconds: getFloat64Default(n >= 16 ? v : undefined, d + 8, 0, 3220176896),
    memoryBytes: getInt64Default(n >= 24 ? v : undefined, d + 16, 4294967295, 4294967295),
    diskReadBytes: getInt64Default(n >= 32 ? v : undefined, d + 24, 4294967295, 4294967295),
    diskWrittenBytes: getInt64Default(n >= 40 ? v : undefined, d + 32, 4294967295, 4294967295),
    networkReceivedBytes: getInt64Default(n >= 48 ? v : undefined, d + 40, 4294967295, 4294967295),
    networkSentBytes: getInt64Default(n >= 56 ? v : undefined, d + 48, 4294967295, 4294967295),
  };
}
export function encodeVmFigures(w: Writer, x: VmFiguresInput, at: number): void {
  if (x.atMs !== undefined) setUint64(w.view, at + 0, x.atMs, "VmFigures.atMs");
  if (x.cpuSeconds !== undefined) { w.view.setFloat64(at + 8, x.cpuSeconds, true); flip64(w.view, at + 8, 0, 3220176896); }
  if (x.memoryBytes !== undefined) { setInt64(w.view, at + 16, x.memoryBytes, "VmFigures.memoryBytes"); flip64(w.view, at + 16, 4294967295, 4294967295); }
  if (x.diskReadBytes !== undefined) { setInt64(w.view, at + 24, x.diskReadBytes, "VmFigures.diskReadBytes"); flip64(w.view, at + 24, 4294967295, 4294967295); }
  if (x.diskWrittenBytes !== undefined) { setInt64(w.view, at + 32, x.diskWrittenBytes, "VmFigures.diskWrittenBytes"); flip64(w.view, at + 32, 4294967295, 4294967295); }
  if (x.networkReceivedBytes !== undefined) { setInt64(w.view, at + 40, x.networkReceivedBytes, "VmFigures.networkReceivedBytes"); flip64(w.view, at + 40, 4294967295, 4294967295); }
  if (x.networkSentBytes !== undefined) { setInt64(w.view, at + 48, x.networkSentBytes, "VmFigures.networkSentBytes"); flip64(w.view, at + 48, 4294967295, 4294967295); }
}
export const VmFigures: StructType<VmFigures, VmFiguresInput> = { name: "VmFigures", dataWords: 7, pointerWords: 0, decode: decodeVmFigures, encode: encodeVmFigures };

export interface WorkerConsoleParams {
  vm: string;
  sink: ByteSinkClient;
}
export interface WorkerConsoleParamsInput {
  vm?: string | undefined;
  sink?: ByteSinkClient | undefined;
}
export function decodeWorkerConsoleParams(r: Reader): WorkerConsoleParams {
  const s = r.segment;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    vm: q > 0 ? r.text(s, p + 0) : "",
    sink: q > 1 ? takeClient(r, s, p + 8, ByteSink) : takeClient(r, s, -1, ByteSink),
  };
}
export function encodeWorkerConsoleParams(w: Writer, x: WorkerConsoleParamsInput, at: number): void {
  const p = at + 0;
  if (x.vm !== undefined && x.vm.length !== 0) w.text(p + 0, x.vm);
  if (x.sink !== undefined) putClient(w, p + 8, x.sink);
}
export interface WorkerConsoleParamsPipeline {
  readonly sink: ByteSinkClient;
}
export const WorkerConsoleParams: StructType<WorkerConsoleParams, WorkerConsoleParamsInput> = { name: "WorkerConsoleParams", dataWords: 0, pointerWords: 2, decode: decodeWorkerConsoleParams, encode: encodeWorkerConsoleParams, pipeline: { sink: { index: 1, interface: () => ByteSink } } };

export interface WorkerConsoleResults {
  console: ConsoleClient;
}
export interface WorkerConsoleResultsInput {
  console?: ConsoleClient | undefined;
}
export function decodeWorkerConsoleResults(r: Reader): WorkerConsoleResults {
  const s = r.segment;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    console: q > 0 ? takeClient(r, s, p + 0, Console) : takeClient(r, s, -1, Console),
  };
}
export function encodeWorkerConsoleResults(w: Writer, x: WorkerConsoleResultsInput, at: number): void {
  const p = at + 0;
  if (x.console !== undefined) putClient(w, p + 0, x.console);
}
export interface WorkerConsoleResultsPipeline {
  readonly console: ConsoleClient;
}
export const WorkerConsoleResults: StructType<WorkerConsoleResults, WorkerConsoleResultsInput> = { name: "WorkerConsoleResults", dataWords: 0, pointerWords: 1, decode: decodeWorkerConsoleResults, encode: encodeWorkerConsoleResults, pipeline: { console: { index: 0, interface: () => Console } } };

export interface WorkerCreateVmParams {
  vm: string;
}
export interface WorkerCreateVmParamsInput {
  vm?: string | undefined;
}
export function decodeWorkerCreateVmParams(r: Reader): WorkerCreateVmParams {
  const s = r.segment;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    vm: q > 0 ? r.text(s, p + 0) : "",
  };
}
export function encodeWorkerCreateVmParams(w: Writer, x: WorkerCreateVmParamsInput, at: number): void {
  const p = at + 0;
  if (x.vm !== undefined && x.vm.length !== 0) w.text(p + 0, x.vm);
}
export const WorkerCreateVmParams: StructType<WorkerCreateVmParams, WorkerCreateVmParamsInput> = { name: "WorkerCreateVmParams", dataWords: 0, pointerWords: 1, decode: decodeWorkerCreateVmParams, encode: encodeWorkerCreateVmParams };

export interface WorkerCreateVmResults {
}
export interface WorkerCreateVmResultsInput {
}
export function decodeWorkerCreateVmResults(r: Reader): WorkerCreateVmResults {
  void r;
  return {
  };
}
export function encodeWorkerCreateVmResults(w: Writer, x: WorkerCreateVmResultsInput, at: number): void {
  void w;
  void x;
  void at;
}
export const WorkerCreateVmResults: StructType<WorkerCreateVmResults, WorkerCreateVmResultsInput> = { name: "WorkerCreateVmResults", dataWords: 0, pointerWords: 0, decode: decodeWorkerCreateVmResults, encode: encodeWorkerCreateVmResults };

export interface WorkerDeleteSnapshotParams {
  vm: string;
  name: string;
}
export interface WorkerDeleteSnapshotParamsInput {
  vm?: string | undefined;
  name?: string | undefined;
}
export function decodeWorkerDeleteSnapshotParams(r: Reader): WorkerDeleteSnapshotParams {
  const s = r.segment;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    vm: q > 0 ? r.text(s, p + 0) : "",
    name: q > 1 ? r.text(s, p + 8) : "",
  };
}
export function encodeWorkerDeleteSnapshotParams(w: Writer, x: WorkerDeleteSnapshotParamsInput, at: number): void {
  const p = at + 0;
  if (x.vm !== undefined && x.vm.length !== 0) w.text(p + 0, x.vm);
  if (x.name !== undefined && x.name.length !== 0) w.text(p + 8, x.name);
}
export const WorkerDeleteSnapshotParams: StructType<WorkerDeleteSnapshotParams, WorkerDeleteSnapshotParamsInput> = { name: "WorkerDeleteSnapshotParams", dataWords: 0, pointerWords: 2, decode: decodeWorkerDeleteSnapshotParams, encode: encodeWorkerDeleteSnapshotParams };

export interface WorkerDeleteSnapshotResults {
}
export interface WorkerDeleteSnapshotResultsInput {
}
export function decodeWorkerDeleteSnapshotResults(r: Reader): WorkerDeleteSnapshotResults {
  void r;
  return {
  };
}
export function encodeWorkerDeleteSnapshotResults(w: Writer, x: WorkerDeleteSnapshotResultsInput, at: number): void {
  void w;
  void x;
  void at;
}
export const WorkerDeleteSnapshotResults: StructType<WorkerDeleteSnapshotResults, WorkerDeleteSnapshotResultsInput> = { name: "WorkerDeleteSnapshotResults", dataWords: 0, pointerWords: 0, decode: decodeWorkerDeleteSnapshotResults, encode: encodeWorkerDeleteSnapshotResults };

export interface WorkerDeleteVmParams {
  vm: string;
}
export interface WorkerDeleteVmParamsInput {
  vm?: string | undefined;
}
export function decodeWorkerDeleteVmParams(r: Reader): WorkerDeleteVmParams {
  const s = r.segment;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    vm: q > 0 ? r.text(s, p + 0) : "",
  };
}
export function encodeWorkerDeleteVmParams(w: Writer, x: WorkerDeleteVmParamsInput, at: number): void {
  const p = at + 0;
  if (x.vm !== undefined && x.vm.length !== 0) w.text(p + 0, x.vm);
}
export const WorkerDeleteVmParams: StructType<WorkerDeleteVmParams, WorkerDeleteVmParamsInput> = { name: "WorkerDeleteVmParams", dataWords: 0, pointerWords: 1, decode: decodeWorkerDeleteVmParams, encode: encodeWorkerDeleteVmParams };

export interface WorkerDeleteVmResults {
}
export interface WorkerDeleteVmResultsInput {
}
export function decodeWorkerDeleteVmResults(r: Reader): WorkerDeleteVmResults {
  void r;
  return {
  };
}
export function encodeWorkerDeleteVmResults(w: Writer, x: WorkerDeleteVmResultsInput, at: number): void {
  void w;
  void x;
  void at;
}
export const WorkerDeleteVmResults: StructType<WorkerDeleteVmResults, WorkerDeleteVmResultsInput> = { name: "WorkerDeleteVmResults", dataWords: 0, pointerWords: 0, decode: decodeWorkerDeleteVmResults, encode: encodeWorkerDeleteVmResults };

export interface WorkerExecParams {
  vm: string;
  command: (string)[];
  timeoutMs: number;
  sink: ExecSinkClient;
}
export interface WorkerExecParamsInput {
  vm?: string | undefined;
  command?: readonly (string)[] | undefined;
  timeoutMs?: number | undefined;
  sink?: ExecSinkClient | undefined;
}
export function decodeWorkerExecParams(r: Reader): WorkerExecParams {
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
    sink: q > 2 ? takeClient(r, s, p + 16, ExecSink) : takeClient(r, s, -1, ExecSink),
  };
}
export function encodeWorkerExecParams(w: Writer, x: WorkerExecParamsInput, at: number): void {
  const p = at + 8;
  if (x.vm !== undefined && x.vm.length !== 0) w.text(p + 0, x.vm);
  if (x.command !== undefined && x.command.length !== 0) w.pointers(p + 8, x.command, (w, at, x) => w.text(at, x));
  if (x.timeoutMs !== undefined) w.view.setUint32(at + 0, checkInteger(x.timeoutMs, 0, 4294967295, "WorkerExecParams.timeoutMs"), true);
  if (x.sink !== undefined) putClient(w, p + 16, x.sink);
}
export interface WorkerExecParamsPipeline {
  readonly sink: ExecSinkClient;
}
export const WorkerExecParams: StructType<WorkerExecParams, WorkerExecParamsInput> = { name: "WorkerExecParams", dataWords: 1, pointerWords: 3, decode: decodeWorkerExecParams, encode: encodeWorkerExecParams, pipeline: { sink: { index: 2, interface: () => ExecSink } } };

export interface WorkerExecResults {
  process: ProcessClient;
}
export interface WorkerExecResultsInput {
  process?: ProcessClient | undefined;
}
export function decodeWorkerExecResults(r: Reader): WorkerExecResults {
  const s = r.segment;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    process: q > 0 ? takeClient(r, s, p + 0, Process) : takeClient(r, s, -1, Process),
  };
}
export function encodeWorkerExecResults(w: Writer, x: WorkerExecResultsInput, at: number): void {
  const p = at + 0;
  if (x.process !== undefined) putClient(w, p + 0, x.process);
}
export interface WorkerExecResultsPipeline {
  readonly process: ProcessClient;
}
export const WorkerExecResults: StructType<WorkerExecResults, WorkerExecResultsInput> = { name: "WorkerExecResults", dataWords: 0, pointerWords: 1, decode: decodeWorkerExecResults, encode: encodeWorkerExecResults, pipeline: { process: { index: 0, interface: () => Process } } };

export interface WorkerFiguresParams {
  vm: string;
}
export interface WorkerFiguresParamsInput {
  vm?: string | undefined;
}
export function decodeWorkerFiguresParams(r: Reader): WorkerFiguresParams {
  const s = r.segment;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    vm: q > 0 ? r.text(s, p + 0) : "",
  };
}
export function encodeWorkerFiguresParams(w: Writer, x: WorkerFiguresParamsInput, at: number): void {
  const p = at + 0;
  if (x.vm !== undefined && x.vm.length !== 0) w.text(p + 0, x.vm);
}
export const WorkerFiguresParams: StructType<WorkerFiguresParams, WorkerFiguresParamsInput> = { name: "WorkerFiguresParams", dataWords: 0, pointerWords: 1, decode: decodeWorkerFiguresParams, encode: encodeWorkerFiguresParams };

export interface WorkerFiguresResults {
  figures: VmFigures | undefined;
}
export interface WorkerFiguresResultsInput {
  figures?: VmFiguresInput | undefined;
}
export function decodeWorkerFiguresResults(r: Reader): WorkerFiguresResults {
  const s = r.segment;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    figures: q > 0 ? r.struct(s, p + 0, decodeVmFigures) : undefined,
  };
}
export function encodeWorkerFiguresResults(w: Writer, x: WorkerFiguresResultsInput, at: number): void {
  const p = at + 0;
  if (x.figures !== undefined) encodeVmFigures(w, x.figures, w.struct(p + 0, 7, 0));
}
export const WorkerFiguresResults: StructType<WorkerFiguresResults, WorkerFiguresResultsInput> = { name: "WorkerFiguresResults", dataWords: 0, pointerWords: 1, decode: decodeWorkerFiguresResults, encode: encodeWorkerFiguresResults };

export interface WorkerListVmsParams {
}
export interface WorkerListVmsParamsInput {
}
export function decodeWorkerListVmsParams(r: Reader): WorkerListVmsParams {
  void r;
  return {
  };
}
export function encodeWorkerListVmsParams(w: Writer, x: WorkerListVmsParamsInput, at: number): void {
  void w;
  void x;
  void at;
}
export const WorkerListVmsParams: StructType<WorkerListVmsParams, WorkerListVmsParamsInput> = { name: "WorkerListVmsParams", dataWords: 0, pointerWords: 0, decode: decodeWorkerListVmsParams, encode: encodeWorkerListVmsParams };

export interface WorkerListVmsResults {
  vms: (string)[];
}
export interface WorkerListVmsResultsInput {
  vms?: readonly (string)[] | undefined;
}
export function decodeWorkerListVmsResults(r: Reader): WorkerListVmsResults {
  const s = r.segment;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    vms: q > 0 ? r.pointerList(s, p + 0, (r, s, at) => r.text(s, at)) : [],
  };
}
export function encodeWorkerListVmsResults(w: Writer, x: WorkerListVmsResultsInput, at: number): void {
  const p = at + 0;
  if (x.vms !== undefined && x.vms.length !== 0) w.pointers(p + 0, x.vms, (w, at, x) => w.text(at, x));
}
export const WorkerListVmsResults: StructType<WorkerListVmsResults, WorkerListVmsResultsInput> = { name: "WorkerListVmsResults", dataWords: 0, pointerWords: 1, decode: decodeWorkerListVmsResults, encode: encodeWorkerListVmsResults };

export interface WorkerLogsParams {
  vm: string;
  maxBytes: number;
}
export interface WorkerLogsParamsInput {
  vm?: string | undefined;
  maxBytes?: number | undefined;
}
export function decodeWorkerLogsParams(r: Reader): WorkerLogsParams {
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
export function encodeWorkerLogsParams(w: Writer, x: WorkerLogsParamsInput, at: number): void {
  const p = at + 8;
  if (x.vm !== undefined && x.vm.length !== 0) w.text(p + 0, x.vm);
  if (x.maxBytes !== undefined) w.view.setUint32(at + 0, checkInteger(x.maxBytes, 0, 4294967295, "WorkerLogsParams.maxBytes") ^ 65536, true);
}
export const WorkerLogsParams: StructType<WorkerLogsParams, WorkerLogsParamsInput> = { name: "WorkerLogsParams", dataWords: 1, pointerWords: 1, decode: decodeWorkerLogsParams, encode: encodeWorkerLogsParams };

export interface WorkerLogsResults {
  text: string;
  truncated: boolean;
}
export interface WorkerLogsResultsInput {
  text?: string | undefined;
  truncated?: boolean | undefined;
}
export function decodeWorkerLogsResults(r: Reader): WorkerLogsResults {
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
export function encodeWorkerLogsResults(w: Writer, x: WorkerLogsResultsInput, at: number): void {
  const p = at + 8;
  if (x.text !== undefined && x.text.length !== 0) w.text(p + 0, x.text);
  if (x.truncated === true) w.view.setUint8(at + 0, w.view.getUint8(at + 0) | 1);
}
export const WorkerLogsResults: StructType<WorkerLogsResults, WorkerLogsResultsInput> = { name: "WorkerLogsResults", dataWords: 1, pointerWords: 1, decode: decodeWorkerLogsResults, encode: encodeWorkerLogsResults };

export interface WorkerPauseParams {
  vm: string;
}
export interface WorkerPauseParamsInput {
  vm?: string | undefined;
}
export function decodeWorkerPauseParams(r: Reader): WorkerPauseParams {
  const s = r.segment;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    vm: q > 0 ? r.text(s, p + 0) : "",
  };
}
export function encodeWorkerPauseParams(w: Writer, x: WorkerPauseParamsInput, at: number): void {
  const p = at + 0;
  if (x.vm !== undefined && x.vm.length !== 0) w.text(p + 0, x.vm);
}
export const WorkerPauseParams: StructType<WorkerPauseParams, WorkerPauseParamsInput> = { name: "WorkerPauseParams", dataWords: 0, pointerWords: 1, decode: decodeWorkerPauseParams, encode: encodeWorkerPauseParams };

export interface WorkerPauseResults {
}
export interface WorkerPauseResultsInput {
}
export function decodeWorkerPauseResults(r: Reader): WorkerPauseResults {
  void r;
  return {
  };
}
export function encodeWorkerPauseResults(w: Writer, x: WorkerPauseResultsInput, at: number): void {
  void w;
  void x;
  void at;
}
export const WorkerPauseResults: StructType<WorkerPauseResults, WorkerPauseResultsInput> = { name: "WorkerPauseResults", dataWords: 0, pointerWords: 0, decode: decodeWorkerPauseResults, encode: encodeWorkerPauseResults };

export interface WorkerReadLogParams {
  vm: string;
  generation: number | bigint;
  boot: number | bigint;
  offset: number | bigint;
  maxBytes: number;
  waitMs: number;
  incarnation: number | bigint;
}
export interface WorkerReadLogParamsInput {
  vm?: string | undefined;
  generation?: number | bigint | undefined;
  boot?: number | bigint | undefined;
  offset?: number | bigint | undefined;
  maxBytes?: number | undefined;
  waitMs?: number | undefined;
  incarnation?: number | bigint | undefined;
}
export function decodeWorkerReadLogParams(r: Reader): WorkerReadLogParams {
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
export function encodeWorkerReadLogParams(w: Writer, x: WorkerReadLogParamsInput, at: number): void {
  const p = at + 40;
  if (x.vm !== undefined && x.vm.length !== 0) w.text(p + 0, x.vm);
  if (x.generation !== undefined) setUint64(w.view, at + 0, x.generation, "WorkerReadLogParams.generation");
  if (x.boot !== undefined) setUint64(w.view, at + 8, x.boot, "WorkerReadLogParams.boot");
  if (x.offset !== undefined) setUint64(w.view, at + 16, x.offset, "WorkerReadLogParams.offset");
  if (x.maxBytes !== undefined) w.view.setUint32(at + 24, checkInteger(x.maxBytes, 0, 4294967295, "WorkerReadLogParams.maxBytes") ^ 65536, true);
  if (x.waitMs !== undefined) w.view.setUint32(at + 28, checkInteger(x.waitMs, 0, 4294967295, "WorkerReadLogParams.waitMs"), true);
  if (x.incarnation !== undefined) setUint64(w.view, at + 32, x.incarnation, "WorkerReadLogParams.incarnation");
}
export const WorkerReadLogParams: StructType<WorkerReadLogParams, WorkerReadLogParamsInput> = { name: "WorkerReadLogParams", dataWords: 5, pointerWords: 1, decode: decodeWorkerReadLogParams, encode: encodeWorkerReadLogParams };

export interface WorkerReadLogResults {
  data: Uint8Array;
  boot: number | bigint;
  offset: number | bigint;
  generation: number | bigint;
  ended: boolean;
  incarnation: number | bigint;
}
export interface WorkerReadLogResultsInput {
  data?: Uint8Array | undefined;
  boot?: number | bigint | undefined;
  offset?: number | bigint | undefined;
  generation?: number | bigint | undefined;
  ended?: boolean | undefined;
  incarnation?: number | bigint | undefined;
}
export function decodeWorkerReadLogResults(r: Reader): WorkerReadLogResults {
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
export function encodeWorkerReadLogResults(w: Writer, x: WorkerReadLogResultsInput, at: number): void {
  const p = at + 40;
  if (x.data !== undefined && x.data.length !== 0) w.data(p + 0, x.data);
  if (x.boot !== undefined) setUint64(w.view, at + 0, x.boot, "WorkerReadLogResults.boot");
  if (x.offset !== undefined) setUint64(w.view, at + 8, x.offset, "WorkerReadLogResults.offset");
  if (x.generation !== undefined) setUint64(w.view, at + 16, x.generation, "WorkerReadLogResults.generation");
  if (x.ended === true) w.view.setUint8(at + 24, w.view.getUint8(at + 24) | 1);
  if (x.incarnation !== undefined) setUint64(w.view, at + 32, x.incarnation, "WorkerReadLogResults.incarnation");
}
export const WorkerReadLogResults: StructType<WorkerReadLogResults, WorkerReadLogResultsInput> = { name: "WorkerReadLogResults", dataWords: 5, pointerWords: 1, decode: decodeWorkerReadLogResults, encode: encodeWorkerReadLogResults };

export interface WorkerReadParams {
}
export interface WorkerReadParamsInput {
}
export function decodeWorkerReadParams(r: Reader): WorkerReadParams {
  void r;
  return {
  };
}
export function encodeWorkerReadParams(w: Writer, x: WorkerReadParamsInput, at: number): void {
  void w;
  void x;
  void at;
}
export const WorkerReadParams: StructType<WorkerReadParams, WorkerReadParamsInput> = { name: "WorkerReadParams", dataWords: 0, pointerWords: 0, decode: decodeWorkerReadParams, encode: encodeWorkerReadParams };

export interface WorkerReadResults {
  worker: string;
  vms: (common.ObservedVm)[];
}
export interface WorkerReadResultsInput {
  worker?: string | undefined;
  vms?: readonly (common.ObservedVmInput)[] | undefined;
}
export function decodeWorkerReadResults(r: Reader): WorkerReadResults {
  const s = r.segment;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    worker: q > 0 ? r.text(s, p + 0) : "",
    vms: q > 1 ? r.structs(s, p + 8, common.decodeObservedVm) : [],
  };
}
export function encodeWorkerReadResults(w: Writer, x: WorkerReadResultsInput, at: number): void {
  const p = at + 0;
  if (x.worker !== undefined && x.worker.length !== 0) w.text(p + 0, x.worker);
  if (x.vms !== undefined && x.vms.length !== 0) w.structs(p + 8, x.vms, { dataWords: 9, pointerWords: 8, write: common.encodeObservedVm });
}
export const WorkerReadResults: StructType<WorkerReadResults, WorkerReadResultsInput> = { name: "WorkerReadResults", dataWords: 0, pointerWords: 2, decode: decodeWorkerReadResults, encode: encodeWorkerReadResults };

export interface WorkerRestoreParams {
  vm: string;
  name: string;
}
export interface WorkerRestoreParamsInput {
  vm?: string | undefined;
  name?: string | undefined;
}
export function decodeWorkerRestoreParams(r: Reader): WorkerRestoreParams {
  const s = r.segment;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    vm: q > 0 ? r.text(s, p + 0) : "",
    name: q > 1 ? r.text(s, p + 8) : "",
  };
}
export function encodeWorkerRestoreParams(w: Writer, x: WorkerRestoreParamsInput, at: number): void {
  const p = at + 0;
  if (x.vm !== undefined && x.vm.length !== 0) w.text(p + 0, x.vm);
  if (x.name !== undefined && x.name.length !== 0) w.text(p + 8, x.name);
}
export const WorkerRestoreParams: StructType<WorkerRestoreParams, WorkerRestoreParamsInput> = { name: "WorkerRestoreParams", dataWords: 0, pointerWords: 2, decode: decodeWorkerRestoreParams, encode: encodeWorkerRestoreParams };

export interface WorkerRestoreResults {
}
export interface WorkerRestoreResultsInput {
}
export function decodeWorkerRestoreResults(r: Reader): WorkerRestoreResults {
  void r;
  return {
  };
}
export function encodeWorkerRestoreResults(w: Writer, x: WorkerRestoreResultsInput, at: number): void {
  void w;
  void x;
  void at;
}
export const WorkerRestoreResults: StructType<WorkerRestoreResults, WorkerRestoreResultsInput> = { name: "WorkerRestoreResults", dataWords: 0, pointerWords: 0, decode: decodeWorkerRestoreResults, encode: encodeWorkerRestoreResults };

export interface WorkerResumeParams {
  vm: string;
}
export interface WorkerResumeParamsInput {
  vm?: string | undefined;
}
export function decodeWorkerResumeParams(r: Reader): WorkerResumeParams {
  const s = r.segment;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    vm: q > 0 ? r.text(s, p + 0) : "",
  };
}
export function encodeWorkerResumeParams(w: Writer, x: WorkerResumeParamsInput, at: number): void {
  const p = at + 0;
  if (x.vm !== undefined && x.vm.length !== 0) w.text(p + 0, x.vm);
}
export const WorkerResumeParams: StructType<WorkerResumeParams, WorkerResumeParamsInput> = { name: "WorkerResumeParams", dataWords: 0, pointerWords: 1, decode: decodeWorkerResumeParams, encode: encodeWorkerResumeParams };

export interface WorkerResumeResults {
}
export interface WorkerResumeResultsInput {
}
export function decodeWorkerResumeResults(r: Reader): WorkerResumeResults {
  void r;
  return {
  };
}
export function encodeWorkerResumeResults(w: Writer, x: WorkerResumeResultsInput, at: number): void {
  void w;
  void x;
  void at;
}
export const WorkerResumeResults: StructType<WorkerResumeResults, WorkerResumeResultsInput> = { name: "WorkerResumeResults", dataWords: 0, pointerWords: 0, decode: decodeWorkerResumeResults, encode: encodeWorkerResumeResults };

export interface WorkerSnapshotParams {
  vm: string;
  name: string;
}
export interface WorkerSnapshotParamsInput {
  vm?: string | undefined;
  name?: string | undefined;
}
export function decodeWorkerSnapshotParams(r: Reader): WorkerSnapshotParams {
  const s = r.segment;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    vm: q > 0 ? r.text(s, p + 0) : "",
    name: q > 1 ? r.text(s, p + 8) : "",
  };
}
export function encodeWorkerSnapshotParams(w: Writer, x: WorkerSnapshotParamsInput, at: number): void {
  const p = at + 0;
  if (x.vm !== undefined && x.vm.length !== 0) w.text(p + 0, x.vm);
  if (x.name !== undefined && x.name.length !== 0) w.text(p + 8, x.name);
}
export const WorkerSnapshotParams: StructType<WorkerSnapshotParams, WorkerSnapshotParamsInput> = { name: "WorkerSnapshotParams", dataWords: 0, pointerWords: 2, decode: decodeWorkerSnapshotParams, encode: encodeWorkerSnapshotParams };

export interface WorkerSnapshotResults {
  bytes: number | bigint;
}
export interface WorkerSnapshotResultsInput {
  bytes?: number | bigint | undefined;
}
export function decodeWorkerSnapshotResults(r: Reader): WorkerSnapshotResults {
  const s = r.segment;
  const v = s.view;
  const d = r.data;
  const n = r.dataBytes;
  return {
    bytes: n >= 8 ? getUint64(v, d + 0) : 0,
  };
}
export function encodeWorkerSnapshotResults(w: Writer, x: WorkerSnapshotResultsInput, at: number): void {
  if (x.bytes !== undefined) setUint64(w.view, at + 0, x.bytes, "WorkerSnapshotResults.bytes");
}
export const WorkerSnapshotResults: StructType<WorkerSnapshotResults, WorkerSnapshotResultsInput> = { name: "WorkerSnapshotResults", dataWords: 1, pointerWords: 0, decode: decodeWorkerSnapshotResults, encode: encodeWorkerSnapshotResults };

export interface WorkerSnapshotsParams {
  vm: string;
}
export interface WorkerSnapshotsParamsInput {
  vm?: string | undefined;
}
export function decodeWorkerSnapshotsParams(r: Reader): WorkerSnapshotsParams {
  const s = r.segment;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    vm: q > 0 ? r.text(s, p + 0) : "",
  };
}
export function encodeWorkerSnapshotsParams(w: Writer, x: WorkerSnapshotsParamsInput, at: number): void {
  const p = at + 0;
  if (x.vm !== undefined && x.vm.length !== 0) w.text(p + 0, x.vm);
}
export const WorkerSnapshotsParams: StructType<WorkerSnapshotsParams, WorkerSnapshotsParamsInput> = { name: "WorkerSnapshotsParams", dataWords: 0, pointerWords: 1, decode: decodeWorkerSnapshotsParams, encode: encodeWorkerSnapshotsParams };

export interface WorkerSnapshotsResults {
  snapshots: (Snapshot)[];
}
export interface WorkerSnapshotsResultsInput {
  snapshots?: readonly (SnapshotInput)[] | undefined;
}
export function decodeWorkerSnapshotsResults(r: Reader): WorkerSnapshotsResults {
  const s = r.segment;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    snapshots: q > 0 ? r.structs(s, p + 0, decodeSnapshot) : [],
  };
}
export function encodeWorkerSnapshotsResults(w: Writer, x: WorkerSnapshotsResultsInput, at: number): void {
  const p = at + 0;
  if (x.snapshots !== undefined && x.snapshots.length !== 0) w.structs(p + 0, x.snapshots, { dataWords: 3, pointerWords: 2, write: encodeSnapshot });
}
export const WorkerSnapshotsResults: StructType<WorkerSnapshotsResults, WorkerSnapshotsResultsInput> = { name: "WorkerSnapshotsResults", dataWords: 0, pointerWords: 1, decode: decodeWorkerSnapshotsResults, encode: encodeWorkerSnapshotsResults };

export interface ByteSinkClient extends Client {
  write(params: ByteSinkWriteParamsInput, options?: CallOptions): Call<ByteSinkWriteResults>;
  done(params: ByteSinkDoneParamsInput, options?: CallOptions): Call<ByteSinkDoneResults>;
}
export interface ByteSinkServer {
  write(params: ByteSinkWriteParams, context: CallContext): ByteSinkWriteResultsInput | void | PromiseLike<ByteSinkWriteResultsInput | void>;
  done(params: ByteSinkDoneParams, context: CallContext): ByteSinkDoneResultsInput | void | PromiseLike<ByteSinkDoneResultsInput | void>;
}
export const ByteSink: InterfaceType<ByteSinkClient, ByteSinkServer> = {
  name: "ByteSink",
  methods: [
    { name: "write", ordinal: 0, interfaceLow: 382797768, interfaceHigh: 2734480864, params: ByteSinkWriteParams, results: ByteSinkWriteResults },
    { name: "done", ordinal: 1, interfaceLow: 382797768, interfaceHigh: 2734480864, params: ByteSinkDoneParams, results: ByteSinkDoneResults },
  ],
};

export interface ConsoleClient extends Client {
  write(params: ConsoleWriteParamsInput, options?: CallOptions): Call<ConsoleWriteResults>;
}
export interface ConsoleServer {
  write(params: ConsoleWriteParams, context: CallContext): ConsoleWriteResultsInput | void | PromiseLike<ConsoleWriteResultsInput | void>;
}
export const Console: InterfaceType<ConsoleClient, ConsoleServer> = {
  name: "Console",
  methods: [
    { name: "write", ordinal: 0, interfaceLow: 3699105777, interfaceHigh: 2162627767, params: ConsoleWriteParams, results: ConsoleWriteResults },
  ],
};

export interface ExecSinkClient extends Client {
  output(params: ExecSinkOutputParamsInput, options?: CallOptions): Call<ExecSinkOutputResults>;
  exited(params: ExecSinkExitedParamsInput, options?: CallOptions): Call<ExecSinkExitedResults>;
}
export interface ExecSinkServer {
  output(params: ExecSinkOutputParams, context: CallContext): ExecSinkOutputResultsInput | void | PromiseLike<ExecSinkOutputResultsInput | void>;
  exited(params: ExecSinkExitedParams, context: CallContext): ExecSinkExitedResultsInput | void | PromiseLike<ExecSinkExitedResultsInput | void>;
}
export const ExecSink: InterfaceType<ExecSinkClient, ExecSinkServer> = {
  name: "ExecSink",
  methods: [
    { name: "output", ordinal: 0, interfaceLow: 3078002501, interfaceHigh: 2720274382, params: ExecSinkOutputParams, results: ExecSinkOutputResults },
    { name: "exited", ordinal: 1, interfaceLow: 3078002501, interfaceHigh: 2720274382, params: ExecSinkExitedParams, results: ExecSinkExitedResults },
  ],
};

export interface ProcessClient extends Client {
  write(params: ProcessWriteParamsInput, options?: CallOptions): Call<ProcessWriteResults>;
  closeInput(params?: ProcessCloseInputParamsInput, options?: CallOptions): Call<ProcessCloseInputResults>;
}
export interface ProcessServer {
  write(params: ProcessWriteParams, context: CallContext): ProcessWriteResultsInput | void | PromiseLike<ProcessWriteResultsInput | void>;
  closeInput(params: ProcessCloseInputParams, context: CallContext): ProcessCloseInputResultsInput | void | PromiseLike<ProcessCloseInputResultsInput | void>;
}
export const Process: InterfaceType<ProcessClient, ProcessServer> = {
  name: "Process",
  methods: [
    { name: "write", ordinal: 0, interfaceLow: 3670266399, interfaceHigh: 3191008132, params: ProcessWriteParams, results: ProcessWriteResults },
    { name: "closeInput", ordinal: 1, interfaceLow: 3670266399, interfaceHigh: 3191008132, params: ProcessCloseInputParams, results: ProcessCloseInputResults },
  ],
};

export interface WorkerClient extends Client {
  read(params?: WorkerReadParamsInput, options?: CallOptions): Call<WorkerReadResults>;
  listVms(params?: WorkerListVmsParamsInput, options?: CallOptions): Call<WorkerListVmsResults>;
  logs(params: WorkerLogsParamsInput, options?: CallOptions): Call<WorkerLogsResults>;
  readLog(params: WorkerReadLogParamsInput, options?: CallOptions): Call<WorkerReadLogResults>;
  console(params: WorkerConsoleParamsInput, options?: CallOptions): Call<WorkerConsoleResults, WorkerConsoleResultsPipeline>;
  exec(params: WorkerExecParamsInput, options?: CallOptions): Call<WorkerExecResults, WorkerExecResultsPipeline>;
  pause(params: WorkerPauseParamsInput, options?: CallOptions): Call<WorkerPauseResults>;
  resume(params: WorkerResumeParamsInput, options?: CallOptions): Call<WorkerResumeResults>;
  snapshot(params: WorkerSnapshotParamsInput, options?: CallOptions): Call<WorkerSnapshotResults>;
  restore(params: WorkerRestoreParamsInput, options?: CallOptions): Call<WorkerRestoreResults>;
  figures(params: WorkerFiguresParamsInput, options?: CallOptions): Call<WorkerFiguresResults>;
  createVm(params: WorkerCreateVmParamsInput, options?: CallOptions): Call<WorkerCreateVmResults>;
  deleteVm(params: WorkerDeleteVmParamsInput, options?: CallOptions): Call<WorkerDeleteVmResults>;
  snapshots(params: WorkerSnapshotsParamsInput, options?: CallOptions): Call<WorkerSnapshotsResults>;
  deleteSnapshot(params: WorkerDeleteSnapshotParamsInput, options?: CallOptions): Call<WorkerDeleteSnapshotResults>;
}
export interface WorkerServer {
  read(params: WorkerReadParams, context: CallContext): WorkerReadResultsInput | PromiseLike<WorkerReadResultsInput>;
  listVms(params: WorkerListVmsParams, context: CallContext): WorkerListVmsResultsInput | PromiseLike<WorkerListVmsResultsInput>;
  logs(params: WorkerLogsParams, context: CallContext): WorkerLogsResultsInput | PromiseLike<WorkerLogsResultsInput>;
  readLog(params: WorkerReadLogParams, context: CallContext): WorkerReadLogResultsInput | PromiseLike<WorkerReadLogResultsInput>;
  console(params: WorkerConsoleParams, context: CallContext): WorkerConsoleResultsInput | PromiseLike<WorkerConsoleResultsInput>;
  exec(params: WorkerExecParams, context: CallContext): WorkerExecResultsInput | PromiseLike<WorkerExecResultsInput>;
  pause(params: WorkerPauseParams, context: CallContext): WorkerPauseResultsInput | void | PromiseLike<WorkerPauseResultsInput | void>;
  resume(params: WorkerResumeParams, context: CallContext): WorkerResumeResultsInput | void | PromiseLike<WorkerResumeResultsInput | void>;
  snapshot(params: WorkerSnapshotParams, context: CallContext): WorkerSnapshotResultsInput | PromiseLike<WorkerSnapshotResultsInput>;
  restore(params: WorkerRestoreParams, context: CallContext): WorkerRestoreResultsInput | void | PromiseLike<WorkerRestoreResultsInput | void>;
  figures(params: WorkerFiguresParams, context: CallContext): WorkerFiguresResultsInput | PromiseLike<WorkerFiguresResultsInput>;
  createVm(params: WorkerCreateVmParams, context: CallContext): WorkerCreateVmResultsInput | void | PromiseLike<WorkerCreateVmResultsInput | void>;
  deleteVm(params: WorkerDeleteVmParams, context: CallContext): WorkerDeleteVmResultsInput | void | PromiseLike<WorkerDeleteVmResultsInput | void>;
  snapshots(params: WorkerSnapshotsParams, context: CallContext): WorkerSnapshotsResultsInput | PromiseLike<WorkerSnapshotsResultsInput>;
  deleteSnapshot(params: WorkerDeleteSnapshotParams, context: CallContext): WorkerDeleteSnapshotResultsInput | void | PromiseLike<WorkerDeleteSnapshotResultsInput | void>;
}
export const Worker: InterfaceType<WorkerClient, WorkerServer> = {
  name: "Worker",
  methods: [
    { name: "read", ordinal: 0, interfaceLow: 2162048752, interfaceHigh: 3644722450, params: WorkerReadParams, results: WorkerReadResults },
    { name: "listVms", ordinal: 1, interfaceLow: 2162048752, interfaceHigh: 3644722450, params: WorkerListVmsParams, results: WorkerListVmsResults },
    { name: "logs", ordinal: 2, interfaceLow: 2162048752, interfaceHigh: 3644722450, params: WorkerLogsParams, results: WorkerLogsResults },
    { name: "readLog", ordinal: 3, interfaceLow: 2162048752, interfaceHigh: 3644722450, params: WorkerReadLogParams, results: WorkerReadLogResults },
    { name: "console", ordinal: 4, interfaceLow: 2162048752, interfaceHigh: 3644722450, params: WorkerConsoleParams, results: WorkerConsoleResults },
    { name: "exec", ordinal: 5, interfaceLow: 2162048752, interfaceHigh: 3644722450, params: WorkerExecParams, results: WorkerExecResults },
    { name: "pause", ordinal: 6, interfaceLow: 2162048752, interfaceHigh: 3644722450, params: WorkerPauseParams, results: WorkerPauseResults },
    { name: "resume", ordinal: 7, interfaceLow: 2162048752, interfaceHigh: 3644722450, params: WorkerResumeParams, results: WorkerResumeResults },
    { name: "snapshot", ordinal: 8, interfaceLow: 2162048752, interfaceHigh: 3644722450, params: WorkerSnapshotParams, results: WorkerSnapshotResults },
    { name: "restore", ordinal: 9, interfaceLow: 2162048752, interfaceHigh: 3644722450, params: WorkerRestoreParams, results: WorkerRestoreResults },
    { name: "figures", ordinal: 10, interfaceLow: 2162048752, interfaceHigh: 3644722450, params: WorkerFiguresParams, results: WorkerFiguresResults },
    { name: "createVm", ordinal: 11, interfaceLow: 2162048752, interfaceHigh: 3644722450, params: WorkerCreateVmParams, results: WorkerCreateVmResults },
    { name: "deleteVm", ordinal: 12, interfaceLow: 2162048752, interfaceHigh: 3644722450, params: WorkerDeleteVmParams, results: WorkerDeleteVmResults },
    { name: "snapshots", ordinal: 13, interfaceLow: 2162048752, interfaceHigh: 3644722450, params: WorkerSnapshotsParams, results: WorkerSnapshotsResults },
    { name: "deleteSnapshot", ordinal: 14, interfaceLow: 2162048752, interfaceHigh: 3644722450, params: WorkerDeleteSnapshotParams, results: WorkerDeleteSnapshotResults },
  ],
};

