// Generated from common.capnp by `deno task schema`. Do not edit.
import { type Reader } from "../core/reader.ts";
import { type StructType } from "../core/types.ts";
import { getFloat64Default, getInt64Default, getUint64 } from "../core/wide.ts";
import { checkInteger, enumNumber, flip64, setInt64, setUint64, type Writer } from "../core/writer.ts";

/** A number stands for an enumerant that this schema does not know. */
export type Health = "unknown" | "starting" | "healthy" | "unhealthy" | number;
const HealthNames: readonly Health[] = ["unknown", "starting", "healthy", "unhealthy"];
export const HealthNumbers: Readonly<Record<string, number>> = { unknown: 0, starting: 1, healthy: 2, unhealthy: 3 };
export function decodeHealth(value: number): Health {
  return HealthNames[value] ?? value;
}

/** A number stands for an enumerant that this schema does not know. */
export type HealthCheckKind = "http" | "tcp" | "serial" | "command" | "guest" | number;
const HealthCheckKindNames: readonly HealthCheckKind[] = ["http", "tcp", "serial", "command", "guest"];
export const HealthCheckKindNumbers: Readonly<Record<string, number>> = { http: 0, tcp: 1, serial: 2, command: 3, guest: 4 };
export function decodeHealthCheckKind(value: number): HealthCheckKind {
  return HealthCheckKindNames[value] ?? value;
}

/** A number stands for an enumerant that this schema does not know. */
export type HostFailureKind = "disk" | "driver" | "cache" | "capacity" | number;
const HostFailureKindNames: readonly HostFailureKind[] = ["disk", "driver", "cache", "capacity"];
export const HostFailureKindNumbers: Readonly<Record<string, number>> = { disk: 0, driver: 1, cache: 2, capacity: 3 };
export function decodeHostFailureKind(value: number): HostFailureKind {
  return HostFailureKindNames[value] ?? value;
}

/** A number stands for an enumerant that this schema does not know. */
export type ImageRoot = "initrd" | "store" | number;
const ImageRootNames: readonly ImageRoot[] = ["initrd", "store"];
export const ImageRootNumbers: Readonly<Record<string, number>> = { initrd: 0, store: 1 };
export function decodeImageRoot(value: number): ImageRoot {
  return ImageRootNames[value] ?? value;
}

/** A number stands for an enumerant that this schema does not know. */
export type RestartPolicy = "always" | "onFailure" | "never" | number;
const RestartPolicyNames: readonly RestartPolicy[] = ["always", "onFailure", "never"];
export const RestartPolicyNumbers: Readonly<Record<string, number>> = { always: 0, onFailure: 1, never: 2 };
export function decodeRestartPolicy(value: number): RestartPolicy {
  return RestartPolicyNames[value] ?? value;
}

/** A number stands for an enumerant that this schema does not know. */
export type RuleOperator = "equal" | "notEqual" | "in" | "version" | "regexp" | number;
const RuleOperatorNames: readonly RuleOperator[] = ["equal", "notEqual", "in", "version", "regexp"];
export const RuleOperatorNumbers: Readonly<Record<string, number>> = { equal: 0, notEqual: 1, in: 2, version: 3, regexp: 4 };
export function decodeRuleOperator(value: number): RuleOperator {
  return RuleOperatorNames[value] ?? value;
}

/** A number stands for an enumerant that this schema does not know. */
export type UpdateStrategy = "rolling" | "canary" | "blueGreen" | number;
const UpdateStrategyNames: readonly UpdateStrategy[] = ["rolling", "canary", "blueGreen"];
export const UpdateStrategyNumbers: Readonly<Record<string, number>> = { rolling: 0, canary: 1, blueGreen: 2 };
export function decodeUpdateStrategy(value: number): UpdateStrategy {
  return UpdateStrategyNames[value] ?? value;
}

/** A number stands for an enumerant that this schema does not know. */
export type VmSpecFencing = "none" | "exclusive" | number;
const VmSpecFencingNames: readonly VmSpecFencing[] = ["none", "exclusive"];
export const VmSpecFencingNumbers: Readonly<Record<string, number>> = { none: 0, exclusive: 1 };
export function decodeVmSpecFencing(value: number): VmSpecFencing {
  return VmSpecFencingNames[value] ?? value;
}

/** A number stands for an enumerant that this schema does not know. */
export type VmState = "created" | "running" | "paused" | "shutdown" | number;
const VmStateNames: readonly VmState[] = ["created", "running", "paused", "shutdown"];
export const VmStateNumbers: Readonly<Record<string, number>> = { created: 0, running: 1, paused: 2, shutdown: 3 };
export function decodeVmState(value: number): VmState {
  return VmStateNames[value] ?? value;
}

export interface AddressList {
  addresses: (string)[];
}
export interface AddressListInput {
  addresses?: readonly (string)[] | undefined;
}
export function decodeAddressList(r: Reader): AddressList {
  const s = r.segment;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    addresses: q > 0 ? r.pointerList(s, p + 0, (r, s, at) => r.text(s, at)) : [],
  };
}
export function encodeAddressList(w: Writer, x: AddressListInput, at: number): void {
  const p = at + 0;
  if (x.addresses !== undefined && x.addresses.length !== 0) w.pointers(p + 0, x.addresses, (w, at, x) => w.text(at, x));
}
export const AddressList: StructType<AddressList, AddressListInput> = { name: "AddressList", dataWords: 0, pointerWords: 1, decode: decodeAddressList, encode: encodeAddressList };

