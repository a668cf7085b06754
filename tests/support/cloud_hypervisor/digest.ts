/**
 * What the project's OpenAPI file says of the endpoints and schemas that we
 * use, and whether a value is of such a schema. The facts are ours, in
 * openapi_digest.json; `deno task test:cloud-hypervisor --openapi FILE` compares
 * them with the file of a release, and with `--write` derives them anew.
 *
 * @module
 */
import facts from "./openapi_digest.json" with { type: "json" };
import type { Digest, FieldType } from "./openapi.ts";

export const DIGEST: Digest = facts;

/** Why a value is not of this type, in the server's own words; null when it is. Fields that the schema has not are passed over, as the server does. */
export function typeError(value: unknown, type: FieldType): string | null {
  const item = /^array of (.*)$/.exec(type)?.[1];
  if (item !== undefined) {
    if (!Array.isArray(value)) return invalid(value, "a sequence");
    return firstOf(value.map((one) => typeError(one, item)));
  }
  const ref = /^ref (.*)$/.exec(type)?.[1];
  if (ref !== undefined) return schemaError(value, ref);
  if (type === "integer") {
    return Number.isInteger(value) ? null : invalid(value, "u64");
  }
  if (type === "boolean") {
    return typeof value === "boolean" ? null : invalid(value, "a boolean");
  }
  if (type === "string") {
    return typeof value === "string" ? null : invalid(value, "a string");
  }
  return null;
}

/** As {@linkcode typeError}, for a schema by its name. */
export function schemaError(value: unknown, name: string): string | null {
  const schema = DIGEST.schemas[name];
  // Of parts of a machine that we never send.
  if (schema === undefined) return null;
  if (schema.values !== undefined) {
    return schema.values.includes(String(value))
      ? null
      : `unknown variant \`${value}\``;
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return invalid(value, `struct ${name}`);
  }
  const given = value as Record<string, unknown>;
  const missing = schema.required.find((field) => given[field] === undefined);
  if (missing !== undefined) return `missing field \`${missing}\``;
  return firstOf(
    Object.entries(schema.fields ?? {}).map(([field, type]) =>
      given[field] == null ? null : typeError(given[field], type)
    ),
  );
}

function firstOf(errors: readonly (string | null)[]): string | null {
  return errors.find((error) => error !== null) ?? null;
}

function invalid(value: unknown, expected: string): string {
  const found = typeof value === "string"
    ? `string ${JSON.stringify(value)}`
    : typeof value;
  return `invalid type: ${found}, expected ${expected}`;
}
