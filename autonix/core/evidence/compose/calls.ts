/**
 * Applications of a repository that its compose files let speak to each other.
 *
 * @module
 */
import type { Call } from "../../cluster/calls.ts";
import { hostIn } from "../../services/addresses.ts";
import { substitute } from "../dockerfile/parse.ts";
import type { Own } from "./own.ts";
import type { ComposeFile } from "./read.ts";
import type { ComposeVariable } from "./service.ts";

/** What a variable is set to, by the file and the `.env` beside it. */
function valueOf({ name, raw }: ComposeVariable, file: ComposeFile): string {
  // A name alone is taken over from there.
  const text = raw ?? file.values.get(name) ?? "";
  return substitute(text, file.values);
}

/** A host alone is one only where the variable's name says so: NAME=api is none. */
function isAddress(variable: string, value: string): boolean {
  return value.includes("://") || /^[\w.-]+:\d{2,5}(?:\/|$)/.test(value) ||
    /(?:HOST|HOSTNAME|ADDR|ADDRESS|SERVER|UPSTREAM|BACKEND)$/i.test(variable);
}

export function callsIn(file: ComposeFile, own: readonly Own[]): Call[] {
  const paths = new Map(
    own.flatMap(({ compose, draft }) =>
      draft === null ? [] : [[compose.name, draft.path] as const]
    ),
  );
  return own.flatMap(({ compose, draft }): Call[] => {
    if (draft === null) return [];
    const from = draft.path;
    const told = compose.environment.flatMap((variable): Call[] => {
      const value = valueOf(variable, file);
      const to = paths.get(hostIn(value)?.host ?? "");
      if (to === undefined || !isAddress(variable.name, value)) return [];
      const { name, evidence } = variable;
      return [{ from, to, variable: name, value, evidence }];
    });
    const waits = [...compose.needs].flatMap((name): Call[] => {
      const to = paths.get(name);
      const { evidence } = compose;
      return to === undefined
        ? []
        : [{ from, to, variable: null, value: "", evidence }];
    });
    return [...told, ...waits];
  });
}
