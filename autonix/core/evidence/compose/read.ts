/**
 * Compose files as services, with what they include, extend, and lay over each
 * other.
 *
 * Anchors and merge keys are the parser's; `extends` is followed within the
 * repository. Variables of the file itself (`${TAG:-16}`) are put in from the
 * `.env` beside it or its example.
 *
 * @module
 */
import { directoryOf, joinPath } from "../../file_tree.ts";
import {
  at,
  itemsOf,
  type Node,
  scalarText,
  textOf,
} from "../../formats/node.ts";
import type { Reading } from "../../reading.ts";
import { parseImage, serviceOfImage } from "../../services/images.ts";
import { readEnvFile } from "../env_entries.ts";
import { composeFiles, servicesIn } from "./files.ts";
import { type ComposeService, readService } from "./service.ts";

export interface ComposeFile {
  path: string;
  directory: string;
  services: Map<string, ComposeService>;
  /** What `${NAME}` in it stands for. */
  values: ReadonlyMap<string, string>;
}

/** `extends` of what extends; a chain longer than this is a loop. */
const MAX_EXTENDS = 8;
/** A project of more files than that is made by a program. */
const MAX_INCLUDED = 50;

/** `db:database`: what a link calls the service it leads to. */
function linksOf(node: Node): [string, string][] {
  return itemsOf(at(node, "links")).flatMap((item): [string, string][] => {
    const [name = "", alias] = (scalarText(item) ?? "").split(":");
    return name === "" || alias === undefined ? [] : [[alias, name]];
  });
}

/** What a service takes over from the one it extends. */
function inherit(own: ComposeService, base: ComposeService): ComposeService {
  const names = new Set(own.environment.map(({ name }) => name));
  return {
    ...own,
    image: own.image ?? (own.build === null ? base.image : null),
    build: own.build ?? (own.image === null ? base.build : null),
    ports: own.ports.length > 0 ? own.ports : base.ports,
    routed: own.routed.length > 0 ? own.routed : base.routed,
    environment: [
      ...own.environment,
      ...base.environment.filter(({ name }) => !names.has(name)),
    ],
    envFiles: [...new Set([...own.envFiles, ...base.envFiles])],
    needs: new Set([...own.needs, ...base.needs]),
    command: own.command ?? base.command,
    mounts: [...own.mounts, ...base.mounts],
    aliases: own.aliases,
  };
}

/** Variables that stand for themselves in a file: those of `.env`, or of its example. */
function valuesBeside(reading: Reading, directory: string) {
  const values = new Map<string, string>();
  for (const name of [".env", ".env.example", ".env.dist", ".env.sample"]) {
    const path = joinPath(directory, name);
    if (path === null) continue;
    for (const entry of readEnvFile(reading, path)) {
      if (entry.value !== null && !values.has(entry.name)) {
        values.set(entry.name, entry.value);
      }
    }
  }
  return values;
}

/**
 * A file that names an image of its own is often laid over by one that builds
 * it: `compose.yaml` and `compose.override.yaml` are of the same service.
 */
function lendBuilds(files: readonly ComposeFile[]): void {
  const builds = new Map<string, ComposeService["build"]>();
  const keyOf = (file: ComposeFile, name: string) =>
    `${file.directory}\0${name}`;
  for (const file of files) {
    for (const { name, build } of file.services.values()) {
      const key = keyOf(file, name);
      if (build !== null && !builds.has(key)) builds.set(key, build);
    }
  }
  for (const file of files) {
    for (const one of file.services.values()) {
      const image = parseImage(one.image?.text ?? "");
      const isService = image !== null && serviceOfImage(image) !== null;
      if (!isService) one.build ??= builds.get(keyOf(file, one.name)) ?? null;
    }
  }
}

/** Every compose file of a repository, each read once. */
export class Compose {
  readonly files: readonly ComposeFile[];
  readonly #reading: Reading;

  constructor(reading: Reading) {
    this.#reading = reading;
    this.files = composeFiles(reading).map((path) => this.#read(path));
    lendBuilds(this.files);
  }

  #read(path: string): ComposeFile {
    const directory = directoryOf(path);
    const values = valuesBeside(this.#reading, directory);
    const root = this.#reading.yaml(path);
    const services = new Map<string, ComposeService>();
    const links: [string, string][] = [];
    for (const [name, node] of servicesIn(root)) {
      services.set(name, this.#resolve(name, node, { file: path, values }, 0));
      links.push(...linksOf(node));
    }
    for (const [alias, name] of links) services.get(name)?.aliases.push(alias);
    const file = { path, directory, services, values };
    this.#include(file, root, new Set([path]));
    return file;
  }

  /** Adds what a file includes, and what that includes: all of it is one network. */
  #include(to: ComposeFile, root: Node | null, seen: Set<string>): void {
    const paths = itemsOf(at(root, "include")).flatMap((item) => {
      const path = at(item, "path") ?? item;
      return [textOf(path), ...itemsOf(path).map(textOf)];
    });
    for (const text of paths.slice(0, MAX_INCLUDED)) {
      const path = text === null ? null : joinPath(to.directory, text);
      if (path === null || seen.has(path) || seen.size > MAX_INCLUDED) continue;
      seen.add(path);
      if (this.#reading.tree.text(path) === null) continue;
      const included = this.#reading.yaml(path);
      for (const [name, node] of servicesIn(included)) {
        if (to.services.has(name)) continue;
        const of = { file: path, values: to.values };
        to.services.set(name, this.#resolve(name, node, of, 0));
      }
      this.#include(
        { ...to, path, directory: directoryOf(path) },
        included,
        seen,
      );
    }
  }

  #resolve(
    name: string,
    node: Node,
    of: { file: string; values: ReadonlyMap<string, string> },
    depth: number,
  ): ComposeService {
    const own = readService(name, node, of);
    const reference = at(node, "extends");
    if (reference === null || depth >= MAX_EXTENDS) return own;
    const other = textOf(reference) ?? textOf(at(reference, "service"));
    const from = textOf(at(reference, "file"));
    const file = from === null ? of.file : joinPath(directoryOf(of.file), from);
    if (other === null || file === null) return own;
    const base = servicesIn(this.#reading.yaml(file)).find(([name]) =>
      name === other
    )?.[1];
    if (base === undefined) return own;
    return inherit(
      own,
      this.#resolve(other, base, { ...of, file }, depth + 1),
    );
  }
}
