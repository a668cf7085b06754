/**
 * Clients of services in the registries of compiled languages and of the BEAM.
 *
 * @module
 */
import type { ClientTable } from "./clients.ts";

export const GO: ClientTable = {
  postgres:
    "github.com/lib/pq github.com/jackc/pgx github.com/go-pg/pg gorm.io/driver/postgres github.com/uptrace/bun/driver/pgdriver github.com/uptrace/bun/dialect/pgdialect github.com/jackc/pgconn github.com/riverqueue/river",
  mysql:
    "github.com/go-sql-driver/mysql gorm.io/driver/mysql github.com/uptrace/bun/dialect/mysqldialect",
  mssql:
    "github.com/microsoft/go-mssqldb github.com/denisenkom/go-mssqldb gorm.io/driver/sqlserver",
  oracle: "github.com/godror/godror github.com/sijms/go-ora",
  redis:
    "github.com/redis/go-redis github.com/go-redis/redis github.com/gomodule/redigo github.com/garyburd/redigo github.com/redis/rueidis github.com/hibiken/asynq github.com/mediocregopher/radix github.com/go-redis/cache",
  valkey: "github.com/valkey-io/valkey-go",
  mongodb:
    "go.mongodb.org/mongo-driver gopkg.in/mgo.v2 github.com/globalsign/mgo github.com/qiniu/qmgo github.com/kamva/mgm",
  rabbitmq:
    "github.com/streadway/amqp github.com/rabbitmq/amqp091-go github.com/wagslane/go-rabbitmq",
  kafka:
    "github.com/segmentio/kafka-go github.com/Shopify/sarama github.com/IBM/sarama github.com/confluentinc/confluent-kafka-go github.com/twmb/franz-go github.com/lovoo/goka",
  nats: "github.com/nats-io/nats.go github.com/nats-io/stan.go",
  nsq: "github.com/nsqio/go-nsq",
  pulsar: "github.com/apache/pulsar-client-go",
  mosquitto:
    "github.com/eclipse/paho.mqtt.golang github.com/eclipse/paho.golang",
  elasticsearch:
    "github.com/elastic/go-elasticsearch github.com/olivere/elastic",
  opensearch: "github.com/opensearch-project/opensearch-go",
  meilisearch: "github.com/meilisearch/meilisearch-go",
  typesense: "github.com/typesense/typesense-go",
  memcached:
    "github.com/bradfitz/gomemcache github.com/memcachier/mc github.com/rainycape/memcache",
  minio: "github.com/minio/minio-go",
  clickhouse:
    "github.com/ClickHouse/clickhouse-go github.com/ClickHouse/ch-go gorm.io/driver/clickhouse github.com/uptrace/go-clickhouse",
  cassandra: "github.com/gocql/gocql github.com/apache/cassandra-gocql-driver",
  scylladb: "github.com/scylladb/gocqlx",
  neo4j: "github.com/neo4j/neo4j-go-driver",
  couchdb: "github.com/go-kivik/kivik",
  couchbase: "github.com/couchbase/gocb",
  influxdb:
    "github.com/influxdata/influxdb-client-go github.com/influxdata/influxdb1-client",
  arangodb: "github.com/arangodb/go-driver",
  qdrant: "github.com/qdrant/go-client",
  weaviate: "github.com/weaviate/weaviate-go-client",
  milvus: "github.com/milvus-io/milvus-sdk-go",
  etcd: "go.etcd.io/etcd/client github.com/coreos/etcd",
  consul: "github.com/hashicorp/consul/api",
  vault: "github.com/hashicorp/vault/api",
  zookeeper: "github.com/go-zookeeper/zk github.com/samuel/go-zookeeper",
  temporal: "go.temporal.io/sdk",
  openldap: "github.com/go-ldap/ldap",
  ollama: "github.com/ollama/ollama",
};

export const RUST: ClientTable = {
  postgres:
    "tokio-postgres postgres pq-sys deadpool-postgres bb8-postgres r2d2_postgres sqlx-postgres",
  mysql: "mysql mysql_async mysqlclient-sys sqlx-mysql",
  mssql: "tiberius",
  redis:
    "redis deadpool-redis bb8-redis r2d2_redis fred mobc-redis redis-async apalis-redis",
  mongodb: "mongodb wither",
  rabbitmq: "lapin amqprs amiquip deadpool-lapin",
  kafka: "rdkafka kafka rskafka",
  nats: "async-nats nats",
  pulsar: "pulsar",
  mosquitto: "rumqttc paho-mqtt",
  elasticsearch: "elasticsearch",
  opensearch: "opensearch",
  meilisearch: "meilisearch-sdk",
  memcached: "memcache async-memcached",
  clickhouse: "clickhouse clickhouse-rs klickhouse",
  cassandra: "cdrs cdrs-tokio cassandra-cpp",
  scylladb: "scylla",
  neo4j: "neo4rs",
  influxdb: "influxdb influxdb2",
  qdrant: "qdrant-client",
  etcd: "etcd-client",
  consul: "consulrs",
  vault: "vaultrs",
  openldap: "ldap3",
};

