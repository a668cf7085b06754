// Generated from interop.capnp by `deno task schema`. Do not edit.
import { type Reader, type Segment } from "../core/reader.ts";
import { type InterfaceType, type StructType } from "../core/types.ts";
import { getFloat64Default, getInt64, getInt64Default, getUint64, getUint64Default } from "../core/wide.ts";
import { checkInteger, enumNumber, flip64, setInt64, setUint64, type Writer } from "../core/writer.ts";
import { type CallContext } from "../server.ts";
import { putClient, takeClient, type Call, type CallOptions, type Client } from "../stub.ts";

/** A number stands for an enumerant that this schema does not know. */
export type Color = "red" | "green" | "blue" | number;
const ColorNames: readonly Color[] = ["red", "green", "blue"];
export const ColorNumbers: Readonly<Record<string, number>> = { red: 0, green: 1, blue: 2 };
export function decodeColor(value: number): Color {
  return ColorNames[value] ?? value;
}

export interface AllTypes {
  void: undefined;
  bool: boolean;
  int8: number;
  int16: number;
  int32: number;
  int64: number | bigint;
  uint8: number;
  uint16: number;
  uint32: number;
  uint64: number | bigint;
  float32: number;
  float64: number;
  text: string;
  data: Uint8Array;
  color: Color;
  nested: AllTypes | undefined;
  bools: (boolean)[];
  int8s: (number)[];
  uint16s: (number)[];
  int32s: (number)[];
  int64s: (number | bigint)[];
  uint64s: (number | bigint)[];
  float32s: (number)[];
  float64s: (number)[];
  texts: (string)[];
  datas: (Uint8Array)[];
  colors: (Color)[];
  structs: (AllTypesInner)[];
  lists: ((number)[])[];
  voids: (undefined)[];
  choice: AllTypesChoice;
}
export interface AllTypesInput {
  void?: undefined | undefined;
  bool?: boolean | undefined;
  int8?: number | undefined;
  int16?: number | undefined;
  int32?: number | undefined;
  int64?: number | bigint | undefined;
  uint8?: number | undefined;
  uint16?: number | undefined;
  uint32?: number | undefined;
  uint64?: number | bigint | undefined;
  float32?: number | undefined;
  float64?: number | undefined;
  text?: string | undefined;
  data?: Uint8Array | undefined;
  color?: Color | undefined;
  nested?: AllTypesInput | undefined;
  bools?: readonly (boolean)[] | undefined;
  int8s?: readonly (number)[] | undefined;
  uint16s?: readonly (number)[] | undefined;
  int32s?: readonly (number)[] | undefined;
  int64s?: readonly (number | bigint)[] | undefined;
  uint64s?: readonly (number | bigint)[] | undefined;
  float32s?: readonly (number)[] | undefined;
  float64s?: readonly (number)[] | undefined;
  texts?: readonly (string)[] | undefined;
  datas?: readonly (Uint8Array)[] | undefined;
  colors?: readonly (Color)[] | undefined;
  structs?: readonly (AllTypesInnerInput)[] | undefined;
  lists?: readonly (readonly (number)[])[] | undefined;
  voids?: readonly (undefined)[] | undefined;
  choice?: AllTypesChoiceInput | undefined;
}
export function decodeAllTypes(r: Reader): AllTypes {
  const s = r.segment;
  const v = s.view;
  const d = r.data;
  const n = r.dataBytes;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    void: undefined,
    bool: n <= 0 || (v.getUint8(d + 0) & 1) === 0,
    int8: ((n >= 2 ? v.getInt8(d + 1) : 0) ^ 248) << 24 >> 24,
    int16: ((n >= 4 ? v.getInt16(d + 2, true) : 0) ^ 65520) << 16 >> 16,
    int32: (n >= 8 ? v.getInt32(d + 4, true) : 0) ^ -32,
    int64: getInt64Default(n >= 16 ? v : undefined, d + 8, 4294967232, 4294967295),
    uint8: ((n >= 17 ? v.getUint8(d + 16) : 0) ^ 8) >>> 0,
    uint16: ((n >= 20 ? v.getUint16(d + 18, true) : 0) ^ 16) >>> 0,
    uint32: ((n >= 24 ? v.getUint32(d + 20, true) : 0) ^ -294967296) >>> 0,
    uint64: getUint64Default(n >= 32 ? v : undefined, d + 24, 4294967295, 4294967295),
    float32: n >= 36 ? v.getFloat32(d + 32, true) : 0,
    float64: getFloat64Default(n >= 48 ? v : undefined, d + 40, 0, 1073217536),
    text: q > 0 ? r.text(s, p + 0) : "",
    data: q > 1 ? r.dataOf(s, p + 8) : new Uint8Array(0),
    color: decodeColor(((n >= 38 ? v.getUint16(d + 36, true) : 0) ^ 2) >>> 0),
    nested: q > 2 ? r.struct(s, p + 16, decodeAllTypes) : undefined,
    bools: q > 3 ? r.bools(s, p + 24) : [],
    int8s: q > 4 ? r.numbers(s, p + 32, 1, (v, at) => v.getInt8(at)) : [],
    uint16s: q > 5 ? r.numbers(s, p + 40, 2, (v, at) => v.getUint16(at, true)) : [],
    int32s: q > 6 ? r.numbers(s, p + 48, 4, (v, at) => v.getInt32(at, true)) : [],
    int64s: q > 7 ? r.numbers(s, p + 56, 8, getInt64) : [],
    uint64s: q > 8 ? r.numbers(s, p + 64, 8, getUint64) : [],
    float32s: q > 9 ? r.numbers(s, p + 72, 4, (v, at) => v.getFloat32(at, true)) : [],
    float64s: q > 10 ? r.numbers(s, p + 80, 8, (v, at) => v.getFloat64(at, true)) : [],
    texts: q > 11 ? r.pointerList(s, p + 88, (r, s, at) => r.text(s, at)) : [],
    datas: q > 12 ? r.pointerList(s, p + 96, (r, s, at) => r.dataOf(s, at)) : [],
    colors: q > 13 ? r.numbers(s, p + 104, 2, (v, at) => decodeColor(v.getUint16(at, true))) : [],
    structs: q > 14 ? r.structs(s, p + 112, decodeAllTypesInner) : [],
    lists: q > 15 ? r.pointerList(s, p + 120, (r, s, at) => r.numbers(s, at, 4, (v, at) => v.getInt32(at, true))) : [],
    voids: q > 16 ? r.voids(s, p + 128) : [],
    choice: decodeAllTypesChoice(r, s, d, n, p, q),
  };
}
export function encodeAllTypes(w: Writer, x: AllTypesInput, at: number): void {
  const p = at + 56;
  void x.void;
  if (x.bool === false) w.view.setUint8(at + 0, w.view.getUint8(at + 0) | 1);
  if (x.int8 !== undefined) w.view.setInt8(at + 1, checkInteger(x.int8, -128, 127, "AllTypes.int8") ^ 248);
  if (x.int16 !== undefined) w.view.setInt16(at + 2, checkInteger(x.int16, -32768, 32767, "AllTypes.int16") ^ 65520, true);
  if (x.int32 !== undefined) w.view.setInt32(at + 4, checkInteger(x.int32, -2147483648, 2147483647, "AllTypes.int32") ^ -32, true);
  if (x.int64 !== undefined) { setInt64(w.view, at + 8, x.int64, "AllTypes.int64"); flip64(w.view, at + 8, 4294967232, 4294967295); }
  if (x.uint8 !== undefined) w.view.setUint8(at + 16, checkInteger(x.uint8, 0, 255, "AllTypes.uint8") ^ 8);
  if (x.uint16 !== undefined) w.view.setUint16(at + 18, checkInteger(x.uint16, 0, 65535, "AllTypes.uint16") ^ 16, true);
  if (x.uint32 !== undefined) w.view.setUint32(at + 20, checkInteger(x.uint32, 0, 4294967295, "AllTypes.uint32") ^ -294967296, true);
  if (x.uint64 !== undefined) { setUint64(w.view, at + 24, x.uint64, "AllTypes.uint64"); flip64(w.view, at + 24, 4294967295, 4294967295); }
  if (x.float32 !== undefined) w.view.setFloat32(at + 32, x.float32, true);
  if (x.float64 !== undefined) { w.view.setFloat64(at + 40, x.float64, true); flip64(w.view, at + 40, 0, 1073217536); }
  if (x.text !== undefined && x.text.length !== 0) w.text(p + 0, x.text);
  if (x.data !== undefined && x.data.length !== 0) w.data(p + 8, x.data);
  if (x.color !== undefined) w.view.setUint16(at + 36, enumNumber(x.color, ColorNumbers, "AllTypes.color") ^ 2, true);
  if (x.nested !== undefined) encodeAllTypes(w, x.nested, w.struct(p + 16, 7, 18));
  if (x.bools !== undefined && x.bools.length !== 0) w.bools(p + 24, x.bools);
  if (x.int8s !== undefined && x.int8s.length !== 0) w.numbers(p + 32, x.int8s, { element: 2, size: 1, write: (w, at, x) => w.view.setInt8(at, checkInteger(x, -128, 127, "AllTypes.int8s")) });
  if (x.uint16s !== undefined && x.uint16s.length !== 0) w.numbers(p + 40, x.uint16s, { element: 3, size: 2, write: (w, at, x) => w.view.setUint16(at, checkInteger(x, 0, 65535, "AllTypes.uint16s"), true) });
  if (x.int32s !== undefined && x.int32s.length !== 0) w.numbers(p + 48, x.int32s, { element: 4, size: 4, write: (w, at, x) => w.view.setInt32(at, checkInteger(x, -2147483648, 2147483647, "AllTypes.int32s"), true) });
  if (x.int64s !== undefined && x.int64s.length !== 0) w.numbers(p + 56, x.int64s, { element: 5, size: 8, write: (w, at, x) => setInt64(w.view, at, x, "AllTypes.int64s") });
  if (x.uint64s !== undefined && x.uint64s.length !== 0) w.numbers(p + 64, x.uint64s, { element: 5, size: 8, write: (w, at, x) => setUint64(w.view, at, x, "AllTypes.uint64s") });
  if (x.float32s !== undefined && x.float32s.length !== 0) w.numbers(p + 72, x.float32s, { element: 4, size: 4, write: (w, at, x) => w.view.setFloat32(at, x, true) });
  if (x.float64s !== undefined && x.float64s.length !== 0) w.numbers(p + 80, x.float64s, { element: 5, size: 8, write: (w, at, x) => w.view.setFloat64(at, x, true) });
  if (x.texts !== undefined && x.texts.length !== 0) w.pointers(p + 88, x.texts, (w, at, x) => w.text(at, x));
  if (x.datas !== undefined && x.datas.length !== 0) w.pointers(p + 96, x.datas, (w, at, x) => w.data(at, x));
  if (x.colors !== undefined && x.colors.length !== 0) w.numbers(p + 104, x.colors, { element: 3, size: 2, write: (w, at, x) => w.view.setUint16(at, enumNumber(x, ColorNumbers, "AllTypes.colors"), true) });
  if (x.structs !== undefined && x.structs.length !== 0) w.structs(p + 112, x.structs, { dataWords: 1, pointerWords: 1, write: encodeAllTypesInner });
  if (x.lists !== undefined && x.lists.length !== 0) w.pointers(p + 120, x.lists, (w, at, x) => w.numbers(at, x, { element: 4, size: 4, write: (w, at, x) => w.view.setInt32(at, checkInteger(x, -2147483648, 2147483647, "AllTypes.lists"), true) }));
  if (x.voids !== undefined && x.voids.length !== 0) w.list(p + 128, 0, x.voids.length, 0);
  if (x.choice !== undefined) encodeAllTypesChoice(w, x.choice, at);
}
export const AllTypes: StructType<AllTypes, AllTypesInput> = { name: "AllTypes", dataWords: 7, pointerWords: 18, decode: decodeAllTypes, encode: encodeAllTypes };

