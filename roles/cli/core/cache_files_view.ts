/**
 * What `cache fsck`, `cache backup` and `cache restore` print.
 *
 * @module
 */
import type {
  CacheBackupInfo,
  CacheCheckReport,
  CacheFilesProgress,
  CacheRestoreInfo,
} from "../../model/cache_files.ts";
import type { Paint } from "./table.ts";
import { size } from "./vm_view.ts";

/** On a screen; --json has more. */
const SHOWN = 50;

function many(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}

function more(lines: string[], total: number): string[] {
  const left = total - lines.length;
  return left > 0
    ? [...lines, `... and ${left} more: --json names them`]
    : lines;
}

/** One line, written over the one before. */
export function formatFilesProgress(
  { phase, doneBytes, totalBytes }: CacheFilesProgress,
): string {
  const part = totalBytes === 0
    ? ""
    : ` ${size(doneBytes)} of ${size(totalBytes)}, ${
      Math.floor(100 * doneBytes / totalBytes)
    } %`;
  return `\r\x1b[K${phase}${part}`;
}

const ENDS = {
  clean: "nothing is wrong",
  mended: "all of it is mended; nothing has to be pushed again",
  incomplete: "what is left is sound; push what is named above again",
  damaged: "nothing was changed: run it again with --repair",
  cancelled: "stopped; the same command goes on where this one was",
} as const satisfies Record<CacheCheckReport["state"], string>;

/** A check for people. */
export function formatCheck(report: CacheCheckReport, paint: Paint): string {
  const { findings, problems, mended, pushAgain, checked, state } = report;
  const named = findings.slice(0, SHOWN).map((
    { kind, name, why, todo, isMended },
  ) => `${paint(kind, isMended ? "good" : "bad")} ${name}: ${why}\n  ${todo}`);
  const lost = pushAgain.slice(0, SHOWN);
  const lines = more(named, problems);
  if (lost.length > 0) {
    lines.push(
      "push again: nix copy --to this cache",
      ...more(
        lost.map((path) => `  ${path}`),
        pushAgain.length + report.pushAgainMore,
      ),
    );
  }
  for (const note of report.notes) lines.push(`note: ${note}`);
  if (report.resumedAfter !== null) {
    lines.push(
      `taken up behind nar/${report.resumedAfter}; --restart begins anew`,
    );
  }
  const read = report.deep ? `, ${size(checked.bytes)} read` : "";
  lines.push(
    `${many(checked.nars, "nar")} and ${
      many(checked.paths, "path")
    } checked${read}; ${many(problems, "problem")}, ${mended} mended`,
    ENDS[state],
  );
  return `${lines.join("\n")}\n`;
}

function damagedLines(damaged: readonly string[], hint: string): string[] {
  if (damaged.length === 0) return [];
  const named = damaged.slice(0, SHOWN).map((file) =>
    `left out, damaged: nar/${file}`
  );
  return [...more(named, damaged.length), hint];
}

export function formatCacheBackup(info: CacheBackupInfo): string {
  return [
    ...damagedLines(
      info.damaged,
      "mend the cache: procurator cache fsck --deep --repair",
    ),
    `${info.directory}: ${many(info.paths, "path")}, ${
      many(info.nars, "nar")
    } of ${size(info.bytes)}; ${info.copiedNars} copied (${
      size(info.copiedBytes)
    }), ${info.removedNars} of the one before removed`,
    "it has the signing keys: keep it as you keep the cache",
    "",
  ].join("\n");
}

export function formatCacheRestore(info: CacheRestoreInfo): string {
  return [
    ...damagedLines(
      info.damaged,
      "push what lacks them again: procurator cache fsck names it",
    ),
    `restored ${many(info.paths, "path")} and ${
      many(info.nars, "nar")
    }; ${info.copiedNars} copied (${size(info.copiedBytes)})`,
    info.replaced === null
      ? "there was no database before"
      : `what was there before is ${info.replaced}`,
    info.keyRestored
      ? "the signing keys are those of the backup"
      : "the signing keys that were there stay",
    ...(info.tokensRestored ? ["the tokens of the backup are good again"] : []),
    "",
  ].join("\n");
}
