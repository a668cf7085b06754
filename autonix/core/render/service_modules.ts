/**
 * How NixOS runs each kind of service in a VM of its own: the module's
 * options, what the address looks like, and which program speaks to it.
 *
 * Options are those of nixpkgs 25.05. Services take no password: the network
 * lets in only VMs that name them in `allowedPeers`, and a secret in a Nix
 * store would be none. Kinds that are not here get no VM, and the flake says so.
 *
 * @module
 */
import { nixAttribute, nixString } from "./nix_text.ts";

/** What a module's options are written from. */
export interface ServiceSettings {
  database: string;
  user: string;
  /** `pkgs.postgresql_16`; null where there is only one. */
  package: string | null;
}

export interface ServiceModule {
  port: number;
  /** Options, one a line. */
  options(settings: ServiceSettings): readonly string[];
  /** Addresses begin so. */
  scheme: string;
  /** The address carries user and database: `postgres://USER@HOST:5432/DB`. */
  isDatabase?: true;
  /** Attributes of `pkgs` for the shell. */
  clients?: readonly string[];
  /** Names of packages under an unfree license. */
  unfree?: readonly string[];
  memoryMib?: number;
  /** How it is there while a check runs; absent: it is not. */
  inCheck?: {
    /** Attributes of `pkgs`, beside the service's own package. */
    inputs: readonly string[];
    /** For the inputs' hooks. */
    environment(settings: ServiceSettings): Record<string, string>;
    /** Starts it where no hook does. */
    setup?: string;
  };
  /** Data of it lies there, and is kept on a volume. */
  dataDirectory?: string;
}

const ANYWHERE = nixString("0.0.0.0");

function enabled(module: string, ...options: readonly string[]): string[] {
  return [
    `services.${module}.enable = true;`,
    ...options.map((option) => `services.${module}.${option};`),
  ];
}

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