/** A number in `which` stands for a member that this schema does not know. */
export type AllTypesChoice = ({ which: "none" } | { which: "number"; number: number | bigint } | { which: "inner"; inner: AllTypesInner | undefined } | { which: "words"; words: AllTypesChoiceWords } | { which: number });
export type AllTypesChoiceInput = ({ which: "none" } | { which: "number"; number?: number | bigint | undefined } | { which: "inner"; inner?: AllTypesInnerInput | undefined } | { which: "words"; words?: AllTypesChoiceWordsInput | undefined } | { which: number });
export function decodeAllTypesChoice(r: Reader, s: Segment, d: number, n: number, p: number, q: number): AllTypesChoice {
  const v = s.view;
  const which = n >= 40 ? v.getUint16(d + 38, true) : 0;
  switch (which) {
    case 0:
      return {  which: "none", };
    case 1:
      return {  which: "number", number: n >= 56 ? getInt64(v, d + 48) : 0, };
    case 2:
      return {  which: "inner", inner: q > 17 ? r.struct(s, p + 136, decodeAllTypesInner) : undefined, };
    case 3:
      return {  which: "words", words: decodeAllTypesChoiceWords(r, s, d, n, p, q), };
    default:
      return {  which };
  }
}
export function encodeAllTypesChoice(w: Writer, x: AllTypesChoiceInput, at: number): void {
  const p = at + 56;
  switch (x.which) {
    case "none":
      w.view.setUint16(at + 38, 0, true);
      break;
    case "number":
      w.view.setUint16(at + 38, 1, true);
      if (x.number !== undefined) setInt64(w.view, at + 48, x.number, "AllTypesChoice.number");
      break;
    case "inner":
      w.view.setUint16(at + 38, 2, true);
      if (x.inner !== undefined) encodeAllTypesInner(w, x.inner, w.struct(p + 136, 1, 1));
      break;
    case "words":
      w.view.setUint16(at + 38, 3, true);
      if (x.words !== undefined) encodeAllTypesChoiceWords(w, x.words, at);
      break;
    default:
      throw new RangeError(`AllTypesChoice.which must be one of none, number, inner, words, not ${String(x.which)}`);
  }
}
export interface AllTypesChoiceWords {
  first: string;
  second: number;
}
export interface AllTypesChoiceWordsInput {
  first?: string | undefined;
  second?: number | undefined;
}
export function decodeAllTypesChoiceWords(r: Reader, s: Segment, d: number, n: number, p: number, q: number): AllTypesChoiceWords {
  const v = s.view;
  return {
    first: q > 17 ? r.text(s, p + 136) : "",
    second: n >= 49 ? v.getUint8(d + 48) : 0,
  };
}
export function encodeAllTypesChoiceWords(w: Writer, x: AllTypesChoiceWordsInput, at: number): void {
  const p = at + 56;
  if (x.first !== undefined && x.first.length !== 0) w.text(p + 136, x.first);
  if (x.second !== undefined) w.view.setUint8(at + 48, checkInteger(x.second, 0, 255, "AllTypesChoiceWords.second"));
}
export interface AllTypesInner {
  flag: boolean;
  label: string;
}
export interface AllTypesInnerInput {
  flag?: boolean | undefined;
  label?: string | undefined;
}
export function decodeAllTypesInner(r: Reader): AllTypesInner {
  const s = r.segment;
  const v = s.view;
  const d = r.data;
  const n = r.dataBytes;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    flag: n > 0 && (v.getUint8(d + 0) & 1) !== 0,
    label: q > 0 ? r.text(s, p + 0) : "",
  };
}
export function encodeAllTypesInner(w: Writer, x: AllTypesInnerInput, at: number): void {
  const p = at + 8;
  if (x.flag === true) w.view.setUint8(at + 0, w.view.getUint8(at + 0) | 1);
  if (x.label !== undefined && x.label.length !== 0) w.text(p + 0, x.label);
}
export const AllTypesInner: StructType<AllTypesInner, AllTypesInnerInput> = { name: "AllTypesInner", dataWords: 1, pointerWords: 1, decode: decodeAllTypesInner, encode: encodeAllTypesInner };