export interface Capacity {
  cpuMilli: number;
  memoryMib: number;
}
export interface CapacityInput {
  cpuMilli?: number | undefined;
  memoryMib?: number | undefined;
}
export function decodeCapacity(r: Reader): Capacity {
  const s = r.segment;
  const v = s.view;
  const d = r.data;
  const n = r.dataBytes;
  return {
    cpuMilli: n >= 4 ? v.getUint32(d + 0, true) : 0,
    memoryMib: n >= 8 ? v.getUint32(d + 4, true) : 0,
  };
}
export function encodeCapacity(w: Writer, x: CapacityInput, at: number): void {
  if (x.cpuMilli !== undefined) w.view.setUint32(at + 0, checkInteger(x.cpuMilli, 0, 4294967295, "Capacity.cpuMilli"), true);
  if (x.memoryMib !== undefined) w.view.setUint32(at + 4, checkInteger(x.memoryMib, 0, 4294967295, "Capacity.memoryMib"), true);
}
export const Capacity: StructType<Capacity, CapacityInput> = { name: "Capacity", dataWords: 1, pointerWords: 0, decode: decodeCapacity, encode: encodeCapacity };

export interface Fence {
  leaseEpoch: number | bigint;
  revision: number | bigint;
}
export interface FenceInput {
  leaseEpoch?: number | bigint | undefined;
  revision?: number | bigint | undefined;
}
export function decodeFence(r: Reader): Fence {
  const s = r.segment;
  const v = s.view;
  const d = r.data;
  const n = r.dataBytes;
  return {
    leaseEpoch: n >= 8 ? getUint64(v, d + 0) : 0,
    revision: n >= 16 ? getUint64(v, d + 8) : 0,
  };
}
export function encodeFence(w: Writer, x: FenceInput, at: number): void {
  if (x.leaseEpoch !== undefined) setUint64(w.view, at + 0, x.leaseEpoch, "Fence.leaseEpoch");
  if (x.revision !== undefined) setUint64(w.view, at + 8, x.revision, "Fence.revision");
}
export const Fence: StructType<Fence, FenceInput> = { name: "Fence", dataWords: 2, pointerWords: 0, decode: decodeFence, encode: encodeFence };

export interface GuestNetwork {
  address: string;
  peers: (GuestNetworkPeer)[];
  sources: (string)[];
  sourcesList: number;
}
export interface GuestNetworkInput {
  address?: string | undefined;
  peers?: readonly (GuestNetworkPeerInput)[] | undefined;
  sources?: readonly (string)[] | undefined;
  sourcesList?: number | undefined;
}
export function decodeGuestNetwork(r: Reader): GuestNetwork {
  const s = r.segment;
  const v = s.view;
  const d = r.data;
  const n = r.dataBytes;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    address: q > 0 ? r.text(s, p + 0) : "",
    peers: q > 1 ? r.structs(s, p + 8, decodeGuestNetworkPeer) : [],
    sources: q > 2 ? r.pointerList(s, p + 16, (r, s, at) => r.text(s, at)) : [],
    sourcesList: n >= 4 ? v.getUint32(d + 0, true) : 0,
  };
}
export function encodeGuestNetwork(w: Writer, x: GuestNetworkInput, at: number): void {
  const p = at + 8;
  if (x.address !== undefined && x.address.length !== 0) w.text(p + 0, x.address);
  if (x.peers !== undefined && x.peers.length !== 0) w.structs(p + 8, x.peers, { dataWords: 1, pointerWords: 2, write: encodeGuestNetworkPeer });
  if (x.sources !== undefined && x.sources.length !== 0) w.pointers(p + 16, x.sources, (w, at, x) => w.text(at, x));
  if (x.sourcesList !== undefined) w.view.setUint32(at + 0, checkInteger(x.sourcesList, 0, 4294967295, "GuestNetwork.sourcesList"), true);
}
export const GuestNetwork: StructType<GuestNetwork, GuestNetworkInput> = { name: "GuestNetwork", dataWords: 1, pointerWords: 3, decode: decodeGuestNetwork, encode: encodeGuestNetwork };

export interface GuestNetworkPeer {
  name: string;
  addresses: (string)[];
  list: number;
}
export interface GuestNetworkPeerInput {
  name?: string | undefined;
  addresses?: readonly (string)[] | undefined;
  list?: number | undefined;
}
export function decodeGuestNetworkPeer(r: Reader): GuestNetworkPeer {
  const s = r.segment;
  const v = s.view;
  const d = r.data;
  const n = r.dataBytes;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    name: q > 0 ? r.text(s, p + 0) : "",
    addresses: q > 1 ? r.pointerList(s, p + 8, (r, s, at) => r.text(s, at)) : [],
    list: n >= 4 ? v.getUint32(d + 0, true) : 0,
  };
}
export function encodeGuestNetworkPeer(w: Writer, x: GuestNetworkPeerInput, at: number): void {
  const p = at + 8;
  if (x.name !== undefined && x.name.length !== 0) w.text(p + 0, x.name);
  if (x.addresses !== undefined && x.addresses.length !== 0) w.pointers(p + 8, x.addresses, (w, at, x) => w.text(at, x));
  if (x.list !== undefined) w.view.setUint32(at + 0, checkInteger(x.list, 0, 4294967295, "GuestNetworkPeer.list"), true);
}
export const GuestNetworkPeer: StructType<GuestNetworkPeer, GuestNetworkPeerInput> = { name: "GuestNetworkPeer", dataWords: 1, pointerWords: 2, decode: decodeGuestNetworkPeer, encode: encodeGuestNetworkPeer };

