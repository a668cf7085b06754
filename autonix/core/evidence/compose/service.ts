/**
 * One service of a compose file: what it runs or builds, which others it waits
 * for, and what it is told by its environment.
 *
 * @module
 */
import type { Evidence } from "../../../../roles/model/analysis.ts";
import { directoryOf, joinPath } from "../../file_tree.ts";
import {
  at,
  entriesOf,
  itemsOf,
  type Node,
  scalarText,
  textOf,
} from "../../formats/node.ts";
import { nodeEvidence } from "../../reading.ts";
import { substitute, wordsOf } from "../dockerfile/parse.ts";

export interface ComposeVariable {
  name: string;
  /** With the file's variables as they stand; null: taken from outside. */
  raw: string | null;
  evidence: Evidence;
}

export interface ComposeService {
  name: string;
  evidence: Evidence;
  image: { text: string; evidence: Evidence } | null;
  build: {
    /** Null: leads out of the repository, or is a URL. */
    context: string | null;
    dockerfile: string | null;
    /** The stage it ends with, in lower case; null: the last. */
    target: string | null;
    /** What its Dockerfile's `ARG`s are set to. */
    args: ReadonlyMap<string, string>;
    evidence: Evidence;
  } | null;
  /** Ports within the container. */
  ports: { port: number; evidence: Evidence }[];
  /** Ports that a proxy in front is told of by labels. */
  routed: { port: number; evidence: Evidence }[];
  environment: ComposeVariable[];
  envFiles: string[];
  /** Names of services it needs. */
  needs: Set<string>;
  /** Other names by which it is reached. */
  aliases: string[];
  /** What it runs, word by word. */
  command: { words: string[]; evidence: Evidence } | null;
  /** Directories of the repository that it sees. */
  mounts: string[];
}

/** The last port of `8080:80/tcp`, `127.0.0.1:80:80`, `80`, `${P:-80}:80`; of a range the first. */
function portOf(node: Node, values: ReadonlyMap<string, string>) {
  const long = scalarText(at(node, "target"));
  const text = substitute(long ?? scalarText(node) ?? "", values);
  const [plain = ""] = text.split("/", 1);
  const [first = ""] = (plain.split(":").at(-1) ?? "").split("-", 1);
  const port = Number(first);
  return Number.isInteger(port) && port >= 1 && port <= 65535 ? port : null;
}

/** A map or a list of `NAME=value`. */
function readEnvironment(node: Node | null, file: string): ComposeVariable[] {
  const ofMap = entriesOf(node).map(([name, value]): ComposeVariable => ({
    name,
    raw: scalarText(value),
    evidence: nodeEvidence(file, value),
  }));
  const ofList = itemsOf(node).flatMap((item): ComposeVariable[] => {
    const text = scalarText(item) ?? "";
    const equals = text.indexOf("=");
    const name = equals < 0 ? text : text.slice(0, equals);
    if (name === "") return [];
    return [{
      name,
      raw: equals < 0 ? null : text.slice(equals + 1),
      evidence: nodeEvidence(file, item),
    }];
  });
  return [...ofMap, ...ofList].filter(({ name }) =>
    /^[A-Za-z_]\w{0,199}$/.test(name)
  );
}

/** `traefik.http.services.web.loadbalancer.server.port=8000` */
function readLabels(
  node: Node | null,
  file: string,
  values: ReadonlyMap<string, string>,
): { port: number; evidence: Evidence }[] {
  const labels = [
    ...entriesOf(node).map(([name, value]) => ({
      text: `${name}=${scalarText(value) ?? ""}`,
      value,
    })),
    ...itemsOf(node).map((value) => ({ text: scalarText(value) ?? "", value })),
  ];
  return labels.flatMap(({ text, value }) => {
    const found = /\.loadbalancer\.server\.port=(\d{2,5})$/.exec(
      substitute(text.slice(0, 500), values),
    )?.[1];
    const port = Number(found);
    return found === undefined || port < 1 || port > 65535
      ? []
      : [{ port, evidence: nodeEvidence(file, value) }];
  });
}