export interface CounterNextParams {
  expect: number;
}
export interface CounterNextParamsInput {
  expect?: number | undefined;
}
export function decodeCounterNextParams(r: Reader): CounterNextParams {
  const s = r.segment;
  const v = s.view;
  const d = r.data;
  const n = r.dataBytes;
  return {
    expect: n >= 4 ? v.getUint32(d + 0, true) : 0,
  };
}
export function encodeCounterNextParams(w: Writer, x: CounterNextParamsInput, at: number): void {
  if (x.expect !== undefined) w.view.setUint32(at + 0, checkInteger(x.expect, 0, 4294967295, "CounterNextParams.expect"), true);
}
export const CounterNextParams: StructType<CounterNextParams, CounterNextParamsInput> = { name: "CounterNextParams", dataWords: 1, pointerWords: 0, decode: decodeCounterNextParams, encode: encodeCounterNextParams };

export interface CounterNextResults {
  value: number;
}
export interface CounterNextResultsInput {
  value?: number | undefined;
}
export function decodeCounterNextResults(r: Reader): CounterNextResults {
  const s = r.segment;
  const v = s.view;
  const d = r.data;
  const n = r.dataBytes;
  return {
    value: n >= 4 ? v.getUint32(d + 0, true) : 0,
  };
}
export function encodeCounterNextResults(w: Writer, x: CounterNextResultsInput, at: number): void {
  if (x.value !== undefined) w.view.setUint32(at + 0, checkInteger(x.value, 0, 4294967295, "CounterNextResults.value"), true);
}
export const CounterNextResults: StructType<CounterNextResults, CounterNextResultsInput> = { name: "CounterNextResults", dataWords: 1, pointerWords: 0, decode: decodeCounterNextResults, encode: encodeCounterNextResults };

export interface CounterTotalParams {
}
export interface CounterTotalParamsInput {
}
export function decodeCounterTotalParams(r: Reader): CounterTotalParams {
  void r;
  return {
  };
}
export function encodeCounterTotalParams(w: Writer, x: CounterTotalParamsInput, at: number): void {
  void w;
  void x;
  void at;
}
export const CounterTotalParams: StructType<CounterTotalParams, CounterTotalParamsInput> = { name: "CounterTotalParams", dataWords: 0, pointerWords: 0, decode: decodeCounterTotalParams, encode: encodeCounterTotalParams };

export interface CounterTotalResults {
  value: number;
}
export interface CounterTotalResultsInput {
  value?: number | undefined;
}
export function decodeCounterTotalResults(r: Reader): CounterTotalResults {
  const s = r.segment;
  const v = s.view;
  const d = r.data;
  const n = r.dataBytes;
  return {
    value: n >= 4 ? v.getUint32(d + 0, true) : 0,
  };
}
export function encodeCounterTotalResults(w: Writer, x: CounterTotalResultsInput, at: number): void {
  if (x.value !== undefined) w.view.setUint32(at + 0, checkInteger(x.value, 0, 4294967295, "CounterTotalResults.value"), true);
}
export const CounterTotalResults: StructType<CounterTotalResults, CounterTotalResultsInput> = { name: "CounterTotalResults", dataWords: 1, pointerWords: 0, decode: decodeCounterTotalResults, encode: encodeCounterTotalResults };

export interface NamedCounterNameParams {
}
export interface NamedCounterNameParamsInput {
}
export function decodeNamedCounterNameParams(r: Reader): NamedCounterNameParams {
  void r;
  return {
  };
}
export function encodeNamedCounterNameParams(w: Writer, x: NamedCounterNameParamsInput, at: number): void {
  void w;
  void x;
  void at;
}
export const NamedCounterNameParams: StructType<NamedCounterNameParams, NamedCounterNameParamsInput> = { name: "NamedCounterNameParams", dataWords: 0, pointerWords: 0, decode: decodeNamedCounterNameParams, encode: encodeNamedCounterNameParams };

export interface NamedCounterNameResults {
  name: string;
}
export interface NamedCounterNameResultsInput {
  name?: string | undefined;
}
export function decodeNamedCounterNameResults(r: Reader): NamedCounterNameResults {
  const s = r.segment;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    name: q > 0 ? r.text(s, p + 0) : "",
  };
}
export function encodeNamedCounterNameResults(w: Writer, x: NamedCounterNameResultsInput, at: number): void {
  const p = at + 0;
  if (x.name !== undefined && x.name.length !== 0) w.text(p + 0, x.name);
}
export const NamedCounterNameResults: StructType<NamedCounterNameResults, NamedCounterNameResultsInput> = { name: "NamedCounterNameResults", dataWords: 0, pointerWords: 1, decode: decodeNamedCounterNameResults, encode: encodeNamedCounterNameResults };