export interface HealthCheck {
  name: string;
  kind: HealthCheckKind;
  port: number;
  path: string;
  match: string;
  command: (string)[];
  intervalMs: number;
  timeoutMs: number;
  graceMs: number;
  successes: number;
  failures: number;
}
export interface HealthCheckInput {
  name?: string | undefined;
  kind?: HealthCheckKind | undefined;
  port?: number | undefined;
  path?: string | undefined;
  match?: string | undefined;
  command?: readonly (string)[] | undefined;
  intervalMs?: number | undefined;
  timeoutMs?: number | undefined;
  graceMs?: number | undefined;
  successes?: number | undefined;
  failures?: number | undefined;
}
export function decodeHealthCheck(r: Reader): HealthCheck {
  const s = r.segment;
  const v = s.view;
  const d = r.data;
  const n = r.dataBytes;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    name: q > 0 ? r.text(s, p + 0) : "",
    kind: decodeHealthCheckKind(n >= 2 ? v.getUint16(d + 0, true) : 0),
    port: n >= 4 ? v.getUint16(d + 2, true) : 0,
    path: q > 1 ? r.text(s, p + 8) : "",
    match: q > 2 ? r.text(s, p + 16) : "",
    command: q > 3 ? r.pointerList(s, p + 24, (r, s, at) => r.text(s, at)) : [],
    intervalMs: ((n >= 8 ? v.getUint32(d + 4, true) : 0) ^ 1000) >>> 0,
    timeoutMs: ((n >= 12 ? v.getUint32(d + 8, true) : 0) ^ 2000) >>> 0,
    graceMs: n >= 16 ? v.getUint32(d + 12, true) : 0,
    successes: ((n >= 18 ? v.getUint16(d + 16, true) : 0) ^ 1) >>> 0,
    failures: ((n >= 20 ? v.getUint16(d + 18, true) : 0) ^ 3) >>> 0,
  };
}
export function encodeHealthCheck(w: Writer, x: HealthCheckInput, at: number): void {
  const p = at + 24;
  if (x.name !== undefined && x.name.length !== 0) w.text(p + 0, x.name);
  if (x.kind !== undefined) w.view.setUint16(at + 0, enumNumber(x.kind, HealthCheckKindNumbers, "HealthCheck.kind"), true);
  if (x.port !== undefined) w.view.setUint16(at + 2, checkInteger(x.port, 0, 65535, "HealthCheck.port"), true);
  if (x.path !== undefined && x.path.length !== 0) w.text(p + 8, x.path);
  if (x.match !== undefined && x.match.length !== 0) w.text(p + 16, x.match);
  if (x.command !== undefined && x.command.length !== 0) w.pointers(p + 24, x.command, (w, at, x) => w.text(at, x));
  if (x.intervalMs !== undefined) w.view.setUint32(at + 4, checkInteger(x.intervalMs, 0, 4294967295, "HealthCheck.intervalMs") ^ 1000, true);
  if (x.timeoutMs !== undefined) w.view.setUint32(at + 8, checkInteger(x.timeoutMs, 0, 4294967295, "HealthCheck.timeoutMs") ^ 2000, true);
  if (x.graceMs !== undefined) w.view.setUint32(at + 12, checkInteger(x.graceMs, 0, 4294967295, "HealthCheck.graceMs"), true);
  if (x.successes !== undefined) w.view.setUint16(at + 16, checkInteger(x.successes, 0, 65535, "HealthCheck.successes") ^ 1, true);
  if (x.failures !== undefined) w.view.setUint16(at + 18, checkInteger(x.failures, 0, 65535, "HealthCheck.failures") ^ 3, true);
}
export const HealthCheck: StructType<HealthCheck, HealthCheckInput> = { name: "HealthCheck", dataWords: 3, pointerWords: 4, decode: decodeHealthCheck, encode: encodeHealthCheck };

export interface HostFailure {
  kind: HostFailureKind;
  message: string;
}
export interface HostFailureInput {
  kind?: HostFailureKind | undefined;
  message?: string | undefined;
}
export function decodeHostFailure(r: Reader): HostFailure {
  const s = r.segment;
  const v = s.view;
  const d = r.data;
  const n = r.dataBytes;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    kind: decodeHostFailureKind(n >= 2 ? v.getUint16(d + 0, true) : 0),
    message: q > 0 ? r.text(s, p + 0) : "",
  };
}
export function encodeHostFailure(w: Writer, x: HostFailureInput, at: number): void {
  const p = at + 8;
  if (x.kind !== undefined) w.view.setUint16(at + 0, enumNumber(x.kind, HostFailureKindNumbers, "HostFailure.kind"), true);
  if (x.message !== undefined && x.message.length !== 0) w.text(p + 0, x.message);
}
export const HostFailure: StructType<HostFailure, HostFailureInput> = { name: "HostFailure", dataWords: 1, pointerWords: 1, decode: decodeHostFailure, encode: encodeHostFailure };

export interface Image {
  toplevel: string;
  kernelPath: string;
  initrdPath: string;
  diskImagePath: string;
  cmdline: string;
  root: ImageRoot;
}
export interface ImageInput {
  toplevel?: string | undefined;
  kernelPath?: string | undefined;
  initrdPath?: string | undefined;
  diskImagePath?: string | undefined;
  cmdline?: string | undefined;
  root?: ImageRoot | undefined;
}
export function decodeImage(r: Reader): Image {
  const s = r.segment;
  const v = s.view;
  const d = r.data;
  const n = r.dataBytes;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    toplevel: q > 0 ? r.text(s, p + 0) : "",
    kernelPath: q > 1 ? r.text(s, p + 8) : "",
    initrdPath: q > 2 ? r.text(s, p + 16) : "",
    diskImagePath: q > 3 ? r.text(s, p + 24) : "",
    cmdline: q > 4 ? r.text(s, p + 32) : "",
    root: decodeImageRoot(n >= 2 ? v.getUint16(d + 0, true) : 0),
  };
}
export function encodeImage(w: Writer, x: ImageInput, at: number): void {
  const p = at + 8;
  if (x.toplevel !== undefined && x.toplevel.length !== 0) w.text(p + 0, x.toplevel);
  if (x.kernelPath !== undefined && x.kernelPath.length !== 0) w.text(p + 8, x.kernelPath);
  if (x.initrdPath !== undefined && x.initrdPath.length !== 0) w.text(p + 16, x.initrdPath);
  if (x.diskImagePath !== undefined && x.diskImagePath.length !== 0) w.text(p + 24, x.diskImagePath);
  if (x.cmdline !== undefined && x.cmdline.length !== 0) w.text(p + 32, x.cmdline);
  if (x.root !== undefined) w.view.setUint16(at + 0, enumNumber(x.root, ImageRootNumbers, "Image.root"), true);
}
export const Image: StructType<Image, ImageInput> = { name: "Image", dataWords: 1, pointerWords: 5, decode: decodeImage, encode: encodeImage };

