/**
 * Files that tell a hosting platform how an application is built and run.
 *
 * Each reader looks at one kind of file and says only what that file is the
 * word for; what a platform would do by default is not looked at.
 *
 * @module
 */
import type { EvidenceDetector } from "../../detector.ts";
import { basenameOf, directoryOf, joinPath } from "../../file_tree.ts";
import {
  at,
  entriesOf,
  itemsOf,
  type Node,
  scalarText,
  textOf,
} from "../../formats/node.ts";
import { nodeEvidence, type Reading } from "../../reading.ts";
import { isPlaceholder, isSecretName, OF_TOOLS } from "../env_files.ts";
import { type Gathering, gathering, service, state } from "../gathering.ts";
import { Targets } from "../targets.ts";

interface Place {
  file: string;
  /** Directory it speaks of. */
  path: string;
  targets: Targets;
}

type Reader = (to: Gathering, root: Node, place: Place) => void;

function command(
  to: Gathering,
  { file, path }: Place,
  field: "install" | "build" | "start",
  node: Node | null,
): void {
  const words = itemsOf(node).map((item) => scalarText(item) ?? "");
  const text = (textOf(node) ?? words.join(" && ")).trim();
  if (node === null || text === "" || text.length > 2_000) return;
  state(to, {
    path,
    field,
    value: text,
    source: "procfile",
    evidence: nodeEvidence(file, node),
  });
}

function port(to: Gathering, { file, path }: Place, node: Node | null): void {
  const value = Number(scalarText(node));
  if (node === null || !Number.isInteger(value)) return;
  if (value < 1 || value > 65535) return;
  state(to, {
    path,
    field: "port",
    value,
    source: "procfile",
    evidence: nodeEvidence(file, node),
  });
}

function variable(
  to: Gathering,
  { file, path }: Place,
  of: { name: string; value: string | null; required: boolean; node: Node },
): void {
  const { name, value, required, node } = of;
  if (OF_TOOLS.has(name) || !/^[A-Za-z_]\w{0,199}$/.test(name)) return;
  const isTold = value !== null && value !== "" && !isSecretName(name) &&
    !isPlaceholder(name, value);
  state(to, {
    path,
    field: "env",
    value: {
      name,
      required: required && !isTold,
      ...(isTold ? { default: value } : {}),
    },
    source: "procfile",
    evidence: nodeEvidence(file, node),
  });
}

/** fly.toml */
const fly: Reader = (to, root, place) => {
  port(to, place, at(root, "http_service", "internal_port"));
  for (const one of itemsOf(at(root, "services"))) {
    port(to, place, at(one, "internal_port"));
  }
  const processes = at(root, "processes");
  command(to, place, "start", at(processes, "web") ?? at(processes, "app"));
  for (const [name, node] of entriesOf(at(root, "env"))) {
    variable(to, place, {
      name,
      value: scalarText(node),
      required: false,
      node,
    });
  }
};

/** railway.json and railway.toml */
const railway: Reader = (to, root, place) => {
  command(to, place, "build", at(root, "build", "buildCommand"));
  command(to, place, "start", at(root, "deploy", "startCommand"));
};

/** nixpacks.toml and nixpacks.json */
const nixpacks: Reader = (to, root, place) => {
  command(to, place, "install", at(root, "phases", "install", "cmds"));
  command(to, place, "build", at(root, "phases", "build", "cmds"));
  command(to, place, "start", at(root, "start", "cmd"));
};

/** vercel.json and netlify.toml name builds only; a site's start is its framework's. */
const vercel: Reader = (to, root, place) => {
  command(to, place, "install", at(root, "installCommand"));
  command(to, place, "build", at(root, "buildCommand"));
};

const netlify: Reader = (to, root, place) => {
  const base = textOf(at(root, "build", "base"));
  const path = base === null ? place.path : joinPath(place.path, base);
  if (path === null) return;
  command(to, { ...place, path }, "build", at(root, "build", "command"));
};

/** app.json: add-ons and variables. */
const ADDONS: readonly (readonly [RegExp, string])[] = [
  [/^heroku-postgresql/, "postgres"],
  [/^(?:heroku-redis|rediscloud|redistogo|openredis)/, "redis"],
  [/^(?:jawsdb-maria)/, "mariadb"],
  [/^(?:jawsdb|cleardb)/, "mysql"],
  [/^(?:mongolab|mongohq|ormongo)/, "mongodb"],
  [/^cloudamqp/, "rabbitmq"],
  [/^(?:memcachier|memcachedcloud)/, "memcached"],
  [/^(?:bonsai|searchbox|foundelasticsearch)/, "elasticsearch"],
  [/^heroku-kafka|^cloudkarafka/, "kafka"],
];

const herokuApp: Reader = (to, root, place) => {
  for (const item of itemsOf(at(root, "addons"))) {
    const plan = textOf(item) ?? textOf(at(item, "plan")) ?? "";
    const kind = ADDONS.find(([pattern]) => pattern.test(plan))?.[1];
    if (kind === undefined) continue;
    to.services.push(service({
      kind,
      version: textOf(at(item, "options", "version")),
      usedBy: place.path,
      strength: "declared",
      place: "production",
      evidence: [nodeEvidence(place.file, item)],
    }));
  }
  for (const [name, node] of entriesOf(at(root, "env"))) {
    const value = scalarText(node) ?? scalarText(at(node, "value"));
    const isGenerated = textOf(at(node, "generator")) !== null;
    variable(to, place, {
      name,
      value,
      required: !isGenerated && at(node, "required")?.value !== false,
      node,
    });
  }
};

