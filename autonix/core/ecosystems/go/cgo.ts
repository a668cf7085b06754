/**
 * Libraries of the system that `import "C"` links: `#cgo pkg-config: x` and
 * `#cgo LDFLAGS: -lx`.
 *
 * @module
 */
import { claim, type Draft } from "../../draft.ts";
import type { Reading } from "../../reading.ts";
import { libraryOf, moduleNames } from "../shared/libraries.ts";

const PKG_CONFIG = /^[\s/*]{0,10}#cgo\b[^:\n]{0,80}\bpkg-config:(.{1,300})/;
const LDFLAGS = /^[\s/*]{0,10}#cgo\b[^:\n]{0,80}\bLDFLAGS:(.{1,500})/;

export function claimCgo(
  reading: Reading,
  draft: Draft,
  sources: readonly string[],
): void {
  for (const file of sources) {
    if (!(reading.tree.text(file) ?? "").includes("#cgo")) continue;
    for (const { number, text } of reading.lines(file).slice(0, 2_000)) {
      const line = text.slice(0, 1_000);
      // For another system.
      if (/#cgo\s{1,5}(?:windows|darwin|freebsd|android|ios)\b/.test(line)) {
        continue;
      }
      const modules = moduleNames(PKG_CONFIG.exec(line)?.[1] ?? "");
      const linked = [
        ...(LDFLAGS.exec(line)?.[1] ?? "").matchAll(
          /(?:^|\s)-l([\w.+-]{1,60})/g,
        ),
      ]
        .map(([, name = ""]) => name);
      for (const name of [...modules, ...linked]) {
        claim(draft, "nativeLibrary", libraryOf(name), "source", {
          file,
          line: number,
        });
      }
    }
  }
}