export const JVM: ClientTable = {
  postgres:
    "postgresql r2dbc-postgresql vertx-pg-client quarkus-jdbc-postgresql quarkus-reactive-pg-client pgjdbc-ng doobie-postgres skunk-core flyway-database-postgresql",
  mysql:
    "mysql-connector-java mysql-connector-j r2dbc-mysql vertx-mysql-client quarkus-jdbc-mysql quarkus-reactive-mysql-client flyway-mysql",
  mariadb: "mariadb-java-client r2dbc-mariadb quarkus-jdbc-mariadb",
  mssql: "mssql-jdbc r2dbc-mssql quarkus-jdbc-mssql",
  oracle: "ojdbc8 ojdbc10 ojdbc11",
  redis:
    "spring-boot-starter-data-redis spring-boot-starter-data-redis-reactive jedis lettuce-core redisson redisson-spring-boot-starter spring-session-data-redis quarkus-redis-client vertx-redis-client carmine micronaut-redis-lettuce",
  mongodb:
    "spring-boot-starter-data-mongodb spring-boot-starter-data-mongodb-reactive mongodb-driver-sync mongo-java-driver mongodb-driver-reactivestreams mongo-scala-driver quarkus-mongodb-client quarkus-mongodb-panache vertx-mongo-client kmongo monger reactivemongo morphia-core",
  rabbitmq:
    "spring-boot-starter-amqp amqp-client spring-rabbit quarkus-messaging-rabbitmq quarkus-smallrye-reactive-messaging-rabbitmq spring-cloud-starter-stream-rabbit",
  activemq: "spring-boot-starter-activemq spring-boot-starter-artemis",
  kafka:
    "spring-kafka kafka-clients kafka-streams reactor-kafka quarkus-kafka-client quarkus-messaging-kafka quarkus-smallrye-reactive-messaging-kafka spring-cloud-starter-stream-kafka micronaut-kafka fs2-kafka akka-stream-kafka",
  nats: "jnats",
  pulsar: "pulsar-client spring-boot-starter-pulsar",
  mosquitto: "org.eclipse.paho.client.mqttv3 hivemq-mqtt-client",
  elasticsearch:
    "spring-boot-starter-data-elasticsearch elasticsearch-java elasticsearch-rest-high-level-client elasticsearch-rest-client quarkus-elasticsearch-rest-client",
  opensearch: "opensearch-java opensearch-rest-high-level-client",
  memcached: "spymemcached xmemcached",
  minio: "minio",
  clickhouse: "clickhouse-jdbc clickhouse-java clickhouse-client",
  cassandra:
    "spring-boot-starter-data-cassandra spring-boot-starter-data-cassandra-reactive java-driver-core cassandra-driver-core",
  neo4j: "spring-boot-starter-data-neo4j neo4j-java-driver",
  couchbase: "spring-boot-starter-data-couchbase java-client",
  solr: "solr-solrj",
  influxdb: "influxdb-java influxdb-client-java",
  consul:
    "spring-cloud-starter-consul-discovery spring-cloud-starter-consul-config",
  vault: "spring-cloud-starter-vault-config",
  zookeeper:
    "curator-framework curator-recipes spring-cloud-starter-zookeeper-discovery",
  keycloak: "keycloak-spring-boot-starter keycloak-admin-client",
  openldap: "spring-boot-starter-data-ldap spring-ldap-core",
  temporal: "temporal-sdk temporal-spring-boot-starter",
};

export const DOTNET: ClientTable = {
  postgres:
    "Npgsql Npgsql.EntityFrameworkCore.PostgreSQL Hangfire.PostgreSql Marten Aspire.Npgsql Aspire.Npgsql.EntityFrameworkCore.PostgreSQL",
  mysql:
    "MySql.Data MySqlConnector Pomelo.EntityFrameworkCore.MySql MySql.EntityFrameworkCore",
  mssql:
    "Microsoft.EntityFrameworkCore.SqlServer Microsoft.Data.SqlClient System.Data.SqlClient Hangfire.SqlServer",
  oracle: "Oracle.ManagedDataAccess.Core Oracle.EntityFrameworkCore",
  redis:
    "StackExchange.Redis Aspire.StackExchange.Redis.DistributedCaching Aspire.StackExchange.Redis.OutputCaching Microsoft.Extensions.Caching.StackExchangeRedis Microsoft.AspNetCore.SignalR.StackExchangeRedis ServiceStack.Redis Hangfire.Redis.StackExchange Aspire.StackExchange.Redis",
  mongodb:
    "MongoDB.Driver MongoDB.EntityFrameworkCore AspNetCore.Identity.MongoDbCore Hangfire.Mongo",
  rabbitmq:
    "RabbitMQ.Client MassTransit.RabbitMQ EasyNetQ Rebus.RabbitMq WolverineFx.RabbitMQ Aspire.RabbitMQ.Client",
  kafka: "Confluent.Kafka MassTransit.Kafka KafkaFlow",
  nats: "NATS.Client NATS.Net",
  mosquitto: "MQTTnet",
  elasticsearch:
    "Elastic.Clients.Elasticsearch NEST Elasticsearch.Net Serilog.Sinks.Elasticsearch",
  opensearch: "OpenSearch.Client OpenSearch.Net",
  meilisearch: "MeiliSearch",
  memcached: "EnyimMemcachedCore",
  minio: "Minio",
  clickhouse: "ClickHouse.Client ClickHouse.Ado",
  cassandra: "CassandraCSharpDriver",
  neo4j: "Neo4j.Driver",
  influxdb: "InfluxDB.Client",
  consul: "Consul",
  vault: "VaultSharp",
  temporal: "Temporalio",
};

