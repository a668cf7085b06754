/**
 * Every bound of the RPC layer, with the reason for its value.
 *
 * @module
 */

/** Bounds of one connection. A peer that breaks one of the first group loses the connection. */
export interface RpcLimits {
  /** Largest message that is read or written. */
  maxMessageBytes: number;
  /** Most segments of one message. */
  maxSegments: number;
  /** Most calls of the peer that run or wait at once; more are answered `overloaded`. */
  maxAnswers: number;
  /** Most own calls that wait for the peer at once; more are refused `overloaded`. */
  maxQuestions: number;
  /** Most capabilities the peer may hold of us, and we of the peer. */
  maxCapabilities: number;
  /** Most calls that wait on one promised capability. */
  maxQueuedCalls: number;
  /** Replies waiting to be written above this stop the reading of more calls. */
  pauseReadingBytes: number;
  /** Own calls are refused `overloaded` when more than this waits to be written. */
  maxQueuedBytes: number;
}

const MIB = 1024 * 1024;

export const DEFAULT_LIMITS: Readonly<RpcLimits> = {
  // C++ readers refuse 64 MiB by default; 10,000 full specs are 10 MB.
  maxMessageBytes: 64 * MIB,
  // C++ reads at most 512 as well.
  maxSegments: 512,
  // A master with 1000 workers has one long poll on each of as many connections; 500 calls at once are tested.
  maxAnswers: 10_000,
  maxQuestions: 10_000,
  // An entry is about 200 bytes: 20 MB at worst for one peer.
  maxCapabilities: 100_000,
  // As many as may wait on a connection.
  maxQueuedCalls: 10_000,
  // One reply of the largest size may wait while others are made.
  pauseReadingBytes: 32 * MIB,
  // Two messages of the largest size.
  maxQueuedBytes: 128 * MIB,
};

/** Pointers nested deeper are refused: 64 is what C++ allows, and real values nest below 10. */
export const MAX_DEPTH = 64;

/**
 * Words that may be read of a message of n words: every pointer once in a
 * tree is n; twice that, as a sender may share parts. Each element of a list
 * whose elements are empty counts as a word.
 */
export const TRAVERSAL_FACTOR = 2;
/** Small messages may hold small lists of empty elements beyond the factor. */
export const TRAVERSAL_GRACE_WORDS = 1024;

/** Longest reason of an exception that is sent: a page of text. */
export const MAX_REASON_CHARS = 8192;
/** Longest path of a pipelined call; real ones have one step. */
export const MAX_TRANSFORM = 32;
