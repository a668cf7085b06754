/**
 * config/deploy.yml of Kamal: variables, the port behind its proxy, and what
 * runs beside the application.
 *
 * @module
 */
import {
  at,
  entriesOf,
  itemsOf,
  type Node,
  scalarText,
  textOf,
} from "../../formats/node.ts";
import { nodeEvidence } from "../../reading.ts";
import { addressOf } from "../../services/addresses.ts";
import {
  parseImage,
  serviceOfImage,
  versionOfTag,
} from "../../services/images.ts";
import { type Gathering, service } from "../gathering.ts";
import { type Place, port, type Reader, variable } from "./statements.ts";

/** `["KEY"]` and `["KEY:OTHER"]`, which takes the value of another. */
function secrets(node: Node | null): [string, Node][] {
  return itemsOf(node).flatMap((item) => {
    const [name = ""] = (textOf(item) ?? "").split(":", 1);
    return name === "" ? [] : [[name, item] as [string, Node]];
  });
}

/** What an accessory is called in the network. */
function hostOf(root: Node, name: string, accessory: Node): string {
  return textOf(at(accessory, "service")) ??
    `${textOf(at(root, "service")) ?? ""}-${name}`;
}

function stateVariables(to: Gathering, root: Node, place: Place): void {
  const hosts = entriesOf(at(root, "accessories")).map(([name, node]) =>
    hostOf(root, name, node)
  );
  // An accessory has another name wherever else it runs.
  const isPointing = (name: string) =>
    hosts.some((host) => pointing(root, host).includes(name));
  const env = at(root, "env");
  const clear = at(env, "clear");
  // Without a secret there need be no `clear`.
  const plain = clear === null && at(env, "secret") === null ? env : clear;
  for (const [name, node] of entriesOf(plain)) {
    const value = isPointing(name) ? null : scalarText(node);
    variable(to, place, { name, value, required: true, node });
  }
  for (const [name, node] of secrets(at(env, "secret"))) {
    variable(to, place, { name, value: null, required: true, node });
  }
}

/** Variables whose value is the name that an accessory has in the network. */
function pointing(root: Node, host: string): string[] {
  const env = at(root, "env");
  return entriesOf(at(env, "clear") ?? env).flatMap(([name, node]) => {
    const value = scalarText(node) ?? "";
    return value === host || addressOf(value)?.host === host ? [name] : [];
  });
}

/** Databases and caches that it runs beside the application. */
function stateAccessories(to: Gathering, root: Node, place: Place): void {
  for (const [name, node] of entriesOf(at(root, "accessories"))) {
    const image = parseImage(textOf(at(node, "image")) ?? "");
    const kind = image === null ? null : serviceOfImage(image);
    if (image === null || kind === null) continue;
    const host = hostOf(root, name, node);
    to.services.push(service({
      kind: kind.kind,
      version: versionOfTag(image),
      port: kind.port,
      name,
      usedBy: place.path,
      env: pointing(root, host),
      strength: "declared",
      place: "production",
      evidence: [nodeEvidence(place.file, node)],
    }));
  }
}

export const kamal: Reader = (to, root, place) => {
  // Others have a file of that name too.
  if (at(root, "service") === null || at(root, "image") === null) return;
  port(to, place, at(root, "proxy", "app_port"));
  stateVariables(to, root, place);
  stateAccessories(to, root, place);
};
