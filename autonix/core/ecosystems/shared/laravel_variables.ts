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

/** They repeat the name of the application. */
const OF_NAME = new Set(["VITE_APP_NAME", "MIX_APP_NAME", "MAIL_FROM_NAME"]);

/** What is chosen, as it stands in the first file of variables that has any. */
function choicesOf(reading: Reading, path: string): string[] {
  for (const name of FILES) {
    const file = joinPath(path, name);
    const choices = file === null
      ? []
      : reading.lines(file).slice(0, MAX_LINES).flatMap(({ text }) => {
        const found = CHOICE.exec(text.slice(0, 200));
        return found === null ? [] : [`${found[1]}=${found[2]}`];
      });
    if (choices.length > 0) return choices;
  }
  return [];
}

/**
 * Tells which variables an application of Laravel does without, with the value
 * they have; null for an application of anything else, or that says nothing of
 * its drivers.
 */
export function spareInLaravel(
  draft: Draft,
  reading: Reading,
): ((name: string, value: string | null) => boolean) | null {
  const packages = new Set(draft.dependencies.map(({ name }) => name));
  if (!FRAMEWORKS.some((name) => packages.has(name))) return null;
  const choices = choicesOf(reading, draft.path);
  if (choices.length === 0) return null;
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
  return (name, value) =>
    OF_NAME.has(name) || STOCK.has(`${name}=${value ?? ""}`) ||
    unused.some(({ names }) => names.test(name));
}
