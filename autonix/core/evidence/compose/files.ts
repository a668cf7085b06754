/**
 * Which files are compose files, and where their services stand in them.
 *
 * @module
 */
import { at, entriesOf, type Node } from "../../formats/node.ts";
import type { NamePattern } from "../../detector.ts";
import type { Reading } from "../../reading.ts";

/** Names of compose files; a star stands for what they are for. */
export const COMPOSE_NAMES: readonly NamePattern[] = [
  "compose.yml",
  "compose.yaml",
  "docker-compose.yml",
  "docker-compose.yaml",
  "compose.*.yml",
  "compose.*.yaml",
  "compose-*.yml",
  "compose-*.yaml",
  "docker-compose.*.yml",
  "docker-compose.*.yaml",
  "docker-compose-*.yml",
  "docker-compose-*.yaml",
  "*.docker-compose.yml",
  "*-docker-compose.yml",
  "*.compose.yml",
  "podman-compose.yml",
  "docker-stack.yml",
  // As templates of Django projects call them.
  "local.yml",
  "production.yml",
  "staging.yml",
  // What compose files include and extend.
  "compose/*.yml",
  "compose/*.yaml",
  "docker/*.yml",
  "docker/*.yaml",
  "infra/*.yml",
  "infra/*.yaml",
  "common*.yml",
  "base*.yml",
  "services*.yml",
];
const COMPOSE =
  /^(?:[\w.-]{1,60}[.-])?(?:docker-|podman-)?compose(?:[.-][\w.-]{1,60})?\.ya?ml$/;
/** Names that others use as well: these have services at their top. */
const PERHAPS = /^(?:docker-stack|local|production|staging)\.yml$/;
const HAS_SERVICES = /^services:/m;
/** The largest that people write have some tens. */
const MAX_SERVICES = 500;

/** Every compose file, sorted. */
export function composeFiles(reading: Reading): string[] {
  const { tree } = reading;
  return [...tree.withExtension("yml"), ...tree.withExtension("yaml")]
    .filter((path) => {
      const name = path.slice(path.lastIndexOf("/") + 1);
      return COMPOSE.test(name)
        ? tree.text(path) !== null
        : PERHAPS.test(name) && HAS_SERVICES.test(tree.text(path) ?? "");
    })
    .sort();
}

/** Services by name; those of the first form of compose files stand at the top. */
export function servicesIn(root: Node | null): (readonly [string, Node])[] {
  const services = at(root, "services");
  if (services !== null) return entriesOf(services).slice(0, MAX_SERVICES);
  return entriesOf(root).slice(0, MAX_SERVICES).filter(([, node]) =>
    at(node, "image") !== null || at(node, "build") !== null
  );
}
