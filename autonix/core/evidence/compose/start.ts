/**
 * Which command of a compose file starts an application: where the image it
 * builds says nothing, `command` is the only one who does.
 *
 * Of the many containers that one image makes (web, worker, beat) that one
 * counts which is reached from outside. One without a command of its own says
 * that the image has one.
 *
 * @module
 */
import type { Draft } from "../../draft.ts";
import { addTo } from "../../lists.ts";
import { type Command, commandOf } from "../dockerfile/command.ts";
import { type Image, readImage } from "../dockerfile/image.ts";
import type { Start } from "../dockerfile/start.ts";
import { startIn } from "../dockerfile/statements.ts";
import { type Gathering, state } from "../gathering.ts";
import type { Reading } from "../../reading.ts";
import { type Own, USUAL_NAMES } from "./own.ts";

/** Frameworks' servers for work: what compose files are mostly for says them too. */
const FOR_WORK =
  /\brunserver\b|\brails s(?:erver)?\b|\bartisan serve\b|\bflask run\b|\bsleep\b|\btail -f\b|(?:^|&& |; )(?:npm|yarn|pnpm|bun|pip|bundle|composer|poetry|uv) (?:ci|i|install|sync)\b/;

/** `command` as the words it is, or as a shell's text where it calls one. */
function commandIn({ compose }: Own): Command | null {
  const { command } = compose;
  if (command === null) return null;
  const { words, evidence } = command;
  return {
    words,
    shell: null,
    line: evidence.line ?? 1,
    file: evidence.file,
  };
}

/** The container that is the application, of those its image makes. */
function mainOf(own: readonly Own[]): Own | null {
  if (own.length === 1) return own[0] ?? null;
  const reached = own.filter(({ compose }) =>
    compose.ports.length > 0 || compose.routed.length > 0
  );
  if (reached.length === 1) return reached[0] ?? null;
  const named = own.filter(({ compose }) => USUAL_NAMES.has(compose.name));
  return named.length === 1 ? named[0] ?? null : null;
}

/** The image without a command of its own; null where it has one. */
function silentImage({ compose }: Own, reading: Reading): Image | null {
  const { build } = compose;
  if (build?.dockerfile === undefined || build.dockerfile === null) return null;
  const image = readImage(reading, build.dockerfile, build.target);
  const command = image === null ? null : commandOf(image.last);
  return command === null || image !== null && isOnlyEntry(image)
    ? image
    : null;
}

/** True for an image with nothing but a script in front. */
function isOnlyEntry(image: Image): boolean {
  return !image.last.some(({ instructions }) =>
    instructions.some(({ keyword }) => keyword === "CMD")
  );
}

function startOfOne(own: Own, draft: Draft, reading: Reading): Start | null {
  const command = commandIn(own);
  const image = silentImage(own, reading);
  if (command === null || image === null) return null;
  const [start] = startIn(image, { reading, owner: draft }, command) ?? [];
  return start ?? null;
}

/** Tells each application the command that its container is given. */
export function stateStarts(
  to: Gathering,
  own: readonly Own[],
  reading: Reading,
): void {
  const byDraft = new Map<Draft, Own[]>();
  for (const one of own) {
    if (one.draft === null || one.draft.role === "root") continue;
    addTo(byDraft, one.draft, one);
  }
  for (const [draft, same] of byDraft) {
    const main = mainOf(same);
    const start = main === null ? null : startOfOne(main, draft, reading);
    if (start === null || main?.compose.command == null) continue;
    state(to, {
      path: draft.path,
      field: "start",
      value: start.text,
      source: FOR_WORK.test(start.text.slice(0, 500)) ? "guess" : start.source,
      evidence: main.compose.command.evidence,
    });
  }
}
