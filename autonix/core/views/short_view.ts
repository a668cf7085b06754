/**
 * What was told of a repository, a line for each application and service: for
 * repositories with more of them than a screen has lines.
 *
 * @module
 */
import type {
  AnalysedApplication,
  AnalysedService,
  Analysis,
} from "../../../roles/model/analysis.ts";
import { type Paint, table } from "../../../roles/cli/core/table.ts";
import { countsOf } from "./counts.ts";

export interface ShortViewOptions {
  paint: Paint;
  /** Columns of the terminal; longer lines end in `…`. */
  columns: number;
}

/** Of the frameworks; the first are the most telling. */
const MAX_FRAMEWORKS = 2;
/** A path or command of hundreds of signs leaves no room for the rest. */
const MAX_CELL = 48;

function cut(text: string, room: number): string {
  return text.length > room ? `${text.slice(0, room - 1)}…` : text;
}

function listed(values: readonly (string | number)[], most: number): string {
  const more = values.length - most;
  const shown = values.slice(0, most).join(", ");
  return more > 0 ? `${shown} +${more}` : shown;
}

function applicationRow(application: AnalysedApplication): string[] {
  const { path, language, runtimeVersion, frameworks, ports } = application;
  return [
    cut(path, MAX_CELL),
    [language.value, runtimeVersion?.value ?? ""].join(" ").trim(),
    listed(frameworks.map(({ value }) => value), MAX_FRAMEWORKS),
    listed(ports.map(({ value }) => value), MAX_FRAMEWORKS),
    application.commands.start?.value ?? "",
  ];
}

function serviceRow(service: AnalysedService): string[] {
  const { kind, version, port, usedBy } = service;
  return [
    kind,
    version ?? "",
    port === null ? "" : String(port),
    listed(usedBy, MAX_FRAMEWORKS),
  ];
}

/** The whole answer, at most as wide as the terminal. */
export function formatShort(
  analysis: Analysis,
  { paint, columns }: ShortViewOptions,
): string {
  const { applications, services } = analysis;
  const parts: string[] = [];
  // Cut before it is painted: a colour's code is no column.
  const fitted = (head: readonly string[], rows: readonly string[][]) => {
    const widths = head.slice(0, -1).map((title, column) =>
      Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)) + 2
    );
    const room = Math.max(
      12,
      columns - widths.reduce((sum, width) => sum + width, 0),
    );
    const short = rows.map((row) => [
      ...row.slice(0, -1),
      cut(row.at(-1) ?? "", room),
    ]);
    parts.push(table(head, short, paint));
  };
  if (applications.length > 0) {
    fitted(
      ["APPLICATION", "LANGUAGE", "FRAMEWORKS", "PORTS", "START"],
      applications.map(applicationRow),
    );
  }
  if (services.length > 0) {
    fitted(
      ["SERVICE", "VERSION", "PORT", "USED BY"],
      services.map(serviceRow),
    );
  }
  return [...parts, `${paint(countsOf(analysis), "strong")}\n`].join("\n");
}