export interface Label {
  key: string;
  value: string;
}
export interface LabelInput {
  key?: string | undefined;
  value?: string | undefined;
}
export function decodeLabel(r: Reader): Label {
  const s = r.segment;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    key: q > 0 ? r.text(s, p + 0) : "",
    value: q > 1 ? r.text(s, p + 8) : "",
  };
}
export function encodeLabel(w: Writer, x: LabelInput, at: number): void {
  const p = at + 0;
  if (x.key !== undefined && x.key.length !== 0) w.text(p + 0, x.key);
  if (x.value !== undefined && x.value.length !== 0) w.text(p + 8, x.value);
}
export const Label: StructType<Label, LabelInput> = { name: "Label", dataWords: 0, pointerWords: 2, decode: decodeLabel, encode: encodeLabel };

export interface Network {
  allowedDomains: (string)[];
  allowedPeers: (string)[];
  ports: (Port)[];
  rateLimitMbit: number;
}
export interface NetworkInput {
  allowedDomains?: readonly (string)[] | undefined;
  allowedPeers?: readonly (string)[] | undefined;
  ports?: readonly (PortInput)[] | undefined;
  rateLimitMbit?: number | undefined;
}
export function decodeNetwork(r: Reader): Network {
  const s = r.segment;
  const v = s.view;
  const d = r.data;
  const n = r.dataBytes;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    allowedDomains: q > 0 ? r.pointerList(s, p + 0, (r, s, at) => r.text(s, at)) : [],
    allowedPeers: q > 1 ? r.pointerList(s, p + 8, (r, s, at) => r.text(s, at)) : [],
    ports: q > 2 ? r.structs(s, p + 16, decodePort) : [],
    rateLimitMbit: n >= 4 ? v.getUint32(d + 0, true) : 0,
  };
}
export function encodeNetwork(w: Writer, x: NetworkInput, at: number): void {
  const p = at + 8;
  if (x.allowedDomains !== undefined && x.allowedDomains.length !== 0) w.pointers(p + 0, x.allowedDomains, (w, at, x) => w.text(at, x));
  if (x.allowedPeers !== undefined && x.allowedPeers.length !== 0) w.pointers(p + 8, x.allowedPeers, (w, at, x) => w.text(at, x));
  if (x.ports !== undefined && x.ports.length !== 0) w.structs(p + 16, x.ports, { dataWords: 1, pointerWords: 1, write: encodePort });
  if (x.rateLimitMbit !== undefined) w.view.setUint32(at + 0, checkInteger(x.rateLimitMbit, 0, 4294967295, "Network.rateLimitMbit"), true);
}
export const Network: StructType<Network, NetworkInput> = { name: "Network", dataWords: 1, pointerWords: 3, decode: decodeNetwork, encode: encodeNetwork };

export interface ObservedPort {
  name: string;
  guest: number;
  host: number;
}
export interface ObservedPortInput {
  name?: string | undefined;
  guest?: number | undefined;
  host?: number | undefined;
}
export function decodeObservedPort(r: Reader): ObservedPort {
  const s = r.segment;
  const v = s.view;
  const d = r.data;
  const n = r.dataBytes;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    name: q > 0 ? r.text(s, p + 0) : "",
    guest: n >= 2 ? v.getUint16(d + 0, true) : 0,
    host: n >= 4 ? v.getUint16(d + 2, true) : 0,
  };
}
export function encodeObservedPort(w: Writer, x: ObservedPortInput, at: number): void {
  const p = at + 8;
  if (x.name !== undefined && x.name.length !== 0) w.text(p + 0, x.name);
  if (x.guest !== undefined) w.view.setUint16(at + 0, checkInteger(x.guest, 0, 65535, "ObservedPort.guest"), true);
  if (x.host !== undefined) w.view.setUint16(at + 2, checkInteger(x.host, 0, 65535, "ObservedPort.host"), true);
}
export const ObservedPort: StructType<ObservedPort, ObservedPortInput> = { name: "ObservedPort", dataWords: 1, pointerWords: 1, decode: decodeObservedPort, encode: encodeObservedPort };

