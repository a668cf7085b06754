/**
 * Variables of Laravel that say nothing of an application: every new one lists
 * the hosts and keys of all drivers that the framework has, and settings of the
 * framework itself. Which drivers are chosen stands beside them.
 *
 * Only tells which are spare; who found a variable leaves it out.
 *
 * @module
 */
import type { Draft } from "../../draft.ts";
import { joinPath } from "../../file_tree.ts";
import type { Reading } from "../../reading.ts";

const FRAMEWORKS = ["laravel/framework", "laravel/lumen-framework"];
const FILES = [".env.example", ".env.dist", ".env.sample", ".env"];
const COMPOSED = [
  "docker-compose.yml",
  "docker-compose.yaml",
  "compose.yml",
  "compose.yaml",
];
const MAX_LINES = 1_000;
const NAME = /^(?:export )?([A-Z][A-Z0-9_]{0,99})=/;
const CHOICE =
  /^(?:export )?((?:DB|QUEUE|BROADCAST)_CONNECTION|(?:CACHE|SESSION|QUEUE|BROADCAST|MAIL|FILESYSTEM|SCOUT|LOG)_(?:DRIVER|STORE|MAILER|DISK|CLOUD|CHANNEL))=["']?([\w-]{1,40})/;

/** Variables of a driver, and what shows that it is used. */
interface Group {
  names: RegExp;
  /** A choice as it stands: `CACHE_STORE=redis`. */
  chosen: RegExp;
  /** A choice that has to be made to go without it. */
  refused?: RegExp;
  /** Libraries that are there for it alone. */
  packages: readonly string[];
  /** Stands in a compose file that runs it. */
  image?: RegExp;
}

const GROUPS: readonly Group[] = [
  {
    names: /^REDIS_/,
    chosen: /=redis$/,
    packages: ["predis/predis", "ext-redis", "laravel/horizon"],
    image: /\b(?:redis|valkey)\b/,
  },
  {
    names: /^MEMCACHED_/,
    chosen: /=memcached$/,
    packages: ["ext-memcached"],
    image: /\bmemcached\b/,
  },
  {
    names: /^(?:AWS|SQS|DYNAMODB)_/,
    chosen: /=(?:s3|sqs|ses(?:-v2)?|dynamodb)$/,
    packages: [
      "aws/aws-sdk-php",
      "aws/aws-sdk-php-laravel",
      "league/flysystem-aws-s3-v3",
    ],
    image: /\b(?:minio|localstack)\b/,
  },
  {
    names: /^(?:(?:MIX|VITE)_)?PUSHER_/,
    chosen: /^BROADCAST_\w+=pusher$/,
    packages: ["pusher/pusher-php-server", "beyondcode/laravel-websockets"],
    image: /\bsoketi\b/,
  },
  {
    names: /^(?:(?:MIX|VITE)_)?REVERB_/,
    chosen: /^BROADCAST_\w+=reverb$/,
    packages: ["laravel/reverb"],
  },
  { names: /^ABLY_/, chosen: /=ably$/, packages: ["ably/ably-php"] },
  {
    names: /^MAIL_(?:HOST|PORT|USERNAME|PASSWORD|ENCRYPTION|SCHEME|URL)$/,
    chosen: /^MAIL_\w+=smtp$/,
    refused: /^MAIL_(?:MAILER|DRIVER)=/,
    packages: [],
    image: /\bmail(?:hog|pit|dev|catcher)\b/,
  },
  {
    names:
      /^DB_(?:HOST|PORT|USERNAME|PASSWORD|SOCKET|URL|CHARSET|COLLATION|DATABASE)$/,
    chosen: /^$/,
    refused: /^DB_CONNECTION=sqlite$/,
    packages: [],
    image: /\b(?:mysql|mariadb|postgres|mssql)\b/,
  },
];

/** Settings of the framework as its installer writes them. */
const STOCK = new Set(
  ("APP_LOCALE=en APP_FALLBACK_LOCALE=en APP_FAKER_LOCALE=en_US " +
    "APP_MAINTENANCE_DRIVER=file APP_MAINTENANCE_STORE= " +
    "APP_MAINTENANCE_STORE=database APP_TIMEZONE=UTC " +
    "PHP_CLI_SERVER_WORKERS= PHP_CLI_SERVER_WORKERS=4 BCRYPT_ROUNDS=12 " +
    "LOG_STACK=single LOG_DEPRECATIONS_CHANNEL=null SESSION_LIFETIME=120 " +
    "SESSION_ENCRYPT=false SESSION_PATH=/ SESSION_DOMAIN= " +
    "SESSION_DOMAIN=null CACHE_PREFIX= DB_FOREIGN_KEYS=true " +
    "MAIL_FROM_ADDRESS=hello@example.com MAIL_FROM_ADDRESS=null").split(" "),
);

/**
 * What the framework's own configuration reads, with a default for each: of use
 * to an application that lists it among its variables.
 */
const OF_FRAMEWORK =
  /^(?:DB_(?:URL|SOCKET|CHARSET|COLLATION|FOREIGN_KEYS|SSLMODE|ENCRYPT|TRUST_SERVER_CERTIFICATE|CACHE_\w+|QUEUE\w*)|MYSQL_ATTR_SSL_CA|DATABASE_URL|(?:AUTH|BEANSTALKD|LOG|PAPERTRAIL|MAIL|MAILGUN|POSTMARK|RESEND|SESSION|SLACK|SQS|DYNAMODB|REDIS|MEMCACHED|CACHE|FILESYSTEM|SANCTUM|ARGON|HASH|BROADCAST|AWS|ABLY|PUSHER|REVERB|QUEUE)_\w+|BCRYPT_ROUNDS|VIEW_COMPILED_PATH|ASSET_URL|APP_(?:PREVIOUS_KEYS|CIPHER|LOCALE|FALLBACK_LOCALE|FAKER_LOCALE|MAINTENANCE_\w+|TIMEZONE))$/;

/** They repeat the name of the application. */
const OF_NAME = new Set(["VITE_APP_NAME", "MIX_APP_NAME", "MAIL_FROM_NAME"]);

/** What is chosen, and all names, as they stand in the first file of variables that has any. */
function listOf(reading: Reading, path: string) {
  for (const name of FILES) {
    const file = joinPath(path, name);
    const lines = file === null
      ? []
      : reading.lines(file).slice(0, MAX_LINES).map(({ text }) =>
        text.slice(0, 200)
      );
    const choices = lines.flatMap((line) => {
      const found = CHOICE.exec(line);
      return found === null ? [] : [`${found[1]}=${found[2]}`];
    });
    if (choices.length === 0) continue;
    const names = lines.flatMap((line) => NAME.exec(line)?.[1] ?? []);
    return { choices, names: new Set(names) };
  }
  return null;
}

export interface Variable {
  name: string;
  value: string | null;
  isRequired: boolean;
}

/**
 * Tells which variables an application of Laravel does without; null for an
 * application of anything else, or that says nothing of its drivers.
 */
export function spareInLaravel(
  draft: Draft,
  reading: Reading,
): ((variable: Variable) => boolean) | null {
  const packages = new Set(draft.dependencies.map(({ name }) => name));
  if (!FRAMEWORKS.some((name) => packages.has(name))) return null;
  const listed = listOf(reading, draft.path);
  if (listed === null) return null;
  const { choices, names: known } = listed;
  const composed = COMPOSED.map((name) => {
    const file = joinPath(draft.path, name);
    return file === null ? "" : reading.tree.text(file) ?? "";
  });
  const unused = GROUPS.filter(({ chosen, refused, packages: own, image }) =>
    (refused === undefined || choices.some((choice) => refused.test(choice))) &&
    !choices.some((choice) => chosen.test(choice)) &&
    !own.some((name) => packages.has(name)) &&
    !(image !== undefined && composed.some((text) => image.test(text)))
  );
  return ({ name, value, isRequired }) =>
    !isRequired && !known.has(name) && OF_FRAMEWORK.test(name) ||
    OF_NAME.has(name) || STOCK.has(`${name}=${value ?? ""}`) ||
    unused.some(({ names }) => names.test(name));
}
