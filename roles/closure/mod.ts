/**
 * A closure in one answer, as the store that receives it sees it. The cache
 * that sends it uses `core/` alone.
 *
 * @module
 */
export { parsePublicKey, type PublicKey } from "../nar/core/signature.ts";
export { CONTENT_TYPE } from "./core/frames.ts";
export { WINDOWS } from "./core/have.ts";
export type { ClosureHead } from "./core/messages.ts";
export {
  type AskClosure,
  type ClosureStore,
  receiveClosure,
  type ReceiveOptions,
} from "./receive.ts";