export interface ObservedVm {
  vm: string;
  incarnation: number | bigint;
  state: VmState;
  runtimeHash: string;
  generation: number | bigint;
  health: Health;
  healthyForMs: number | bigint;
  settled: boolean;
  restarts: number | bigint;
  address: string;
  ports: (ObservedPort)[];
  rolledBack: RolledBack | undefined;
  hostFailure: HostFailure | undefined;
  message: string;
  copySeconds: number;
  bootSeconds: number;
  healthySeconds: number;
  closureBytes: number | bigint;
  change: string;
}
export interface ObservedVmInput {
  vm?: string | undefined;
  incarnation?: number | bigint | undefined;
  state?: VmState | undefined;
  runtimeHash?: string | undefined;
  generation?: number | bigint | undefined;
  health?: Health | undefined;
  healthyForMs?: number | bigint | undefined;
  settled?: boolean | undefined;
  restarts?: number | bigint | undefined;
  address?: string | undefined;
  ports?: readonly (ObservedPortInput)[] | undefined;
  rolledBack?: RolledBackInput | undefined;
  hostFailure?: HostFailureInput | undefined;
  message?: string | undefined;
  copySeconds?: number | undefined;
  bootSeconds?: number | undefined;
  healthySeconds?: number | undefined;
  closureBytes?: number | bigint | undefined;
  change?: string | undefined;
}
export function decodeObservedVm(r: Reader): ObservedVm {
  const s = r.segment;
  const v = s.view;
  const d = r.data;
  const n = r.dataBytes;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    vm: q > 0 ? r.text(s, p + 0) : "",
    incarnation: n >= 8 ? getUint64(v, d + 0) : 0,
    state: decodeVmState(n >= 10 ? v.getUint16(d + 8, true) : 0),
    runtimeHash: q > 1 ? r.text(s, p + 8) : "",
    generation: n >= 24 ? getUint64(v, d + 16) : 0,
    health: decodeHealth(n >= 12 ? v.getUint16(d + 10, true) : 0),
    healthyForMs: getInt64Default(n >= 32 ? v : undefined, d + 24, 4294967295, 4294967295),
    settled: n > 12 && (v.getUint8(d + 12) & 1) !== 0,
    restarts: n >= 40 ? getUint64(v, d + 32) : 0,
    address: q > 2 ? r.text(s, p + 16) : "",
    ports: q > 3 ? r.structs(s, p + 24, decodeObservedPort) : [],
    rolledBack: q > 4 ? r.struct(s, p + 32, decodeRolledBack) : undefined,
    hostFailure: q > 5 ? r.struct(s, p + 40, decodeHostFailure) : undefined,
    message: q > 6 ? r.text(s, p + 48) : "",
    copySeconds: getFloat64Default(n >= 48 ? v : undefined, d + 40, 0, 3220176896),
    bootSeconds: getFloat64Default(n >= 56 ? v : undefined, d + 48, 0, 3220176896),
    healthySeconds: getFloat64Default(n >= 64 ? v : undefined, d + 56, 0, 3220176896),
    closureBytes: getInt64Default(n >= 72 ? v : undefined, d + 64, 4294967295, 4294967295),
    change: q > 7 ? r.text(s, p + 56) : "",
  };
}
export function encodeObservedVm(w: Writer, x: ObservedVmInput, at: number): void {
  const p = at + 72;
  if (x.vm !== undefined && x.vm.length !== 0) w.text(p + 0, x.vm);
  if (x.incarnation !== undefined) setUint64(w.view, at + 0, x.incarnation, "ObservedVm.incarnation");
  if (x.state !== undefined) w.view.setUint16(at + 8, enumNumber(x.state, VmStateNumbers, "ObservedVm.state"), true);
  if (x.runtimeHash !== undefined && x.runtimeHash.length !== 0) w.text(p + 8, x.runtimeHash);
  if (x.generation !== undefined) setUint64(w.view, at + 16, x.generation, "ObservedVm.generation");
  if (x.health !== undefined) w.view.setUint16(at + 10, enumNumber(x.health, HealthNumbers, "ObservedVm.health"), true);
  if (x.healthyForMs !== undefined) { setInt64(w.view, at + 24, x.healthyForMs, "ObservedVm.healthyForMs"); flip64(w.view, at + 24, 4294967295, 4294967295); }
  if (x.settled === true) w.view.setUint8(at + 12, w.view.getUint8(at + 12) | 1);
  if (x.restarts !== undefined) setUint64(w.view, at + 32, x.restarts, "ObservedVm.restarts");
  if (x.address !== undefined && x.address.length !== 0) w.text(p + 16, x.address);
  if (x.ports !== undefined && x.ports.length !== 0) w.structs(p + 24, x.ports, { dataWords: 1, pointerWords: 1, write: encodeObservedPort });
  if (x.rolledBack !== undefined) encodeRolledBack(w, x.rolledBack, w.struct(p + 32, 2, 2));
  if (x.hostFailure !== undefined) encodeHostFailure(w, x.hostFailure, w.struct(p + 40, 1, 1));
  if (x.message !== undefined && x.message.length !== 0) w.text(p + 48, x.message);
  if (x.copySeconds !== undefined) { w.view.setFloat64(at + 40, x.copySeconds, true); flip64(w.view, at + 40, 0, 3220176896); }
  if (x.bootSeconds !== undefined) { w.view.setFloat64(at + 48, x.bootSeconds, true); flip64(w.view, at + 48, 0, 3220176896); }
  if (x.healthySeconds !== undefined) { w.view.setFloat64(at + 56, x.healthySeconds, true); flip64(w.view, at + 56, 0, 3220176896); }
  if (x.closureBytes !== undefined) { setInt64(w.view, at + 64, x.closureBytes, "ObservedVm.closureBytes"); flip64(w.view, at + 64, 4294967295, 4294967295); }
  if (x.change !== undefined && x.change.length !== 0) w.text(p + 56, x.change);
}
export const ObservedVm: StructType<ObservedVm, ObservedVmInput> = { name: "ObservedVm", dataWords: 9, pointerWords: 8, decode: decodeObservedVm, encode: encodeObservedVm };

export interface Port {
  name: string;
  guest: number;
  publish: number;
}
export interface PortInput {
  name?: string | undefined;
  guest?: number | undefined;
  publish?: number | undefined;
}
export function decodePort(r: Reader): Port {
  const s = r.segment;
  const v = s.view;
  const d = r.data;
  const n = r.dataBytes;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    name: q > 0 ? r.text(s, p + 0) : "",
    guest: n >= 2 ? v.getUint16(d + 0, true) : 0,
    publish: n >= 4 ? v.getUint16(d + 2, true) : 0,
  };
}
export function encodePort(w: Writer, x: PortInput, at: number): void {
  const p = at + 8;
  if (x.name !== undefined && x.name.length !== 0) w.text(p + 0, x.name);
  if (x.guest !== undefined) w.view.setUint16(at + 0, checkInteger(x.guest, 0, 65535, "Port.guest"), true);
  if (x.publish !== undefined) w.view.setUint16(at + 2, checkInteger(x.publish, 0, 65535, "Port.publish"), true);
}
export const Port: StructType<Port, PortInput> = { name: "Port", dataWords: 1, pointerWords: 1, decode: decodePort, encode: encodePort };

