/**
 * What a variable that carries a service's address is set to, once the service
 * is a VM with a name.
 *
 * The name of the variable says which part it carries; the default that the
 * repository gives it says in which words: the scheme of a driver, the name of
 * a database.
 *
 * @module
 */
import { hostIn } from "../services/addresses.ts";

export interface ServiceAddress {
  host: string;
  port: number;
  /** Asked for by number, these are right as well. */
  morePorts?: readonly number[];
  scheme: string;
  isDatabase: boolean;
  /** Empty: it takes none. */
  user: string;
  /** Null: whichever is said is right. */
  password: string | null;
  /** The address carries user and password. */
  hasLogin?: boolean;
  database: string;
}

export type Part =
  | "port"
  | "host"
  | "hostAndPort"
  | "user"
  | "password"
  | "database"
  | "url";

/** The last words of a name, the first match counts. */
const PARTS: readonly (readonly [RegExp, Part])[] = [
  [/(URL|URI|DSN|CONN|CONNECTION|CONNECTION_STRING)S?$/, "url"],
  [/(^|_)PORT$|[A-Z]PORT$/, "port"],
  [
    /PASS(WORD|WD)?$|_PWD$|SECRET$|SECRET_KEY$|SECRET_ACCESS_KEY$|_TOKEN$|_API_?KEY$|MASTER_KEY$/,
    "password",
  ],
  [/USER(NAME)?$|USER_?ID$|_LOGIN$|ACCESS_KEY(_ID)?$/, "user"],
  [/(HOST|HOSTNAME|SERVER)$/, "host"],
  [
    /(HOSTS|SERVERS|BROKERS?|NODES|ADDR|ADDRESS|ADDRS|ENDPOINTS?)$/,
    "hostAndPort",
  ],
  [/(DATABASE(_NAME)?|DBNAME|_DB|_NAME|^DB|BUCKET(_NAME)?|_ORG)$/, "database"],
];