export interface ServiceCallBackParams {
  cap: CounterClient;
  times: number;
}
export interface ServiceCallBackParamsInput {
  cap?: CounterClient | undefined;
  times?: number | undefined;
}
export function decodeServiceCallBackParams(r: Reader): ServiceCallBackParams {
  const s = r.segment;
  const v = s.view;
  const d = r.data;
  const n = r.dataBytes;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    cap: q > 0 ? takeClient(r, s, p + 0, Counter) : takeClient(r, s, -1, Counter),
    times: n >= 4 ? v.getUint32(d + 0, true) : 0,
  };
}
export function encodeServiceCallBackParams(w: Writer, x: ServiceCallBackParamsInput, at: number): void {
  const p = at + 8;
  if (x.cap !== undefined) putClient(w, p + 0, x.cap);
  if (x.times !== undefined) w.view.setUint32(at + 0, checkInteger(x.times, 0, 4294967295, "ServiceCallBackParams.times"), true);
}
export interface ServiceCallBackParamsPipeline {
  readonly cap: CounterClient;
}
export const ServiceCallBackParams: StructType<ServiceCallBackParams, ServiceCallBackParamsInput> = { name: "ServiceCallBackParams", dataWords: 1, pointerWords: 1, decode: decodeServiceCallBackParams, encode: encodeServiceCallBackParams, pipeline: { cap: { index: 0, interface: () => Counter } } };

export interface ServiceCallBackResults {
  last: number;
}
export interface ServiceCallBackResultsInput {
  last?: number | undefined;
}
export function decodeServiceCallBackResults(r: Reader): ServiceCallBackResults {
  const s = r.segment;
  const v = s.view;
  const d = r.data;
  const n = r.dataBytes;
  return {
    last: n >= 4 ? v.getUint32(d + 0, true) : 0,
  };
}
export function encodeServiceCallBackResults(w: Writer, x: ServiceCallBackResultsInput, at: number): void {
  if (x.last !== undefined) w.view.setUint32(at + 0, checkInteger(x.last, 0, 4294967295, "ServiceCallBackResults.last"), true);
}
export const ServiceCallBackResults: StructType<ServiceCallBackResults, ServiceCallBackResultsInput> = { name: "ServiceCallBackResults", dataWords: 1, pointerWords: 0, decode: decodeServiceCallBackResults, encode: encodeServiceCallBackResults };

export interface ServiceCancelledParams {
}
export interface ServiceCancelledParamsInput {
}
export function decodeServiceCancelledParams(r: Reader): ServiceCancelledParams {
  void r;
  return {
  };
}
export function encodeServiceCancelledParams(w: Writer, x: ServiceCancelledParamsInput, at: number): void {
  void w;
  void x;
  void at;
}
export const ServiceCancelledParams: StructType<ServiceCancelledParams, ServiceCancelledParamsInput> = { name: "ServiceCancelledParams", dataWords: 0, pointerWords: 0, decode: decodeServiceCancelledParams, encode: encodeServiceCancelledParams };

export interface ServiceCancelledResults {
  tokens: (string)[];
}
export interface ServiceCancelledResultsInput {
  tokens?: readonly (string)[] | undefined;
}
export function decodeServiceCancelledResults(r: Reader): ServiceCancelledResults {
  const s = r.segment;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    tokens: q > 0 ? r.pointerList(s, p + 0, (r, s, at) => r.text(s, at)) : [],
  };
}
export function encodeServiceCancelledResults(w: Writer, x: ServiceCancelledResultsInput, at: number): void {
  const p = at + 0;
  if (x.tokens !== undefined && x.tokens.length !== 0) w.pointers(p + 0, x.tokens, (w, at, x) => w.text(at, x));
}
export const ServiceCancelledResults: StructType<ServiceCancelledResults, ServiceCancelledResultsInput> = { name: "ServiceCancelledResults", dataWords: 0, pointerWords: 1, decode: decodeServiceCancelledResults, encode: encodeServiceCancelledResults };

export interface ServiceCounterParams {
  start: number;
}
export interface ServiceCounterParamsInput {
  start?: number | undefined;
}
export function decodeServiceCounterParams(r: Reader): ServiceCounterParams {
  const s = r.segment;
  const v = s.view;
  const d = r.data;
  const n = r.dataBytes;
  return {
    start: n >= 4 ? v.getUint32(d + 0, true) : 0,
  };
}
export function encodeServiceCounterParams(w: Writer, x: ServiceCounterParamsInput, at: number): void {
  if (x.start !== undefined) w.view.setUint32(at + 0, checkInteger(x.start, 0, 4294967295, "ServiceCounterParams.start"), true);
}
export const ServiceCounterParams: StructType<ServiceCounterParams, ServiceCounterParamsInput> = { name: "ServiceCounterParams", dataWords: 1, pointerWords: 0, decode: decodeServiceCounterParams, encode: encodeServiceCounterParams };

export interface ServiceCounterResults {
  counter: CounterClient;
}
export interface ServiceCounterResultsInput {
  counter?: CounterClient | undefined;
}
export function decodeServiceCounterResults(r: Reader): ServiceCounterResults {
  const s = r.segment;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    counter: q > 0 ? takeClient(r, s, p + 0, Counter) : takeClient(r, s, -1, Counter),
  };
}
export function encodeServiceCounterResults(w: Writer, x: ServiceCounterResultsInput, at: number): void {
  const p = at + 0;
  if (x.counter !== undefined) putClient(w, p + 0, x.counter);
}
export interface ServiceCounterResultsPipeline {
  readonly counter: CounterClient;
}
export const ServiceCounterResults: StructType<ServiceCounterResults, ServiceCounterResultsInput> = { name: "ServiceCounterResults", dataWords: 0, pointerWords: 1, decode: decodeServiceCounterResults, encode: encodeServiceCounterResults, pipeline: { counter: { index: 0, interface: () => Counter } } };

export interface ServiceEchoCapParams {
  cap: CounterClient;
}
export interface ServiceEchoCapParamsInput {
  cap?: CounterClient | undefined;
}
export function decodeServiceEchoCapParams(r: Reader): ServiceEchoCapParams {
  const s = r.segment;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    cap: q > 0 ? takeClient(r, s, p + 0, Counter) : takeClient(r, s, -1, Counter),
  };
}
export function encodeServiceEchoCapParams(w: Writer, x: ServiceEchoCapParamsInput, at: number): void {
  const p = at + 0;
  if (x.cap !== undefined) putClient(w, p + 0, x.cap);
}
export interface ServiceEchoCapParamsPipeline {
  readonly cap: CounterClient;
}
export const ServiceEchoCapParams: StructType<ServiceEchoCapParams, ServiceEchoCapParamsInput> = { name: "ServiceEchoCapParams", dataWords: 0, pointerWords: 1, decode: decodeServiceEchoCapParams, encode: encodeServiceEchoCapParams, pipeline: { cap: { index: 0, interface: () => Counter } } };

export interface ServiceEchoCapResults {
  cap: CounterClient;
}
export interface ServiceEchoCapResultsInput {
  cap?: CounterClient | undefined;
}
export function decodeServiceEchoCapResults(r: Reader): ServiceEchoCapResults {
  const s = r.segment;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    cap: q > 0 ? takeClient(r, s, p + 0, Counter) : takeClient(r, s, -1, Counter),
  };
}
export function encodeServiceEchoCapResults(w: Writer, x: ServiceEchoCapResultsInput, at: number): void {
  const p = at + 0;
  if (x.cap !== undefined) putClient(w, p + 0, x.cap);
}
export interface ServiceEchoCapResultsPipeline {
  readonly cap: CounterClient;
}
export const ServiceEchoCapResults: StructType<ServiceEchoCapResults, ServiceEchoCapResultsInput> = { name: "ServiceEchoCapResults", dataWords: 0, pointerWords: 1, decode: decodeServiceEchoCapResults, encode: encodeServiceEchoCapResults, pipeline: { cap: { index: 0, interface: () => Counter } } };

