/**
 * What one source of the JVM says: which programs it has, on which ports it
 * listens, which variables it reads. One pass over its lines.
 *
 * Owns the patterns. Each is tried on one line, cut to a bound; a call that
 * goes over several lines is seen as far as its first.
 *
 * @module
 */

export interface Program {
  /** `com.example.Main`, `com.example.MainKt`, `shop.core`. */
  className: string;
  line: number;
}

export interface Variable {
  name: string;
  required: boolean;
  default: string | null;
  line: number;
}

export interface SourceFacts {
  path: string;
  programs: readonly Program[];
  ports: readonly { port: number; line: number }[];
  variables: readonly Variable[];
}

const MAX_LINE = 2_000;
/** Of one file; one that has more was made to have them. */
const MAX_FOUND = 200;

/**
 * A source without one of these says nothing here. Looked for one by one: a
 * pattern of all takes four times as long, and of most sources it is all that
 * is done.
 */
const WORDS: readonly string[] = [
  "main",
  "env",
  "@Value",
  "@ConfigProperty",
  "PORT",
  ":port",
  'port"',
  "port =",
  "Port =",
  "ort(",
  "listen(",
  ".start(",
  "bindHttp(",
  "bindAndHandle(",
  "SocketAddress(",
  "ServerSocket(",
  "Server(",
  "ServerAt(",
  "addHttpListener(",
  ".http(",
  "run-server",
  "run-jetty",
];
/** Programs of Scala are objects of these. */
const SCALA_WORDS: readonly string[] = ["App", "extends Main", "cask."];