export interface Restart {
  policy: RestartPolicy;
  delayMs: number;
  maxDelayMs: number;
}
export interface RestartInput {
  policy?: RestartPolicy | undefined;
  delayMs?: number | undefined;
  maxDelayMs?: number | undefined;
}
export function decodeRestart(r: Reader): Restart {
  const s = r.segment;
  const v = s.view;
  const d = r.data;
  const n = r.dataBytes;
  return {
    policy: decodeRestartPolicy(n >= 2 ? v.getUint16(d + 0, true) : 0),
    delayMs: ((n >= 8 ? v.getUint32(d + 4, true) : 0) ^ 1000) >>> 0,
    maxDelayMs: ((n >= 12 ? v.getUint32(d + 8, true) : 0) ^ 60000) >>> 0,
  };
}
export function encodeRestart(w: Writer, x: RestartInput, at: number): void {
  if (x.policy !== undefined) w.view.setUint16(at + 0, enumNumber(x.policy, RestartPolicyNumbers, "Restart.policy"), true);
  if (x.delayMs !== undefined) w.view.setUint32(at + 4, checkInteger(x.delayMs, 0, 4294967295, "Restart.delayMs") ^ 1000, true);
  if (x.maxDelayMs !== undefined) w.view.setUint32(at + 8, checkInteger(x.maxDelayMs, 0, 4294967295, "Restart.maxDelayMs") ^ 60000, true);
}
export const Restart: StructType<Restart, RestartInput> = { name: "Restart", dataWords: 2, pointerWords: 0, decode: decodeRestart, encode: encodeRestart };

export interface RolledBack {
  runtimeHash: string;
  orderRevision: number | bigint;
  generation: number | bigint;
  reason: string;
}
export interface RolledBackInput {
  runtimeHash?: string | undefined;
  orderRevision?: number | bigint | undefined;
  generation?: number | bigint | undefined;
  reason?: string | undefined;
}
export function decodeRolledBack(r: Reader): RolledBack {
  const s = r.segment;
  const v = s.view;
  const d = r.data;
  const n = r.dataBytes;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    runtimeHash: q > 0 ? r.text(s, p + 0) : "",
    orderRevision: n >= 8 ? getUint64(v, d + 0) : 0,
    generation: n >= 16 ? getUint64(v, d + 8) : 0,
    reason: q > 1 ? r.text(s, p + 8) : "",
  };
}
export function encodeRolledBack(w: Writer, x: RolledBackInput, at: number): void {
  const p = at + 16;
  if (x.runtimeHash !== undefined && x.runtimeHash.length !== 0) w.text(p + 0, x.runtimeHash);
  if (x.orderRevision !== undefined) setUint64(w.view, at + 0, x.orderRevision, "RolledBack.orderRevision");
  if (x.generation !== undefined) setUint64(w.view, at + 8, x.generation, "RolledBack.generation");
  if (x.reason !== undefined && x.reason.length !== 0) w.text(p + 8, x.reason);
}
export const RolledBack: StructType<RolledBack, RolledBackInput> = { name: "RolledBack", dataWords: 2, pointerWords: 2, decode: decodeRolledBack, encode: encodeRolledBack };

export interface Rule {
  attribute: string;
  operator: RuleOperator;
  values: (string)[];
  isList: boolean;
  weight: number;
}
export interface RuleInput {
  attribute?: string | undefined;
  operator?: RuleOperator | undefined;
  values?: readonly (string)[] | undefined;
  isList?: boolean | undefined;
  weight?: number | undefined;
}
export function decodeRule(r: Reader): Rule {
  const s = r.segment;
  const v = s.view;
  const d = r.data;
  const n = r.dataBytes;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    attribute: q > 0 ? r.text(s, p + 0) : "",
    operator: decodeRuleOperator(n >= 2 ? v.getUint16(d + 0, true) : 0),
    values: q > 1 ? r.pointerList(s, p + 8, (r, s, at) => r.text(s, at)) : [],
    isList: n > 2 && (v.getUint8(d + 2) & 1) !== 0,
    weight: n >= 8 ? v.getInt32(d + 4, true) : 0,
  };
}
export function encodeRule(w: Writer, x: RuleInput, at: number): void {
  const p = at + 8;
  if (x.attribute !== undefined && x.attribute.length !== 0) w.text(p + 0, x.attribute);
  if (x.operator !== undefined) w.view.setUint16(at + 0, enumNumber(x.operator, RuleOperatorNumbers, "Rule.operator"), true);
  if (x.values !== undefined && x.values.length !== 0) w.pointers(p + 8, x.values, (w, at, x) => w.text(at, x));
  if (x.isList === true) w.view.setUint8(at + 2, w.view.getUint8(at + 2) | 1);
  if (x.weight !== undefined) w.view.setInt32(at + 4, checkInteger(x.weight, -2147483648, 2147483647, "Rule.weight"), true);
}
export const Rule: StructType<Rule, RuleInput> = { name: "Rule", dataWords: 1, pointerWords: 2, decode: decodeRule, encode: encodeRule };

