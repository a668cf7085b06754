/**
 * Names of container images: their parts, the version a tag tells, and the
 * service an image runs.
 *
 * @module
 */
import { type ServiceKind, SERVICES } from "./catalog.ts";

export interface ImageName {
  /** Without registry and without `library/`: `bitnami/redis`, `redis`. */
  repository: string;
  /** Last part of it. */
  name: string;
  tag: string | null;
}

/** An image's name is at most a few hundred characters. */
const MAX_LENGTH = 500;

/** Parts of `registry:5000/bitnami/redis:7.2@sha256:...`; null for what is no image. */
export function parseImage(text: string): ImageName | null {
  const [reference = ""] = text.trim().split("@");
  if (reference === "" || reference.length > MAX_LENGTH) return null;
  const parts = reference.split("/");
  const [first = ""] = parts;
  if (parts.length > 1 && (/[.:]/.test(first) || first === "localhost")) {
    parts.shift();
  }
  if (parts.length > 1 && parts[0] === "library") parts.shift();
  const last = parts.pop() ?? "";
  const colon = last.indexOf(":");
  const name = colon < 0 ? last : last.slice(0, colon);
  if (!/^[\w.-]+$/.test(name)) return null;
  const tag = colon < 0 ? "" : last.slice(colon + 1);
  return {
    repository: [...parts, name].join("/"),
    name,
    tag: tag === "" ? null : tag,
  };
}

const BY_IMAGE = new Map(
  SERVICES.flatMap((one) => one.images.map((image) => [image, one] as const)),
);

/** The service an image runs; null for any other image. */
export function serviceOfImage(image: ImageName): ServiceKind | null {
  const { repository, name } = image;
  return BY_IMAGE.get(repository) ??
    BY_IMAGE.get(repository.split("/").slice(-2).join("/")) ??
    BY_IMAGE.get(name) ?? null;
}

/** Tags that begin with another version than that of what runs. */
const PG = /pg-?(\d+(?:\.\d+){0,3})/;
const LEADING =
  /^v?(\d+(?:\.\d+){0,5}(?:(?:-|\.)?(?:rc|beta|alpha|RC)[.-]?\d{0,3})?)/;

/** The version a tag pins, without variants: `16` of `16-alpine`; null of `latest`. */
export function versionOfTag(image: ImageName): string | null {
  const tag = image.tag;
  if (tag === null) return null;
  const pg = PG.exec(tag)?.[1];
  if (pg !== undefined) return pg;
  if (tag.startsWith("RELEASE.")) return tag;
  // Scala's version comes first: kafka:2.13-3.6.1.
  const scala = /^2\.1[0-3](?:\.\d+)?-(\d+(?:\.\d+){1,3})/.exec(tag)?.[1];
  if (scala !== undefined && image.name === "kafka") return scala;
  // What is numbered is the extension, not the database under it.
  if (image.name === "pgvector" || image.name === "pgvecto-rs") return null;
  return LEADING.exec(tag)?.[1] ?? null;
}
