/**
 * What cloud-hypervisor says when it does not do something, in all its
 * versions, and whose fault that is. Pure.
 *
 * Bodies: from v47 on a JSON array of strings, outermost first; plain text
 * before; of its HTTP parser something that looks like JSON and is not, as it
 * has a line end inside a string; nothing at all.
 *
 * @module
 */
import { z } from "zod";
import { AppError, type ErrorCode } from "../../../roles/model/errors.ts";

/** The oldest version that is driven: it resizes disks and has every field we send. */
export const OLDEST_VERSION = 50;
/** From here on a writable image may lie over a raw one. */
export const OVERLAYS_SINCE = 51;
/** Longer words are nobody's to read. */
const MAX_WORDS = 1000;
/** Said before every error, and of no use. */
const NOISE = "Error from API";

const Words = z.array(z.string()).max(64);
/** A build with backtraces turned on puts one behind its words. */
const BACKTRACE = /\s*Stack backtrace:[\s\S]*$/;
const ParserBody = /^\{\s*"error"\s*:\s*"([\s\S]*)"\s*\}\s*$/;

function parsed(body: string): string[] | null {
  try {
    const words = Words.safeParse(JSON.parse(body));
    return words.success ? words.data : null;
  } catch {
    return null;
  }
}

/** Each level repeats what the one below says: a part that the next one holds is left out. */
function joined(words: readonly string[]): string {
  const useful = words.map((word) => word.replace(BACKTRACE, ""))
    .filter((word) => word.trim() !== "" && word !== NOISE);
  return useful.filter((word, index) =>
    index === 0 || !useful[index - 1]?.includes(word)
  ).join(": ");
}

/** The words of an error's body, on one line; "" when it has none. */
export function errorWords(body: string): string {
  const words = parsed(body);
  const text = words === null
    ? ParserBody.exec(body.trim())?.[1] ?? body
    : joined(words);
  return text.replace(/\s+/g, " ").trim().slice(0, MAX_WORDS);
}

/** Its log's lines that tell of nothing that went wrong, and those of backtraces. */
const IDLE_LINE = /\b(WARN|INFO|DEBUG):|^Stack backtrace:|^\d+: |^at /;
/** `cloud-hypervisor:  6.2s: <vmm> ERROR:vmm/src/lib.rs:2760 -- ` */
const LOG_PREFIX = /^cloud-hypervisor:.*? -- /;
/** Of a failure the last lines say what, those before what followed from it. */
const MAX_LINES = 6;

/** The last of what it printed about a failure, on one line; "" when there was none. */
export function printedWords(text: string): string {
  const lines = text.replaceAll("\0", "").split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "" && !IDLE_LINE.test(line))
    .map((line) => line.replace(LOG_PREFIX, ""));
  return lines.slice(-MAX_LINES).join("; ").slice(0, MAX_WORDS);
}

/** What its answer's status means to us; 500 says nothing, the words have to. */
export function codeOfStatus(status: number): ErrorCode {
  if (status === 404) return "not_found";
  if (status === 409) return "conflict";
  if (status === 429 || status === 503) return "overloaded";
  return "failed";
}

/** The major version in `v53.0`, `cloud-hypervisor v53.0-246-g12` or `54.0.0`; null when there is none. */
export function majorVersion(text: string): number | null {
  const digits = /^(?:cloud-hypervisor )?v?(\d{1,5})\.\d/.exec(text)?.[1];
  return digits === undefined ? null : Number(digits);
}

/** @throws {AppError} `missing_dependency` for a version that is not driven. */
export function checkVersion(program: string, text: string): void {
  const major = majorVersion(text);
  if (major !== null && major >= OLDEST_VERSION) return;
  const found = text.trim().split("\n")[0]?.slice(0, 80) ?? "";
  throw new AppError(
    "missing_dependency",
    major === null
      ? `Cannot use ${program}: it says "${found}", which is no version of cloud-hypervisor`
      : `Cannot use ${program}: it is version ${major}, and versions before ${OLDEST_VERSION} are not driven`,
    { hint: `install cloud-hypervisor v${OLDEST_VERSION} or later` },
  );
}

interface Fault {
  pattern: RegExp;
  code: ErrorCode;
  hint: string;
}

/** In this order: the first that fits tells. */
const FAULTS: readonly Fault[] = [
  {
    // Of the shell that was to become it.
    pattern: /\bexec: .*: (not found|Permission denied)$/,
    code: "missing_dependency",
    hint: "install cloud-hypervisor v50 or later, or set cloudHypervisorPath",
  },
  {
    pattern: /hypervisor interface|\/dev\/kvm|Failed to open.*KVM/i,
    code: "missing_dependency",
    hint: "let the worker's VMM user read and write /dev/kvm",
  },
  {
    pattern:
      /load the kernel|Kernel Loader|PVH|bzImage|load the initramfs|initramfs.*(memory|fit)|command line.*large/i,
    code: "invalid",
    hint:
      "image.kernelPath must name a bzImage or an ELF64 kernel with a PVH note, and memoryMib must hold it and the initrd",
  },
  {
    pattern:
      /Cannot allocate memory|out of memory|os error 12\b|mmap|guest memory|Not enough memory/i,
    code: "overloaded",
    hint: "lower the worker's capacity or the VM's memoryMib",
  },
  {
    pattern: /No space left|os error 28\b|Read-only file system/i,
    code: "storage",
    hint: "free space in the worker's directories",
  },
  {
    pattern: /already locked|lock.*disk|disk.*lock/i,
    code: "unavailable",
    hint: "end what holds the volume: another VMM has it open",
  },
  {
    pattern: /landlock/i,
    code: "missing_dependency",
    hint: "Landlock of Linux 6.2 and later is needed, or turned off",
  },
  {
    pattern: /\btap\b|network device|virtio-net|net_util/i,
    code: "failed",
    hint: "look whether the TAP is there, and owned by the VMM's user",
  },
  {
    pattern: /No such file|os error 2\b/i,
    code: "not_found",
    hint: "check that the closure is whole",
  },
];

/** The error for a start that ended with these words of the VMM, whether answered or printed. */
export function startError(
  id: string,
  words: string,
  fallback: ErrorCode = "failed",
): AppError {
  const fault = FAULTS.find(({ pattern }) => pattern.test(words));
  return new AppError(
    fault?.code ?? fallback,
    `Cannot start VM "${id}": ${words || "cloud-hypervisor said nothing"}`,
    { hint: fault?.hint ?? "run the worker with logLevel debug" },
  );
}
