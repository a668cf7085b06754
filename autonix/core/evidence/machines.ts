/**
 * What scripts set up beside an application: containers that they start by
 * `docker run`, and what the virtual machine of a Vagrantfile has installed.
 *
 * Compose files say more and are read elsewhere; nothing is told here of how
 * the application itself is run.
 *
 * @module
 */
import type { EvidenceDetector, NamePattern } from "../detector.ts";
import { directoryOf, joinPath } from "../file_tree.ts";
import type { Line, Reading } from "../reading.ts";
import { serviceKind } from "../services/catalog.ts";
import {
  parseImage,
  serviceOfImage,
  versionOfTag,
} from "../services/images.ts";
import { servicePort } from "../services/ports.ts";
import { commandsIn, packagesIn } from "./dockerfile/packages.ts";
import { wordsOf } from "./dockerfile/parse.ts";
import { type Gathering, gathering, service, state } from "./gathering.ts";
import { servesItself, Targets } from "./targets.ts";

/** Files with commands that a person runs to work on it. */
const RUNNING: readonly NamePattern[] = [
  "Makefile",
  "makefile",
  "GNUmakefile",
  "justfile",
  "Justfile",
  ".justfile",
  "Taskfile.yml",
  "Taskfile.yaml",
];
const VAGRANT = "Vagrantfile";
const MAX_LINES = 2_000;
const MAX_LINE = 2_000;
const RUN = /\b(?:docker|podman) (?:container )?run\s/;
/** Flags of `docker run` that take no value. */
const ALONE =
  /^-(?:[dit]{1,3}|P|-rm|-detach|-interactive|-tty|-init|-privileged|-publish-all|-no-healthcheck|-read-only)$/;

/** A compose file beside them says more surely what is worked with. */
const FOR_WORK = "devcontainer";

/** Lines, those that a backslash goes on with as one. */
function joined(lines: readonly Line[]): Line[] {
  const found: { number: number; text: string }[] = [];
  let open = false;
  for (const { number, text } of lines.slice(0, MAX_LINES)) {
    const line = text.slice(0, MAX_LINE).trimEnd();
    const goesOn = line.endsWith("\\");
    const part = goesOn ? line.slice(0, -1) : line;
    const last = found.at(-1);
    if (open && last !== undefined && last.text.length < MAX_LINE) {
      last.text += ` ${part.trim()}`;
    } else found.push({ number, text: part });
    open = goesOn;
  }
  return found;
}

interface Container {
  image: string;
  name: string | null;
  ports: number[];
}

/** What an image of a service is told to run when it is to serve; else it is a client. */
const SERVING =
  /^(?:-.*|[;&|>].*|[\w-]*server\d*|mongod|mysqld|mariadbd|postgres|start\S*|agent|memcached)$/;

function isServing(program: string | undefined): boolean {
  return program === undefined || SERVING.test(program.slice(0, 100));
}

