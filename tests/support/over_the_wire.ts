/**
 * What a peer reads of what was sent, without a connection between them.
 *
 * @module
 */
import { keep } from "../../rpc/core/hook.ts";
import { type StructType, TypedContent } from "../../rpc/core/types.ts";

/** What a peer reads of `value`: through the bytes. */
export function overTheWire<Out, In>(
  type: StructType<Out, In>,
  value: In,
): Out {
  const { reader, segment, at } = keep(new TypedContent(type, value));
  return reader.root(segment, at, type.decode) as Out;
}
