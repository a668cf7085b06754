/**
 * What libraries call the databases they can speak to: drivers, dialects,
 * adapters, engines.
 *
 * @module
 */

const WORDS: readonly (readonly [string, string])[] = [
  [
    "postgres",
    "postgres postgresql postgre pgsql pg pdo_pgsql postgis psycopg psycopg2 asyncpg npgsql pgx cockroach postgres-js aws-data-api node-postgres pglite-socket django.db.backends.postgresql django.db.backends.postgresql_psycopg2 django.contrib.gis.db.backends.postgis ecto.adapters.postgres timescale.db.backends.postgresql django_tenants.postgresql_backend",
  ],
  [
    "mysql",
    "mysql mysql2 trilogy mysqli pdo_mysql pymysql aiomysql mysqldb planetscale django.db.backends.mysql django.contrib.gis.db.backends.mysql ecto.adapters.myxql",
  ],
  ["mariadb", "mariadb"],
  ["mssql", "mssql sqlserver sqlsrv pdo_sqlsrv tedious ecto.adapters.tds"],
  ["oracle", "oracle oracledb django.db.backends.oracle"],
  ["cockroachdb", "cockroachdb django_cockroachdb"],
  ["mongodb", "mongodb mongo djongo motor django_mongodb_backend"],
  [
    "redis",
    "redis predis phpredis hiredis django_redis.cache.rediscache django.core.cache.backends.redis.rediscache channels_redis.core.redischannellayer redis_cache_store rediscache",
  ],
  [
    "memcached",
    "memcached memcache pymemcache memcachedcache django.core.cache.backends.memcached.pymemcachecache django.core.cache.backends.memcached.pylibmccache django.core.cache.backends.memcached.memcachedcache mem_cache_store",
  ],
  ["rabbitmq", "rabbitmq amqp librabbitmq"],
  ["kafka", "kafka confluentkafka"],
  ["beanstalkd", "beanstalkd"],
  ["elasticsearch", "elasticsearch"],
  ["meilisearch", "meilisearch"],
  ["typesense", "typesense"],
];

const BY_WORD = new Map(
  WORDS.flatMap(([kind, words]) =>
    words.split(" ").map((word) => [word, kind] as const)
  ),
);

/** The kind of service that a driver's name stands for; null for SQLite and the unknown. */
export function kindOfDriver(word: string): string | null {
  return BY_WORD.get(word.slice(0, 200).toLowerCase()) ?? null;
}
