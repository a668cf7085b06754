/**
 * Clients of services in npm, PyPI, RubyGems and Packagist.
 *
 * @module
 */
import type { ClientTable } from "./clients.ts";

export const JAVASCRIPT: ClientTable = {
  postgres:
    "pg pg-promise pg-native postgres pg-pool @neondatabase/serverless @vercel/postgres slonik @prisma/adapter-pg pg-boss massive graphile-worker postgraphile @mikro-orm/postgresql @keyv/postgres connect-pg-simple @payloadcms/db-postgres @databases/pg loopback-connector-postgresql",
  mysql:
    "mysql mysql2 promise-mysql @mikro-orm/mysql @planetscale/database express-mysql-session loopback-connector-mysql",
  mariadb: "mariadb @mikro-orm/mariadb @prisma/adapter-mariadb",
  mssql:
    "mssql tedious @mikro-orm/mssql @prisma/adapter-mssql loopback-connector-mssql",
  oracle: "oracledb",
  redis:
    "redis ioredis @redis/client handy-redis bull bullmq bee-queue kue connect-redis @keyv/redis cache-manager-redis-store cache-manager-ioredis cache-manager-ioredis-yet @socket.io/redis-adapter socket.io-redis rate-limit-redis @fastify/redis fastify-redis @nestjs/bullmq @nestjs/bull nestjs-redis @nestjs-modules/ioredis @liaoliaots/nestjs-redis koa-redis resque node-resque redis-om async-redis",
  valkey: "iovalkey @valkey/valkey-glide",
  mongodb:
    "mongodb mongoose monk mongojs @nestjs/mongoose connect-mongo agenda @typegoose/typegoose papr @fastify/mongodb @mikro-orm/mongodb @payloadcms/db-mongodb mongodb-client-encryption loopback-connector-mongodb",
  rabbitmq:
    "amqplib amqp-connection-manager rascal @golevelup/nestjs-rabbitmq rabbitmq-client rhea amqp @cloudamqp/amqp-client",
  kafka:
    "kafkajs node-rdkafka kafka-node @confluentinc/kafka-javascript @platformatic/kafka",
  nats: "nats @nats-io/transport-node @nats-io/nats-core",
  pulsar: "pulsar-client",
  mosquitto: "mqtt async-mqtt",
  elasticsearch: "@elastic/elasticsearch elasticsearch @nestjs/elasticsearch",
  opensearch: "@opensearch-project/opensearch",
  meilisearch: "meilisearch",
  typesense: "typesense",
  memcached: "memcached memjs",
  minio: "minio nestjs-minio-client",
  clickhouse: "@clickhouse/client clickhouse",
  cassandra: "cassandra-driver",
  neo4j: "neo4j-driver @neo4j/graphql",
  couchdb: "nano",
  couchbase: "couchbase",
  influxdb: "influx @influxdata/influxdb-client @influxdata/influxdb3-client",
  arangodb: "arangojs",
  rethinkdb: "rethinkdb rethinkdbdash",
  surrealdb: "surrealdb surrealdb.js",
  qdrant: "@qdrant/js-client-rest @qdrant/js-client-grpc",
  weaviate: "weaviate-client weaviate-ts-client",
  milvus: "@zilliz/milvus2-sdk-node",
  chroma: "chromadb",
  etcd: "etcd3",
  consul: "consul",
  zookeeper: "node-zookeeper-client zookeeper",
  temporal: "@temporalio/client @temporalio/worker",
  ollama: "ollama",
};