const PACKAGE = /^[ \t]{0,8}package[ \t]{1,4}([\w.]{1,300})/m;
const NAMESPACE = /^\(ns\s{1,8}(?:\^\S{1,80}\s{1,4})?([\w.*+!?<>=/-]{1,200})/m;

const MAINS: Readonly<Record<string, RegExp>> = {
  java:
    /^\s{0,8}(?:(?:public|static|final)\s{1,4}){1,3}void\s{1,4}main\s{0,2}\(|^\s{0,8}void\s{1,4}main\s{0,2}\(\s{0,2}\)\s{0,4}\{/,
  groovy: /^\s{0,8}static\s{1,4}(?:void|def)\s{1,4}main\s{0,2}\(/,
  kt: /^(?:suspend\s{1,4})?fun\s{1,4}main\s{0,2}\(/,
  scala:
    /^object\s{1,4}(\w{1,100})\s{1,4}extends\s[^{]{0,200}\b(?:App|IOApp|IOApp\.Simple|ZIOAppDefault|ZIOApp|TaskApp|ResourceApp(?:\.Forever)?|MainRoutes|cask\.Main)\b|^\s{0,8}@main\s{1,4}def\s{1,4}(\w{1,100})|^\s{1,8}def\s{1,4}main\s{0,2}\(/,
  clj: /^\s{0,4}\(defn\s{1,4}(?:\^\S{1,40}\s{1,4})?-main\b/,
};
const SCALA_OBJECT = /^(?:case\s{1,4})?object\s{1,4}(\w{1,100})/;

/** Calls whose number is a port that is listened on. */
const PORTS: readonly RegExp[] = [
  // Ktor, gRPC, http4s, ZIO, akka.
  /\bembeddedServer\([^)]{0,200}\bport\s{0,2}=\s{0,2}([0-9]{2,5})\b/,
  /\bembeddedServer\(\s{0,2}\w{1,20}\s{0,2},\s{0,2}([0-9]{2,5})\b/,
  /\bforPort\(([0-9]{2,5})\)/,
  /\bwithPort\(\s{0,2}(?:port"|Port\.from\w{1,10}\(\s{0,2}"?)([0-9]{2,5})/,
  /\bbindHttp\(([0-9]{2,5})/,
  /\bServer\.defaultWithPort\(([0-9]{2,5})/,
  /\bServer\.Config\.default\.port\(([0-9]{2,5})/,
  /\bnewServerAt\([^,)]{1,100},\s{0,2}([0-9]{2,5})\)/,
  /\bbindAndHandle\([^)]{1,200},\s{0,2}([0-9]{2,5})\)/,
  // Javalin, Spark, Vert.x, Undertow, Helidon, Armeria.
  /\bJavalin\b[^;]{0,200}\.start\(([0-9]{2,5})\)/,
  /^\s{0,40}(?:app|javalin|server)\.start\(([0-9]{2,5})\)/,
  /^\s{0,40}\.start\(([0-9]{2,5})\)/,
  /(?:^|[\s;.])(?:Spark\.)?port\(([0-9]{2,5})\);/,
  /\.listen\(([0-9]{2,5})\b/,
  /\basServer\(\w{1,30}\(([0-9]{2,5})\b/,
  /\baddHttpListener\(([0-9]{2,5}),/,
  /\.http\(([0-9]{2,5})\)/,
  // The JDK's own, Jetty.
  /\bInetSocketAddress\(\s{0,2}(?:"[^"]{0,60}"\s{0,2},\s{0,2})?([0-9]{2,5})\s{0,2}\)/,
  /\bnew (?:ServerSocket|Server)\(\s{0,2}([0-9]{2,5})\s{0,2}\)/,
  // Clojure.
  /\brun-(?:jetty|server)\b.{0,200}?:port\s{1,4}([0-9]{2,5})\b/,
  /^\s{0,60}\{?:port\s{1,4}([0-9]{2,5})\b/,
];
/** A constant of that name, which in a main source is the port. */
const CONSTANT =
  /\b(?:PORT|port|httpPort|serverPort|HTTP_PORT)\s{0,2}(?::\s{0,2}\w{1,20}\s{0,2})?=\s{0,2}([0-9]{4,5})\b/;
const MAIN_SOURCE =
  /(?:Main|App|Application|Server)$|^(?:main|app|server|core)$/;
/** Clients connect to the address that is written there. */
const CONNECTS =
  /\b(?:new Socket|connect|HttpClient|RedisClient|Jedis|forAddress)\b/;

/** Ways to read a variable; the first group is its name. */
const READS =
  /(?:\bSystem\.getenv\(\s{0,2}|\bSystem\/getenv\s{1,4}|\b(?:getenv|environment)\(\)\.get(?:OrDefault)?\(\s{0,2}|\bgetenv\(\)\[\s{0,2}|\benv\.get(?:OrDefault)?\(\s{0,2}|\bsys\.env(?:\.get(?:OrElse)?)?\(\s{0,2}|\b(?:Properties\.|scala\.util\.Properties\.)?envOr(?:Else|None|Some)\(\s{0,2}|\bdotenv(?:\.get\(|\[)\s{0,2}|\bEnv\[\w{1,20}\]\.of\(\s{0,2})"([A-Za-z_][A-Za-z0-9_]{0,100})"/g;
const ENVIRON =
  /\(env\s{1,4}:([a-z][a-z0-9-]{0,100})(?:\s{1,4}("[^"\n]{0,200}"|[0-9]{1,10}))?/g;
const VALUE = /\$\{([A-Z][A-Z0-9_]{1,100})(?::([^}$]{0,200}))?\}/g;
/** What may follow: `, "x")`, `) ?: "x"`, `).getOrElse("x")`, `) "x")` in an `or`. */
const DEFAULT =
  /^\s{0,2}(?:,\s{0,2}|[\])]{1,2}(?:\?\.\w{1,20}\(\)|\.\w{1,20}\(\)|\.map\([^)]{0,40}\)|\.flatMap\([^)]{0,40}\)){0,3}\s{0,2}(?:\?:\s{0,2}|\.(?:getOrElse|orElse|or)\(\s{0,2}|\)?\.orElse\(\s{0,2}|\s{1,4}))(?:"([^"\n]{0,200})"|([0-9]{1,10})\b)/;
/** Words of a line that looks at whether it is there. */
const CHECKED =
  /[!=]= ?null|\?:|\?\.|Optional|orElse|getOrElse|isBlank|isEmpty|sys\.env\.get\(|envOrNone|\(or |\(some->|when-let|if-let|\((?:when|if|some|cond) |getOrDefault|\.isDefined|\.nonEmpty/;
const BY_DEFAULT: ReadonlySet<string> = new Set([
  "PATH",
  "HOME",
  "USER",
  "USERNAME",
  "PWD",
  "SHELL",
  "LANG",
  "TZ",
  "TMPDIR",
  "TEMP",
  "TMP",
  "HOSTNAME",
  "JAVA_HOME",
  "JAVA_OPTS",
  "CI",
  "GITHUB_ACTIONS",
  "APPDATA",
  "LOCALAPPDATA",
  "DISPLAY",
  "XDG_CONFIG_HOME",
  "XDG_DATA_HOME",
  "XDG_CACHE_HOME",
  "ProgramFiles",
]);
const COMMENT = /^\s{0,100}(?:\/\/|\*|\/\*|;)/;

/** The number of a port, as text. */
export function portOf(text: string | null | undefined): number | null {
  const port = /^[0-9]{1,5}$/.test(text ?? "") ? Number(text) : 0;
  return port >= 1 && port <= 65_535 ? port : null;
}

export function isOwnVariable(name: string): boolean {
  return !BY_DEFAULT.has(name) && !name.startsWith("GITHUB_");
}

/** What a value is looked at for when it may not be there. */
function isCheckedLater(name: string, text: string): boolean {
  return [
    `${name} == null`,
    `${name} != null`,
    `null != ${name}`,
    `(${name} or `,
  ]
    .some((check) => text.includes(check));
}

interface Scan {
  text: string;
  extension: string;
  base: string;
  programs: Program[];
  ports: { port: number; line: number }[];
  variables: Variable[];
}

function readProgram(text: string, line: number, scan: Scan): void {
  const found = MAINS[scan.extension]?.exec(text);
  if (found === null || found === undefined) return;
  const packageName = packageOf(scan.text);
  const prefix = packageName === "" ? "" : `${packageName}.`;
  const own = scan.extension === "kt"
    ? `${scan.base.charAt(0).toUpperCase()}${scan.base.slice(1)}Kt`
    : scan.base;
  const className = scan.extension === "clj"
    ? packageName || scan.base
    : prefix + (found[1] ?? found[2] ??
      (scan.extension === "scala" ? objectBefore(scan.text, text) : null) ??
      own);
  scan.programs.push({ className, line });
}

function readPorts(text: string, line: number, scan: Scan): void {
  if (CONNECTS.test(text)) return;
  const isMain = MAIN_SOURCE.test(scan.base);
  for (const pattern of isMain ? [...PORTS, CONSTANT] : PORTS) {
    const port = portOf(pattern.exec(text)?.[1]);
    if (port === null) continue;
    scan.ports.push({ port, line });
    return;
  }
}

function addVariable(
  scan: Scan,
  of: Variable,
): void {
  if (!isOwnVariable(of.name) || scan.variables.length >= MAX_FOUND) return;
  scan.variables.push(of);
  // `System.getenv("PORT") ?: 8080`.
  const port = /^(?:APP_|SERVER_|HTTP_|WEB_)?PORT$/.test(of.name)
    ? portOf(of.default)
    : null;
  if (port !== null) scan.ports.push({ port, line: of.line });
}

function readVariables(text: string, line: number, scan: Scan): void {
  for (const found of text.matchAll(READS)) {
    const [all, name = ""] = found;
    const rest = text.slice(found.index + all.length, found.index + 400);
    const after = DEFAULT.exec(rest);
    const assigned = /(\w{1,60})\s{0,4}=\s{0,4}$/.exec(
      text.slice(Math.max(0, found.index - 100), found.index),
    )?.[1];
    const isChecked = CHECKED.test(text) ||
      assigned !== undefined && isCheckedLater(assigned, scan.text);
    const isTotal = /envOrElse|getOrDefault|getOrElse/.test(all);
    const isOr = scan.extension.startsWith("clj") && /\(or /.test(text);
    const standard = after?.[1] ?? after?.[2] ?? null;
    const isDefault = isTotal || scan.extension !== "clj" || isOr;
    addVariable(scan, {
      name,
      required: standard === null && !isChecked,
      default: isDefault ? standard : null,
      line,
    });
  }
  if (text.includes("@Value") || text.includes("@ConfigProperty")) {
    for (const [, name = "", standard = null] of text.matchAll(VALUE)) {
      addVariable(scan, {
        name,
        required: standard === null,
        default: standard,
        line,
      });
    }
  }
  if (!scan.extension.startsWith("clj")) return;
  for (const [, name = "", standard] of text.matchAll(ENVIRON)) {
    addVariable(scan, {
      name: name.replaceAll("-", "_").toUpperCase(),
      // Keys of `env` may come from files and properties too.
      required: false,
      default: standard?.replaceAll('"', "") ?? null,
      line,
    });
  }
}

function saysSomething(path: string, text: string): boolean {
  return WORDS.some((word) => text.includes(word)) ||
    path.endsWith(".scala") && SCALA_WORDS.some((word) => text.includes(word));
}

/** Where a line may say something. */
const HITS =
  /main|env|@Value|@ConfigProperty|PORT|:port |ort ?[=:("]|listen\(|\.start\(|bindHttp\(|bindAndHandle\(|SocketAddress\(|ServerSocket\(|Server\(|ServerAt\(|addHttpListener\(|\.http\(|run-(?:server|jetty)|extends (?:App|IOApp|ZIO|Task|Resource|Main|cask)/g;
/** Lines that are looked at in one source. */
const MAX_HITS = 2_000;

/** The lines of a text that may say something, with their numbers. */
function* linesHit(text: string): Generator<readonly [string, number]> {
  let number = 1;
  let counted = 0;
  let left = MAX_HITS;
  HITS.lastIndex = 0;
  for (
    let found = HITS.exec(text);
    found !== null && left > 0;
    found = HITS.exec(text)
  ) {
    const start = text.lastIndexOf("\n", found.index) + 1;
    const newline = text.indexOf("\n", found.index);
    const end = newline < 0 ? text.length : newline;
    for (
      let at = text.indexOf("\n", counted);
      at >= 0 && at < start;
      at = text.indexOf("\n", at + 1)
    ) number += 1;
    counted = start;
    left -= 1;
    yield [text.slice(start, Math.min(end, start + MAX_LINE)), number];
    HITS.lastIndex = end;
  }
}

/** The package or namespace of a text. */
function packageOf(text: string): string {
  return (PACKAGE.exec(text) ?? NAMESPACE.exec(text))?.[1] ?? "";
}

/** The object around a place of Scala: the last that begins a line before it. */
function objectBefore(text: string, line: string): string | null {
  const at = text.indexOf(line);
  const start = text.lastIndexOf("\nobject ", at);
  return start < 0
    ? SCALA_OBJECT.exec(text.slice(0, 200))?.[1] ?? null
    : SCALA_OBJECT.exec(text.slice(start + 1, start + 200))?.[1] ?? null;
}

function readLine(line: string, number: number, scan: Scan): void {
  if (line.length < 6 || COMMENT.test(line)) return;
  if (scan.programs.length < MAX_FOUND) readProgram(line, number, scan);
  if (/env|@Value|@ConfigProperty/.test(line)) {
    readVariables(line, number, scan);
  }
  if (scan.ports.length < MAX_FOUND && /[0-9]{2}/.test(line)) {
    readPorts(line, number, scan);
  }
}

/** What a file does without in one place it does not require in another. */
function withoutDemands(variables: readonly Variable[]): Variable[] {
  const spared = new Set(
    variables.filter(({ required }) => !required).map(({ name }) => name),
  );
  return variables.map((one) =>
    one.required && spared.has(one.name) ? { ...one, required: false } : one
  );
}

/** Null when it says nothing. */
export function readSource(path: string, text: string): SourceFacts | null {
  if (!saysSomething(path, text)) return null;
  const name = path.slice(path.lastIndexOf("/") + 1);
  const dot = name.lastIndexOf(".");
  const extension = name.slice(dot + 1);
  const scan: Scan = {
    text,
    extension: extension === "cljc" ? "clj" : extension,
    base: name.slice(0, dot),
    programs: [],
    ports: [],
    variables: [],
  };
  for (const [line, number] of linesHit(text)) readLine(line, number, scan);
  const { programs, ports } = scan;
  const variables = withoutDemands(scan.variables);
  if (programs.length + ports.length + variables.length === 0) return null;
  return { path, programs, ports, variables };
}
