/**
 * From unknown to a typed value, with an error that names the path.
 *
 * @module
 */
import type { z } from "zod";
import { AppError } from "./errors.ts";

/** Issues named in one message: enough to mend a file, few enough to read. */
const MAX_ISSUES = 5;

/** `vms.web.image.cmdline` from `["vms", "web", "image", "cmdline"]`; `checks[0].port` for indices. */
export function formatPath(path: readonly PropertyKey[]): string {
  let text = "";
  for (const key of path) {
    if (typeof key === "number") text += `[${key}]`;
    else text += text === "" ? String(key) : `.${String(key)}`;
  }
  return text === "" ? "(top level)" : text;
}

/** What is wrong; of a key, the rule for keys rather than that there is one. */
function messageOf(issue: z.core.$ZodIssue): string {
  const [inner] = issue.code === "invalid_key" ? issue.issues : [];
  return inner === undefined ? issue.message : `this name ${inner.message}`;
}

/**
 * Parses `value` by `schema`.
 *
 * @throws {AppError} `invalid`: `Cannot read WHAT: PATH: why; ...`.
 */
export function parseWith<S extends z.ZodType>(
  schema: S,
  value: unknown,
  options: { what: string; hint?: string },
): z.output<S> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issues = result.error.issues;
  const shown = issues.slice(0, MAX_ISSUES).map((issue) =>
    `${formatPath(issue.path)}: ${messageOf(issue)}`
  );
  const more = issues.length > MAX_ISSUES
    ? ` (and ${issues.length - MAX_ISSUES} more)`
    : "";
  throw new AppError(
    "invalid",
    `Cannot read ${options.what}: ${shown.join("; ")}${more}`,
    options.hint === undefined ? {} : { hint: options.hint },
  );
}

/**
 * Parses JSON text by `schema`.
 *
 * @throws {AppError} `invalid` when the text is not JSON or does not fit.
 */
export function parseJsonWith<S extends z.ZodType>(
  schema: S,
  text: string,
  options: { what: string; hint?: string },
): z.output<S> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new AppError(
      "invalid",
      `Cannot read ${options.what}: it is not JSON`,
      {
        cause: error,
        ...(options.hint === undefined ? {} : { hint: options.hint }),
      },
    );
  }
  return parseWith(schema, value, options);
}
