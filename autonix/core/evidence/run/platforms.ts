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
import type { Reading } from "../../reading.ts";
import { type Gathering, gathering } from "../gathering.ts";
import { Targets } from "../targets.ts";
import { digitalocean } from "./digitalocean.ts";
import { kamal } from "./kamal.ts";
import { render } from "./render.ts";
import { runtime } from "./runtimes.ts";
import { supabase } from "./supabase.ts";
import {
  command,
  database,
  type Place,
  port,
  type Reader,
  variable,
  version,
} from "./statements.ts";

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
  // Pages in a directory without a manifest are not how what lies above is built.
  if (base !== null && place.targets.owner(path)?.path !== path) return;
  command(to, { ...place, path }, "build", at(root, "build", "command"));
  for (const [name, node] of entriesOf(at(root, "build", "environment"))) {
    version(to, { ...place, path }, { name, value: scalarText(node), node });
  }
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

function stateAddons(to: Gathering, addons: Node | null, place: Place): void {
  for (const item of itemsOf(addons)) {
    const plan = textOf(item) ?? textOf(at(item, "plan")) ?? "";
    const kind = ADDONS.find(([pattern]) => pattern.test(plan))?.[1];
    if (kind === undefined) continue;
    database(to, place, {
      kind,
      version: textOf(at(item, "options", "version")),
      name: null,
      users: [{ path: place.path, env: [] }],
      node: item,
    });
  }
}

const herokuApp: Reader = (to, root, place) => {
  stateAddons(to, at(root, "addons"), place);
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
  stateAddons(to, at(root, "setup", "addons"), place);
  for (const [name, node] of entriesOf(at(root, "setup", "config"))) {
    const value = scalarText(node);
    variable(to, place, { name, value, required: true, node });
  }
  const web = at(root, "run", "web");
  command(to, place, "start", textOf(web) === null ? at(web, "command") : web);
};

/** app.yaml of App Engine; others of that name have no runtime. */
const appEngine: Reader = (to, root, place) => {
  if (textOf(at(root, "runtime")) === null) return;
  runtime(to, place, at(root, "runtime"));
  const entrypoint = at(root, "entrypoint");
  if (textOf(entrypoint) !== null) command(to, place, "start", entrypoint);
};

const KAMAL = "config/deploy.yml";

/** True for a file of this name, with its directory where the name has one. */
function isNamed(file: string, name: string): boolean {
  return !name.includes("/") || file === name || file.endsWith(`/${name}`);
}

/** The directory that a file of this name speaks of. */
function aboveOf(file: string, name: string): string {
  let path = file;
  for (const _ of name.split("/")) path = directoryOf(path);
  return path;
}

/** serverless.yml: what its functions run on. */
const serverless: Reader = (to, root, place) =>
  runtime(to, place, at(root, "provider", "runtime"));

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
  ["serverless.yml", [serverless, "yaml"]],
  ["serverless.yaml", [serverless, "yaml"]],
  [KAMAL, [kamal, "yaml"]],
  ["supabase/config.toml", [supabase, "toml"]],
  [".do/app.yaml", [digitalocean, "yaml"]],
  [".do/deploy.template.yaml", [digitalocean, "yaml"]],
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
        if (!isNamed(file, name) || targets.isAside(file)) continue;
        // Ruby over several lines is no template of YAML.
        if (
          name === KAMAL && reading.match(file, /^\s{0,80}<%(?!.*%>)/) !== null
        ) continue;
        // Charts and manifests of Kubernetes are called so too, and are no YAML.
        if (
          name === "app.yaml" && reading.match(file, /^runtime:/) === null
        ) continue;
        const root = name === KAMAL
          ? reading.yamlTemplate(file)
          : parse(reading, file, format);
        if (root === null) continue;
        const path = aboveOf(file, name);
        // Below an application it speaks of what is put together for it.
        if (name === "app.yaml" && targets.at(path) === null) continue;
        read(found, root, { file, path, targets });
      }
    }
    return found;
  },
};
