/**
 * Addresses of services as text: connection strings, host and port, and the
 * variables that carry them.
 *
 * @module
 */
import { kindOfScheme, type ServiceKind, SERVICES } from "./catalog.ts";

export interface Address {
  kind: ServiceKind;
  host: string | null;
  port: number | null;
}

/** Longer values are no addresses. */
const MAX_LENGTH = 2_000;
const SCHEME = /(?:jdbc:)?\b([a-zA-Z][a-zA-Z0-9+-]{1,30}):\/\//g;
/** After the credentials: a host and perhaps a port. */
const HOST = /^([\w.-]{1,253})(?::(\d{1,5}))?/;

function portOf(digits: string | undefined): number | null {
  const port = Number(digits);
  return Number.isInteger(port) && port >= 1 && port <= 65535 ? port : null;
}

function hostOf(rest: string): { host: string | null; port: number | null } {
  const [authority = ""] = rest.split(/[/?#"'`\s]/, 1);
  const found = HOST.exec(authority.slice(authority.lastIndexOf("@") + 1));
  return {
    host: found?.[1] ?? null,
    port: portOf(found?.[2]),
  };
}

/** Every address of a known service in a line. */
export function addressesIn(line: string): Address[] {
  const text = line.slice(0, MAX_LENGTH);
  const found: Address[] = [];
  for (const match of text.matchAll(SCHEME)) {
    const kind = kindOfScheme(match[1] ?? "");
    if (kind === null) continue;
    const rest = text.slice(match.index + match[0].length);
    found.push({ kind, ...hostOf(rest) });
  }
  return found;
}

/** The address a value is, if it is one. */
export function addressOf(value: string): Address | null {
  return addressesIn(value)[0] ?? null;
}

/** ADO.NET's `Server=tcp:db,1433;Database=x`, libpq's `host=db port=5432`, PDO's `pgsql:host=db`. */
const KEYWORD =
  /(?:^|[;:\s])(?:host|server|data source|addr|address)\s{0,2}=\s{0,2}(?:tcp:)?([\w.-]{1,253})(?:[,:](\d{1,5}))?/i;
const PORT_KEYWORD = /(?:^|[;\s])port\s{0,2}=\s{0,2}(\d{1,5})\b/i;
/** `root:secret@tcp(db:3306)/shop`, as Go's driver of MySQL takes it. */
const IN_BRACKETS = /@tcp\(([\w.-]{1,253})(?::(\d{1,5}))?\)/;

/**
 * `db` and 5432 of `db:5432`, `http://db:5432/x`, `db`, `Host=db;Port=5432`,
 * `me@tcp(db:5432)/x`; the first of a list.
 */
export function hostIn(
  value: string,
): { host: string; port: number | null } | null {
  const whole = value.slice(0, MAX_LENGTH);
  const [, named, digits] = KEYWORD.exec(whole) ?? IN_BRACKETS.exec(whole) ??
    [];
  if (named !== undefined) {
    const port = digits ?? PORT_KEYWORD.exec(whole)?.[1];
    return { host: named, port: portOf(port) };
  }
  const [first = ""] = whole.trim().split(",");
  const start = first.indexOf("://");
  const { host, port } = hostOf(start < 0 ? first : first.slice(start + 3));
  return host === null ? null : { host, port };
}

/** The host of a URL, or of `host:port`; a word alone is none. */
export function hostOfAddress(value: string): string | null {
  const isAddress = /^[a-z][a-z0-9+.-]{1,20}:\/\//.test(value) ||
    /^[\w.-]{1,250}:\d{2,5}$/.test(value);
  return isAddress ? hostIn(value)?.host ?? null : null;
}

/** What a variable that carries an address ends in. */
const ADDRESS_SUFFIX =
  /(?:^|_|DB|PG|SQL|MQ|REDIS|MONGO|CACHE)(?:URLS?|URI|DSN|HOSTS?|HOSTNAME|ADDR|ADDRESS|ADDRESSES|ENDPOINTS?|ENDPOINT_URL|SERVERS?|NODES?|BROKERS?|BROKER_LIST|BOOTSTRAP_SERVERS|CONNECTION_?STRING|CONN_STR|CONNECTION_URL|CONNECTION_URI|PORT)$/;
/** Of these the name alone says that there is such a service. */
const TELLING_SUFFIX =
  /_(?:URL|URI|DSN|BROKERS?|BROKER_LIST|BOOTSTRAP_SERVERS|CONNECTION_STRING)$/;
const DATABASE =
  /^(?:[A-Z0-9]+_){0,4}(?:DATABASE|DB|SQL|JDBC|DATASOURCE)_?(?:URL|URI|DSN|HOST|HOSTNAME|ADDR|ADDRESS|SERVER|PORT|CONNECTION_STRING|CONNECTION_URL)$/;
const QUEUE = /^(?:[A-Z0-9]+_){0,3}(?:BROKER|QUEUE)_(?:URL|HOST|URI|DSN)$/;
const MAIL =
  /^(?:[A-Z0-9]+_){0,3}(?:SMTP|MAIL|EMAIL|MAILER)_(?:HOST|SERVER|URL|PORT|DSN)$/;
const OBJECTS =
  /^(?:[A-Z0-9]+_){0,3}(?:S3|AWS|STORAGE)_(?:S3_)?(?:ENDPOINT|ENDPOINT_URL|URL|HOST)$/;

/** As .NET names what its variables override: `ConnectionStrings__Main`, `RabbitMQ__HostName`. */
const OF_SECTIONS =
  /^ConnectionStrings?(?:__\w{1,100})?$|__(?:Host(?:Name)?|Server|Ur[il]|Endpoint|Address|ConnectionString|Port)$/i;

/** True when a variable of this name may carry an address. */
export function isAddressName(name: string): boolean {
  // `USE_SQL_SERVER` says whether, not where.
  if (/^(?:USE|ENABLE|DISABLE|SKIP|WITH)_/.test(name)) return false;
  return ADDRESS_SUFFIX.test(name.slice(0, 200)) ||
    /^PG(?:HOST|PORT)$/.test(name) || name === "DATABASE_URL" ||
    OF_SECTIONS.test(name.slice(0, 200));
}

/** True when a variable of this name carries an address of this kind. */
export function isVariableOf(name: string, kind: ServiceKind): boolean {
  if (name.length > 200 || !isAddressName(name)) return false;
  if (
    kind.words.some((word) =>
      name.startsWith(`${word}_`) || name.includes(`_${word}_`)
    )
  ) return true;
  switch (kind.group) {
    case "sql":
      return DATABASE.test(name) || /^PG(?:HOST|PORT)$/.test(name) &&
          (kind.kind === "postgres" || kind.speaks === "postgres");
    case "store":
      return DATABASE.test(name);
    case "queue":
      return QUEUE.test(name);
    case "mail":
      return MAIL.test(name);
    case "objects":
      return OBJECTS.test(name);
    default:
      return false;
  }
}

/** What stands beside a service is another: ELASTIC_APM_SERVER_URL, KAFKA_UI_URL. */
const OF_COMPANIONS =
  /_(?:APM|EXPRESS|INSIGHT|COMMANDER|UI|EXPORTER|CONNECT|REGISTRY|REST|ADMIN)_/;

/** Kinds whose very variable this is: `REDIS_URL`, not `DATABASE_URL`. */
export function kindOfVariable(name: string): ServiceKind | null {
  if (name.length > 200 || !TELLING_SUFFIX.test(name)) return null;
  if (OF_COMPANIONS.test(name)) return null;
  const isNamed = ({ words }: ServiceKind) =>
    // Two letters are too little to tell a service by.
    words.some((word) => word.length > 3 && name.startsWith(`${word}_`));
  return TOLD_BY_NAME.find(isNamed) ?? null;
}

/** Others have URLs for many reasons: a Grafana to link to is none to run. */
const TOLD_BY_NAME = SERVICES.filter(({ kind, group }) =>
  group === "sql" && kind !== "oracle" || group === "queue" ||
  group === "search" ||
  ["redis", "valkey", "mongodb", "memcached", "clickhouse", "neo4j"]
    .includes(kind)
);