/** The container that a command starts. */
function containerIn(text: string): Container | null {
  const start = RUN.exec(text);
  if (start === null || /^\s*(?:#|@?echo\b)/.test(text)) return null;
  const words = wordsOf(text.slice(start.index + start[0].length));
  let name: string | null = null;
  const ports: number[] = [];
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? "";
    if (!word.startsWith("-")) {
      return isServing(words[at + 1]) ? { image: word, name, ports } : null;
    }
    if (ALONE.test(word)) continue;
    const equals = word.indexOf("=");
    const flag = equals < 0 ? word : word.slice(0, equals);
    const value = equals < 0 ? words[++at] ?? "" : word.slice(equals + 1);
    if (flag === "--name" && /^[\w.-]{1,100}$/.test(value)) name = value;
    if (flag === "-p" || flag === "--publish") {
      ports.push(Number(value.split(":").at(-1)?.split("/", 1)[0]));
    }
  }
  return null;
}

function stateContainers(to: Gathering, reading: Reading, file: string): void {
  const text = reading.tree.text(file);
  if (text === null || !RUN.test(text)) return;
  for (const { number, text } of joined(reading.lines(file))) {
    const container = containerIn(text);
    const image = container === null ? null : parseImage(container.image);
    const kind = image === null ? null : serviceOfImage(image);
    if (container === null || image === null || kind === null) continue;
    to.services.push(service({
      kind: kind.kind,
      version: versionOfTag(image),
      port: servicePort(kind, container.ports),
      name: container.name,
      strength: "declared",
      place: /(?:^|[/_.-])(?:test|tests|e2e|ci)(?=[/_.-])/.test(file)
        ? "test"
        : FOR_WORK,
      evidence: [{ file, line: number }],
    }));
  }
}

/** Packages of distributions that are services; the group is a version. */
const PACKAGES: readonly (readonly [RegExp, string])[] = [
  [/^mysql-(?:community-)?server(?:-(\d+(?:\.\d+)?))?$/, "mysql"],
  [/^(?:mariadb|default-mysql)-server(?:-(\d+(?:\.\d+)?))?$/, "mariadb"],
  [/^postgresql(?:-(\d+(?:\.\d+)?))?$|^postgresql-server$/, "postgres"],
  [/^redis(?:-server)?$/, "redis"],
  [/^memcached$/, "memcached"],
  [/^mongodb(?:-org|-server)?$/, "mongodb"],
  [/^rabbitmq-server$/, "rabbitmq"],
  [/^elasticsearch$/, "elasticsearch"],
  [/^beanstalkd$/, "beanstalkd"],
  [/^mosquitto$/, "mosquitto"],
];

function stateInstalled(to: Gathering, reading: Reading, file: string): void {
  for (const { number, text } of joined(reading.lines(file))) {
    if (/^\s*#/.test(text)) continue;
    for (const name of commandsIn(text).flatMap(packagesIn)) {
      const found = PACKAGES.find(([pattern]) => pattern.test(name));
      if (found === undefined) continue;
      const [pattern, kind] = found;
      to.services.push(service({
        kind,
        version: pattern.exec(name)?.[1] ?? null,
        strength: "declared",
        place: FOR_WORK,
        evidence: [{ file, line: number }],
      }));
    }
  }
}

const SCRIPT = /\bpath(?::|\s{0,2}=>)\s{0,4}["']([^"'\n]{1,300})["']/;
const GUEST = /\bguest(?::|\s{0,2}=>)\s{0,4}(\d{2,5})\b/;
const COMMENT = /^\s*#/;

/** The port that is forwarded, if it is the only one and no service's. */
function stateForwarded(
  to: Gathering,
  reading: Reading,
  { file, targets }: { file: string; targets: Targets },
): void {
  const path = directoryOf(file);
  const owner = targets.owner(path) ?? targets.only;
  if (owner === null || servesItself(owner)) return;
  const found = reading.lines(file).slice(0, MAX_LINES).flatMap((line) => {
    const text = line.text.slice(0, MAX_LINE);
    const port = COMMENT.test(text) ? undefined : GUEST.exec(text)?.[1];
    return port === undefined ? [] : [{ line, port: Number(port) }];
  });
  const [only] = found;
  if (only === undefined || found.length > 1 || only.port > 65535) return;
  if (PACKAGES.some(([, kind]) => serviceKind(kind)?.port === only.port)) {
    return;
  }
  state(to, {
    path: owner.path,
    field: "port",
    value: only.port,
    source: "container",
    evidence: { file, line: only.line.number },
    confidence: 0.7,
  });
}

function readVagrant(
  to: Gathering,
  reading: Reading,
  of: { file: string; targets: Targets },
): void {
  stateInstalled(to, reading, of.file);
  for (const { text } of reading.lines(of.file).slice(0, MAX_LINES)) {
    const line = text.slice(0, MAX_LINE);
    const name = COMMENT.test(line) ? undefined : SCRIPT.exec(line)?.[1];
    const path = name === undefined
      ? null
      : joinPath(directoryOf(of.file), name);
    if (path !== null) stateInstalled(to, reading, path);
  }
  stateForwarded(to, reading, of);
}

export const machines: EvidenceDetector = {
  name: "machines and containers of scripts",
  reads: { manifests: [VAGRANT, ...RUNNING], sources: ["*.sh"] },
  gather(reading, drafts) {
    const found = gathering();
    const targets = new Targets(drafts);
    const { tree } = reading;
    const scripts = [
      ...RUNNING.flatMap((name) => tree.named(name)),
      ...tree.withExtension("sh"),
    ];
    for (const file of scripts) {
      if (!targets.isAside(file)) stateContainers(found, reading, file);
    }
    for (const file of tree.named(VAGRANT)) {
      if (!targets.isAside(file)) {
        readVagrant(found, reading, { file, targets });
      }
    }
    return found;
  },
};
