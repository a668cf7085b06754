/**
 * Frameworks by module, and libraries of the system that modules bind.
 *
 * @module
 */
import { claim, type Draft } from "../../draft.ts";
import { lineFinder } from "../../formats/node.ts";
import type { Reading } from "../../reading.ts";
import type { Module } from "./modules.ts";

/** By module, without its major version. */
const FRAMEWORKS: ReadonlyMap<string, string> = new Map([
  ["github.com/gin-gonic/gin", "gin"],
  ["github.com/labstack/echo", "echo"],
  ["github.com/gofiber/fiber", "fiber"],
  ["github.com/go-chi/chi", "chi"],
  ["github.com/gorilla/mux", "mux"],
  ["github.com/julienschmidt/httprouter", "httprouter"],
  ["goji.io", "goji"],
  ["github.com/go-ozzo/ozzo-routing", "ozzo-routing"],
  ["github.com/zenazn/goji", "goji"],
  ["github.com/savsgio/atreugo", "atreugo"],
  ["github.com/goravel/framework", "goravel"],
  ["github.com/urfave/negroni", "negroni"],
  ["github.com/codegangsta/negroni", "negroni"],
  ["github.com/go-martini/martini", "martini"],
  ["github.com/emicklei/go-restful", "go-restful"],
  ["github.com/valyala/fasthttp", "fasthttp"],
  ["github.com/beego/beego", "beego"],
  ["github.com/astaxie/beego", "beego"],
  ["github.com/kataras/iris", "iris"],
  ["github.com/cloudwego/hertz", "hertz"],
  ["github.com/go-kratos/kratos", "kratos"],
  ["github.com/zeromicro/go-zero", "go-zero"],
  ["github.com/gobuffalo/buffalo", "buffalo"],
  ["github.com/revel/revel", "revel"],
  ["github.com/danielgtaylor/huma", "huma"],
  ["github.com/gogf/gf", "goframe"],
  ["github.com/pocketbase/pocketbase", "pocketbase"],
  ["github.com/99designs/gqlgen", "gqlgen"],
  ["connectrpc.com/connect", "connect"],
  ["goa.design/goa", "goa"],
  ["encore.dev", "encore"],
  ["go-micro.dev", "go-micro"],
  ["google.golang.org/grpc", "grpc"],
  ["github.com/wailsapp/wails", "wails"],
  ["fyne.io/fyne", "fyne"],
]);

/** Modules that compile only with a library of the system. */
const NATIVE: ReadonlyMap<string, readonly string[]> = new Map([
  ["github.com/h2non/bimg", ["vips"]],
  ["github.com/davidbyttow/govips", ["vips"]],
  ["gopkg.in/gographics/imagick.v2", ["imagemagick"]],
  ["gopkg.in/gographics/imagick.v3", ["imagemagick"]],
  ["gocv.io/x/gocv", ["opencv"]],
  ["github.com/otiai10/gosseract", ["leptonica", "tesseract"]],
  ["github.com/libgit2/git2go", ["libgit2"]],
  ["github.com/pebbe/zmq4", ["zeromq"]],
  ["github.com/google/gopacket", ["libpcap"]],
  ["github.com/gopacket/gopacket", ["libpcap"]],
  ["github.com/veandco/go-sdl2", ["SDL2"]],
  ["github.com/go-gl/glfw", ["glfw", "libGL"]],
  ["github.com/hajimehoshi/ebiten", ["alsa-lib", "libGL"]],
  ["github.com/gotk3/gotk3", ["gtk3"]],
  ["github.com/diamondburned/gotk4", ["gtk4"]],
  ["github.com/wailsapp/wails", ["gtk3", "webkitgtk_4_1"]],
  ["fyne.io/fyne", ["libGL"]],
  ["github.com/linxGnu/grocksdb", ["rocksdb"]],
  ["github.com/tecbot/gorocksdb", ["rocksdb"]],
  ["github.com/gordonklaus/portaudio", ["portaudio"]],
  ["github.com/hraban/opus", ["libopus"]],
  ["github.com/lxc/go-lxc", ["lxc"]],
  ["github.com/coreos/go-systemd/v22/sdjournal", ["systemd"]],
  ["libvirt.org/go/libvirt", ["libvirt"]],
  ["github.com/xo/usql", ["unixODBC"]],
  ["github.com/alexbrainman/odbc", ["unixODBC"]],
  ["github.com/google/gousb", ["libusb1"]],
  ["github.com/miekg/pkcs11", ["softhsm"]],
]);

function withoutMajor(name: string): string {
  return name.replace(/\/v\d{1,3}$/, "");
}

/** A module of the table, or one below it: `encore.dev/storage`. */
function find<V>(table: ReadonlyMap<string, V>, name: string): V | null {
  const plain = withoutMajor(name);
  const exact = table.get(plain);
  if (exact !== undefined) return exact;
  for (
    let end = plain.lastIndexOf("/");
    end > 0;
    end = plain.lastIndexOf("/", end - 1)
  ) {
    const above = table.get(withoutMajor(plain.slice(0, end)));
    if (above !== undefined) return above;
  }
  return null;
}

/** Those a module asks for itself: what its dependencies need is their affair, but has to be linked too. */
export function claimDependencies(draft: Draft, module: Module): void {
  for (const { name, isIndirect, evidence } of module.dependencies) {
    if (!isIndirect) {
      claim(draft, "framework", find(FRAMEWORKS, name), "manifest", evidence);
    }
    for (const library of find(NATIVE, name) ?? []) {
      claim(draft, "nativeLibrary", library, "manifest", evidence);
    }
  }
}

/** An import of a block, or one by itself. */
const IMPORT =
  /^(?:import)?[ \t]{0,8}(?:[\w.]{1,40}[ \t])?"([\w.~/-]{3,200})"/gm;
/** Imports stand at the head of a file. */
const HEAD = 8_000;

/** Frameworks by what sources import, where no manifest says it. */
export function claimImports(
  reading: Reading,
  draft: Draft,
  sources: readonly string[],
): void {
  for (const file of reading.tree.read(sources)) {
    const text = (reading.tree.text(file) ?? "").slice(0, HEAD);
    const lineOf = lineFinder(text);
    for (const { 1: path = "", index } of text.matchAll(IMPORT)) {
      if (!path.includes(".")) continue;
      const line = lineOf(index);
      claim(draft, "framework", find(FRAMEWORKS, path), "source", {
        file,
        line,
      });
    }
  }
}

const GORM = "github.com/jinzhu/gorm";
/** What gorm's first version speaks to is an import of its own, not a module. */
const DIALECT = /"github\.com\/jinzhu\/gorm\/dialects\/(mysql|postgres|mssql)"/;
const OF_DIALECT: ReadonlyMap<string, string> = new Map([
  ["mysql", "github.com/go-sql-driver/mysql"],
  ["postgres", "github.com/lib/pq"],
  ["mssql", "github.com/denisenkom/go-mssqldb"],
]);

/** The drivers that sources bring in by a dialect. */
export function claimDialects(
  reading: Reading,
  draft: Draft,
  sources: readonly string[],
): void {
  if (!draft.dependencies.some(({ name }) => name === GORM)) return;
  for (const file of reading.tree.read(sources)) {
    if (!(reading.tree.text(file) ?? "").includes(GORM)) continue;
    const found = reading.match(file, DIALECT);
    const name = OF_DIALECT.get(found?.value ?? "");
    if (found === null || name === undefined) continue;
    const { evidence } = found;
    draft.dependencies.push({ name, version: null, isDev: false, evidence });
  }
}