export interface Update {
  strategy: UpdateStrategy;
  maxParallel: number;
  canary: number;
  minAvailable: number;
  minHealthyTimeMs: number;
  healthyDeadlineMs: number;
  progressDeadlineMs: number;
  autoRevert: boolean;
  autoPromote: boolean;
}
export interface UpdateInput {
  strategy?: UpdateStrategy | undefined;
  maxParallel?: number | undefined;
  canary?: number | undefined;
  minAvailable?: number | undefined;
  minHealthyTimeMs?: number | undefined;
  healthyDeadlineMs?: number | undefined;
  progressDeadlineMs?: number | undefined;
  autoRevert?: boolean | undefined;
  autoPromote?: boolean | undefined;
}
export function decodeUpdate(r: Reader): Update {
  const s = r.segment;
  const v = s.view;
  const d = r.data;
  const n = r.dataBytes;
  return {
    strategy: decodeUpdateStrategy(n >= 2 ? v.getUint16(d + 0, true) : 0),
    maxParallel: ((n >= 8 ? v.getUint32(d + 4, true) : 0) ^ 1) >>> 0,
    canary: n >= 12 ? v.getUint32(d + 8, true) : 0,
    minAvailable: (n >= 16 ? v.getInt32(d + 12, true) : 0) ^ -1,
    minHealthyTimeMs: ((n >= 20 ? v.getUint32(d + 16, true) : 0) ^ 10000) >>> 0,
    healthyDeadlineMs: ((n >= 24 ? v.getUint32(d + 20, true) : 0) ^ 300000) >>> 0,
    progressDeadlineMs: ((n >= 28 ? v.getUint32(d + 24, true) : 0) ^ 600000) >>> 0,
    autoRevert: n <= 2 || (v.getUint8(d + 2) & 1) === 0,
    autoPromote: n > 2 && (v.getUint8(d + 2) & 2) !== 0,
  };
}
export function encodeUpdate(w: Writer, x: UpdateInput, at: number): void {
  if (x.strategy !== undefined) w.view.setUint16(at + 0, enumNumber(x.strategy, UpdateStrategyNumbers, "Update.strategy"), true);
  if (x.maxParallel !== undefined) w.view.setUint32(at + 4, checkInteger(x.maxParallel, 0, 4294967295, "Update.maxParallel") ^ 1, true);
  if (x.canary !== undefined) w.view.setUint32(at + 8, checkInteger(x.canary, 0, 4294967295, "Update.canary"), true);
  if (x.minAvailable !== undefined) w.view.setInt32(at + 12, checkInteger(x.minAvailable, -2147483648, 2147483647, "Update.minAvailable") ^ -1, true);
  if (x.minHealthyTimeMs !== undefined) w.view.setUint32(at + 16, checkInteger(x.minHealthyTimeMs, 0, 4294967295, "Update.minHealthyTimeMs") ^ 10000, true);
  if (x.healthyDeadlineMs !== undefined) w.view.setUint32(at + 20, checkInteger(x.healthyDeadlineMs, 0, 4294967295, "Update.healthyDeadlineMs") ^ 300000, true);
  if (x.progressDeadlineMs !== undefined) w.view.setUint32(at + 24, checkInteger(x.progressDeadlineMs, 0, 4294967295, "Update.progressDeadlineMs") ^ 600000, true);
  if (x.autoRevert === false) w.view.setUint8(at + 2, w.view.getUint8(at + 2) | 1);
  if (x.autoPromote === true) w.view.setUint8(at + 2, w.view.getUint8(at + 2) | 2);
}
export const Update: StructType<Update, UpdateInput> = { name: "Update", dataWords: 4, pointerWords: 0, decode: decodeUpdate, encode: encodeUpdate };

