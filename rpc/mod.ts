/**
 * Cap'n Proto RPC, level 1, over sockets and in memory. See README.md.
 *
 * @module
 */
export type { TableSizes } from "./core/connection.ts";
export type { InterfaceType, StructType } from "./core/types.ts";
export { DEFAULT_LIMITS, type RpcLimits } from "./limits.ts";
export {
  connectRpc,
  type ConnectRpcOptions,
  type RpcListener,
  type ServeOptions,
  serveRpc,
} from "./listen.ts";
export { DEFAULT_STRANGER_LIMITS, type StrangerLimits } from "./strangers.ts";
export {
  type CallContext,
  implementationOf,
  type Released,
  serverOf,
} from "./server.ts";
export { Session, type SessionOptions } from "./session.ts";
export {
  type Call,
  type CallOptions,
  castTo,
  type Client,
  promiseOf,
  sameCapability,
} from "./stub.ts";
export {
  type ConnectOptions,
  connectTransport,
  memoryPair,
  socketTransport,
  type Transport,
} from "./transport.ts";
