/**
 * Errors as HTTP carries them: `{ error: { code, message, hint? } }`.
 *
 * @module
 */
import { z } from "zod";
import {
  AppError,
  type ErrorCode,
  formatError,
  HTTP_STATUS,
  isErrorCode,
} from "../../model/errors.ts";

/** Longest message taken from another side: enough to read, too little to flood a terminal. */
const MAX_MESSAGE_CHARS = 4096;

/** The JSON contract. */
export const ErrorBody = z.object({
  error: z.object({
    code: z.string().max(64),
    message: z.string(),
    hint: z.string().optional(),
  }),
});

/** The error as JSON. What is not an AppError is answered as `failed` without its text, which might tell too much. */
export function errorBody(error: unknown): z.output<typeof ErrorBody> {
  if (!(error instanceof AppError)) {
    return { error: { code: "failed", message: "An internal error occurred" } };
  }
  const { code, message, hint } = error;
  return { error: { code, message, ...(hint === undefined ? {} : { hint }) } };
}

/** The kinds of answer an error can have. */
export type ErrorFormat = "json" | "html" | "text";

/** What the Accept header asks for; JSON when it does not say. */
export function errorFormat(accept: string | null | undefined): ErrorFormat {
  for (const part of (accept ?? "").toLowerCase().split(",")) {
    const type = part.split(";")[0]?.trim();
    if (type === "text/html" || type === "application/xhtml+xml") return "html";
    if (type === "text/plain") return "text";
    if (type === "application/json" || type === "*/*") return "json";
  }
  return "json";
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}

/** The error in the asked format, with its content type. */
export function renderError(
  error: unknown,
  format: ErrorFormat,
): { body: string; type: string } {
  const body = errorBody(error);
  const { message, hint } = body.error;
  if (format === "json") {
    return { body: `${JSON.stringify(body)}\n`, type: "application/json" };
  }
  if (format === "text") {
    const text = error instanceof AppError
      ? formatError(
        new AppError(error.code, message, hint === undefined ? {} : { hint }),
      )
      : `error: ${message}`;
    return { body: `${text}\n`, type: "text/plain; charset=utf-8" };
  }
  const title = escapeHtml(message);
  const more = hint === undefined ? "" : `<p>Try: ${escapeHtml(hint)}</p>`;
  return {
    body:
      `<!doctype html><html lang="en"><meta charset="utf-8"><title>${title}</title><h1>${title}</h1>${more}</html>\n`,
    type: "text/html; charset=utf-8",
  };
}

const CODE_OF_STATUS = new Map<number, ErrorCode>(
  (Object.entries(HTTP_STATUS) as [ErrorCode, number][]).reverse().map((
    [code, status],
  ) => [status, code]),
);

/** The error behind an answer that is not 2xx. Bodies that are not ours are judged by the status. */
export function errorOfAnswer(
  status: number,
  text: string,
  what: string,
): AppError {
  let value: unknown = null;
  try {
    value = JSON.parse(text);
  } catch {
    // Not ours: a proxy's page, or another server.
  }
  const parsed = ErrorBody.safeParse(value);
  const byStatus = CODE_OF_STATUS.get(status) ??
    (status >= 500 ? "unavailable" : "failed");
  if (!parsed.success) {
    return new AppError(byStatus, `${what} was answered with status ${status}`);
  }
  const { code, message, hint } = parsed.data.error;
  return new AppError(
    isErrorCode(code) ? code : byStatus,
    message.slice(0, MAX_MESSAGE_CHARS),
    hint === undefined ? {} : { hint: hint.slice(0, MAX_MESSAGE_CHARS) },
  );
}
