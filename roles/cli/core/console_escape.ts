/**
 * The way out of a console whose keys all go to the guest: `~.` at the
 * beginning of a line, as in ssh. Pure.
 *
 * @module
 */

/** Whether the next key begins a line, or follows a `~` that did. */
export type EscapeState = "lineStart" | "inLine" | "tilde";

/** What keys come to. */
export interface Keys {
  state: EscapeState;
  /** For the guest. */
  send: Uint8Array;
  /** What was asked of the program itself. */
  asked: ("detach" | "help")[];
}

const TILDE = 0x7e;
const DOT = 0x2e;
const QUESTION = 0x3f;
const CR = 0x0d;
const LF = 0x0a;

/** What is shown for `~?`. */
export const ESCAPE_HELP =
  "~.  detach\r\n~~  a ~ for the guest\r\n~?  this\r\n";

/** Takes keys; those after a detach are nobody's. */
export function takeKeys(before: EscapeState, keys: Uint8Array): Keys {
  let state = before;
  const send: number[] = [];
  const asked: Keys["asked"] = [];
  for (const key of keys) {
    if (state === "tilde") {
      state = "inLine";
      if (key === DOT) {
        asked.push("detach");
        break;
      }
      if (key === QUESTION) {
        asked.push("help");
        state = "lineStart";
        continue;
      }
      // Two of them are one for the guest; before anything else it is meant.
      send.push(TILDE);
      if (key === TILDE) continue;
    } else if (state === "lineStart" && key === TILDE) {
      state = "tilde";
      continue;
    }
    send.push(key);
    state = key === CR || key === LF ? "lineStart" : "inLine";
  }
  return { state, send: Uint8Array.from(send), asked };
}
