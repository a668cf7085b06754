/**
 * An empty qcow2 image over a read-only raw one: a guest's writes to its root
 * image go here and are dropped with it. Pure: the bytes of the new file.
 *
 * ```text
 *  cluster 0  header, extensions, name of the file below
 *  cluster 1  refcount table   2  refcount block   3  L1 table, all holes
 * ```
 *
 * Source: docs/interop/qcow2.rst of QEMU, version 3.
 *
 * @module
 */
import { AppError } from "../../../roles/model/errors.ts";

const CLUSTER_BITS = 16;
const CLUSTER = 1 << CLUSTER_BITS;
const CLUSTERS = 4;
/** What an entry of the L1 table covers: a cluster of 8-byte entries, a cluster each. */
const PER_L1_ENTRY = CLUSTER * (CLUSTER / 8);
/** One cluster of L1 entries: 4 TiB, more than an image in a store. */
const MAX_SIZE = PER_L1_ENTRY * (CLUSTER / 8);
const HEADER_BYTES = 104;
/** The format's limit. */
const MAX_NAME_BYTES = 1023;
/** "QFI" and 0xfb */
const MAGIC = 0x514649fb;
const VERSION = 3;
/** Refcounts of 16 bits. */
const REFCOUNT_ORDER = 4;
/** A header extension with the format of the file below. */
const BACKING_FORMAT = 0xe2792aca;

/** The bytes of an overlay over the raw image `base` of `size` bytes. @throws {AppError} `invalid`. */
export function qcow2Overlay(base: string, size: number): Uint8Array {
  const name = new TextEncoder().encode(base);
  if (name.length > MAX_NAME_BYTES || size < 1 || size > MAX_SIZE) {
    throw new AppError(
      "invalid",
      `Cannot lay a writable image over ${base}: it has ${size} bytes, from 1 to ${MAX_SIZE} are taken`,
    );
  }
  const bytes = new Uint8Array(CLUSTERS * CLUSTER);
  const view = new DataView(bytes.buffer);
  const format = new TextEncoder().encode("raw");
  const nameOffset = HEADER_BYTES + 16 + 8;
  view.setUint32(0, MAGIC);
  view.setUint32(4, VERSION);
  view.setBigUint64(8, BigInt(nameOffset));
  view.setUint32(16, name.length);
  view.setUint32(20, CLUSTER_BITS);
  view.setBigUint64(24, BigInt(size));
  view.setUint32(36, Math.ceil(size / PER_L1_ENTRY));
  view.setBigUint64(40, BigInt(3 * CLUSTER));
  view.setBigUint64(48, BigInt(CLUSTER));
  view.setUint32(56, 1);
  view.setUint32(96, REFCOUNT_ORDER);
  view.setUint32(100, HEADER_BYTES);
  view.setUint32(HEADER_BYTES, BACKING_FORMAT);
  view.setUint32(HEADER_BYTES + 4, format.length);
  bytes.set(format, HEADER_BYTES + 8);
  bytes.set(name, nameOffset);
  view.setBigUint64(CLUSTER, BigInt(2 * CLUSTER));
  for (let cluster = 0; cluster < CLUSTERS; cluster++) {
    view.setUint16(2 * CLUSTER + 2 * cluster, 1);
  }
  return bytes;
}