export interface ServiceEchoParams {
  data: Uint8Array;
}
export interface ServiceEchoParamsInput {
  data?: Uint8Array | undefined;
}
export function decodeServiceEchoParams(r: Reader): ServiceEchoParams {
  const s = r.segment;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    data: q > 0 ? r.dataOf(s, p + 0) : new Uint8Array(0),
  };
}
export function encodeServiceEchoParams(w: Writer, x: ServiceEchoParamsInput, at: number): void {
  const p = at + 0;
  if (x.data !== undefined && x.data.length !== 0) w.data(p + 0, x.data);
}
export const ServiceEchoParams: StructType<ServiceEchoParams, ServiceEchoParamsInput> = { name: "ServiceEchoParams", dataWords: 0, pointerWords: 1, decode: decodeServiceEchoParams, encode: encodeServiceEchoParams };

export interface ServiceEchoResults {
  data: Uint8Array;
}
export interface ServiceEchoResultsInput {
  data?: Uint8Array | undefined;
}
export function decodeServiceEchoResults(r: Reader): ServiceEchoResults {
  const s = r.segment;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    data: q > 0 ? r.dataOf(s, p + 0) : new Uint8Array(0),
  };
}
export function encodeServiceEchoResults(w: Writer, x: ServiceEchoResultsInput, at: number): void {
  const p = at + 0;
  if (x.data !== undefined && x.data.length !== 0) w.data(p + 0, x.data);
}
export const ServiceEchoResults: StructType<ServiceEchoResults, ServiceEchoResultsInput> = { name: "ServiceEchoResults", dataWords: 0, pointerWords: 1, decode: decodeServiceEchoResults, encode: encodeServiceEchoResults };

export interface ServiceFailParams {
  kind: number;
}
export interface ServiceFailParamsInput {
  kind?: number | undefined;
}
export function decodeServiceFailParams(r: Reader): ServiceFailParams {
  const s = r.segment;
  const v = s.view;
  const d = r.data;
  const n = r.dataBytes;
  return {
    kind: n >= 2 ? v.getUint16(d + 0, true) : 0,
  };
}
export function encodeServiceFailParams(w: Writer, x: ServiceFailParamsInput, at: number): void {
  if (x.kind !== undefined) w.view.setUint16(at + 0, checkInteger(x.kind, 0, 65535, "ServiceFailParams.kind"), true);
}
export const ServiceFailParams: StructType<ServiceFailParams, ServiceFailParamsInput> = { name: "ServiceFailParams", dataWords: 1, pointerWords: 0, decode: decodeServiceFailParams, encode: encodeServiceFailParams };

export interface ServiceFailResults {
}
export interface ServiceFailResultsInput {
}
export function decodeServiceFailResults(r: Reader): ServiceFailResults {
  void r;
  return {
  };
}
export function encodeServiceFailResults(w: Writer, x: ServiceFailResultsInput, at: number): void {
  void w;
  void x;
  void at;
}
export const ServiceFailResults: StructType<ServiceFailResults, ServiceFailResultsInput> = { name: "ServiceFailResults", dataWords: 0, pointerWords: 0, decode: decodeServiceFailResults, encode: encodeServiceFailResults };

export interface ServiceHeldParams {
}
export interface ServiceHeldParamsInput {
}
export function decodeServiceHeldParams(r: Reader): ServiceHeldParams {
  void r;
  return {
  };
}
export function encodeServiceHeldParams(w: Writer, x: ServiceHeldParamsInput, at: number): void {
  void w;
  void x;
  void at;
}
export const ServiceHeldParams: StructType<ServiceHeldParams, ServiceHeldParamsInput> = { name: "ServiceHeldParams", dataWords: 0, pointerWords: 0, decode: decodeServiceHeldParams, encode: encodeServiceHeldParams };

export interface ServiceHeldResults {
  cap: CounterClient;
}
export interface ServiceHeldResultsInput {
  cap?: CounterClient | undefined;
}
export function decodeServiceHeldResults(r: Reader): ServiceHeldResults {
  const s = r.segment;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    cap: q > 0 ? takeClient(r, s, p + 0, Counter) : takeClient(r, s, -1, Counter),
  };
}
export function encodeServiceHeldResults(w: Writer, x: ServiceHeldResultsInput, at: number): void {
  const p = at + 0;
  if (x.cap !== undefined) putClient(w, p + 0, x.cap);
}
export interface ServiceHeldResultsPipeline {
  readonly cap: CounterClient;
}
export const ServiceHeldResults: StructType<ServiceHeldResults, ServiceHeldResultsInput> = { name: "ServiceHeldResults", dataWords: 0, pointerWords: 1, decode: decodeServiceHeldResults, encode: encodeServiceHeldResults, pipeline: { cap: { index: 0, interface: () => Counter } } };

export interface ServiceHoldParams {
  cap: CounterClient;
}
export interface ServiceHoldParamsInput {
  cap?: CounterClient | undefined;
}
export function decodeServiceHoldParams(r: Reader): ServiceHoldParams {
  const s = r.segment;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    cap: q > 0 ? takeClient(r, s, p + 0, Counter) : takeClient(r, s, -1, Counter),
  };
}
export function encodeServiceHoldParams(w: Writer, x: ServiceHoldParamsInput, at: number): void {
  const p = at + 0;
  if (x.cap !== undefined) putClient(w, p + 0, x.cap);
}
export interface ServiceHoldParamsPipeline {
  readonly cap: CounterClient;
}
export const ServiceHoldParams: StructType<ServiceHoldParams, ServiceHoldParamsInput> = { name: "ServiceHoldParams", dataWords: 0, pointerWords: 1, decode: decodeServiceHoldParams, encode: encodeServiceHoldParams, pipeline: { cap: { index: 0, interface: () => Counter } } };

export interface ServiceHoldResults {
}
export interface ServiceHoldResultsInput {
}
export function decodeServiceHoldResults(r: Reader): ServiceHoldResults {
  void r;
  return {
  };
}
export function encodeServiceHoldResults(w: Writer, x: ServiceHoldResultsInput, at: number): void {
  void w;
  void x;
  void at;
}
export const ServiceHoldResults: StructType<ServiceHoldResults, ServiceHoldResultsInput> = { name: "ServiceHoldResults", dataWords: 0, pointerWords: 0, decode: decodeServiceHoldResults, encode: encodeServiceHoldResults };

export interface ServiceLaterCounterParams {
  ms: number;
}
export interface ServiceLaterCounterParamsInput {
  ms?: number | undefined;
}
export function decodeServiceLaterCounterParams(r: Reader): ServiceLaterCounterParams {
  const s = r.segment;
  const v = s.view;
  const d = r.data;
  const n = r.dataBytes;
  return {
    ms: n >= 4 ? v.getUint32(d + 0, true) : 0,
  };
}
export function encodeServiceLaterCounterParams(w: Writer, x: ServiceLaterCounterParamsInput, at: number): void {
  if (x.ms !== undefined) w.view.setUint32(at + 0, checkInteger(x.ms, 0, 4294967295, "ServiceLaterCounterParams.ms"), true);
}
export const ServiceLaterCounterParams: StructType<ServiceLaterCounterParams, ServiceLaterCounterParamsInput> = { name: "ServiceLaterCounterParams", dataWords: 1, pointerWords: 0, decode: decodeServiceLaterCounterParams, encode: encodeServiceLaterCounterParams };

