/**
 * The services Autonix knows: databases, queues, caches, and what else an
 * application speaks to over a network.
 *
 * Owns names only: ports, images, URL schemes, variables. Which library speaks
 * to which is in `clients.ts`. Stores within a process (SQLite, LevelDB) are no
 * services.
 *
 * @module
 */

export interface ServiceKind {
  kind: string;
  /** Where it listens unless told otherwise. */
  port: number | null;
  /** Names of images without registry; without a `/` also as the last part of any. */
  images: readonly string[];
  /** Schemes of addresses that only this kind has. */
  schemes: readonly string[];
  /** First words of its variables: `REDIS` of `REDIS_URL`, `PG` of `PGHOST`. */
  words: readonly string[];
  /** `sql` or `store` share `DATABASE_URL`; of a group an application mostly uses one. */
  group?: "sql" | "store" | "queue" | "mail" | "objects" | "search";
  /** The kind whose clients it serves as well. */
  speaks?: string;
}

function kind(
  name: string,
  port: number | null,
  images: string,
  rest: {
    schemes?: string;
    words?: string;
    group?: ServiceKind["group"];
    speaks?: string;
  } = {},
): ServiceKind {
  const split = (text: string) => text.split(" ").filter((one) => one !== "");
  return {
    kind: name,
    port,
    images: split(images),
    schemes: split(rest.schemes ?? ""),
    words: split(rest.words ?? name.toUpperCase().replaceAll("-", "_")),
    ...(rest.group === undefined ? {} : { group: rest.group }),
    ...(rest.speaks === undefined ? {} : { speaks: rest.speaks }),
  };
}