function readBuild(
  node: Node | null,
  file: string,
  values: ReadonlyMap<string, string>,
): ComposeService["build"] {
  if (node === null) return null;
  const context = substitute(
    textOf(node) ?? textOf(at(node, "context")) ?? ".",
    values,
  );
  const directory = /^[a-z+]+:\/\/|^git@/.test(context)
    ? null
    : joinPath(directoryOf(file), context);
  const dockerfile = textOf(at(node, "dockerfile"));
  return {
    context: directory,
    dockerfile: directory === null
      ? null
      : joinPath(directory, substitute(dockerfile ?? "Dockerfile", values)),
    target: textOf(at(node, "target"))?.toLowerCase() ?? null,
    args: new Map(
      readEnvironment(at(node, "args"), file).map((
        { name, raw },
      ) => [
        name,
        raw === null ? values.get(name) ?? "" : substitute(raw, values),
      ]),
    ),
    evidence: nodeEvidence(file, node),
  };
}

/** Names in a list or a map, without what follows a colon. */
function namesIn(node: Node | null): string[] {
  const names = [
    ...entriesOf(node).map(([name]) => name),
    ...itemsOf(node).map((item) => scalarText(item) ?? ""),
  ];
  return names.map((name) => name.split(":", 1)[0] ?? "").filter((name) =>
    name !== ""
  );
}

/** What a service is called beside its name: by itself, or on its networks. */
function aliasesOf(node: Node): string[] {
  const own = [at(node, "container_name"), at(node, "hostname")];
  const onNetworks = entriesOf(at(node, "networks")).flatMap(([, network]) =>
    itemsOf(at(network, "aliases"))
  );
  return [...own, ...onNetworks].flatMap((one) => scalarText(one) ?? []);
}

function readCommand(
  node: Node | null,
  file: string,
  values: ReadonlyMap<string, string>,
): ComposeService["command"] {
  if (node === null) return null;
  // `$$` is one that the container's shell is to see.
  const put = (text: string) =>
    substitute(text.replaceAll("$$", "\0"), values).replaceAll("\0", "$");
  const list = itemsOf(node).map((item) => put(scalarText(item) ?? ""));
  const words = list.length > 0 ? list : wordsOf(put(scalarText(node) ?? ""));
  return words.length === 0
    ? null
    : { words, evidence: nodeEvidence(file, node) };
}

/** A service as its file says it, `extends` left alone. */
export function readService(
  name: string,
  node: Node,
  of: { file: string; values: ReadonlyMap<string, string> },
): ComposeService {
  const { file, values } = of;
  const image = at(node, "image");
  const text = scalarText(image);
  const envFile = at(node, "env_file");
  return {
    name,
    evidence: nodeEvidence(file, node),
    image: image === null || text === null
      ? null
      : { text: substitute(text, values), evidence: nodeEvidence(file, image) },
    build: readBuild(at(node, "build"), file, values),
    ports: [...itemsOf(at(node, "ports")), ...itemsOf(at(node, "expose"))]
      .flatMap((item) => {
        const port = portOf(item, values);
        return port === null
          ? []
          : [{ port, evidence: nodeEvidence(file, item) }];
      }),
    routed: [
      ...readLabels(at(node, "labels"), file, values),
      ...readLabels(at(node, "deploy", "labels"), file, values),
    ],
    environment: readEnvironment(at(node, "environment"), file),
    envFiles: [
      textOf(envFile),
      ...itemsOf(envFile).map((item) =>
        textOf(item) ?? textOf(at(item, "path"))
      ),
    ].flatMap((path) => {
      const joined = path === null
        ? null
        : joinPath(directoryOf(file), substitute(path, values));
      return joined === null ? [] : [joined];
    }),
    needs: new Set([
      ...namesIn(at(node, "depends_on")),
      ...namesIn(at(node, "links")),
    ]),
    aliases: aliasesOf(node),
    command: readCommand(at(node, "command"), file, values),
    mounts: itemsOf(at(node, "volumes")).flatMap((item) => {
      const long = textOf(at(item, "source"));
      const [from = ""] = (long ?? scalarText(item) ?? "").split(":", 1);
      if (!from.startsWith(".")) return [];
      const path = joinPath(directoryOf(file), from);
      return path === null ? [] : [path];
    }),
  };
}
