/**
 * How NixOS runs each kind of service in a VM of its own: the module's
 * options, what the address looks like, and which program speaks to it.
 *
 * Options are those of nixpkgs 25.05, and hold in what came after it. Services
 * take no password where they can do without: the network lets in only VMs that
 * name them in `allowedPeers`, and a secret in a Nix store would be none. Kinds
 * that are not here get no VM, and the flake says so.
 *
 * @module
 */
import { nixString } from "./nix_text.ts";
import { DATABASES } from "./service_databases.ts";
import {
  ANYWHERE,
  enabled,
  ofDynamicUser,
  type ServiceModule,
} from "./service_module.ts";

export { packagePath, type ServiceModule } from "./service_module.ts";

/** Longer than the eight letters that InfluxDB asks of a password. */
const INFLUX_TOKEN = "procurator-app";

const OTHERS: Readonly<Record<string, ServiceModule>> = {
  elasticsearch: {
    port: 9200,
    scheme: "http",
    isTrusting: true,
    memoryMib: 2048,
    unfree: ["elasticsearch"],
    dataDirectory: "/var/lib/elasticsearch",
    options: () => enabled("elasticsearch", `listenAddress = ${ANYWHERE}`),
  },
  opensearch: {
    port: 9200,
    scheme: "http",
    isTrusting: true,
    memoryMib: 2048,
    dataDirectory: ofDynamicUser("opensearch"),
    options: () =>
      enabled("opensearch", `settings."network.host" = ${ANYWHERE}`),
  },
  meilisearch: {
    port: 7700,
    scheme: "http",
    isTrusting: true,
    dataDirectory: ofDynamicUser("meilisearch"),
    options: () => enabled("meilisearch", `listenAddress = ${ANYWHERE}`),
  },
  typesense: {
    port: 8108,
    scheme: "http",
    login: { user: "", password: "app" },
    dataDirectory: ofDynamicUser("typesense"),
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
    morePorts: [9001],
    scheme: "http",
    login: { user: "minioadmin", password: "minioadmin" },
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
    morePorts: [9000],
    scheme: "http",
    login: { user: "default", password: "", database: "default" },
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
    morePorts: [8025],
    scheme: "smtp",
    options: () => [
      `services.mailpit.instances.main.listen = ${nixString("0.0.0.0:8025")};`,
      `services.mailpit.instances.main.smtp = ${nixString("0.0.0.0:1025")};`,
    ],
  },
  couchdb: {
    port: 5984,
    scheme: "http",
    login: { user: "admin", password: "app", isInAddress: true },
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
    isTrusting: true,
    memoryMib: 2048,
    dataDirectory: "/var/lib/cassandra",
    owner: "cassandra cassandra",
    options: () =>
      enabled(
        "cassandra",
        `rpcAddress = ${ANYWHERE}`,
        `extraConfig.broadcast_rpc_address = ${nixString("127.0.0.1")}`,
      ),
  },
  neo4j: {
    port: 7687,
    morePorts: [7474],
    scheme: "bolt",
    isTrusting: true,
    memoryMib: 1536,
    dataDirectory: "/var/lib/neo4j",
    options: ({ name }) =>
      enabled(
        "neo4j",
        // Drivers that ask for a route are sent there.
        `bolt.advertisedAddress = ${nixString(`${name}:7687`)}`,
        `defaultListenAddress = ${ANYWHERE}`,
        "https.enable = false",
        `bolt.tlsLevel = "DISABLED"`,
        `extraServerConfig = "dbms.security.auth_enabled=false"`,
      ),
  },
  influxdb: {
    port: 8086,
    scheme: "http",
    login: { user: "admin", password: INFLUX_TOKEN, database: "app" },
    dataDirectory: "/var/lib/influxdb2",
    // Without it nobody has a token.
    options: () =>
      enabled(
        "influxdb2",
        "provision.enable = true",
        `provision.initialSetup.organization = "app"`,
        `provision.initialSetup.bucket = "app"`,
        `provision.initialSetup.passwordFile = pkgs.writeText "password" ${
          nixString(INFLUX_TOKEN)
        }`,
        `provision.initialSetup.tokenFile = pkgs.writeText "token" ${
          nixString(INFLUX_TOKEN)
        }`,
      ),
  },
  etcd: {
    port: 2379,
    scheme: "http",
    dataDirectory: "/var/lib/etcd",
    options: ({ name }) =>
      enabled(
        "etcd",
        `listenClientUrls = [ ${nixString("http://0.0.0.0:2379")} ]`,
        // Clients that ask who is there are told this address.
        `advertiseClientUrls = [ ${nixString(`http://${name}:2379`)} ]`,
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
    morePorts: [6334],
    scheme: "http",
    isTrusting: true,
    dataDirectory: ofDynamicUser("qdrant"),
    options: () => enabled("qdrant", `settings.service.host = ${ANYWHERE}`),
  },
  keycloak: {
    port: 8080,
    scheme: "http",
    isTrusting: true,
    memoryMib: 1536,
    // Its PostgreSQL is beside it.
    dataDirectory: "/var/lib/postgresql",
    options: () =>
      enabled(
        "keycloak",
        // It goes by whichever name it is asked by.
        "settings.hostname = null",
        "settings.hostname-strict = false",
        "settings.http-enabled = true",
        "settings.http-port = 8080",
        `initialAdminPassword = ${nixString("admin")}`,
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
    login: { user: "admin", password: "admin" },
    dataDirectory: "/var/lib/grafana",
    owner: "grafana grafana",
    options: () =>
      enabled(
        "grafana",
        `settings.server.http_addr = ${ANYWHERE}`,
        // Newer nixpkgs have no default for it.
        `settings.security.secret_key = ${nixString("procurator-grafana-key")}`,
      ),
  },
  ollama: {
    port: 11434,
    scheme: "http",
    isTrusting: true,
    memoryMib: 8192,
    dataDirectory: ofDynamicUser("ollama"),
    options: () => enabled("ollama", `host = ${ANYWHERE}`),
  },
  victoriametrics: {
    port: 8428,
    scheme: "http",
    dataDirectory: ofDynamicUser("victoriametrics"),
    options: () => enabled("victoriametrics"),
  },
};

const BY_KIND = new Map(Object.entries({ ...DATABASES, ...OTHERS }));

/** Null for a kind that NixOS has no module for. */
export function serviceModule(kind: string): ServiceModule | null {
  return BY_KIND.get(kind) ?? null;
}
