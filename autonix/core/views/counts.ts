/**
 * How much was told: the last line of every view.
 *
 * @module
 */
import type { Analysis } from "../../../roles/model/analysis.ts";

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}

/** `2 applications, 1 service, 1 could not be told`. */
export function countsOf(
  { applications, services, unknown }: Analysis,
): string {
  return [
    counted(applications.length, "application"),
    counted(services.length, "service"),
    ...unknown.length > 0 ? [`${unknown.length} could not be told`] : [],
  ].join(", ");
}
