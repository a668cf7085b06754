/**
 * Tables of Haskell: frameworks, ports they take by themselves, libraries of C,
 * and how sources ask for variables.
 *
 * @module
 */
import type { FrameworkTable, NativeTable } from "../shared/project.ts";
import type { Syntax } from "../shared/source_scan.ts";

export const FRAMEWORKS: FrameworkTable = [
  ["servant", "servant-server"],
  ["yesod", "yesod", "yesod-core"],
  ["scotty", "scotty"],
  ["snap", "snap", "snap-server"],
  ["spock", "Spock", "Spock-core"],
  ["happstack", "happstack-server", "happstack-lite"],
  ["ihp", "ihp"],
  ["hakyll", "hakyll"],
  ["twain", "twain"],
  ["warp", "warp"],
];
/** What the others stand on. */
export const BELOW: ReadonlySet<string> = new Set(["warp"]);

export const PORTS: ReadonlyMap<string, number> = new Map([
  ["yesod", 3000],
  ["ihp", 8000],
  ["happstack", 8000],
  ["snap", 8000],
  ["hakyll", 8000],
]);

export const NATIVE: NativeTable = new Map([
  ["postgresql-simple", ["postgresql"]],
  ["postgresql-libpq", ["postgresql"]],
  ["persistent-postgresql", ["postgresql"]],
  ["hasql", ["postgresql"]],
  ["beam-postgres", ["postgresql"]],
  ["mysql-simple", ["libmysqlclient"]],
  ["persistent-mysql", ["libmysqlclient"]],
  ["zlib", ["zlib"]],
  ["HsOpenSSL", ["openssl"]],
  ["http-client-openssl", ["openssl"]],
  ["pcre-light", ["pcre"]],
  ["regex-pcre", ["pcre"]],
  ["text-icu", ["icu"]],
  ["hw-kafka-client", ["rdkafka"]],
  ["cairo", ["cairo"]],
  ["libsodium", ["libsodium"]],
  ["saltine", ["libsodium"]],
  ["sdl2", ["SDL2"]],
  ["magic", ["file"]],
  ["bzlib", ["bzip2"]],
  ["lzma", ["xz"]],
]);

/** Names of pkg-config and of the linker. */
export const FOREIGN: ReadonlyMap<string, string> = new Map([
  ["pq", "postgresql"],
  ["libpq", "postgresql"],
  ["z", "zlib"],
  ["zlib", "zlib"],
  ["ssl", "openssl"],
  ["crypto", "openssl"],
  ["openssl", "openssl"],
  ["libssl", "openssl"],
  ["sqlite3", "sqlite"],
  ["sodium", "libsodium"],
  ["libsodium", "libsodium"],
  ["curl", "curl"],
  ["libcurl", "curl"],
  ["icuuc", "icu"],
  ["pcre", "pcre"],
  ["gmp", "gmp"],
  ["rdkafka", "rdkafka"],
  ["cairo", "cairo"],
  ["pango", "pango"],
  ["SDL2", "SDL2"],
  ["sdl2", "SDL2"],
  ["libxml-2.0", "libxml2"],
]);

export const HASKELL: Syntax = {
  comments: ["--"],
  hints: ["Env", "scotty", "run", "serverPort", "setPort", "spock"],
  mentions: [
    { pattern: /\blookupEnv\s{0,4}\(?\s{0,4}"(\w{1,100})"/g, isNeeded: false },
    { pattern: /\bgetEnv\s{0,4}\(?\s{0,4}"(\w{1,100})"/g, isNeeded: true },
    { pattern: /\bgetEnvDefault\s{0,4}"(\w{1,100})"/g, isNeeded: false },
    {
      pattern:
        /\bfromMaybe\s{1,4}"[^"\n]{0,100}"\s{0,4}(?:<\$>|\.)\s{0,4}lookupEnv\s{0,4}"(\w{1,100})"/g,
      isNeeded: false,
    },
  ],
  defaults: [
    /^\s{1,4}"([^"\n]{0,200})"/,
    /^\s{0,4}<&>\s{0,4}fromMaybe\s{1,4}"([^"\n]{0,100})"/,
  ],
  defaultsBefore: [
    /\bfromMaybe\s{1,4}"([^"\n]{0,100})"\s{0,4}<\$>\s{0,4}\(?$/,
    /\b(?:maybe|fromMaybe)\s{1,4}(\d{1,9})\s[^"\n]{0,60}<\$>\s{0,4}\(?$/,
  ],
  ports: [
    /\b(?:scotty|scottyT|spock|runSpock|runWithPort|quickServe)\s{1,4}(\d{2,5})\b/,
    /\b(?:Warp\.run|WAI\.run|run|runEnv|runSettings)\s{1,4}(\d{2,5})\b/,
    /\b(?:Warp\.)?setPort\s{1,4}(\d{2,5})\b/,
    /\b(?:port|serverPort)\s{0,4}=\s{0,4}(\d{2,5})\b/,
    /\b[pP]ort\b\s{0,4}(?:=|<-)[^\n]{0,60}?\b(?:maybe|fromMaybe)\s{1,4}(\d{2,5})\b/,
    /\b(?:maybe|fromMaybe)\s{1,4}(\d{2,5})\b[^\n]{0,80}\blookupEnv\s{0,4}"PORT"/,
  ],
};

/** `port: "_env:YESOD_PORT:3000"` of Yesod. */
export const SETTINGS: Syntax = {
  comments: ["#"],
  hints: ["_env:"],
  mentions: [{ pattern: /_env:([A-Z]\w{0,99})/g, isNeeded: true }],
  defaults: [/^:([^"'\n]{0,200})["'\n]/],
  ports: [/^\s{0,8}port:\s{0,40}["']_env:\w{1,60}:(\d{2,5})["']/m],
};