export interface ServiceLaterCounterResults {
  counter: CounterClient;
}
export interface ServiceLaterCounterResultsInput {
  counter?: CounterClient | undefined;
}
export function decodeServiceLaterCounterResults(r: Reader): ServiceLaterCounterResults {
  const s = r.segment;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    counter: q > 0 ? takeClient(r, s, p + 0, Counter) : takeClient(r, s, -1, Counter),
  };
}
export function encodeServiceLaterCounterResults(w: Writer, x: ServiceLaterCounterResultsInput, at: number): void {
  const p = at + 0;
  if (x.counter !== undefined) putClient(w, p + 0, x.counter);
}
export interface ServiceLaterCounterResultsPipeline {
  readonly counter: CounterClient;
}
export const ServiceLaterCounterResults: StructType<ServiceLaterCounterResults, ServiceLaterCounterResultsInput> = { name: "ServiceLaterCounterResults", dataWords: 0, pointerWords: 1, decode: decodeServiceLaterCounterResults, encode: encodeServiceLaterCounterResults, pipeline: { counter: { index: 0, interface: () => Counter } } };

export interface ServicePublishParams {
  specs: (Spec)[];
}
export interface ServicePublishParamsInput {
  specs?: readonly (SpecInput)[] | undefined;
}
export function decodeServicePublishParams(r: Reader): ServicePublishParams {
  const s = r.segment;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    specs: q > 0 ? r.structs(s, p + 0, decodeSpec) : [],
  };
}
export function encodeServicePublishParams(w: Writer, x: ServicePublishParamsInput, at: number): void {
  const p = at + 0;
  if (x.specs !== undefined && x.specs.length !== 0) w.structs(p + 0, x.specs, { dataWords: 3, pointerWords: 3, write: encodeSpec });
}
export const ServicePublishParams: StructType<ServicePublishParams, ServicePublishParamsInput> = { name: "ServicePublishParams", dataWords: 0, pointerWords: 1, decode: decodeServicePublishParams, encode: encodeServicePublishParams };

export interface ServicePublishResults {
  count: number;
  memoryMib: number | bigint;
}
export interface ServicePublishResultsInput {
  count?: number | undefined;
  memoryMib?: number | bigint | undefined;
}
export function decodeServicePublishResults(r: Reader): ServicePublishResults {
  const s = r.segment;
  const v = s.view;
  const d = r.data;
  const n = r.dataBytes;
  return {
    count: n >= 4 ? v.getUint32(d + 0, true) : 0,
    memoryMib: n >= 16 ? getUint64(v, d + 8) : 0,
  };
}
export function encodeServicePublishResults(w: Writer, x: ServicePublishResultsInput, at: number): void {
  if (x.count !== undefined) w.view.setUint32(at + 0, checkInteger(x.count, 0, 4294967295, "ServicePublishResults.count"), true);
  if (x.memoryMib !== undefined) setUint64(w.view, at + 8, x.memoryMib, "ServicePublishResults.memoryMib");
}
export const ServicePublishResults: StructType<ServicePublishResults, ServicePublishResultsInput> = { name: "ServicePublishResults", dataWords: 2, pointerWords: 0, decode: decodeServicePublishResults, encode: encodeServicePublishResults };

export interface ServiceReadParams {
}
export interface ServiceReadParamsInput {
}
export function decodeServiceReadParams(r: Reader): ServiceReadParams {
  void r;
  return {
  };
}
export function encodeServiceReadParams(w: Writer, x: ServiceReadParamsInput, at: number): void {
  void w;
  void x;
  void at;
}
export const ServiceReadParams: StructType<ServiceReadParams, ServiceReadParamsInput> = { name: "ServiceReadParams", dataWords: 0, pointerWords: 0, decode: decodeServiceReadParams, encode: encodeServiceReadParams };

export interface ServiceReadResults {
  value: number | bigint;
  text: string;
}
export interface ServiceReadResultsInput {
  value?: number | bigint | undefined;
  text?: string | undefined;
}
export function decodeServiceReadResults(r: Reader): ServiceReadResults {
  const s = r.segment;
  const v = s.view;
  const d = r.data;
  const n = r.dataBytes;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    value: n >= 8 ? getUint64(v, d + 0) : 0,
    text: q > 0 ? r.text(s, p + 0) : "",
  };
}
export function encodeServiceReadResults(w: Writer, x: ServiceReadResultsInput, at: number): void {
  const p = at + 8;
  if (x.value !== undefined) setUint64(w.view, at + 0, x.value, "ServiceReadResults.value");
  if (x.text !== undefined && x.text.length !== 0) w.text(p + 0, x.text);
}
export const ServiceReadResults: StructType<ServiceReadResults, ServiceReadResultsInput> = { name: "ServiceReadResults", dataWords: 1, pointerWords: 1, decode: decodeServiceReadResults, encode: encodeServiceReadResults };

export interface ServiceSleepParams {
  ms: number;
}
export interface ServiceSleepParamsInput {
  ms?: number | undefined;
}
export function decodeServiceSleepParams(r: Reader): ServiceSleepParams {
  const s = r.segment;
  const v = s.view;
  const d = r.data;
  const n = r.dataBytes;
  return {
    ms: n >= 4 ? v.getUint32(d + 0, true) : 0,
  };
}
export function encodeServiceSleepParams(w: Writer, x: ServiceSleepParamsInput, at: number): void {
  if (x.ms !== undefined) w.view.setUint32(at + 0, checkInteger(x.ms, 0, 4294967295, "ServiceSleepParams.ms"), true);
}
export const ServiceSleepParams: StructType<ServiceSleepParams, ServiceSleepParamsInput> = { name: "ServiceSleepParams", dataWords: 1, pointerWords: 0, decode: decodeServiceSleepParams, encode: encodeServiceSleepParams };

export interface ServiceSleepResults {
  ms: number;
}
export interface ServiceSleepResultsInput {
  ms?: number | undefined;
}
export function decodeServiceSleepResults(r: Reader): ServiceSleepResults {
  const s = r.segment;
  const v = s.view;
  const d = r.data;
  const n = r.dataBytes;
  return {
    ms: n >= 4 ? v.getUint32(d + 0, true) : 0,
  };
}
export function encodeServiceSleepResults(w: Writer, x: ServiceSleepResultsInput, at: number): void {
  if (x.ms !== undefined) w.view.setUint32(at + 0, checkInteger(x.ms, 0, 4294967295, "ServiceSleepResults.ms"), true);
}
export const ServiceSleepResults: StructType<ServiceSleepResults, ServiceSleepResultsInput> = { name: "ServiceSleepResults", dataWords: 1, pointerWords: 0, decode: decodeServiceSleepResults, encode: encodeServiceSleepResults };