const MODULES: Readonly<Record<string, ServiceModule>> = {
  postgres: {
    port: 5432,
    scheme: "postgres",
    isDatabase: true,
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
    clients: ["mongosh"],
    unfree: ["mongodb", "mongodb-ce"],
    dataDirectory: "/var/db/mongodb",
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
    clients: ["mongosh"],
    dataDirectory: "/var/lib/ferretdb",
    options: () =>
      enabled(
        "ferretdb",
        `settings.FERRETDB_LISTEN_ADDR = ${nixString("0.0.0.0:27017")}`,
      ),
  },
  rabbitmq: {
    port: 5672,
    scheme: "amqp",
    memoryMib: 1024,
    dataDirectory: "/var/lib/rabbitmq",
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
    options: () =>
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
        `settings."log.dirs" = [ "/var/lib/apache-kafka" ]`,
        `settings."offsets.topic.replication.factor" = 1`,
      ),
  },
  nats: {
    port: 4222,
    scheme: "nats",
    clients: ["natscli"],
    options: () => enabled("nats", "jetstream = true"),
  },
  mosquitto: {
    port: 1883,
    scheme: "mqtt",
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
  elasticsearch: {
    port: 9200,
    scheme: "http",
    memoryMib: 2048,
    unfree: ["elasticsearch"],
    dataDirectory: "/var/lib/elasticsearch",
    options: () => enabled("elasticsearch", `listenAddress = ${ANYWHERE}`),
  },
  opensearch: {
    port: 9200,
    scheme: "http",
    memoryMib: 2048,
    dataDirectory: "/var/lib/opensearch",
    options: () =>
      enabled("opensearch", `settings."network.host" = ${ANYWHERE}`),
  },
  meilisearch: {
    port: 7700,
    scheme: "http",
    dataDirectory: "/var/lib/meilisearch",
    options: () => enabled("meilisearch", `listenAddress = ${ANYWHERE}`),
  },
  typesense: {
    port: 8108,
    scheme: "http",
    dataDirectory: "/var/lib/typesense",
    options: () =>
      enabled(
        "typesense",
        `apiKeyFile = pkgs.writeText "key" "app"`,
        `settings.server.api-address = ${ANYWHERE}`,
      ),
  },
  memcached: {
    port: 11211,
    scheme: "memcached",
    options: () => enabled("memcached", `listen = ${ANYWHERE}`),
  },
  minio: {
    port: 9000,
    scheme: "http",
    clients: ["minio-client"],
    dataDirectory: "/var/lib/minio",
    options: () =>
      enabled(
        "minio",
        `rootCredentialsFile = pkgs.writeText "credentials" ${
          nixString(
            "MINIO_ROOT_USER=minioadmin\nMINIO_ROOT_PASSWORD=minioadmin\n",
          )
        }`,
      ),
  },
  clickhouse: {
    port: 8123,
    scheme: "http",
    memoryMib: 1536,
    clients: ["clickhouse"],
    dataDirectory: "/var/lib/clickhouse",
    options: () => [
      ...enabled("clickhouse"),
      `environment.etc."clickhouse-server/config.d/listen.xml".text = ${
        nixString(
          "<clickhouse><listen_host>0.0.0.0</listen_host></clickhouse>",
        )
      };`,
    ],
  },
  mailpit: {
    port: 1025,
    scheme: "smtp",
    options: () => [
      `services.mailpit.instances.main.listen = ${nixString("0.0.0.0:8025")};`,
      `services.mailpit.instances.main.smtp = ${nixString("0.0.0.0:1025")};`,
    ],
  },
  couchdb: {
    port: 5984,
    scheme: "http",
    dataDirectory: "/var/lib/couchdb",
    options: () =>
      enabled(
        "couchdb",
        `bindAddress = ${ANYWHERE}`,
        `adminPass = "app"`,
      ),
  },
  cassandra: {
    port: 9042,
    scheme: "cassandra",
    memoryMib: 2048,
    dataDirectory: "/var/lib/cassandra",
    options: () =>
      enabled(
        "cassandra",
        `rpcAddress = ${ANYWHERE}`,
        `extraConfig.broadcast_rpc_address = ${nixString("127.0.0.1")}`,
      ),
  },
  neo4j: {
    port: 7687,
    scheme: "bolt",
    memoryMib: 1536,
    dataDirectory: "/var/lib/neo4j",
    options: () =>
      enabled(
        "neo4j",
        `defaultListenAddress = ${ANYWHERE}`,
        "https.enable = false",
        `bolt.tlsLevel = "DISABLED"`,
        `extraServerConfig = "dbms.security.auth_enabled=false"`,
      ),
  },
  influxdb: {
    port: 8086,
    scheme: "http",
    dataDirectory: "/var/lib/influxdb2",
    options: () => enabled("influxdb2"),
  },
  etcd: {
    port: 2379,
    scheme: "http",
    dataDirectory: "/var/lib/etcd",
    options: () =>
      enabled(
        "etcd",
        `listenClientUrls = [ ${nixString("http://0.0.0.0:2379")} ]`,
      ),
  },
  consul: {
    port: 8500,
    scheme: "http",
    unfree: ["consul"],
    dataDirectory: "/var/lib/consul",
    options: () =>
      enabled(
        "consul",
        "extraConfig.server = true",
        "extraConfig.bootstrap_expect = 1",
        `extraConfig.client_addr = ${ANYWHERE}`,
      ),
  },
  qdrant: {
    port: 6333,
    scheme: "http",
    dataDirectory: "/var/lib/qdrant",
    options: () => enabled("qdrant", `settings.service.host = ${ANYWHERE}`),
  },
  keycloak: {
    port: 8080,
    scheme: "http",
    memoryMib: 1536,
    options: () =>
      enabled(
        "keycloak",
        `settings.hostname = ${nixString("keycloak")}`,
        "settings.http-enabled = true",
        "settings.http-port = 8080",
        `database.passwordFile = "\${pkgs.writeText "password" "app"}"`,
      ),
  },
  prometheus: {
    port: 9090,
    scheme: "http",
    dataDirectory: "/var/lib/prometheus2",
    options: () => enabled("prometheus"),
  },
  grafana: {
    port: 3000,
    scheme: "http",
    dataDirectory: "/var/lib/grafana",
    options: () =>
      enabled("grafana", `settings.server.http_addr = ${ANYWHERE}`),
  },
  ollama: {
    port: 11434,
    scheme: "http",
    memoryMib: 8192,
    dataDirectory: "/var/lib/ollama",
    options: () => enabled("ollama", `host = ${ANYWHERE}`),
  },
  victoriametrics: {
    port: 8428,
    scheme: "http",
    dataDirectory: "/var/lib/victoriametrics",
    options: () => enabled("victoriametrics"),
  },
};

const BY_KIND = new Map(Object.entries(MODULES));

/** Null for a kind that NixOS has no module for. */
export function serviceModule(kind: string): ServiceModule | null {
  return BY_KIND.get(kind) ?? null;
}

/** `pkgs.postgresql_16` of an attribute path. */
export function packagePath(attribute: string): string {
  return `pkgs.${attribute.split(".").map(nixAttribute).join(".")}`;
}