export const PYTHON: ClientTable = {
  postgres:
    "psycopg2 psycopg2-binary psycopg psycopg-binary asyncpg aiopg pg8000 psycopg2cffi pgvector procrastinate",
  mysql:
    "mysqlclient pymysql aiomysql asyncmy mysql-connector-python mysql-connector flask-mysqldb flask-mysql",
  mariadb: "mariadb",
  mssql: "pymssql mssql-django django-mssql-backend aioodbc",
  oracle: "cx-oracle oracledb",
  redis:
    "redis aioredis django-redis django-redis-cache rq django-rq flask-redis channels-redis hiredis redis-py-cluster arq redis-om celery-redbeat rq-scheduler fastapi-limiter redisvl coredis",
  valkey: "valkey valkey-glide",
  mongodb:
    "pymongo motor mongoengine flask-pymongo flask-mongoengine beanie odmantic djongo django-mongodb-backend",
  rabbitmq: "pika aio-pika aioamqp amqpstorm rabbitpy",
  kafka:
    "kafka-python kafka-python-ng confluent-kafka aiokafka faust faust-streaming pykafka",
  nats: "nats-py asyncio-nats-client",
  pulsar: "pulsar-client",
  mosquitto: "paho-mqtt aiomqtt asyncio-mqtt hbmqtt amqtt flask-mqtt",
  elasticsearch:
    "elasticsearch elasticsearch-dsl django-elasticsearch-dsl elasticsearch-async elasticsearch7 elasticsearch8",
  opensearch: "opensearch-py opensearch-dsl django-opensearch-dsl",
  meilisearch: "meilisearch meilisearch-python-sdk",
  typesense: "typesense",
  solr: "pysolr",
  memcached:
    "pymemcache python-memcached pylibmc aiomcache django-pylibmc python-binary-memcached",
  minio: "minio miniopy-async django-minio-storage django-minio-backend",
  clickhouse:
    "clickhouse-driver clickhouse-connect clickhouse-sqlalchemy asynch aiochclient infi-clickhouse-orm",
  cassandra: "cassandra-driver scylla-driver django-cassandra-engine",
  neo4j: "neo4j neomodel py2neo django-neomodel",
  couchdb: "couchdb",
  couchbase: "couchbase",
  influxdb: "influxdb influxdb-client influxdb3-python",
  arangodb: "python-arango",
  rethinkdb: "rethinkdb",
  surrealdb: "surrealdb",
  qdrant: "qdrant-client",
  weaviate: "weaviate-client",
  milvus: "pymilvus",
  chroma: "chromadb-client",
  etcd: "etcd3 python-etcd",
  consul: "python-consul py-consul",
  vault: "hvac",
  keycloak: "python-keycloak",
  zookeeper: "kazoo",
  temporal: "temporalio",
  openldap: "python-ldap ldap3 django-auth-ldap",
  ollama: "ollama langchain-ollama",
};

export const RUBY: ClientTable = {
  postgres:
    "pg sequel_pg activerecord-postgis-adapter que good_job queue_classic pghero",
  mysql: "mysql2 trilogy",
  mssql: "tiny_tds activerecord-sqlserver-adapter",
  redis:
    "redis sidekiq resque redis-rails redis-store redis-actionpack hiredis redis-client kredis redis-namespace",
  mongodb: "mongo mongoid mongo_mapper",
  rabbitmq: "bunny sneakers hutch march_hare",
  kafka: "ruby-kafka rdkafka karafka racecar waterdrop",
  nats: "nats-pure nats",
  mosquitto: "mqtt",
  elasticsearch:
    "elasticsearch elasticsearch-model elasticsearch-rails elasticsearch-persistence chewy",
  opensearch: "opensearch-ruby",
  meilisearch: "meilisearch meilisearch-rails",
  typesense: "typesense",
  solr: "rsolr sunspot_rails sunspot",
  memcached: "dalli memcached memcachier",
  clickhouse: "click_house clickhouse-activerecord",
  cassandra: "cassandra-driver cequel",
  neo4j: "neo4j neo4j-ruby-driver activegraph",
  influxdb: "influxdb influxdb-client",
  beanstalkd: "beaneater backburner",
  consul: "diplomat",
  vault: "vault",
  openldap: "net-ldap",
  temporal: "temporalio temporal-ruby",
};

export const PHP: ClientTable = {
  postgres: "ext-pgsql ext-pdo_pgsql",
  mysql: "ext-mysqli ext-pdo_mysql ext-mysql",
  mssql: "ext-sqlsrv ext-pdo_sqlsrv",
  redis:
    "predis/predis ext-redis hyperf/redis laravel/horizon symfony/redis-messenger snc/redis-bundle",
  mongodb:
    "mongodb/mongodb mongodb/laravel-mongodb jenssegers/mongodb doctrine/mongodb-odm doctrine/mongodb-odm-bundle ext-mongodb",
  rabbitmq:
    "php-amqplib/php-amqplib vladimir-yuldashev/laravel-queue-rabbitmq symfony/amqp-messenger ext-amqp php-amqplib/rabbitmq-bundle enqueue/amqp-bunny bunny/bunny",
  kafka: "ext-rdkafka mateusjunges/laravel-kafka longlang/phpkafka",
  mosquitto: "php-mqtt/client php-mqtt/laravel-client",
  elasticsearch:
    "elasticsearch/elasticsearch ruflin/elastica friendsofsymfony/elastica-bundle",
  opensearch: "opensearch-project/opensearch-php",
  meilisearch: "meilisearch/meilisearch-php",
  typesense: "typesense/typesense-php",
  solr: "solarium/solarium",
  memcached: "ext-memcached ext-memcache",
  clickhouse: "smi2/phpclickhouse",
  neo4j: "laudis/neo4j-php-client",
  influxdb: "influxdata/influxdb-client-php",
  beanstalkd: "pda/pheanstalk symfony/beanstalkd-messenger",
  openldap: "ext-ldap symfony/ldap",
};
