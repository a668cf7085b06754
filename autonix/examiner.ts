/**
 * Examines commits for a service, in a process of its own.
 *
 * What a stranger pushed may be made to keep a parser busy for half a minute,
 * or to fill the memory: a service goes on serving meanwhile, and ends the
 * child when it takes too long. The child is this program, called with the
 * hidden word `examine`; `examineForService` is what it does there.
 *
 * @module
 */
import { z } from "zod";
import { Analysis } from "../roles/model/analysis.ts";
import {
  AppError,
  type ErrorCode,
  isErrorCode,
  toAppError,
} from "../roles/model/errors.ts";
import { parseJsonWith } from "../roles/model/parse.ts";
import { runProcess } from "../roles/process/mod.ts";
import { federate } from "./core/cluster/federation.ts";
import { type Graph, graphOf } from "./core/graph/graph.ts";
import { examineCommit, SERVICE_LIMITS } from "./mod.ts";

const Node = z.strictObject({
  id: z.string(),
  kind: z.enum(["application", "library", "service", "repository"]),
  name: z.string(),
  details: z.array(z.string()),
  repository: z.string().nullable(),
  path: z.string().nullable(),
});
const Edge = z.strictObject({
  from: z.string(),
  to: z.string(),
  kind: z.enum(["builds", "speaks", "names"]),
  labels: z.array(z.string()),
});

/** What a commit is, and how it is drawn. */
export const CommitReport = z.strictObject({
  analysis: Analysis,
  graph: z.strictObject({
    schema: z.literal(1),
    title: z.string(),
    nodes: z.array(Node),
    edges: z.array(Edge),
  }),
  /** False when a limit kept something out: `procurator analyze` shows all of it. */
  isWhole: z.boolean(),
});
export type CommitReport = z.output<typeof CommitReport>;

const Failure = z.strictObject({
  error: z.strictObject({
    code: z.custom<ErrorCode>((value) =>
      typeof value === "string" && isErrorCode(value)
    ),
    message: z.string(),
    hint: z.string().optional(),
  }),
});
const Answer = z.union([CommitReport, Failure]);

export interface ExamineRequest {
  /** A bare repository. */
  gitDirectory: string;
  /** A whole id. */
  commit: string;
  /** Names the application at the root when nothing in the commit does. */
  repository: string;
  signal: AbortSignal;
}

/** A port: what services examine commits with. */
export interface Examiner {
  /** @throws {AppError} `not_found`, `timeout`, `failed`; whatever it throws is about this commit. */
  examine(request: ExamineRequest): Promise<CommitReport>;
}

/** A hundred times what most take. */
const TIMEOUT_MS = 30_000;
/** Of the child's objects; the largest within the limits takes some 300 MiB in all. */
const MEMORY_MIB = 512;
/** A thousand applications; to read more would hold the service up for longer than 100 ms. */
const MAX_REPORT_BYTES = 2 * 1024 * 1024;
const ALL_OF_IT = "see it in a clone: procurator analyze";

/** What the child prints of a commit. */
export async function examineForService(
  request: Omit<ExamineRequest, "signal">,
): Promise<string> {
  const { gitDirectory, commit, repository } = request;
  try {
    const { isWhole, ...found } = await examineCommit(gitDirectory, commit, {
      repository,
      limits: SERVICE_LIMITS,
    });
    const [only, ...others] = found.analysis.applications;
    const isOne = only !== undefined && others.length === 0;
    const graph: Graph = graphOf(federate([{ name: repository, ...found }]), {
      title: isOne ? only.name : repository,
      isGrouped: false,
    });
    return JSON.stringify({ analysis: found.analysis, graph, isWhole });
  } catch (thrown) {
    const { code, message, hint } = toAppError(thrown);
    const error = { code, message, ...hint === undefined ? {} : { hint } };
    return JSON.stringify({ error });
  }
}

/** Examines in a child that `command` starts: this program. */
export function childExaminer(command: readonly string[]): Examiner {
  const [program = "", ...before] = command;
  return {
    async examine({ gitDirectory, commit, repository, signal }) {
      const what = `commit ${commit.slice(0, 12)} of "${repository}"`;
      const words = ["examine", "--name", repository, gitDirectory, commit];
      let bytes = 0;
      const pieces: Uint8Array<ArrayBuffer>[] = [];
      const { code, stderrTail } = await runProcess(
        program,
        [...before, ...words],
        {
          env: { DENO_V8_FLAGS: `--max-old-space-size=${MEMORY_MIB}` },
          signal,
          timeoutMs: TIMEOUT_MS,
          onBytes: (piece) => {
            bytes += piece.length;
            if (bytes > MAX_REPORT_BYTES) throw tooMuch(what);
            pieces.push(new Uint8Array(piece));
          },
        },
      ).catch((error) => {
        throw explained(error, what);
      });
      if (code !== 0) {
        throw new AppError(
          "failed",
          `Cannot examine ${what} as its process ended with ${code}`,
          { hint: ALL_OF_IT, cause: stderrTail.slice(-2000) },
        );
      }
      return parsed(await new Blob(pieces).text(), what);
    },
  };
}

function tooMuch(what: string): AppError {
  return new AppError(
    "failed",
    `Cannot show what ${what} is as that takes more than ${MAX_REPORT_BYTES} bytes`,
    { hint: ALL_OF_IT },
  );
}

function explained(error: unknown, what: string): AppError {
  const { code } = toAppError(error);
  if (code !== "timeout") return toAppError(error);
  return new AppError(
    "timeout",
    `Cannot examine ${what} within ${TIMEOUT_MS / 1000} seconds`,
    { hint: ALL_OF_IT, cause: error },
  );
}

function parsed(text: string, what: string): CommitReport {
  const answer = parseJsonWith(Answer, text, {
    what: `what is told of ${what}`,
  });
  if (!("error" in answer)) return answer;
  const { code, message, hint } = answer.error;
  throw new AppError(code, message, hint === undefined ? {} : { hint });
}
