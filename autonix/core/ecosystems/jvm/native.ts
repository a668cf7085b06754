/**
 * Native libraries (attributes of nixpkgs) that artifacts of the JVM load or
 * call. What brings its own inside its jar (sqlite-jdbc, snappy, JavaCV) is not
 * here.
 *
 * @module
 */
import { claim, type Draft } from "../../draft.ts";
import type { Project } from "./project.ts";

const LIBRARIES: ReadonlyMap<string, readonly string[]> = new Map([
  ["tess4j", ["tesseract"]],
  ["vlcj", ["libvlc"]],
  ["gdal", ["gdal"]],
  ["usb4java", ["libusb1"]],
  ["im4java", ["imagemagick"]],
  ["jmagick", ["imagemagick"]],
  ["java-wkhtmltopdf-wrapper", ["wkhtmltopdf"]],
  ["jodconverter-local", ["libreoffice"]],
  ["jodconverter-spring-boot-starter", ["libreoffice"]],
  ["javafx-graphics", ["gtk3", "libGL"]],
  ["javafx-controls", ["gtk3", "libGL"]],
  ["playwright", ["chromium"]],
  ["jzmq", ["zeromq"]],
  ["lmdbjava", ["lmdb"]],
  ["jsvips", ["vips"]],
  ["vips-ffm-core", ["vips"]],
]);
/** Wrappers that call the program. */
const BY_NAME: ReadonlyMap<string, string> = new Map([
  ["net.bramp.ffmpeg:ffmpeg", "ffmpeg"],
]);

export function claimNativeLibraries(draft: Draft, project: Project): void {
  for (const { name, isDev, evidence } of project.dependencies) {
    if (isDev) continue;
    const artifact = name.slice(name.lastIndexOf(":") + 1);
    const program = BY_NAME.get(name);
    const all = [
      ...LIBRARIES.get(artifact) ?? [],
      ...program === undefined ? [] : [program],
    ];
    for (const library of all) {
      claim(draft, "nativeLibrary", library, "manifest", evidence);
    }
  }
}