export const ELIXIR: ClientTable = {
  postgres: "postgrex eventstore",
  mysql: "myxql mariaex",
  mssql: "tds",
  redis:
    "redix exq phoenix_pubsub_redis verk eredis nebulex_redis_adapter hammer_backend_redis",
  mongodb: "mongodb_driver mongodb mongodb_ecto",
  rabbitmq: "amqp broadway_rabbitmq gen_rmq",
  kafka: "brod kafka_ex broadway_kafka kaffe elsa",
  nats: "gnat",
  mosquitto: "tortoise emqtt tortoise311",
  elasticsearch: "elasticsearch elastix",
  meilisearch: "meilisearch",
  memcached: "memcachex",
  clickhouse: "clickhousex ch ecto_ch pillar",
  cassandra: "xandra exandra",
  neo4j: "bolt_sips boltx",
  influxdb: "instream",
};

export const GLEAM: ClientTable = {
  postgres: "pog gleam_pgo squirrel",
  mysql: "shork gmysql",
  redis: "radish valkyrie",
  mongodb: "mungo",
  rabbitmq: "carotte",
};

export const HASKELL: ClientTable = {
  postgres:
    "postgresql-simple persistent-postgresql hasql postgresql-libpq beam-postgres postgresql-typed opaleye rel8 squeal-postgresql groundhog-postgresql ihp",
  mysql: "mysql-simple persistent-mysql mysql",
  redis: "hedis",
  mongodb: "mongoDB persistent-mongoDB",
  rabbitmq: "amqp",
  kafka: "hw-kafka-client",
  memcached: "memcache",
  elasticsearch: "bloodhound",
  cassandra: "cassandra-cql cql-io",
};

export const OCAML: ClientTable = {
  postgres: "caqti-driver-postgresql postgresql pgx pgocaml",
  mysql: "caqti-driver-mariadb mysql",
  redis: "redis redis-lwt redis-sync",
};

export const SWIFT: ClientTable = {
  postgres:
    "postgres-nio postgres-kit fluent-postgres-driver hummingbird-postgres swift-jobs-postgres PostgresClientKit",
  mysql: "mysql-nio fluent-mysql-driver",
  redis:
    "RediStack redis queues-redis-driver hummingbird-redis swift-jobs-redis",
  valkey: "valkey-swift swift-jobs-valkey",
  mongodb: "MongoKitten fluent-mongo-driver mongo-swift-driver",
  rabbitmq: "rabbitmq-nio",
  kafka: "swift-kafka-client",
};

export const DART: ClientTable = {
  postgres: "postgres stormberry drift_postgres serverpod",
  mysql: "mysql1 mysql_client",
  redis: "redis ioredis",
  mongodb: "mongo_dart",
  rabbitmq: "dart_amqp",
  nats: "dart_nats",
};

export const CRYSTAL: ClientTable = {
  postgres: "pg avram",
  mysql: "mysql",
  redis: "redis sidekiq mosquito",
  mongodb: "cryomongo mongo",
  rabbitmq: "amqp-client",
  nats: "nats",
};

/** By the names of pkg-config, CMake, Conan, vcpkg and the linker. */
export const C: ClientTable = {
  postgres: "libpq pq PostgreSQL libpqxx pqxx pg_config",
  mysql: "mysqlclient libmysqlclient MySQL mysql-connector-cpp mysql_config",
  mariadb: "libmariadb mariadb mariadb_config",
  redis: "hiredis redis++ redis-plus-plus",
  mongodb: "libmongoc-1.0 mongo-c-driver mongocxx mongo-cxx-driver",
  rabbitmq: "librabbitmq rabbitmq-c amqpcpp",
  kafka: "rdkafka RdKafka rdkafka++ librdkafka cppkafka",
  nats: "libnats nats cnats",
  mosquitto: "libmosquitto mosquitto paho-mqtt-c paho-mqtt-cpp",
  memcached: "libmemcached memcached",
};