/** `jdbc:postgresql+asyncpg:` of an address. */
const SCHEME = /^((?:jdbc:)?[A-Za-z][A-Za-z0-9+.-]{0,40}):\/\//;
/** A database's name at the end of an address, and what may follow it. */
const DATABASE = /^[^?#]{0,300}\/([A-Za-z0-9_][A-Za-z0-9_-]{0,62})(?:[?#]|$)/;
const USER = /:\/\/([A-Za-z_][A-Za-z0-9_-]{0,31})(?::[^@/]{0,200})?@/;
const PLAIN_NAME = /^[A-Za-z_][A-Za-z0-9_-]{0,62}$/;
const MAX_TEXT = 1000;

function partOf(name: string): Part {
  const upper = name.toUpperCase();
  return PARTS.find(([pattern]) => pattern.test(upper))?.[1] ?? "url";
}

/** `9000` of ClickHouse, whose port is another to begin with. */
function portOf(
  told: string,
  { port, morePorts = [] }: ServiceAddress,
): number {
  const asked = Number(/(?:^|:)(\d{2,5})(?:[/?]|$)/.exec(told)?.[1] ?? 0);
  return morePorts.includes(asked) ? asked : port;
}

/** What a variable is set to; `standard` is what the repository sets it to. */
export function addressValue(
  name: string,
  standard: string | undefined,
  service: ServiceAddress,
): string {
  const told = (standard ?? "").slice(0, MAX_TEXT);
  const at = { ...service, port: portOf(told, service) };
  switch (partOf(name)) {
    case "port":
      return String(at.port);
    case "host":
      return SCHEME.test(told) ? urlOf(told, at) : at.host;
    case "hostAndPort":
      return SCHEME.test(told) ? urlOf(told, at) : `${at.host}:${at.port}`;
    case "user":
      return at.user;
    case "password":
      return at.password ?? standard ?? "";
    case "database":
      return SCHEME.test(told) ? urlOf(told, at) : at.database;
    case "url":
      return urlOf(told, at);
  }
}

/** Of what a variable beside an address is; null for one that says something else. */
const BESIDE: ReadonlySet<Part> = new Set(["user", "password", "database"]);
/** `DB_` of DB_HOST, `PG` of PGHOST, `SPRING_DATASOURCE_` of its URL. */
const STEM =
  /^(.{0,100}?)(?:URLS?|URI|DSN|HOSTS?|HOSTNAME|ADDR|ADDRESS|SERVERS?|PORT|ENDPOINTS?|ENDPOINT_URL|CONNECTION_STRING|CONN)$/;
/** Variables of libpq have no underscore. */
const LIBPQ = /^PG(?:USER|PASSWORD|DATABASE)$/;

/**
 * Which part of who is let in a variable carries, that stands beside those with
 * an address: by a word of the kind (`MYSQL_USER`), or by what an address's
 * variable begins with (`DB_USER` beside `DB_HOST`).
 */
export function loginPart(
  name: string,
  words: readonly string[],
  addresses: readonly string[],
): Part | null {
  const upper = name.slice(0, 200).toUpperCase();
  const found = PARTS.find(([pattern]) => pattern.test(upper))?.[1];
  if (found === undefined || !BESIDE.has(found)) return null;
  const stems = addresses.flatMap((address) => {
    const stem = STEM.exec(address.slice(0, 200).toUpperCase())?.[1];
    return stem === undefined || stem === "" ? [] : [stem];
  });
  const isBeside = stems.some((stem) => upper.startsWith(stem)) ||
    words.some((word) => upper.startsWith(`${word}_`)) ||
    words.includes("PG") && LIBPQ.test(upper);
  return isBeside ? found : null;
}

function urlOf(told: string, at: ServiceAddress): string {
  const scheme = SCHEME.exec(told)?.[1] ?? at.scheme;
  const isHttp = /^https?$/i.test(scheme);
  if (!at.isDatabase || isHttp) {
    const path =
      /^[^:]{1,60}:\/\/[^/]{0,200}(\/[A-Za-z0-9/_.-]{0,200})/.exec(told)
        ?.[1] ?? "";
    // TLS ends with the service that had it.
    const bare = scheme.replace(
      /^(https|rediss|amqps|nats\+tls)$/i,
      (tls) => tls.replace(/s$/i, ""),
    );
    const login = at.hasLogin === true ? `${at.user}:${at.password}@` : "";
    return `${bare}://${login}${at.host}:${at.port}${path === "/" ? "" : path}`;
  }
  const user = scheme.startsWith("jdbc:") || at.user === ""
    ? ""
    : `${at.user}@`;
  const asked = /\?[A-Za-z0-9=&_.-]{1,200}$/.exec(told)?.[0] ?? "";
  const kept = /sslmode|ssl=/i.test(asked) ? "" : asked;
  return `${scheme}://${user}${at.host}:${at.port}/${at.database}${kept}`;
}

/** The same value with another host, and another port where there is one: `http://api:8000/v1`. */
export function withHost(
  value: string,
  to: { host: string; port: number | null },
): string {
  const host = hostIn(value)?.host;
  if (host === undefined) return value;
  const at = value.indexOf(host, Math.max(0, value.indexOf("://")));
  const rest = value.slice(at + host.length);
  const port = to.port === null ? "" : `:${to.port}`;
  // A host alone stays one: its port is another variable's.
  const isAlone = rest === "" && at === 0;
  const after = port === "" ? rest : rest.replace(/^:\d{1,5}/, "");
  return `${value.slice(0, at)}${to.host}${isAlone ? "" : port}${after}`;
}

/** User and database that the defaults of a service's variables name. */
export function credentialsOf(
  variables: readonly { name: string; default?: string | undefined }[],
): { user: string; database: string } {
  let user: string | null = null;
  let database: string | null = null;
  for (const { name, default: standard } of variables) {
    const told = (standard ?? "").slice(0, MAX_TEXT);
    if (told === "") continue;
    const part = partOf(name);
    if (SCHEME.test(told)) {
      const rest = told.replace(SCHEME, "");
      user ??= USER.exec(told)?.[1] ?? null;
      database ??= DATABASE.exec(rest)?.[1] ?? null;
    } else if (PLAIN_NAME.test(told)) {
      if (part === "user") user ??= told;
      if (part === "database") database ??= told;
    }
  }
  return { user: user ?? "app", database: database ?? "app" };
}