export const SERVICES: readonly ServiceKind[] = [
  kind(
    "postgres",
    5432,
    "postgres postgresql postgis pgvector timescaledb timescaledb-ha supabase/postgres tensorchord/pgvecto-rs alloydbomni postgres-16 postgresql-15-centos7 pgautoupgrade",
    {
      schemes: "postgres postgresql postgis pgsql psql pgx5 pg",
      words: "POSTGRES POSTGRESQL PG PSQL PGSQL TIMESCALE",
      group: "sql",
    },
  ),
  kind("mysql", 3306, "mysql mysql-server percona percona-server", {
    schemes: "mysql mysql2 mysqlx",
    group: "sql",
  }),
  kind("mariadb", 3306, "mariadb", {
    schemes: "mariadb",
    group: "sql",
    speaks: "mysql",
  }),
  kind("cockroachdb", 26257, "cockroachdb/cockroach cockroach", {
    schemes: "cockroachdb cockroach",
    words: "COCKROACH COCKROACHDB",
    group: "sql",
    speaks: "postgres",
  }),
  kind(
    "mssql",
    1433,
    "mssql/server azure-sql-edge mssql-server-linux mssql-server",
    {
      schemes: "sqlserver mssql",
      words: "MSSQL SQLSERVER SQL_SERVER",
      group: "sql",
    },
  ),
  kind("oracle", 1521, "oracle-xe oracle-free gvenzl/oracle-free", {
    schemes: "oracle",
    group: "sql",
  }),
  kind("yugabytedb", 5433, "yugabytedb/yugabyte yugabyte", {
    words: "YUGABYTE YUGABYTEDB",
    group: "sql",
    speaks: "postgres",
  }),
  kind("tidb", 4000, "pingcap/tidb tidb", { group: "sql", speaks: "mysql" }),
  kind("firebird", 3050, "firebird", { group: "sql" }),
  kind(
    "redis",
    6379,
    "redis redis-stack redis-stack-server redis-sentinel redis-cluster redismod rejson redisearch",
    { schemes: "redis rediss redis-sentinel redis-socket", words: "REDIS" },
  ),
  kind("valkey", 6379, "valkey valkey-bundle", {
    schemes: "valkey valkeys",
    speaks: "redis",
  }),
  kind("keydb", 6379, "keydb", { speaks: "redis" }),
  kind("dragonfly", 6379, "dragonflydb/dragonfly dragonfly", {
    speaks: "redis",
  }),
  kind(
    "mongodb",
    27017,
    "mongo mongodb mongodb-community-server mongodb-atlas-local percona-server-mongodb",
    {
      schemes: "mongodb mongodb+srv",
      words: "MONGO MONGODB MONGOOSE",
      group: "store",
    },
  ),
  kind("ferretdb", 27017, "ferretdb", { group: "store", speaks: "mongodb" }),
  kind("rabbitmq", 5672, "rabbitmq", {
    schemes: "amqp amqps rabbitmq",
    words: "RABBITMQ RABBIT AMQP CLOUDAMQP",
    group: "queue",
  }),
  kind("activemq", 61616, "activemq activemq-classic activemq-artemis", {
    words: "ACTIVEMQ",
    group: "queue",
  }),
  kind("kafka", 9092, "kafka cp-kafka cp-server kafka-native fast-data-dev", {
    schemes: "kafka",
    group: "queue",
  }),
  kind("redpanda", 9092, "redpandadata/redpanda vectorized/redpanda redpanda", {
    group: "queue",
    speaks: "kafka",
  }),
  kind("nats", 4222, "nats nats-streaming", {
    schemes: "nats",
    group: "queue",
  }),
  kind("pulsar", 6650, "pulsar pulsar-all", {
    schemes: "pulsar pulsar+ssl",
    group: "queue",
  }),
  kind("nsq", 4150, "nsqio/nsq nsq", { words: "NSQ NSQD", group: "queue" }),
  kind("beanstalkd", 11300, "beanstalkd", {
    schemes: "beanstalk beanstalkd",
    group: "queue",
  }),
  kind("mosquitto", 1883, "eclipse-mosquitto mosquitto", {
    schemes: "mqtt mqtts",
    words: "MQTT MOSQUITTO",
  }),
  kind("emqx", 1883, "emqx", { speaks: "mosquitto" }),
  kind("zookeeper", 2181, "zookeeper cp-zookeeper", {
    words: "ZOOKEEPER ZK",
  }),
  kind("schema-registry", 8081, "cp-schema-registry"),
  kind("elasticsearch", 9200, "elasticsearch elasticsearch-wolfi", {
    schemes: "elasticsearch",
    words: "ELASTICSEARCH ELASTIC ES",
    group: "search",
  }),
  kind("opensearch", 9200, "opensearch", {
    schemes: "opensearch",
    group: "search",
    speaks: "elasticsearch",
  }),
  kind("kibana", 5601, "kibana"),
  kind("logstash", 5044, "logstash"),
  kind("meilisearch", 7700, "meilisearch", {
    words: "MEILISEARCH MEILI",
    group: "search",
  }),
  kind("typesense", 8108, "typesense", { group: "search" }),
  kind("solr", 8983, "solr", { group: "search" }),
  kind("manticoresearch", 9306, "manticore manticoresearch", {
    words: "MANTICORE",
  }),
  kind("memcached", 11211, "memcached", {
    schemes: "memcached memcache",
    words: "MEMCACHED MEMCACHE MEMCACHIER",
  }),
  kind("minio", 9000, "minio", { group: "objects" }),
  kind("localstack", 4566, "localstack localstack-pro"),
  kind("azurite", 10000, "azure-storage/azurite azurite"),
  kind("dynamodb-local", 8000, "amazon/dynamodb-local dynamodb-local", {
    words: "DYNAMODB",
  }),
  kind("elasticmq", 9324, "elasticmq elasticmq-native"),
  kind("clickhouse", 8123, "clickhouse-server clickhouse", {
    schemes: "clickhouse clickhouses",
    words: "CLICKHOUSE CH",
  }),
  kind("mailpit", 1025, "mailpit", { group: "mail" }),
  kind("mailhog", 1025, "mailhog", { group: "mail" }),
  kind("maildev", 1025, "maildev", { group: "mail" }),
  kind("mailcatcher", 1025, "mailcatcher", { group: "mail" }),
  kind("cassandra", 9042, "cassandra", { group: "store" }),
  kind("scylladb", 9042, "scylladb/scylla scylla", {
    words: "SCYLLA SCYLLADB",
    group: "store",
    speaks: "cassandra",
  }),
  kind("neo4j", 7687, "neo4j", {
    schemes: "bolt bolt+s neo4j neo4j+s",
    group: "store",
  }),
  kind("couchdb", 5984, "couchdb", { words: "COUCHDB COUCH", group: "store" }),
  kind("couchbase", 8091, "couchbase couchbase-server", {
    schemes: "couchbase couchbases",
    group: "store",
  }),
  kind("arangodb", 8529, "arangodb", { words: "ARANGO ARANGODB" }),
  kind("rethinkdb", 28015, "rethinkdb", { schemes: "rethinkdb" }),
  kind("surrealdb", 8000, "surrealdb", { words: "SURREAL SURREALDB" }),
  kind("influxdb", 8086, "influxdb", {
    schemes: "influxdb",
    words: "INFLUX INFLUXDB",
  }),
  kind("questdb", 8812, "questdb"),
  kind("victoriametrics", 8428, "victoria-metrics", {
    words: "VICTORIAMETRICS",
  }),
  kind("qdrant", 6333, "qdrant"),
  kind("weaviate", 8080, "weaviate"),
  kind("milvus", 19530, "milvusdb/milvus milvus"),
  kind("chroma", 8000, "chromadb/chroma chroma", { words: "CHROMA" }),
  kind("etcd", 2379, "etcd", { words: "ETCD ETCDCTL" }),
  kind("consul", 8500, "consul"),
  kind("vault", 8200, "vault"),
  kind("keycloak", 8080, "keycloak"),
  kind("openldap", 389, "openldap", { schemes: "ldap ldaps", words: "LDAP" }),
  kind("temporal", 7233, "temporalio/auto-setup temporalio/server temporal"),
  kind("ollama", 11434, "ollama"),
  kind("prometheus", 9090, "prometheus"),
  kind("grafana", 3000, "grafana grafana-oss grafana-enterprise"),
  kind("loki", 3100, "loki"),
  kind("tempo", 3200, "grafana/tempo"),
  kind("seq", 5341, "datalust/seq"),
  kind("jaeger", 16686, "jaegertracing/all-in-one jaegertracing/jaeger jaeger"),
  kind("zipkin", 9411, "zipkin zipkin-slim"),
  kind(
    "otel-collector",
    4317,
    "opentelemetry-collector opentelemetry-collector-contrib",
    { words: "OTEL_EXPORTER_OTLP" },
  ),
  kind(
    "selenium",
    4444,
    "standalone-chrome standalone-chromium standalone-firefox standalone-edge selenium",
    {
      words: "SELENIUM",
    },
  ),
  kind("browserless", 3000, "browserless/chrome browserless/chromium", {
    words: "BROWSERLESS",
  }),
  kind("gotenberg", 3000, "gotenberg"),
  kind("clamav", 3310, "clamav", { words: "CLAMAV CLAMD" }),
  kind("soketi", 6001, "soketi"),
  kind("mercure", 80, "dunglas/mercure mercure"),
  kind("centrifugo", 8000, "centrifugo"),
  kind("livekit", 7880, "livekit-server", { words: "LIVEKIT" }),
  kind("hazelcast", 5701, "hazelcast"),
  kind("ibm-mq", 1414, "ibm-messaging/mq ibmcom/mq", { group: "queue" }),
  kind("memgraph", 7687, "memgraph memgraph-mage memgraph-platform", {
    group: "store",
    speaks: "neo4j",
  }),
  kind("dgraph", 9080, "dgraph/dgraph dgraph/standalone"),
  kind("trino", 8080, "trino"),
  kind("seaweedfs", 8333, "seaweedfs", { group: "objects" }),
  kind("unleash", 4242, "unleash-server"),
  kind("wiremock", 8080, "wiremock"),
  kind("stripe-mock", 12111, "stripe-mock"),
  kind("imgproxy", 8080, "imgproxy"),
];

const BY_KIND = new Map(SERVICES.map((one) => [one.kind, one]));
const BY_SCHEME = new Map(
  SERVICES.flatMap((one) =>
    one.schemes.map((scheme) => [scheme, one] as const)
  ),
);

/** The kind of this name. */
export function serviceKind(name: string): ServiceKind | null {
  return BY_KIND.get(name) ?? null;
}

/** The kind of an address's scheme; `postgresql+asyncpg` is postgres. */
export function kindOfScheme(scheme: string): ServiceKind | null {
  const lower = scheme.toLowerCase();
  return BY_SCHEME.get(lower) ??
    BY_SCHEME.get(lower.slice(0, Math.max(0, lower.indexOf("+")))) ?? null;
}
