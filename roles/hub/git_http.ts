/**
 * Speaks git's smart HTTP protocol by handing each request to `git http-backend`
 * and streaming both ways: no pack is ever held in memory.
 *
 * Decides nothing about refs. Calls `pushed` after each receive-pack, whatever
 * it moved: the listener compares for itself.
 *
 * @module
 */
import { gitEnvironment } from "../git/mod.ts";
import { AppError } from "../model/errors.ts";
import { eachLine, failpoint, killGroup } from "../process/mod.ts";
import type { Turns } from "../turns/mod.ts";
import {
  type CgiHead,
  headEnd,
  MAX_HEAD_BYTES,
  parseCgiHead,
} from "./core/cgi_response.ts";
import { hooksEnvironment } from "./check_index.ts";
import { cgiEnvironment, type GitRequest } from "./core/git_request.ts";
import type { Repositories } from "./repositories.ts";

/** A clone of the largest repository over a slow line. */
const MAX_REQUEST_MS = 3_600_000;
/** Lines of standard error kept for the log. */
const TAIL_LINES = 20;

export interface GitHttp {
  repositories: Repositories;
  /** The directory of the hooks that git runs. */
  hooks: string;
  turns: Turns;
  /** A client that sends or takes nothing for this long is given up. Milliseconds. */
  stallMs: number;
  /** After a receive-pack ended: before the client has the end of its answer. */
  pushed(repository: string): Promise<void>;
  /** One line about a git that failed. */
  warn(message: string): void;
}

interface Backend {
  child: Deno.ChildProcess;
  tail: string[];
  /** Waits for the end and gives the place back. */
  finish(): Promise<void>;
  kill(): void;
}

/** Concatenates two chunks of the answer's head. */
function join(left: Uint8Array, right: Uint8Array): Uint8Array<ArrayBuffer> {
  const both = new Uint8Array(left.length + right.length);
  both.set(left);
  both.set(right, left.length);
  return both;
}

/** Reads up to the end of the CGI head; `rest` is what came behind it. */
async function readHead(
  reader: ReadableStreamDefaultReader<Uint8Array>,
): Promise<{ head: CgiHead; rest: Uint8Array }> {
  let bytes: Uint8Array = new Uint8Array();
  for (;;) {
    const end = headEnd(bytes);
    if (end !== -1) {
      return {
        head: parseCgiHead(new TextDecoder().decode(bytes.subarray(0, end))),
        rest: bytes.subarray(end),
      };
    }
    const { value, done } = await reader.read();
    if (done || bytes.length > MAX_HEAD_BYTES) {
      throw new AppError("failed", "git http-backend ended without an answer");
    }
    bytes = join(bytes, value);
  }
}

/** The next chunk; null when the client went away, or sends nothing for `stallMs`. */
async function readWithin(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  stallMs: number,
): Promise<ReadableStreamReadResult<Uint8Array> | null> {
  const late = Promise.withResolvers<null>();
  const timer = setTimeout(() => late.resolve(null), stallMs);
  const chunk = await Promise.race([
    reader.read().catch(() => null),
    late.promise,
  ]);
  clearTimeout(timer);
  // Ends the connection of a client that stalls; one that went away has none.
  if (chunk === null) await reader.cancel().catch(() => undefined);
  return chunk;
}

/**
 * Writes the request's body to git. git may end before it has read everything,
 * which is its right; a client that goes away in the middle of its pack must not
 * look like the end of that pack.
 */
async function feed(
  body: ReadableStream<Uint8Array> | null,
  child: Deno.ChildProcess,
  { stallMs, onClientGone }: { stallMs: number; onClientGone: () => void },
): Promise<void> {
  if (body === null) return;
  const reader = body.getReader();
  const writer = child.stdin.getWriter();
  for (;;) {
    const chunk = await readWithin(reader, stallMs);
    if (chunk === null) onClientGone();
    if (chunk === null || chunk.done) break;
    const written = await writer.write(chunk.value).then(
      () => true,
      () => false,
    );
    if (!written) {
      await reader.cancel().catch(() => undefined);
      break;
    }
  }
  await writer.close().catch(() => undefined);
}

