/** Files as bodies of answers, over a real server: the bytes, ranges, and what becomes of the file. */
import assert from "node:assert/strict";
import { fileBody } from "../../roles/cache/storage/file_body.ts";
import { openFiles } from "../../roles/http/open_files.ts";
import { serveHttp } from "../../roles/http/mod.ts";
import { tempDir } from "../support/temp.ts";
import { until } from "../support/wait.ts";

const DEADLINE_MS = 60_000;
const MIB = 1024 * 1024;
/** Some chunks, the last of them not a whole one. */
const SIZE = 3 * MIB + 12_345;

function bytesOf(size: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(size);
  // Coprime to every chunk's size: a chunk that is lost or repeated shows.
  for (let at = 0; at < size; at++) bytes[at] = at % 251;
  return bytes;
}

/** Serves `[from, to)` of a file, of which `to` is promised whatever it has. */
async function serveFile(dir: string, content: Uint8Array) {
  const path = `${dir}/file`;
  await Deno.writeFile(path, content);
  return await serveHttp({
    name: "test",
    listen: "127.0.0.1:0",
    app: {
      fetch(request) {
        const [from = 0, to = 0] = new URL(request.url).pathname
          .slice(1).split("-").map(Number);
        const file = Deno.openSync(path);
        file.seekSync(from, Deno.SeekMode.Start);
        return new Response(fileBody(file, to - from), {
          headers: { "content-length": String(to - from) },
        });
      },
    },
  });
}

Deno.test("a file and its parts arrive as they are", async () => {
  await using dir = await tempDir("fb");
  const content = bytesOf(SIZE);
  const server = await serveFile(dir.path, content);
  // The connection that the client keeps is one more file on either side.
  await (await fetch(`${server.url}/0-1`)).arrayBuffer();
  const before = openFiles() ?? 0;
  for (
    const [from, to] of [
      [0, SIZE],
      [1, SIZE],
      [MIB - 1, 2 * MIB + 1],
      [SIZE - 1, SIZE],
      [7, 8],
      [5, 5],
    ] as const
  ) {
    const answer = await fetch(`${server.url}/${from}-${to}`);
    const got = new Uint8Array(await answer.arrayBuffer());
    assert.deepEqual(got, content.subarray(from, to), `${from} to ${to}`);
  }
  await until("all files are closed", () => (openFiles() ?? 0) <= before, {
    timeoutMs: DEADLINE_MS,
  });
  await server.stop();
});

Deno.test("a client that takes its time gets every byte", async () => {
  await using dir = await tempDir("fb");
  const size = 24 * MIB;
  const content = bytesOf(size);
  const server = await serveFile(dir.path, content);
  const answers = await Promise.all(
    [0, 1, 2, 3].map(() => fetch(`${server.url}/0-${size}`)),
  );
  // One after the other: the last waits with all buffers between full.
  for (const answer of answers) {
    const got = new Uint8Array(await answer.arrayBuffer());
    assert.equal(got.length, size);
    assert.ok(got.every((byte, at) => byte === at % 251));
  }
  await server.stop();
});

Deno.test("a file that ends early is told by the cut connection", async () => {
  await using dir = await tempDir("fb");
  const server = await serveFile(dir.path, bytesOf(SIZE));
  const answer = await fetch(`${server.url}/0-${SIZE + 1}`);
  await assert.rejects(answer.arrayBuffer());
  await server.stop();
});

Deno.test("a client that goes away leaves no file open", async () => {
  await using dir = await tempDir("fb");
  const size = 24 * MIB;
  const server = await serveFile(dir.path, bytesOf(size));
  const before = openFiles() ?? 0;
  for (let time = 0; time < 8; time++) {
    const gone = new AbortController();
    const { signal } = gone;
    const answer = await fetch(`${server.url}/0-${size}`, { signal });
    await answer.body?.getReader().read();
    gone.abort();
  }
  await until("all files are closed", () => (openFiles() ?? 0) <= before, {
    timeoutMs: DEADLINE_MS,
  });
  await server.stop();
});
