/**
 * Native libraries (attributes of nixpkgs) that packages of PyPI need.
 *
 * Told where the package is usually built from source, or loads the library of
 * the machine. What comes as a wheel with all it needs inside (Pillow, numpy,
 * cryptography, psycopg2-binary, opencv-python-headless, shapely) is not here.
 *
 * @module
 */
import { claim, type Draft } from "../../draft.ts";
import type { Project } from "./project.ts";

const LIBRARIES: ReadonlyMap<string, readonly string[]> = new Map([
  ["psycopg2", ["postgresql"]],
  ["psycopg", ["postgresql"]],
  ["psycopg-c", ["postgresql"]],
  ["psycopg2cffi", ["postgresql"]],
  ["mysqlclient", ["libmysqlclient"]],
  ["lxml", ["libxml2", "libxslt"]],
  ["xmlsec", ["libxml2", "xmlsec"]],
  ["python3-saml", ["libxml2", "xmlsec"]],
  ["weasyprint", ["cairo", "gdk-pixbuf", "pango"]],
  ["django-weasyprint", ["cairo", "gdk-pixbuf", "pango"]],
  ["cairosvg", ["cairo"]],
  ["cairocffi", ["cairo"]],
  ["pycairo", ["cairo"]],
  ["pygobject", ["cairo", "glib", "gobject-introspection"]],
  ["python-ldap", ["cyrus_sasl", "openldap"]],
  ["django-auth-ldap", ["cyrus_sasl", "openldap"]],
  ["pyodbc", ["unixODBC"]],
  ["aioodbc", ["unixODBC"]],
  ["pymssql", ["freetds"]],
  ["opencv-python", ["glib", "libGL"]],
  ["opencv-contrib-python", ["glib", "libGL"]],
  ["open3d", ["libGL"]],
  ["pyglet", ["libGL"]],
  ["python-magic", ["file"]],
  ["pdf2image", ["poppler-utils"]],
  ["pytesseract", ["tesseract"]],
  ["ocrmypdf", ["ghostscript", "tesseract"]],
  ["pydub", ["ffmpeg"]],
  ["ffmpeg-python", ["ffmpeg"]],
  ["moviepy", ["ffmpeg"]],
  ["openai-whisper", ["ffmpeg"]],
  ["yt-dlp", ["ffmpeg"]],
  ["av", ["ffmpeg"]],
  ["wand", ["imagemagick"]],
  ["pyvips", ["vips"]],
  ["pyaudio", ["portaudio"]],
  ["sounddevice", ["portaudio"]],
  ["python-rtmidi", ["alsa-lib"]],
  ["pycurl", ["curl"]],
  ["m2crypto", ["openssl"]],
  ["gssapi", ["krb5"]],
  ["pykerberos", ["krb5"]],
  ["pylibmc", ["libmemcached"]],
  ["python-snappy", ["snappy"]],
  ["dbus-python", ["dbus", "glib"]],
  ["pyscard", ["pcsclite"]],
  ["pyusb", ["libusb1"]],
  ["pygraphviz", ["graphviz"]],
  ["graphviz", ["graphviz"]],
  ["pyzbar", ["zbar"]],
  ["pyenchant", ["enchant"]],
  ["gdal", ["gdal"]],
  ["python-poppler", ["poppler"]],
  ["pdftotext", ["poppler"]],
  ["playwright", ["chromium"]],
  ["pyppeteer", ["chromium"]],
  ["selenium", ["chromium"]],
  ["systemd-python", ["systemd"]],
  ["pygame", ["SDL2"]],
  ["tables", ["hdf5"]],
  ["netcdf4", ["netcdf"]],
  ["bluepy", ["glib"]],
]);
/** Extras with which the library comes inside, and those that ask for the machine's all the same. */
const WITH_LIBRARY: ReadonlyMap<string, readonly [string, string]> = new Map([[
  "psycopg",
  // Both stand there where platforms differ: `psycopg[c]; sys_platform == "linux"`.
  ["binary", "c"],
]]);
/** Drivers whose binary form stands beside the one that needs the library. */
const INSTEAD: ReadonlyMap<string, string> = new Map([[
  "psycopg2",
  "psycopg2-binary",
], ["psycopg", "psycopg-binary"]]);

/** What conda brings that pip does not: programs and libraries an environment asks for by name. */
const OF_CONDA: ReadonlyMap<string, string> = new Map([
  ["ffmpeg", "ffmpeg"],
  ["graphviz", "graphviz"],
  ["imagemagick", "imagemagick"],
  ["libsndfile", "libsndfile"],
  ["pandoc", "pandoc"],
  ["poppler", "poppler-utils"],
  ["portaudio", "portaudio"],
  ["sox", "sox"],
  ["tesseract", "tesseract"],
]);

/** What GeoDjango loads. */
const GEOGRAPHIC = ["gdal", "geos", "proj"];

function claimGeographic(draft: Draft, project: Project): void {
  for (const { path, imports } of project.sources) {
    for (const [module, line] of imports) {
      if (!module.startsWith("django.contrib.gis")) continue;
      for (const library of GEOGRAPHIC) {
        claim(draft, "nativeLibrary", library, "source", { file: path, line });
      }
      return;
    }
  }
}

/** Those that running needs: tests bring their own browsers. */
export function claimNativeLibraries(draft: Draft, project: Project): void {
  claimGeographic(draft, project);
  const names = new Set(project.dependencies.map(({ name }) => name));
  for (const { name, isDev, evidence } of project.dependencies) {
    if (isDev) continue;
    const [inside, outside] = WITH_LIBRARY.get(name) ?? [];
    const extras = project.extras.get(name) ?? [];
    if (
      inside !== undefined && extras.includes(inside) &&
      !extras.includes(outside ?? "")
    ) continue;
    const instead = INSTEAD.get(name);
    if (instead !== undefined && names.has(instead)) continue;
    const ofConda = evidence.file === project.environment?.file
      ? OF_CONDA.get(name)
      : undefined;
    const libraries = ofConda === undefined
      ? LIBRARIES.get(name) ?? []
      : [ofConda];
    for (const library of libraries) {
      claim(draft, "nativeLibrary", library, "manifest", evidence);
    }
  }
}
