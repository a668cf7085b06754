/**
 * Packages that need a library of the system, by its nixpkgs attribute.
 *
 * Only what the package loads or is built against: where prebuilt binaries
 * carry everything along (bcrypt, argon2, esbuild) nothing is told.
 *
 * @module
 */
import { claim, type Draft } from "../../draft.ts";

const CHROMIUM = ["chromium"];
const CANVAS = ["cairo", "giflib", "libjpeg", "libpng", "librsvg", "pango"];
const OPENSSL = ["openssl"];

const LIBRARIES: ReadonlyMap<string, readonly string[]> = new Map([
  ["sharp", ["vips"]],
  ["canvas", CANVAS],
  ["node-canvas", CANVAS],
  ["better-sqlite3", ["sqlite"]],
  ["sqlite3", ["sqlite"]],
  ["@journeyapps/sqlcipher", ["sqlcipher"]],
  ["prisma", OPENSSL],
  ["@prisma/client", OPENSSL],
  ["puppeteer", CHROMIUM],
  ["puppeteer-core", CHROMIUM],
  ["playwright", CHROMIUM],
  ["playwright-core", CHROMIUM],
  ["playwright-chromium", CHROMIUM],
  ["ffmpeg-static", ["ffmpeg"]],
  ["fluent-ffmpeg", ["ffmpeg"]],
  ["@ffmpeg-installer/ffmpeg", ["ffmpeg"]],
  ["gm", ["graphicsmagick"]],
  ["imagemagick", ["imagemagick"]],
  ["libxmljs", ["libxml2"]],
  ["libxmljs2", ["libxml2"]],
  ["libxslt", ["libxml2", "libxslt"]],
  ["pg-native", ["postgresql"]],
  ["libpq", ["postgresql"]],
  ["zeromq", ["zeromq"]],
  ["kerberos", ["krb5"]],
  ["node-rdkafka", ["rdkafka"]],
  ["usb", ["libusb1"]],
  ["node-hid", ["hidapi"]],
  ["serialport", ["udev"]],
  ["keytar", ["libsecret"]],
  ["node-poppler", ["poppler-utils"]],
  ["pdf-poppler", ["poppler-utils"]],
  ["node-tesseract-ocr", ["tesseract"]],
  ["wkhtmltopdf", ["wkhtmltopdf"]],
  ["sodium-native", ["libsodium"]],
  ["lzma-native", ["xz"]],
  ["odbc", ["unixODBC"]],
  ["opencv4nodejs", ["opencv"]],
  ["nodegit", ["libgit2"]],
  ["gl", ["libGL"]],
  ["speaker", ["alsa-lib"]],
  ["node-snowboy", ["alsa-lib"]],
]);

/** Tells the libraries of a draft's dependencies; a browser that only tests need is none. */
export function tellNative(draft: Draft): void {
  for (const { name, isDev, evidence } of draft.dependencies) {
    for (const library of LIBRARIES.get(name) ?? []) {
      if (library === "chromium" && isDev) continue;
      claim(draft, "nativeLibrary", library, "manifest", evidence);
    }
  }
}
