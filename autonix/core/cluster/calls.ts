/**
 * Which application of a repository speaks to which other one, and through
 * which variable: `API_URL=http://api:8000`.
 *
 * ```
 * compose files  -> Call, by the names that services have there \
 * values of env  -> Call, by an application's name or port      -> callsOf
 * ```
 *
 * Stands beside the `Analysis` as ties do: its `dependsOn` is of packages.
 *
 * @module
 */
import type {
  AnalysedApplication,
  AnalysedService,
  Evidence,
} from "../../../roles/model/analysis.ts";
import { ownerOf } from "../applications.ts";
import { basenameOf, comparePaths } from "../file_tree.ts";
import { addTo } from "../lists.ts";
import { labelOf } from "../render/names.ts";
import { hostIn, hostOfAddress } from "../services/addresses.ts";

export interface Call {
  /** Paths of applications. */
  from: string;
  to: string;
  /** Null: one waits for the other, and nothing says how it finds it. */
  variable: string | null;
  /** What the repository sets the variable to. */
  value: string;
  evidence: Evidence;
}

/** This machine, while somebody works on all of it. */
const HERE = /^(?:localhost|127\.0\.0\.1|0\.0\.0\.0|host\.docker\.internal)$/;
/** What a bundler puts into pages: a browser reads it, elsewhere. */
const OF_BROWSER =
  /^(?:VITE|NEXT_PUBLIC|NUXT_PUBLIC|PUBLIC|REACT_APP|VUE_APP|GATSBY|EXPO_PUBLIC|NG_APP)_/;

/** True for variables that a browser is told, which is not within the cluster. */
export function isOfBrowser(variable: string): boolean {
  return OF_BROWSER.test(variable);
}

type Named = readonly { path: string }[];

function only(candidates: Named, from: string): string | null {
  const others = candidates.filter(({ path }) => path !== from);
  return others.length === 1 ? others[0]?.path ?? null : null;
}

/** Who answers to a host and port, of those that are started. */
class Answering {
  readonly #byLabel = new Map<string, AnalysedApplication[]>();
  readonly #byPort = new Map<number, AnalysedApplication[]>();

  constructor(applications: readonly AnalysedApplication[]) {
    for (const one of applications) {
      if (one.commands.start === null) continue;
      const labels = new Set([
        labelOf(one.name),
        labelOf(basenameOf(one.path)),
      ]);
      for (const label of labels) addTo(this.#byLabel, label, one);
      for (const { value } of one.ports) addTo(this.#byPort, value, one);
    }
  }

  to(value: string, from: AnalysedApplication): string | null {
    const host = hostOfAddress(value);
    if (host === null) return null;
    if (!HERE.test(host)) {
      return only(this.#byLabel.get(labelOf(host)) ?? [], from.path);
    }
    const port = hostIn(value)?.port ?? null;
    // An address of its own: where it can be reached, for links in mails.
    const isOwn = from.ports.some((one) => one.value === port);
    return port === null || isOwn
      ? null
      : only(this.#byPort.get(port) ?? [], from.path);
  }
}

/** Sorted, each once; of the same variable what a compose file says counts. */
export function callsOf(
  declared: readonly Call[],
  { applications, services }: {
    applications: readonly AnalysedApplication[];
    services: readonly AnalysedService[];
  },
): Call[] {
  const byPath = new Map(applications.map((one) => [one.path, one]));
  const answering = new Answering(applications);
  const ofServices = new Set(services.flatMap(({ env }) => env));
  const calls = new Map<string, Call>();
  const add = (call: Call) => {
    const key = `${call.from}\0${call.variable ?? `\0${call.to}`}`;
    if (!calls.has(key)) calls.set(key, call);
  };
  for (const call of declared) {
    const from = ownerOf(call.from, byPath)?.path;
    const to = ownerOf(call.to, byPath)?.path;
    if (from === undefined || to === undefined || from === to) continue;
    add({ ...call, from, to });
  }
  for (const application of applications) {
    for (const { name, default: value, evidence } of application.env) {
      const [first] = evidence;
      if (value === undefined || first === undefined) continue;
      if (ofServices.has(name)) continue;
      const to = answering.to(value, application);
      if (to === null) continue;
      const from = application.path;
      add({ from, to, variable: name, value, evidence: first });
    }
  }
  return withoutMereWaits(
    [...calls].sort(([a], [b]) => comparePaths(a, b))
      .map(([, call]) => call),
  );
}

/** That one waits for another says nothing more where a variable says it. */
function withoutMereWaits(calls: readonly Call[]): Call[] {
  const told = new Set(
    calls.filter(({ variable }) => variable !== null)
      .map(({ from, to }) => `${from}\0${to}`),
  );
  return calls.filter(({ variable, from, to }) =>
    variable !== null || !told.has(`${from}\0${to}`)
  );
}
