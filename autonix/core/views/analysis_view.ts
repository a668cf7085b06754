/**
 * What was told of a repository, as a person reads it: a block for each
 * application, then services, then what could not be told.
 *
 * Decides what is shown and where lines end. Every text of a repository is
 * made plain first: a name must not steer a terminal.
 *
 * @module
 */
import type {
  AnalysedApplication,
  AnalysedService,
  Analysis,
  EnvVariable,
  Evidence,
} from "../../../roles/model/analysis.ts";
import { type Paint, plain } from "../../../roles/cli/core/table.ts";
import { countsOf } from "./counts.ts";

export interface AnalysisViewOptions {
  paint: Paint;
  /** Columns of the terminal. */
  columns: number;
  /** How sure each fact is, and where it stands. */
  isEvidenceShown: boolean;
  /** Every variable, however many; else the required ones of a long list. */
  isEveryVariableShown: boolean;
}

/** A fact, whatever its value. */
interface ShownFact {
  value: string | number;
  confidence: number;
  evidence: readonly Evidence[];
}

/** Something in a row: its text, and what speaks for it. */
interface Item {
  text: string;
  note: string;
}

/** Width of the names on the left. */
const LABEL = 13;
const INDENT = "  ";
/** Narrower than that, lines are left to the terminal. */
const LEAST_COLUMNS = 40;
/** As many variables are shown of an application; of more, those it can not do without. */
const MAX_VARIABLES = 12;
/** Places of one fact; more say nothing new. */
const MAX_PLACES = 3;

function placesOf(evidence: readonly Evidence[]): string {
  const shown = evidence.slice(0, MAX_PLACES).map(({ file, line }) =>
    line === null ? file : `${file}:${line}`
  );
  const more = evidence.length - shown.length;
  return [...shown, ...more > 0 ? [`${more} more`] : []].join(", ");
}

function itemOf({ value, confidence, evidence }: ShownFact): Item {
  const sure = `${Math.round(confidence * 100)} %`;
  return {
    text: plain(String(value)),
    note: plain(
      [sure, placesOf(evidence)].filter((part) => part !== "").join("  "),
    ),
  };
}

function variableOf(variable: EnvVariable): Item {
  const standard = variable.default;
  const detail = standard !== undefined
    ? `=${standard}`
    : variable.required
    ? " (required)"
    : "";
  return {
    text: plain(`${variable.name}${detail}`),
    note: plain(placesOf(variable.evidence)),
  };
}

/**
 * Hundreds of switches with a default would hide what a reader looks for. The
 * last item says how many were left out, and what shows them.
 */
function shortList(env: readonly EnvVariable[]): Item[] {
  if (env.length <= MAX_VARIABLES) return env.map(variableOf);
  const needed = env.filter((variable) =>
    variable.required && variable.default === undefined
  );
  const shown = (needed.length > 0 ? needed : env).slice(0, MAX_VARIABLES);
  const more = { text: `${env.length - shown.length} more: --env`, note: "" };
  return [...shown.map(variableOf), more];
}

class View {
  readonly #options: AnalysisViewOptions;
  readonly #lines: string[] = [];

  constructor(options: AnalysisViewOptions) {
    this.#options = options;
  }

  /** What an application reads: all of it, or what fits. */
  variables(env: readonly EnvVariable[]): void {
    const { isEvidenceShown, isEveryVariableShown } = this.#options;
    const isAll = isEvidenceShown || isEveryVariableShown;
    this.row("reads", isAll ? env.map(variableOf) : shortList(env));
  }

  get text(): string {
    return `${this.#lines.join("\n")}\n`;
  }

