/**
 * Where frameworks and libraries are told which database they speak to.
 *
 * A rule is data: the files it is about, and patterns whose first group is a
 * driver's name. Patterns are tried on one line each, cut to a bound.
 *
 * @module
 */
import type { NamePattern } from "../../detector.ts";

export interface Rule {
  /** Patterns of what is read. */
  reads: readonly NamePattern[];
  /** Which paths it is about. */
  path: RegExp;
  /** First group: a name that `kindOfDriver` knows. */
  drivers: readonly RegExp[];
  /** True where the file is about one database: variables in its `host` and `port` are that one's. */
  isOfOne?: boolean;
  /** Text that has to stand on some line of the file that is no comment. */
  needs?: RegExp;
}

export const RULES: readonly Rule[] = [
  // Prisma
  {
    reads: ["*.prisma"],
    path: /\.prisma$/,
    drivers: [/^\s{0,8}provider\s{0,8}=\s{0,8}"([a-z]{1,20})"/],
  },
  // ActiveRecord
  {
    reads: ["config/database.yml"],
    path: /(?:^|\/)config\/database\.yml$/,
    isOfOne: true,
    drivers: [/^\s{1,8}adapter:\s{0,4}["']?([a-z0-9_]{1,20})/],
  },
  // Django
  {
    reads: [
      "settings.py",
      "settings/*.py",
      "settings_*.py",
      "config/*.py",
      "local_settings.py",
    ],
    path:
      /(?:^|\/)(?:settings\w{0,30}\.py|settings\/\w{1,40}\.py|config\/\w{1,40}\.py|local_settings\.py)$/,
    drivers: [
      /["'](?:ENGINE|BACKEND)["']\s{0,4}:\s{0,4}["']([\w.]{1,100})["']/,
      /["'](?:ENGINE|BACKEND)["']\s{0,4}:\s{0,4}[\w.]{1,40}\(\s{0,4}["']\w{1,60}["'],\s{0,4}(?:default\s{0,2}=\s{0,2})?["']([\w.]{1,100})["']/,
    ],
  },
  // TypeORM, MikroORM
  {
    isOfOne: true,
    reads: [
      "ormconfig.*",
      "data-source.*",
      "datasource.*",
      "typeorm.config.*",
      "mikro-orm.config.*",
      "app.module.ts",
      "database.module.ts",
      "database.config.ts",
    ],
    path:
      /(?:^|\/)(?:ormconfig|data-source|datasource|typeorm\.config|mikro-orm\.config|app\.module|database\.module|database\.config)\.(?:[cm]?[jt]s|json|ya?ml)$/,
    drivers: [/["']?(?:type|dialect)["']?\s{0,4}:\s{0,4}["']([a-z]{1,20})["']/],
    needs: /typeorm|TypeOrm|DataSource|mikro|Sequelize|ormconfig|entities/,
  },
  // Knex, Drizzle, Sequelize
  {
    isOfOne: true,
    reads: [
      "knexfile.*",
      "drizzle.config.*",
      "config/config.*",
      "config/database.*",
    ],
    path:
      /(?:^|\/)(?:knexfile\.[cm]?[jt]s|drizzle\.config\.[cm]?[jt]s|config\/(?:config|database)\.(?:json|[cm]?[jt]s))$/,
    drivers: [
      /["']?(?:client|dialect|driver)["']?\s{0,4}:\s{0,4}["']([\w-]{1,20})["']/,
      /\bclient["']?\s{0,4}:\s{0,4}env\(\s{0,4}["']\w{1,40}["'],\s{0,4}["']([\w-]{1,20})["']/,
    ],
  },
  // CodeIgniter: every new application has a driver, of use with a database's name
  {
    reads: ["Config/Database.php", "config/database.php"],
    path:
      /(?:^|\/)(?:app\/Config\/Database|application\/config\/database)\.php$/,
    drivers: [/["']dbdriver["']\]?\s{0,20}=>?\s{0,8}["'](\w{1,20})["']/i],
    needs:
      /["']database["']\]?\s{0,20}=>?\s{0,8}["'][^"':]|["']DBDriver["']\s{0,20}=>\s{0,8}["'](?!MySQLi|SQLite3)\w/,
  },
  // CakePHP
  {
    reads: ["config/app.php", "config/app_local*.php"],
    path: /(?:^|\/)config\/app(?:_local[\w.]{0,20})?\.php$/,
    drivers: [
      /["']driver["']\s{0,8}=>\s{0,8}(?:[\w\\]{0,60}\\)?(\w{1,20})::class/,
    ],
    needs: /Cake\\Database/,
  },
  // Flask
  {
    reads: ["config.py"],
    path: /(?:^|\/)config\.py$/,
    drivers: [/\bCACHE_TYPE\s{0,4}=\s{0,4}["']([\w.]{1,60})["']/],
  },
  // What programs call their own: a driver by name, and where it is
  {
    reads: ["config/*.toml"],
    path: /(?:^|\/)(?:config|config\/[\w-]{1,40})\.(?:ya?ml|toml)$/,
    drivers: [
      /^\s{0,12}(?:driver|dialect)\s{0,4}[:=]\s{0,4}["']?([a-z0-9]{2,20})["']?\s{0,8}$/,
    ],
  },
  // Quarkus, Spring
  {
    reads: ["application*.properties", "application*.yml", "application*.yaml"],
    path: /(?:^|\/)application[\w.-]{0,40}\.(?:properties|ya?ml)$/,
    drivers: [/(?:^|\.|\s)db-kind\s{0,4}[=:]\s{0,4}["']?([a-z]{1,20})/],
  },
];

/** Files whose addresses say what they speak to. */
export const WITH_ADDRESSES: readonly NamePattern[] = [
  ...RULES.flatMap(({ reads }) => reads),
  "alembic.ini",
  "application.conf",
  "Rocket.toml",
  "settings.toml",
  "settings.yml",
  "settings.yaml",
  "appsettings*.json",
  "config.yml",
  "config.yaml",
  "config.toml",
  "config.json",
  "config/*.yml",
  "config/*.yaml",
  "config/*.json",
  "config/*.toml",
  "config/*.exs",
];
/** Paths of those; `config/cable.yml` names a redis that a new application does not use. */
export const ADDRESS_PATH =
  /(?:^|\/)(?:alembic\.ini|Rocket\.toml|settings\.(?:ya?ml|toml)|application[\w.-]{0,40}\.(?:properties|ya?ml|conf)|appsettings[\w.-]{0,40}\.json|config\.(?:ya?ml|toml|json)|config\/(?!cable\.yml)[\w.-]{1,60}\.(?:ya?ml|json|toml|exs|py)|settings\w{0,30}\.py|settings\/\w{1,40}\.py|ormconfig\.\w{2,4}|data-source\.[jt]s|knexfile\.[jt]s|drizzle\.config\.[jt]s)$/;

/** Connection strings of .NET by what only one kind has in them. */
export const CONNECTION_STRINGS: readonly (readonly [RegExp, string])[] = [
  [/\bHost=[^;"]{1,200};[^"]{0,400}\b(?:Username|User ?Id)=/i, "postgres"],
  [/\b(?:Port=5432)\b/i, "postgres"],
  [/\bPort=3306\b|\bServer=[^;"]{1,200};[^"]{0,400}\bUid=/i, "mysql"],
  [
    /\b(?:Server|Data Source)=[^;"]{1,200};[^"]{0,400}\b(?:Trusted_Connection|TrustServerCertificate|Integrated Security|Initial Catalog|MultipleActiveResultSets|User ?Id)=?/i,
    "mssql",
  ],
];

/** Variables whose value is a driver's name: Laravel's, and those people make up alike. */
export const DRIVER_VARIABLE =
  /^(?:TYPEORM_CONNECTION|(?:[A-Z0-9]{1,20}_)?(?:DB|DATABASE)_(?:CONNECTION|DRIVER|DIALECT|TYPE|ENGINE|CLIENT|ADAPTER)|CACHE_(?:STORE|DRIVER)|QUEUE_(?:CONNECTION|DRIVER)|SESSION_DRIVER|BROADCAST_(?:DRIVER|CONNECTION)|SCOUT_DRIVER)$/;

/** Defaults in Laravel's configuration, which its variables override. */
export const LARAVEL: readonly (readonly [string, string])[] = [
  ["config/database.php", "DB_CONNECTION"],
  ["config/queue.php", "QUEUE_CONNECTION"],
];
