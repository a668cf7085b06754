/**
 * What one source of .NET says: on which ports it listens, which variables it
 * reads, whether it is a program. One pass over its lines.
 *
 * @module
 */

export interface Variable {
  name: string;
  required: boolean;
  default: string | null;
  line: number;
}

export interface SourceFacts {
  path: string;
  ports: readonly { port: number; line: number }[];
  variables: readonly Variable[];
  /** It says where it listens itself. */
  isBound: boolean;
  /** Line of what makes a web host. */
  web: number | null;
  /** Line that adds Blazor's components, which come with the web SDK. */
  blazor: number | null;
}

const MAX_LINE = 2_000;
const MAX_FOUND = 200;

/** A source without one of these says nothing here. */
const WORDS: readonly string[] = [
  "GetEnvironmentVariable",
  "GetConnectionString",
  "Urls",
  "ListenAnyIP",
  "ListenLocalhost",
  ".Listen(",
  '.Run("',
  '.Run($"',
  '.RunAsync("',
  '.RunAsync($"',
  "WebApplication.",
  "WebHost",
  "Prefixes.Add",
  "TcpListener",
  "HttpBinding",
  "AddRazorComponents",
  "AddServerSideBlazor",
  "onfiguration[",
];
/** The same of a line. */
const LINE_WORDS =
  /Environment|onfiguration|Blazor|RazorComponents|Connection|Urls|Listen|\.Run|WebApplication|WebHost|Prefixes|HttpBinding/;
const COMMENT = /^\s{0,100}(?:\/\/|\*|\/\*)/;

/** Addresses in a call that listens. */
const BOUND =
  /\b(?:UseUrls|use_urls|Urls\.Add|\.Run|RunAsync|Prefixes\.Add|url)\s{0,2}\(?\s{0,2}\$?@?"https?:\/\/[^":\s]{1,100}:([0-9]{2,5})/;
const LISTENS =
  /\b(?:ListenAnyIP|ListenLocalhost)\(\s{0,2}([0-9]{2,5})\b|\bListen\(\s{0,2}IPAddress\.\w{1,20}\s{0,2},\s{0,2}([0-9]{2,5})\b|\bnew TcpListener\(\s{0,2}IPAddress\.\w{1,20}\s{0,2},\s{0,2}([0-9]{2,5})\b|\bHttpBinding\.createSimple HTTP "[^"]{1,60}" ([0-9]{2,5})/;
const SETS =
  /\bUseUrls\(|\bUrls\.Add\(|\bListenAnyIP\(|\bListenLocalhost\(|\bHttpBinding\.|\.Run(?:Async)?\(\s{0,2}\$?"https?:/;

const READS =
  /\bGetEnvironmentVariable\s{0,2}\(?\s{0,2}"([A-Za-z_][A-Za-z0-9_]{0,100})"/g;
/** Keys of the configuration that can only be variables. */
const CONFIGURATION =
  /\b(?:[cC]onfiguration|config)\[\s{0,2}"([A-Z][A-Z0-9]{0,40}(?:_[A-Z0-9]{1,40}){1,8})"/g;
const CONNECTION = /\bGetConnectionString\(\s{0,2}"([A-Za-z_][\w.]{0,100})"/g;
const DEFAULT =
  /^\s{0,2}(?:,\s{0,2}EnvironmentVariableTarget\.\w{1,20})?\s{0,2}[)\]]{1,2}\s{0,2}\?\?\s{0,2}\(?\s{0,2}(?:"([^"\n]{0,200})"|([0-9]{1,10})\b)/;
const CHECKED =
  /\?\?(?!\s{0,2}throw)|[!=]= ?null|is (?:not )?null|IsNullOrEmpty|IsNullOrWhiteSpace|\bmatch\s|TryParse|Option\.ofObj|\?\./;
/** The machine's and the runtime's own. */
const NOT_OWN =
  /^(?:PATH|HOME|USER|USERNAME|TEMP|TMP|PWD|SHELL|HOSTNAME|COMPUTERNAME|APPDATA|LOCALAPPDATA|USERPROFILE|ProgramFiles|CI|GITHUB_\w{1,60}|DOTNET_\w{1,60}|ASPNETCORE_\w{1,60}|XDG_\w{1,40}|WEBSITE_\w{1,40})$/;

export function portOf(text: string | null | undefined): number | null {
  const port = /^[0-9]{1,5}$/.test(text ?? "") ? Number(text) : 0;
  return port >= 1 && port <= 65_535 ? port : null;
}

interface Scan {
  ports: { port: number; line: number }[];
  variables: Variable[];
  isBound: boolean;
}

function readVariables(text: string, line: number, scan: Scan): void {
  for (const pattern of [READS, CONFIGURATION]) {
    for (const found of text.matchAll(pattern)) {
      const [all, name = ""] = found;
      if (NOT_OWN.test(name) || scan.variables.length >= MAX_FOUND) continue;
      const rest = text.slice(
        found.index + all.length,
        found.index + all.length + 400,
      );
      const after = DEFAULT.exec(rest);
      const standard = after?.[1] ?? after?.[2] ?? null;
      const isRequired = standard === null && !CHECKED.test(text);
      scan.variables.push({
        name,
        required: isRequired,
        default: standard,
        line,
      });
      const port = /^(?:APP_|SERVER_|HTTP_)?PORT$/.test(name)
        ? portOf(standard)
        : null;
      if (port !== null) scan.ports.push({ port, line });
    }
  }
  for (const [, name = ""] of text.matchAll(CONNECTION)) {
    scan.variables.push({
      name: `ConnectionStrings__${name}`,
      required: false,
      default: null,
      line,
    });
  }
}

/** Null when it says nothing. */
export function readSource(path: string, text: string): SourceFacts | null {
  if (!WORDS.some((word) => text.includes(word))) return null;
  const scan: Scan = { ports: [], variables: [], isBound: false };
  let web: number | null = null;
  let blazor: number | null = null;
  let number = 0;
  for (const whole of text.split("\n")) {
    number += 1;
    const line = whole.length > MAX_LINE ? whole.slice(0, MAX_LINE) : whole;
    if (!LINE_WORDS.test(line) || COMMENT.test(line)) continue;
    if (
      web === null &&
      /\bWebApplication\.Create|\bWebHost\b|ConfigureWebHost/.test(line)
    ) {
      web = number;
    }
    if (
      /Environment|onfig|GetConnectionString/.test(line)
    ) {
      readVariables(line, number, scan);
    }
    if (
      blazor === null &&
      /\.Add(?:RazorComponents|ServerSideBlazor)\(/.test(line)
    ) {
      blazor = number;
    }
    if (SETS.test(line)) scan.isBound = true;
    const found = BOUND.exec(line) ?? LISTENS.exec(line);
    const port = portOf(found?.slice(1).find((group) => group !== undefined));
    if (port === null || scan.ports.length >= MAX_FOUND) continue;
    scan.isBound = true;
    scan.ports.push({ port, line: number });
  }
  const { ports, variables, isBound } = scan;
  const isSaid = web !== null || blazor !== null || isBound;
  if (ports.length + variables.length === 0 && !isSaid) return null;
  return { path, ports, variables, isBound, web, blazor };
}
