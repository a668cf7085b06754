/**
 * What the generated code says of structs and interfaces, for the generic
 * code that calls and serves them.
 *
 * @module
 */
import type { Content } from "./hook.ts";
import type { Reader } from "./reader.ts";
import type { Writer } from "./writer.ts";

/** A struct's codec. `Out` is what decoding gives, `In` what encoding takes. */
export interface StructType<Out = unknown, In = unknown> {
  readonly name: string;
  readonly dataWords: number;
  readonly pointerWords: number;
  /** Reads the struct in the reader's registers. */
  decode(reader: Reader): Out;
  /** Writes into the sections at `at`. */
  encode(writer: Writer, value: In, at: number): void;
  /** Fields that are capabilities, or structs with capabilities: what can be pipelined. */
  readonly pipeline?: Readonly<Record<string, PipelineField>>;
}

export interface PipelineField {
  /** Index in the pointer section. */
  readonly index: number;
  readonly interface?: () => InterfaceType;
  readonly struct?: () => StructType;
}

export interface MethodType {
  readonly name: string;
  readonly ordinal: number;
  readonly interfaceLow: number;
  readonly interfaceHigh: number;
  readonly params: StructType;
  readonly results: StructType;
}

declare const CLIENT: unique symbol;
declare const SERVER: unique symbol;

/** An interface: its methods, inherited ones too. `Client` and `Server` exist for the type checker only. */
export interface InterfaceType<Client = unknown, Server = unknown> {
  readonly name: string;
  readonly methods: readonly MethodType[];
  readonly [CLIENT]?: Client;
  readonly [SERVER]?: Server;
}

/** A plain value with its type, as content of a message. */
export class TypedContent implements Content {
  readonly #type: StructType;
  readonly #value: unknown;

  constructor(type: StructType, value: unknown) {
    this.#type = type;
    this.#value = value;
  }

  write(writer: Writer, at: number): void {
    const type = this.#type;
    const place = writer.struct(at, type.dataWords, type.pointerWords);
    type.encode(writer, this.#value ?? {}, place);
  }
}
