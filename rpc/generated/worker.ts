// Generated from worker.capnp by `deno task schema`. Do not edit.
import { type Reader } from "../core/reader.ts";
import { type InterfaceType, type StructType } from "../core/types.ts";
import { checkInteger, type Writer } from "../core/writer.ts";
import { type CallContext } from "../server.ts";
import { type Call, type CallOptions, type Client } from "../stub.ts";
import * as common from "./common.ts";

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
  if (x.vms !== undefined && x.vms.length !== 0) w.structs(p + 8, x.vms, { dataWords: 9, pointerWords: 7, write: common.encodeObservedVm });
}
export const WorkerReadResults: StructType<WorkerReadResults, WorkerReadResultsInput> = { name: "WorkerReadResults", dataWords: 0, pointerWords: 2, decode: decodeWorkerReadResults, encode: encodeWorkerReadResults };

export interface WorkerClient extends Client {
  read(params?: WorkerReadParamsInput, options?: CallOptions): Call<WorkerReadResults>;
  listVms(params?: WorkerListVmsParamsInput, options?: CallOptions): Call<WorkerListVmsResults>;
  logs(params: WorkerLogsParamsInput, options?: CallOptions): Call<WorkerLogsResults>;
}
export interface WorkerServer {
  read(params: WorkerReadParams, context: CallContext): WorkerReadResultsInput | PromiseLike<WorkerReadResultsInput>;
  listVms(params: WorkerListVmsParams, context: CallContext): WorkerListVmsResultsInput | PromiseLike<WorkerListVmsResultsInput>;
  logs(params: WorkerLogsParams, context: CallContext): WorkerLogsResultsInput | PromiseLike<WorkerLogsResultsInput>;
}
export const Worker: InterfaceType<WorkerClient, WorkerServer> = {
  name: "Worker",
  methods: [
    { name: "read", ordinal: 0, interfaceLow: 2162048752, interfaceHigh: 3644722450, params: WorkerReadParams, results: WorkerReadResults },
    { name: "listVms", ordinal: 1, interfaceLow: 2162048752, interfaceHigh: 3644722450, params: WorkerListVmsParams, results: WorkerListVmsResults },
    { name: "logs", ordinal: 2, interfaceLow: 2162048752, interfaceHigh: 3644722450, params: WorkerLogsParams, results: WorkerLogsResults },
  ],
};

