/**
 * Logging for all roles: one line per event on standard error, text for a
 * terminal and JSON lines otherwise. Never on standard output, which belongs
 * to the command's answer.
 *
 * @module
 */
import {
  configure,
  getLogger,
  jsonLinesFormatter,
  type Logger,
  type LogLevel,
  type LogRecord,
} from "@logtape/logtape";

export type { Logger, LogLevel };

/** Messages quote what others sent: it must neither steer a terminal nor look like a line of ours. */
export function quoted(text: string): string {
  return text.replace(/[^\P{Cc}\n\t]/gu, "").replaceAll("\n", "\n    ");
}

function textLine(record: LogRecord): string {
  const time = new Date(record.timestamp).toISOString().slice(11, 23);
  const where = record.category.slice(1).join(".");
  const message = record.message.map((part) =>
    typeof part === "string" ? part : String(part)
  ).join("");
  const more = Object.entries(record.properties).map(([key, value]) =>
    ` ${key}=${typeof value === "string" ? value : JSON.stringify(value)}`
  ).join("");
  const text = quoted(`${message}${more}`);
  return `${time} ${record.level.padEnd(7)} ${where}: ${text}\n`;
}

/** Sets logging up, once per process. Without this call nothing is logged, as tests want it. */
export async function configureLogging(
  options: { level: LogLevel; json?: boolean; file?: string },
): Promise<void> {
  const encoder = new TextEncoder();
  const format = options.json === true ? jsonLinesFormatter : textLine;
  const file = options.file === undefined
    ? null
    : Deno.openSync(options.file, { append: true, create: true, mode: 0o600 });
  const sink = (record: LogRecord) => {
    const bytes = encoder.encode(format(record));
    if (file === null) Deno.stderr.writeSync(bytes);
    else file.writeSync(bytes);
  };
  await configure({
    reset: true,
    sinks: { out: sink },
    loggers: [
      { category: "procurator", lowestLevel: options.level, sinks: ["out"] },
      { category: ["logtape", "meta"], lowestLevel: "error", sinks: ["out"] },
    ],
  });
}

/** The logger of one area: `logger("worker")`, `logger("ci", "build")`. */
export function logger(...area: string[]): Logger {
  return getLogger(["procurator", ...area]);
}