export interface VmSpec {
  name: string;
  cpuMilli: number;
  memoryMib: number;
  replicas: number;
  priority: number;
  fencing: VmSpecFencing;
  image: Image | undefined;
  labels: (Label)[];
  env: (Label)[];
  network: Network | undefined;
  volumes: (Volume)[];
  healthChecks: (HealthCheck)[];
  update: Update | undefined;
  restart: Restart | undefined;
  constraints: (Rule)[];
  affinities: (Rule)[];
  spread: (Rule)[];
  dependsOn: (string)[];
  budgetBootMs: number;
  budgetClosureMib: number;
  backend: string;
}
export interface VmSpecInput {
  name?: string | undefined;
  cpuMilli?: number | undefined;
  memoryMib?: number | undefined;
  replicas?: number | undefined;
  priority?: number | undefined;
  fencing?: VmSpecFencing | undefined;
  image?: ImageInput | undefined;
  labels?: readonly (LabelInput)[] | undefined;
  env?: readonly (LabelInput)[] | undefined;
  network?: NetworkInput | undefined;
  volumes?: readonly (VolumeInput)[] | undefined;
  healthChecks?: readonly (HealthCheckInput)[] | undefined;
  update?: UpdateInput | undefined;
  restart?: RestartInput | undefined;
  constraints?: readonly (RuleInput)[] | undefined;
  affinities?: readonly (RuleInput)[] | undefined;
  spread?: readonly (RuleInput)[] | undefined;
  dependsOn?: readonly (string)[] | undefined;
  budgetBootMs?: number | undefined;
  budgetClosureMib?: number | undefined;
  backend?: string | undefined;
}
export function decodeVmSpec(r: Reader): VmSpec {
  const s = r.segment;
  const v = s.view;
  const d = r.data;
  const n = r.dataBytes;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    name: q > 0 ? r.text(s, p + 0) : "",
    cpuMilli: n >= 4 ? v.getUint32(d + 0, true) : 0,
    memoryMib: n >= 8 ? v.getUint32(d + 4, true) : 0,
    replicas: ((n >= 12 ? v.getUint32(d + 8, true) : 0) ^ 1) >>> 0,
    priority: n >= 16 ? v.getInt32(d + 12, true) : 0,
    fencing: decodeVmSpecFencing(n >= 18 ? v.getUint16(d + 16, true) : 0),
    image: q > 1 ? r.struct(s, p + 8, decodeImage) : undefined,
    labels: q > 2 ? r.structs(s, p + 16, decodeLabel) : [],
    env: q > 3 ? r.structs(s, p + 24, decodeLabel) : [],
    network: q > 4 ? r.struct(s, p + 32, decodeNetwork) : undefined,
    volumes: q > 5 ? r.structs(s, p + 40, decodeVolume) : [],
    healthChecks: q > 6 ? r.structs(s, p + 48, decodeHealthCheck) : [],
    update: q > 7 ? r.struct(s, p + 56, decodeUpdate) : undefined,
    restart: q > 8 ? r.struct(s, p + 64, decodeRestart) : undefined,
    constraints: q > 9 ? r.structs(s, p + 72, decodeRule) : [],
    affinities: q > 10 ? r.structs(s, p + 80, decodeRule) : [],
    spread: q > 11 ? r.structs(s, p + 88, decodeRule) : [],
    dependsOn: q > 12 ? r.pointerList(s, p + 96, (r, s, at) => r.text(s, at)) : [],
    budgetBootMs: n >= 24 ? v.getUint32(d + 20, true) : 0,
    budgetClosureMib: n >= 28 ? v.getUint32(d + 24, true) : 0,
    backend: q > 13 ? r.text(s, p + 104) : "",
  };
}
export function encodeVmSpec(w: Writer, x: VmSpecInput, at: number): void {
  const p = at + 32;
  if (x.name !== undefined && x.name.length !== 0) w.text(p + 0, x.name);
  if (x.cpuMilli !== undefined) w.view.setUint32(at + 0, checkInteger(x.cpuMilli, 0, 4294967295, "VmSpec.cpuMilli"), true);
  if (x.memoryMib !== undefined) w.view.setUint32(at + 4, checkInteger(x.memoryMib, 0, 4294967295, "VmSpec.memoryMib"), true);
  if (x.replicas !== undefined) w.view.setUint32(at + 8, checkInteger(x.replicas, 0, 4294967295, "VmSpec.replicas") ^ 1, true);
  if (x.priority !== undefined) w.view.setInt32(at + 12, checkInteger(x.priority, -2147483648, 2147483647, "VmSpec.priority"), true);
  if (x.fencing !== undefined) w.view.setUint16(at + 16, enumNumber(x.fencing, VmSpecFencingNumbers, "VmSpec.fencing"), true);
  if (x.image !== undefined) encodeImage(w, x.image, w.struct(p + 8, 1, 5));
  if (x.labels !== undefined && x.labels.length !== 0) w.structs(p + 16, x.labels, { dataWords: 0, pointerWords: 2, write: encodeLabel });
  if (x.env !== undefined && x.env.length !== 0) w.structs(p + 24, x.env, { dataWords: 0, pointerWords: 2, write: encodeLabel });
  if (x.network !== undefined) encodeNetwork(w, x.network, w.struct(p + 32, 1, 3));
  if (x.volumes !== undefined && x.volumes.length !== 0) w.structs(p + 40, x.volumes, { dataWords: 1, pointerWords: 2, write: encodeVolume });
  if (x.healthChecks !== undefined && x.healthChecks.length !== 0) w.structs(p + 48, x.healthChecks, { dataWords: 3, pointerWords: 4, write: encodeHealthCheck });
  if (x.update !== undefined) encodeUpdate(w, x.update, w.struct(p + 56, 4, 0));
  if (x.restart !== undefined) encodeRestart(w, x.restart, w.struct(p + 64, 2, 0));
  if (x.constraints !== undefined && x.constraints.length !== 0) w.structs(p + 72, x.constraints, { dataWords: 1, pointerWords: 2, write: encodeRule });
  if (x.affinities !== undefined && x.affinities.length !== 0) w.structs(p + 80, x.affinities, { dataWords: 1, pointerWords: 2, write: encodeRule });
  if (x.spread !== undefined && x.spread.length !== 0) w.structs(p + 88, x.spread, { dataWords: 1, pointerWords: 2, write: encodeRule });
  if (x.dependsOn !== undefined && x.dependsOn.length !== 0) w.pointers(p + 96, x.dependsOn, (w, at, x) => w.text(at, x));
  if (x.budgetBootMs !== undefined) w.view.setUint32(at + 20, checkInteger(x.budgetBootMs, 0, 4294967295, "VmSpec.budgetBootMs"), true);
  if (x.budgetClosureMib !== undefined) w.view.setUint32(at + 24, checkInteger(x.budgetClosureMib, 0, 4294967295, "VmSpec.budgetClosureMib"), true);
  if (x.backend !== undefined && x.backend.length !== 0) w.text(p + 104, x.backend);
}
export const VmSpec: StructType<VmSpec, VmSpecInput> = { name: "VmSpec", dataWords: 4, pointerWords: 14, decode: decodeVmSpec, encode: encodeVmSpec };

export interface Volume {
  name: string;
  sizeMib: number;
  mount: string;
}
export interface VolumeInput {
  name?: string | undefined;
  sizeMib?: number | undefined;
  mount?: string | undefined;
}
export function decodeVolume(r: Reader): Volume {
  const s = r.segment;
  const v = s.view;
  const d = r.data;
  const n = r.dataBytes;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    name: q > 0 ? r.text(s, p + 0) : "",
    sizeMib: n >= 4 ? v.getUint32(d + 0, true) : 0,
    mount: q > 1 ? r.text(s, p + 8) : "",
  };
}
export function encodeVolume(w: Writer, x: VolumeInput, at: number): void {
  const p = at + 8;
  if (x.name !== undefined && x.name.length !== 0) w.text(p + 0, x.name);
  if (x.sizeMib !== undefined) w.view.setUint32(at + 0, checkInteger(x.sizeMib, 0, 4294967295, "Volume.sizeMib"), true);
  if (x.mount !== undefined && x.mount.length !== 0) w.text(p + 8, x.mount);
}
export const Volume: StructType<Volume, VolumeInput> = { name: "Volume", dataWords: 1, pointerWords: 2, decode: decodeVolume, encode: encodeVolume };

