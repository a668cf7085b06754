/**
 * Part of a file as the body of an answer, for `Deno.serve` alone.
 *
 * Deno's own way reads 64 KiB at a time in a pool of threads, and waking and
 * switching cost more than the copies. Here larger pieces are read at once,
 * without a switch, as long as they come from the page cache. A read that took
 * long came from the disk: the next ones are the pool's, so that others are
 * served meanwhile.
 *
 * ```
 *            slow read
 *   at once ───────────► in the pool (first read of every file, too)
 *      ▲                      │
 *      └──────────────────────┘ after POOLED_READS
 * ```
 *
 * @module
 */

/** Twice as much saves no more; half costs a seventh more. */
const MAX_CHUNK_BYTES = 128 * 1024;
/** With half of it 64 clients that take all they can get are served more slowly. */
const MIN_CHUNK_BYTES = 64 * 1024;
/** A chunk for each body. Of each some two or three are held while its client is slow. */
const CHUNKS_BYTES = 4 * 1024 * 1024;
/** As many as 32 clients have. */
const KEPT_BYTES = 8 * 1024 * 1024;
/** The page cache gives a chunk in 0.03 ms. */
const SLOW_READ_MS = 0.5;
/** One in nine waits for a disk that is slow, which others hardly notice; a thread that was only held up is soon back. */
const POOLED_READS = 8;

/**
 * Makes the C library keep the memory of chunks for the next ones. It gives
 * back what lies free above a bound, and the bound follows the largest block
 * that was ever freed (mallopt(3), M_MMAP_THRESHOLD). Without this the kernel
 * makes every chunk's pages anew, for a fifth of a nar's processor time. Where
 * memory comes from elsewhere it does nothing.
 */
export function keepChunks(): void {
  new ArrayBuffer(KEPT_BYTES).transfer(0);
}

/** Bodies that are being sent: the more, the smaller their chunks. */
let openBodies = 0;

function chunkBytes(): number {
  const share = Math.floor(CHUNKS_BYTES / openBodies);
  return Math.max(MIN_CHUNK_BYTES, Math.min(share, MAX_CHUNK_BYTES));
}

/**
 * The next `length` bytes of `file`, which is closed at their end, when they
 * are not there, or when the stream is cancelled. A file that ends or fails
 * early ends the stream: the client was told the length and sees its
 * connection cut.
 *
 * A chunk's memory is let go of when the next chunk is asked for, or there
 * would be hundreds of them until the next garbage collection. `Deno.serve` has
 * taken hold of it by then; who keeps chunks would find them empty.
 */
export function fileBody(
  file: Deno.FsFile,
  length: number,
): ReadableStream<Uint8Array> {
  let left = length;
  let pooledReads = 1;
  let given: ArrayBuffer | undefined;
  let isOpen = true;
  openBodies++;
  const close = () => {
    if (!isOpen) return;
    isOpen = false;
    openBodies--;
    file.close();
  };
  const letGo = () => {
    given?.transfer(0);
    given = undefined;
  };
  return new ReadableStream({
    pull(controller) {
      letGo();
      if (!isOpen) return controller.close();
      const chunk = new Uint8Array(Math.min(chunkBytes(), left));
      const take = (count: number | null) => {
        // Cancelled while the pool was reading.
        if (!isOpen) return;
        if (count === null) {
          close();
          return controller.close();
        }
        left -= count;
        given = chunk.buffer;
        if (left === 0) close();
        controller.enqueue(chunk.subarray(0, count));
      };
      const fail = () => take(null);
      if (pooledReads > 0) {
        pooledReads--;
        return file.read(chunk).then(take, fail);
      }
      const beginMs = performance.now();
      try {
        take(file.readSync(chunk));
      } catch {
        fail();
      }
      if (performance.now() - beginMs > SLOW_READ_MS) {
        pooledReads = POOLED_READS;
      }
    },
    cancel() {
      letGo();
      close();
    },
  }, { highWaterMark: 0 });
}