export interface ServiceWaitParams {
  token: string;
}
export interface ServiceWaitParamsInput {
  token?: string | undefined;
}
export function decodeServiceWaitParams(r: Reader): ServiceWaitParams {
  const s = r.segment;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    token: q > 0 ? r.text(s, p + 0) : "",
  };
}
export function encodeServiceWaitParams(w: Writer, x: ServiceWaitParamsInput, at: number): void {
  const p = at + 0;
  if (x.token !== undefined && x.token.length !== 0) w.text(p + 0, x.token);
}
export const ServiceWaitParams: StructType<ServiceWaitParams, ServiceWaitParamsInput> = { name: "ServiceWaitParams", dataWords: 0, pointerWords: 1, decode: decodeServiceWaitParams, encode: encodeServiceWaitParams };

export interface ServiceWaitResults {
}
export interface ServiceWaitResultsInput {
}
export function decodeServiceWaitResults(r: Reader): ServiceWaitResults {
  void r;
  return {
  };
}
export function encodeServiceWaitResults(w: Writer, x: ServiceWaitResultsInput, at: number): void {
  void w;
  void x;
  void at;
}
export const ServiceWaitResults: StructType<ServiceWaitResults, ServiceWaitResultsInput> = { name: "ServiceWaitResults", dataWords: 0, pointerWords: 0, decode: decodeServiceWaitResults, encode: encodeServiceWaitResults };

export interface Spec {
  name: string;
  commit: string;
  cpuMilli: number;
  memoryMib: number;
  replicas: number;
  priority: number;
  exclusive: boolean;
  generation: number | bigint;
  labels: (string)[];
}
export interface SpecInput {
  name?: string | undefined;
  commit?: string | undefined;
  cpuMilli?: number | undefined;
  memoryMib?: number | undefined;
  replicas?: number | undefined;
  priority?: number | undefined;
  exclusive?: boolean | undefined;
  generation?: number | bigint | undefined;
  labels?: readonly (string)[] | undefined;
}
export function decodeSpec(r: Reader): Spec {
  const s = r.segment;
  const v = s.view;
  const d = r.data;
  const n = r.dataBytes;
  const p = r.pointers;
  const q = r.pointerCount;
  return {
    name: q > 0 ? r.text(s, p + 0) : "",
    commit: q > 1 ? r.text(s, p + 8) : "",
    cpuMilli: n >= 4 ? v.getUint32(d + 0, true) : 0,
    memoryMib: n >= 8 ? v.getUint32(d + 4, true) : 0,
    replicas: n >= 10 ? v.getUint16(d + 8, true) : 0,
    priority: n >= 12 ? v.getInt16(d + 10, true) : 0,
    exclusive: n > 12 && (v.getUint8(d + 12) & 1) !== 0,
    generation: n >= 24 ? getUint64(v, d + 16) : 0,
    labels: q > 2 ? r.pointerList(s, p + 16, (r, s, at) => r.text(s, at)) : [],
  };
}
export function encodeSpec(w: Writer, x: SpecInput, at: number): void {
  const p = at + 24;
  if (x.name !== undefined && x.name.length !== 0) w.text(p + 0, x.name);
  if (x.commit !== undefined && x.commit.length !== 0) w.text(p + 8, x.commit);
  if (x.cpuMilli !== undefined) w.view.setUint32(at + 0, checkInteger(x.cpuMilli, 0, 4294967295, "Spec.cpuMilli"), true);
  if (x.memoryMib !== undefined) w.view.setUint32(at + 4, checkInteger(x.memoryMib, 0, 4294967295, "Spec.memoryMib"), true);
  if (x.replicas !== undefined) w.view.setUint16(at + 8, checkInteger(x.replicas, 0, 65535, "Spec.replicas"), true);
  if (x.priority !== undefined) w.view.setInt16(at + 10, checkInteger(x.priority, -32768, 32767, "Spec.priority"), true);
  if (x.exclusive === true) w.view.setUint8(at + 12, w.view.getUint8(at + 12) | 1);
  if (x.generation !== undefined) setUint64(w.view, at + 16, x.generation, "Spec.generation");
  if (x.labels !== undefined && x.labels.length !== 0) w.pointers(p + 16, x.labels, (w, at, x) => w.text(at, x));
}
export const Spec: StructType<Spec, SpecInput> = { name: "Spec", dataWords: 3, pointerWords: 3, decode: decodeSpec, encode: encodeSpec };

export interface UnknownWhatParams {
}
export interface UnknownWhatParamsInput {
}
export function decodeUnknownWhatParams(r: Reader): UnknownWhatParams {
  void r;
  return {
  };
}
export function encodeUnknownWhatParams(w: Writer, x: UnknownWhatParamsInput, at: number): void {
  void w;
  void x;
  void at;
}
export const UnknownWhatParams: StructType<UnknownWhatParams, UnknownWhatParamsInput> = { name: "UnknownWhatParams", dataWords: 0, pointerWords: 0, decode: decodeUnknownWhatParams, encode: encodeUnknownWhatParams };

export interface UnknownWhatResults {
}
export interface UnknownWhatResultsInput {
}
export function decodeUnknownWhatResults(r: Reader): UnknownWhatResults {
  void r;
  return {
  };
}
export function encodeUnknownWhatResults(w: Writer, x: UnknownWhatResultsInput, at: number): void {
  void w;
  void x;
  void at;
}
export const UnknownWhatResults: StructType<UnknownWhatResults, UnknownWhatResultsInput> = { name: "UnknownWhatResults", dataWords: 0, pointerWords: 0, decode: decodeUnknownWhatResults, encode: encodeUnknownWhatResults };

export interface CounterClient extends Client {
  next(params: CounterNextParamsInput, options?: CallOptions): Call<CounterNextResults>;
  total(params?: CounterTotalParamsInput, options?: CallOptions): Call<CounterTotalResults>;
}
export interface CounterServer {
  next(params: CounterNextParams, context: CallContext): CounterNextResultsInput | PromiseLike<CounterNextResultsInput>;
  total(params: CounterTotalParams, context: CallContext): CounterTotalResultsInput | PromiseLike<CounterTotalResultsInput>;
}
export const Counter: InterfaceType<CounterClient, CounterServer> = {
  name: "Counter",
  methods: [
    { name: "next", ordinal: 0, interfaceLow: 557448064, interfaceHigh: 2886067098, params: CounterNextParams, results: CounterNextResults },
    { name: "total", ordinal: 1, interfaceLow: 557448064, interfaceHigh: 2886067098, params: CounterTotalParams, results: CounterTotalResults },
  ],
};

export interface NamedCounterClient extends CounterClient {
  name(params?: NamedCounterNameParamsInput, options?: CallOptions): Call<NamedCounterNameResults>;
}
export interface NamedCounterServer extends CounterServer {
  name(params: NamedCounterNameParams, context: CallContext): NamedCounterNameResultsInput | PromiseLike<NamedCounterNameResultsInput>;
}
export const NamedCounter: InterfaceType<NamedCounterClient, NamedCounterServer> = {
  name: "NamedCounter",
  methods: [
    ...Counter.methods,
    { name: "name", ordinal: 0, interfaceLow: 2299784417, interfaceHigh: 2381156655, params: NamedCounterNameParams, results: NamedCounterNameResults },
  ],
};

