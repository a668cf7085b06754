/**
 * Which commit of a repository a page or the API is asked about.
 *
 * @module
 */
import { z } from "zod";
import { parseWith } from "../../roles/model/parse.ts";

/** Itself, or a branch's tip; the published branch's without. */
const WhichCommit = z.strictObject({
  commit: z.string().regex(
    /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/,
    "must be a commit's whole id",
  ).optional(),
  branch: z.string().min(1).max(255).optional(),
}).refine(
  ({ commit, branch }) => commit === undefined || branch === undefined,
  "must name a commit or a branch, not both",
);
export type WhichCommit = z.output<typeof WhichCommit>;

/** What the words behind a `?` mean. @throws {AppError} `invalid`. */
export function whichCommitOf(query: Record<string, string>): WhichCommit {
  return parseWith(WhichCommit, query, { what: "which commit is meant" });
}
