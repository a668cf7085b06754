/**
 * Reads configuration and token files.
 *
 * @module
 */
import type { z } from "zod";
import { AppError } from "../model/errors.ts";
import { parseWith } from "../model/parse.ts";
import { parseTokens, type TokenOf } from "./core/tokens.ts";

/** A configuration is a page of JSON. */
const MAX_CONFIG_BYTES = 1024 * 1024;
/** A token file has one line per service. */
const MAX_TOKEN_FILE_BYTES = 64 * 1024;

/**
 * The text of a small file.
 *
 * @throws {AppError} `not_found`, `denied` or `invalid`, naming the file.
 */
export async function readSmallFile(
  file: string,
  options: { what: string; maxBytes: number },
): Promise<string> {
  const fail = (code: "not_found" | "denied" | "invalid", why: string) =>
    new AppError(code, `Cannot read ${options.what} ${file}: ${why}`);
  try {
    const info = await Deno.stat(file);
    if (info.isDirectory) throw fail("invalid", "it is a directory");
    if (info.size > options.maxBytes) {
      throw fail("invalid", `it is larger than ${options.maxBytes} bytes`);
    }
    return await Deno.readTextFile(file);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) {
      throw fail("not_found", "there is no such file");
    }
    if (error instanceof Deno.errors.PermissionDenied) {
      throw fail("denied", "no permission");
    }
    throw error;
  }
}

async function readJsonObject(file: string): Promise<Record<string, unknown>> {
  const text = await readSmallFile(file, {
    what: "the configuration",
    maxBytes: MAX_CONFIG_BYTES,
  });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new AppError(
      "invalid",
      `Cannot read the configuration ${file}: it is not JSON`,
      { cause },
    );
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new AppError(
      "invalid",
      `Cannot read the configuration ${file}: it must be a JSON object`,
    );
  }
  return value as Record<string, unknown>;
}

/**
 * The configuration of a role: defaults, then the file, then what the command
 * line says. Overrides that are undefined do not count.
 *
 * @throws {AppError} `invalid`, naming the file and each unknown key or bad value.
 */
export async function loadConfig<S extends z.ZodType>(
  schema: S,
  options: { file?: string; overrides: Record<string, unknown> },
): Promise<z.output<S>> {
  const fromFile = options.file === undefined
    ? {}
    : await readJsonObject(options.file);
  const flags = Object.fromEntries(
    Object.entries(options.overrides).filter(([, value]) =>
      value !== undefined
    ),
  );
  const flagged = Object.keys(flags).length > 0;
  const what = options.file === undefined
    ? "the flags"
    : `the configuration ${options.file}${flagged ? " with the flags" : ""}`;
  const config = parseWith(schema, { ...fromFile, ...flags }, { what });
  const { tlsCert, tlsKey } = config as { tlsCert?: string; tlsKey?: string };
  if ((tlsCert === undefined) !== (tlsKey === undefined)) {
    throw new AppError(
      "invalid",
      `Cannot read ${what}: tlsCert and tlsKey belong together, ${
        tlsCert === undefined ? "tlsCert" : "tlsKey"
      } is missing`,
    );
  }
  return config;
}

/**
 * The tokens of a file: one bare token for every service, or lines `SERVICE TOKEN`.
 *
 * @throws {AppError} `not_found`, `denied` or `invalid`
 */
export async function readTokens(tokenFile: string): Promise<TokenOf> {
  const text = await readSmallFile(tokenFile, {
    what: "the token file",
    maxBytes: MAX_TOKEN_FILE_BYTES,
  });
  return parseTokens(text, tokenFile);
}