export interface ServiceClient extends Client {
  read(params?: ServiceReadParamsInput, options?: CallOptions): Call<ServiceReadResults>;
  publish(params: ServicePublishParamsInput, options?: CallOptions): Call<ServicePublishResults>;
  echo(params: ServiceEchoParamsInput, options?: CallOptions): Call<ServiceEchoResults>;
  fail(params: ServiceFailParamsInput, options?: CallOptions): Call<ServiceFailResults>;
  counter(params: ServiceCounterParamsInput, options?: CallOptions): Call<ServiceCounterResults, ServiceCounterResultsPipeline>;
  echoCap(params: ServiceEchoCapParamsInput, options?: CallOptions): Call<ServiceEchoCapResults, ServiceEchoCapResultsPipeline>;
  callBack(params: ServiceCallBackParamsInput, options?: CallOptions): Call<ServiceCallBackResults>;
  hold(params: ServiceHoldParamsInput, options?: CallOptions): Call<ServiceHoldResults>;
  held(params?: ServiceHeldParamsInput, options?: CallOptions): Call<ServiceHeldResults, ServiceHeldResultsPipeline>;
  wait(params: ServiceWaitParamsInput, options?: CallOptions): Call<ServiceWaitResults>;
  cancelled(params?: ServiceCancelledParamsInput, options?: CallOptions): Call<ServiceCancelledResults>;
  sleep(params: ServiceSleepParamsInput, options?: CallOptions): Call<ServiceSleepResults>;
  types(params: AllTypesInput, options?: CallOptions): Call<AllTypes>;
  laterCounter(params: ServiceLaterCounterParamsInput, options?: CallOptions): Call<ServiceLaterCounterResults, ServiceLaterCounterResultsPipeline>;
}
export interface ServiceServer {
  read(params: ServiceReadParams, context: CallContext): ServiceReadResultsInput | PromiseLike<ServiceReadResultsInput>;
  publish(params: ServicePublishParams, context: CallContext): ServicePublishResultsInput | PromiseLike<ServicePublishResultsInput>;
  echo(params: ServiceEchoParams, context: CallContext): ServiceEchoResultsInput | PromiseLike<ServiceEchoResultsInput>;
  fail(params: ServiceFailParams, context: CallContext): ServiceFailResultsInput | void | PromiseLike<ServiceFailResultsInput | void>;
  counter(params: ServiceCounterParams, context: CallContext): ServiceCounterResultsInput | PromiseLike<ServiceCounterResultsInput>;
  echoCap(params: ServiceEchoCapParams, context: CallContext): ServiceEchoCapResultsInput | PromiseLike<ServiceEchoCapResultsInput>;
  callBack(params: ServiceCallBackParams, context: CallContext): ServiceCallBackResultsInput | PromiseLike<ServiceCallBackResultsInput>;
  hold(params: ServiceHoldParams, context: CallContext): ServiceHoldResultsInput | void | PromiseLike<ServiceHoldResultsInput | void>;
  held(params: ServiceHeldParams, context: CallContext): ServiceHeldResultsInput | PromiseLike<ServiceHeldResultsInput>;
  wait(params: ServiceWaitParams, context: CallContext): ServiceWaitResultsInput | void | PromiseLike<ServiceWaitResultsInput | void>;
  cancelled(params: ServiceCancelledParams, context: CallContext): ServiceCancelledResultsInput | PromiseLike<ServiceCancelledResultsInput>;
  sleep(params: ServiceSleepParams, context: CallContext): ServiceSleepResultsInput | PromiseLike<ServiceSleepResultsInput>;
  types(params: AllTypes, context: CallContext): AllTypesInput | PromiseLike<AllTypesInput>;
  laterCounter(params: ServiceLaterCounterParams, context: CallContext): ServiceLaterCounterResultsInput | PromiseLike<ServiceLaterCounterResultsInput>;
}
export const Service: InterfaceType<ServiceClient, ServiceServer> = {
  name: "Service",
  methods: [
    { name: "read", ordinal: 0, interfaceLow: 4160188118, interfaceHigh: 4127662494, params: ServiceReadParams, results: ServiceReadResults },
    { name: "publish", ordinal: 1, interfaceLow: 4160188118, interfaceHigh: 4127662494, params: ServicePublishParams, results: ServicePublishResults },
    { name: "echo", ordinal: 2, interfaceLow: 4160188118, interfaceHigh: 4127662494, params: ServiceEchoParams, results: ServiceEchoResults },
    { name: "fail", ordinal: 3, interfaceLow: 4160188118, interfaceHigh: 4127662494, params: ServiceFailParams, results: ServiceFailResults },
    { name: "counter", ordinal: 4, interfaceLow: 4160188118, interfaceHigh: 4127662494, params: ServiceCounterParams, results: ServiceCounterResults },
    { name: "echoCap", ordinal: 5, interfaceLow: 4160188118, interfaceHigh: 4127662494, params: ServiceEchoCapParams, results: ServiceEchoCapResults },
    { name: "callBack", ordinal: 6, interfaceLow: 4160188118, interfaceHigh: 4127662494, params: ServiceCallBackParams, results: ServiceCallBackResults },
    { name: "hold", ordinal: 7, interfaceLow: 4160188118, interfaceHigh: 4127662494, params: ServiceHoldParams, results: ServiceHoldResults },
    { name: "held", ordinal: 8, interfaceLow: 4160188118, interfaceHigh: 4127662494, params: ServiceHeldParams, results: ServiceHeldResults },
    { name: "wait", ordinal: 9, interfaceLow: 4160188118, interfaceHigh: 4127662494, params: ServiceWaitParams, results: ServiceWaitResults },
    { name: "cancelled", ordinal: 10, interfaceLow: 4160188118, interfaceHigh: 4127662494, params: ServiceCancelledParams, results: ServiceCancelledResults },
    { name: "sleep", ordinal: 11, interfaceLow: 4160188118, interfaceHigh: 4127662494, params: ServiceSleepParams, results: ServiceSleepResults },
    { name: "types", ordinal: 12, interfaceLow: 4160188118, interfaceHigh: 4127662494, params: AllTypes, results: AllTypes },
    { name: "laterCounter", ordinal: 13, interfaceLow: 4160188118, interfaceHigh: 4127662494, params: ServiceLaterCounterParams, results: ServiceLaterCounterResults },
  ],
};

export interface UnknownClient extends Client {
  what(params?: UnknownWhatParamsInput, options?: CallOptions): Call<UnknownWhatResults>;
}
export interface UnknownServer {
  what(params: UnknownWhatParams, context: CallContext): UnknownWhatResultsInput | void | PromiseLike<UnknownWhatResultsInput | void>;
}
export const Unknown: InterfaceType<UnknownClient, UnknownServer> = {
  name: "Unknown",
  methods: [
    { name: "what", ordinal: 0, interfaceLow: 3990872448, interfaceHigh: 3412737861, params: UnknownWhatParams, results: UnknownWhatResults },
  ],
};

