/**
 * Databases and queues as NixOS runs them.
 *
 * @module
 */
import { nixString } from "./nix_text.ts";
import {
  ANYWHERE,
  enabled,
  ofDynamicUser,
  type ServiceModule,
  type ServiceSettings,
} from "./service_module.ts";

/** SQL through services.mysql, whichever of the two it is. */
function mysql(
  { database, user, package: own }: ServiceSettings,
  standard: string,
): string[] {
  return enabled(
    "mysql",
    `package = ${own ?? standard}`,
    `ensureDatabases = [ ${nixString(database)} ]`,
    `initialScript = pkgs.writeText "users.sql" ${
      nixString(
        `CREATE USER '${user}'@'%'; GRANT ALL ON *.* TO '${user}'@'%';`,
      )
    }`,
    `settings.mysqld.bind-address = ${ANYWHERE}`,
  );
}

/** No accounts are there: who names one is not let in. */
const NOBODY = { user: "", password: "" };

const REDIS: Pick<
  ServiceModule,
  "port" | "scheme" | "dataDirectory" | "inCheck"
> = {
  inCheck: {
    inputs: ["redis"],
    environment: () => ({}),
    setup: "redis-server --port 6379 --daemonize yes",
  },
  port: 6379,
  scheme: "redis",
  dataDirectory: "/var/lib/redis-main",
};

function redis(extra: readonly string[] = []): string[] {
  return [
    ...extra,
    "services.redis.servers.main.enable = true;",
    "services.redis.servers.main.port = 6379;",
    "services.redis.servers.main.bind = null;",
    `services.redis.servers.main.settings.protected-mode = "no";`,
  ];
}

export const DATABASES: Readonly<Record<string, ServiceModule>> = {
  postgres: {
    port: 5432,
    scheme: "postgres",
    isDatabase: true,
    isTrusting: true,
    clients: ["postgresql"],
    dataDirectory: "/var/lib/postgresql",
    inCheck: {
      inputs: ["postgresqlTestHook"],
      environment: ({ user, database }) => ({
        PGDATABASE: database,
        PGUSER: user,
        postgresqlEnableTCP: "1",
        postgresqlTestUserOptions: "LOGIN SUPERUSER",
      }),
    },
    options: ({ database, user, package: own }) => {
      const isSame = database === user;
      return enabled(
        "postgresql",
        ...own === null ? [] : [`package = ${own}`],
        "enableTCPIP = true",
        // A user may own only a database of its own name; others are granted below.
        `ensureDatabases = [ ${nixString(database)} ${
          isSame ? "" : `${nixString(user)} `
        }]`,
        `ensureUsers = [ { name = ${
          nixString(user)
        }; ensureDBOwnership = true; ensureClauses.superuser = true; } ]`,
        `authentication = ${nixString("host all all all trust\n")}`,
      );
    },
  },
  mysql: {
    port: 3306,
    scheme: "mysql",
    isDatabase: true,
    clients: ["mariadb.client"],
    dataDirectory: "/var/lib/mysql",
    options: (settings) => mysql(settings, "pkgs.mysql84"),
  },
  mariadb: {
    port: 3306,
    scheme: "mysql",
    isDatabase: true,
    clients: ["mariadb.client"],
    dataDirectory: "/var/lib/mysql",
    options: (settings) => mysql(settings, "pkgs.mariadb"),
  },
  redis: { ...REDIS, clients: ["redis"], options: () => redis() },
  valkey: {
    ...REDIS,
    clients: ["valkey"],
    options: () => redis(["services.redis.package = pkgs.valkey;"]),
  },
  mongodb: {
    port: 27017,
    scheme: "mongodb",
    isDatabase: true,
    login: NOBODY,
    clients: ["mongosh"],
    unfree: ["mongodb", "mongodb-ce"],
    dataDirectory: "/var/db/mongodb",
    owner: "mongodb mongodb",
    options: () =>
      enabled(
        "mongodb",
        "package = pkgs.mongodb-ce",
        `bind_ip = ${ANYWHERE}`,
      ),
  },
  ferretdb: {
    port: 27017,
    scheme: "mongodb",
    isDatabase: true,
    login: NOBODY,
    clients: ["mongosh"],
    dataDirectory: ofDynamicUser("ferretdb"),
    options: () =>
      enabled(
        "ferretdb",
        `settings.FERRETDB_LISTEN_ADDR = ${nixString("0.0.0.0:27017")}`,
      ),
  },
  rabbitmq: {
    port: 5672,
    scheme: "amqp",
    login: { user: "guest", password: "guest", isInAddress: true },
    memoryMib: 1024,
    dataDirectory: "/var/lib/rabbitmq",
    owner: "rabbitmq rabbitmq",
    options: () =>
      enabled(
        "rabbitmq",
        `listenAddress = ${ANYWHERE}`,
        // RabbitMQ lets "guest" in from itself alone unless told.
        `configItems.loopback_users = "none"`,
      ),
  },
  kafka: {
    port: 9092,
    scheme: "kafka",
    memoryMib: 1536,
    dataDirectory: "/var/lib/apache-kafka",
    options: ({ name }) =>
      enabled(
        "apache-kafka",
        "formatLogDirs = true",
        `clusterId = ${nixString("procuratorKafkaCluster")}`,
        `settings."process.roles" = [ "broker" "controller" ]`,
        `settings."node.id" = 1`,
        `settings."controller.quorum.voters" = [ "1@localhost:9093" ]`,
        `settings."controller.listener.names" = [ "CONTROLLER" ]`,
        `settings."listener.security.protocol.map" = [ "PLAINTEXT:PLAINTEXT" "CONTROLLER:PLAINTEXT" ]`,
        `settings.listeners = [ "PLAINTEXT://:9092" "CONTROLLER://localhost:9093" ]`,
        // Who asks is sent on to the name, not to what the VM calls itself.
        `settings."advertised.listeners" = [ ${
          nixString(`PLAINTEXT://${name}:9092`)
        } ]`,
        // Kafka takes every folder beside its logs for one, lost+found too.
        `settings."log.dirs" = [ "/var/lib/apache-kafka/logs" ]`,
        `settings."offsets.topic.replication.factor" = 1`,
      ),
  },
  nats: {
    port: 4222,
    scheme: "nats",
    isTrusting: true,
    clients: ["natscli"],
    dataDirectory: "/var/lib/nats",
    options: () => enabled("nats", "jetstream = true"),
  },
  mosquitto: {
    port: 1883,
    scheme: "mqtt",
    isTrusting: true,
    clients: ["mosquitto"],
    options: () =>
      enabled(
        "mosquitto",
        `listeners = [ { acl = [ "pattern readwrite #" ]; omitPasswordAuth = true; settings.allow_anonymous = true; } ]`,
      ),
  },
  beanstalkd: {
    port: 11300,
    scheme: "beanstalk",
    options: () => enabled("beanstalkd", `listen.address = ${ANYWHERE}`),
  },
  zookeeper: {
    port: 2181,
    scheme: "zookeeper",
    memoryMib: 768,
    dataDirectory: "/var/lib/zookeeper",
    options: () => enabled("zookeeper"),
  },
};