function spawnBackend(
  request: Request,
  git: GitRequest,
  options: GitHttp & { user: string },
  release: () => void,
): Backend {
  const env = cgiEnvironment(git, {
    root: options.repositories.root,
    user: options.user,
    method: request.method,
    contentType: request.headers.get("content-type"),
    contentLength: request.headers.get("content-length"),
    contentEncoding: request.headers.get("content-encoding"),
    gitProtocol: request.headers.get("git-protocol"),
  });
  const child = new Deno.Command("git", {
    args: ["http-backend"],
    env: {
      ...gitEnvironment(options.repositories.root),
      ...hooksEnvironment(options.hooks),
      ...env,
    },
    clearEnv: true,
    stdin: request.body === null ? "null" : "piped",
    stdout: "piped",
    stderr: "piped",
    detached: true,
  }).spawn();
  const kill = () => killGroup(child.pid, "SIGTERM");
  const timer = setTimeout(kill, MAX_REQUEST_MS);
  const tail: string[] = [];
  const errors = eachLine(child.stderr, (line) => {
    if (tail.push(line) > TAIL_LINES) tail.shift();
  });
  const input = feed(request.body, child, {
    stallMs: options.stallMs,
    onClientGone: kill,
  });
  const finish = async () => {
    try {
      const [status] = await Promise.all([child.status, errors, input]);
      if (status.code !== 0) {
        options.warn(
          `git http-backend for ${git.repository} ended with ${status.code}: ${
            tail.join(" | ")
          }`,
        );
      }
    } finally {
      clearTimeout(timer);
      release();
    }
    if (!git.advertise && git.service === "git-receive-pack") {
      failpoint("hub.push.received");
      await options.pushed(git.repository);
    }
  };
  return { child, tail, finish, kill };
}

/**
 * The answer's body. It ends when git has ended. A reader that goes away stops
 * an upload-pack; a receive-pack is left to finish what it was given.
 */
function bodyOf(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  rest: Uint8Array,
  backend: Backend,
  { service, stallMs, warn }: GitRequest & GitHttp,
): ReadableStream<Uint8Array> {
  let first = rest.length > 0;
  let stalled: ReturnType<typeof setTimeout> | undefined;
  const drain = async () => {
    if (service === "git-upload-pack") backend.kill();
    while (!(await reader.read()).done);
    await backend.finish();
  };
  return new ReadableStream({
    async pull(controller) {
      clearTimeout(stalled);
      const chunk = first ? rest : (await reader.read()).value;
      first = false;
      if (chunk === undefined) {
        await backend.finish();
        controller.close();
        return;
      }
      controller.enqueue(chunk);
      // Until the next pull it is the client that is waited for.
      stalled = setTimeout(() => {
        // Text alone: the runtime prints it, and a stack would say nothing more.
        controller.error(`a git client took nothing for ${stallMs} ms`);
        drain().catch((error) => warn(String(error)));
      }, stallMs);
    },
    async cancel() {
      clearTimeout(stalled);
      await drain();
    },
  });
}

/**
 * Answers one request of a git client.
 *
 * @throws {AppError} `not_found` for an unknown repository, `overloaded` when too
 * many requests wait, `missing_dependency` without git.
 */
export async function serveGit(
  request: Request,
  git: GitRequest,
  options: GitHttp & { user: string },
): Promise<Response> {
  await options.repositories.require(git.repository);
  const release = await options.turns.take();
  let backend: Backend;
  try {
    backend = spawnBackend(request, git, options, release);
  } catch (error) {
    release();
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new AppError(
      "missing_dependency",
      "Cannot serve git: git is not installed",
      {
        hint: "apt-get install git",
        cause: error,
      },
    );
  }
  const reader = backend.child.stdout.getReader();
  try {
    const { head, rest } = await readHead(reader);
    return new Response(bodyOf(reader, rest, backend, { ...git, ...options }), {
      status: head.status,
      headers: head.headers,
    });
  } catch (error) {
    backend.kill();
    await reader.cancel().catch(() => undefined);
    await backend.finish();
    throw error;
  }
}