  /** A line of its own, with an empty one before it. */
  heading(text: string, more: string): void {
    if (this.#lines.length > 0) this.#lines.push("");
    const painted = this.#options.paint(plain(text), "strong");
    this.#lines.push(more === "" ? painted : `${painted}  ${plain(more)}`);
  }

  /** A name and what belongs to it, wrapped below itself; nothing without items. */
  row(label: string, items: readonly Item[]): void {
    if (this.#options.isEvidenceShown) this.#explained(label, items);
    else this.#wrapped(label, items.map(({ text }) => text));
  }

  #label(label: string): string {
    return INDENT + this.#options.paint(label, "quiet") +
      " ".repeat(Math.max(1, LABEL - label.length));
  }

  #explained(label: string, items: readonly Item[]): void {
    const rest = " ".repeat(INDENT.length + LABEL);
    items.forEach(({ text, note }, index) => {
      this.#lines.push((index === 0 ? this.#label(label) : rest) + text);
      if (note === "") return;
      this.#lines.push(`${rest}${INDENT}${this.#options.paint(note, "quiet")}`);
    });
  }

  #wrapped(label: string, texts: readonly string[]): void {
    if (texts.length === 0) return;
    const columns = Math.max(LEAST_COLUMNS, this.#options.columns);
    const room = columns - INDENT.length - LABEL;
    const rest = " ".repeat(INDENT.length + LABEL);
    let line = "";
    let isFirst = true;
    const push = () => {
      this.#lines.push((isFirst ? this.#label(label) : rest) + line);
      isFirst = false;
    };
    texts.forEach((text, index) => {
      const word = index < texts.length - 1 ? `${text},` : text;
      if (line !== "" && line.length + 1 + word.length > room) {
        push();
        line = word;
      } else line = line === "" ? word : `${line} ${word}`;
    });
    push();
  }

  /** A sentence, wrapped between words below an indent. */
  sentence(text: string): void {
    const room = Math.max(LEAST_COLUMNS, this.#options.columns) -
      INDENT.length * 2;
    let line = "";
    let indent = INDENT;
    const push = () => {
      this.#lines.push(indent + line);
      indent = INDENT.repeat(2);
    };
    for (const word of plain(text).split(" ")) {
      if (line !== "" && line.length + 1 + word.length > room) {
        push();
        line = word;
      } else line = line === "" ? word : `${line} ${word}`;
    }
    push();
  }
}

function facts(list: readonly (ShownFact | null)[]): Item[] {
  return list.filter((fact): fact is ShownFact => fact !== null).map(itemOf);
}

function showApplication(view: View, application: AnalysedApplication): void {
  const { path, name, commands } = application;
  view.heading(name, path === "." ? "" : `in ${path}`);
  view.row("language", facts([application.language]));
  view.row("version", facts([application.runtimeVersion]));
  view.row("packages by", facts([application.packageManager]));
  view.row("frameworks", facts(application.frameworks));
  view.row("install", facts([commands.install]));
  view.row("build", facts([commands.build]));
  view.row("start", facts([commands.start]));
  view.row("test", facts([commands.test]));
  view.row("listens on", facts(application.ports));
  view.variables(application.env);
  view.row("libraries", facts(application.nativeLibraries));
  view.row(
    "depends on",
    application.dependsOn.map((text) => ({ text: plain(text), note: "" })),
  );
}

function showService(view: View, service: AnalysedService): void {
  const { kind, version, port, usedBy, env, evidence } = service;
  const places = plain(placesOf(evidence));
  view.heading(kind, "service");
  view.row(
    "version",
    version === null ? [] : [{ text: plain(version), note: "" }],
  );
  view.row("port", port === null ? [] : [{ text: String(port), note: "" }]);
  view.row("address in", env.map((text) => ({ text: plain(text), note: "" })));
  view.row("used by", usedBy.map((text) => ({ text: plain(text), note: "" })));
  view.row("named in", [{ text: places, note: "" }]);
}

/** The whole answer. */
export function formatAnalysis(
  analysis: Analysis,
  options: AnalysisViewOptions,
): string {
  const { applications, services, unknown } = analysis;
  const view = new View(options);
  for (const application of applications) showApplication(view, application);
  for (const service of services) showService(view, service);
  if (unknown.length > 0) {
    view.heading("could not tell", "");
    for (const { path, what, why } of unknown) {
      view.sentence(`${path}: ${what}: ${why}`);
    }
  }
  view.heading(countsOf(analysis), "");
  return view.text;
}
