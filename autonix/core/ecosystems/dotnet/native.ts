/**
 * Native libraries (attributes of nixpkgs) that packages of NuGet load or call.
 * What brings its own inside its package (SQLite, librdkafka, LibGit2Sharp,
 * Magick.NET) is not here.
 *
 * @module
 */
import { claim, type Draft } from "../../draft.ts";

const LIBRARIES: ReadonlyMap<string, readonly string[]> = new Map([
  ["System.Drawing.Common", ["libgdiplus"]],
  ["ClosedXML", ["fontconfig"]],
  ["SkiaSharp", ["fontconfig"]],
  ["SkiaSharp.NativeAssets.Linux", ["fontconfig"]],
  ["QuestPDF", ["fontconfig"]],
  ["DinkToPdf", ["wkhtmltopdf"]],
  ["Haukcode.WkHtmlToPdfDotNet", ["wkhtmltopdf"]],
  ["Rotativa.AspNetCore", ["wkhtmltopdf"]],
  ["Tesseract", ["leptonica", "tesseract"]],
  ["Microsoft.Playwright", ["chromium"]],
  ["PuppeteerSharp", ["chromium"]],
  ["Selenium.WebDriver", ["chromium"]],
  ["System.Data.Odbc", ["unixODBC"]],
  ["System.DirectoryServices.Protocols", ["openldap"]],
  ["FFMpegCore", ["ffmpeg"]],
  ["Xabe.FFmpeg", ["ffmpeg"]],
  ["NetVips", ["vips"]],
  ["LibVLCSharp", ["libvlc"]],
  ["HidSharp", ["libusb1"]],
  ["Avalonia.Desktop", ["fontconfig", "libGL"]],
  ["MonoGame.Framework.DesktopGL", ["SDL2", "openal"]],
]);

export function claimNativeLibraries(draft: Draft): void {
  for (const { name, isDev, evidence } of draft.dependencies) {
    if (isDev) continue;
    for (const library of LIBRARIES.get(name) ?? []) {
      claim(draft, "nativeLibrary", library, "manifest", evidence);
    }
  }
}