/** heroku.yml */
const heroku: Reader = (to, root, place) => {
  const web = at(root, "run", "web");
  command(to, place, "start", textOf(web) === null ? at(web, "command") : web);
};

/** app.yaml of App Engine; others of that name have no runtime. */
const appEngine: Reader = (to, root, place) => {
  if (textOf(at(root, "runtime")) === null) return;
  const entrypoint = at(root, "entrypoint");
  if (textOf(entrypoint) !== null) command(to, place, "start", entrypoint);
};

const RENDER_KINDS = new Map([
  ["redis", "redis"],
  ["keyvalue", "valkey"],
]);

function renderService(to: Gathering, one: Node, place: Place): void {
  const type = textOf(at(one, "type")) ?? "web";
  const path = renderPath(one, place);
  if (path === null) return;
  const here = { ...place, path };
  if (type === "web" || type === "pserv") {
    command(to, here, "start", at(one, "startCommand"));
    command(to, here, "build", at(one, "buildCommand"));
  }
  for (const item of itemsOf(at(one, "envVars"))) {
    const name = textOf(at(item, "key"));
    if (name === null) continue;
    variable(to, here, {
      name,
      value: scalarText(at(item, "value")),
      required: at(item, "generateValue") === null,
      node: item,
    });
  }
}

/** Directory of a service of render.yaml. */
function renderPath(one: Node, place: Place): string | null {
  const base = textOf(at(one, "rootDir")) ?? textOf(at(one, "dockerContext"));
  return base === null ? place.path : joinPath(place.path, base);
}

/** Services that take a variable from a database or another service by name. */
function renderUsers(root: Node, place: Place, name: string | null) {
  return itemsOf(at(root, "services")).flatMap((one) => {
    const names = itemsOf(at(one, "envVars")).flatMap((item) => {
      const from = at(item, "fromDatabase") ?? at(item, "fromService");
      const isAddress = ["connectionString", "host", "port", "hostport"]
        .includes(textOf(at(from, "property")) ?? "");
      return name !== null && isAddress && textOf(at(from, "name")) === name
        ? textOf(at(item, "key")) ?? []
        : [];
    });
    const path = renderPath(one, place);
    return names.length === 0 || path === null ? [] : [{ path, names }];
  });
}

function renderRun(
  to: Gathering,
  root: Node,
  place: Place,
  of: { node: Node; kind: string; version: string | null },
): void {
  const name = textOf(at(of.node, "name"));
  const users = renderUsers(root, place, name);
  const none = { path: null, names: [] };
  for (const { path, names } of users.length > 0 ? users : [none]) {
    to.services.push(service({
      kind: of.kind,
      version: of.version,
      name,
      usedBy: path,
      env: names,
      strength: "declared",
      place: "production",
      evidence: [nodeEvidence(place.file, of.node)],
    }));
  }
}

/** render.yaml */
const render: Reader = (to, root, place) => {
  for (const node of itemsOf(at(root, "databases"))) {
    const version = scalarText(at(node, "postgresMajorVersion"));
    renderRun(to, root, place, { node, kind: "postgres", version });
  }
  for (const node of itemsOf(at(root, "services"))) {
    const kind = RENDER_KINDS.get(textOf(at(node, "type")) ?? "");
    if (kind === undefined) renderService(to, node, place);
    else renderRun(to, root, place, { node, kind, version: null });
  }
};

const READERS: ReadonlyMap<
  string,
  readonly [Reader, "json" | "toml" | "yaml"]
> = new Map<string, readonly [Reader, "json" | "toml" | "yaml"]>([
  ["fly.toml", [fly, "toml"]],
  ["railway.json", [railway, "json"]],
  ["railway.toml", [railway, "toml"]],
  ["nixpacks.toml", [nixpacks, "toml"]],
  ["nixpacks.json", [nixpacks, "json"]],
  ["vercel.json", [vercel, "json"]],
  ["netlify.toml", [netlify, "toml"]],
  ["app.json", [herokuApp, "json"]],
  ["heroku.yml", [heroku, "yaml"]],
  ["app.yaml", [appEngine, "yaml"]],
  ["render.yaml", [render, "yaml"]],
]);

function parse(
  reading: Reading,
  file: string,
  format: "json" | "toml" | "yaml",
) {
  return reading[format](file);
}

export const platforms: EvidenceDetector = {
  name: "hosting platforms",
  reads: { manifests: [...READERS.keys()] },
  gather(reading, drafts) {
    const found = gathering();
    const targets = new Targets(drafts);
    for (const [name, [read, format]] of READERS) {
      for (const file of reading.tree.named(basenameOf(name))) {
        if (targets.isAside(file)) continue;
        // Charts and manifests of Kubernetes are called so too, and are no YAML.
        if (
          name === "app.yaml" && reading.match(file, /^runtime:/) === null
        ) continue;
        const root = parse(reading, file, format);
        if (root === null) continue;
        read(found, root, { file, path: directoryOf(file), targets });
      }
    }
    return found;
  },
};
