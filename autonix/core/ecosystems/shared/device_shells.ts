/**
 * Projects that a framework for devices writes for each platform: `android/`,
 * `ios/`, `linux/` of Flutter, of React Native, of Capacitor. They are how its
 * application is packed, and none of their own.
 *
 * @module
 */
import { directoryOf, joinPath } from "../../file_tree.ts";
import type { Reading } from "../../reading.ts";

const PLATFORMS: ReadonlySet<string> = new Set([
  "android",
  "ios",
  "linux",
  "macos",
  "windows",
  "web",
]);
/** By manifest beside them, the words of which one stands in it. */
const FRAMEWORKS: readonly (readonly [string, RegExp])[] = [
  ["pubspec.yaml", /^\s{1,8}flutter:/m],
  [
    "package.json",
    /"(?:react-native|expo|@capacitor\/core|cordova-android|cordova-ios|@nativescript\/core)"/,
  ],
];

/** True for a directory at or below such a project. */
export function isOfDevice(reading: Reading, path: string): boolean {
  for (let here = path; here !== "."; here = directoryOf(here)) {
    const above = directoryOf(here);
    const name = above === "." ? here : here.slice(above.length + 1);
    if (!PLATFORMS.has(name)) continue;
    const isShell = FRAMEWORKS.some(([manifest, framework]) => {
      const file = joinPath(above, manifest);
      return file !== null &&
        framework.test(reading.tree.text(file)?.slice(0, 100_000) ?? "");
    });
    if (isShell) return true;
  }
  return false;
}
