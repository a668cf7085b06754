/**
 * What is written down of a kind of service.
 *
 * @module
 */
import { nixAttribute, nixString } from "./nix_text.ts";

/** What a module's options are written from. */
export interface ServiceSettings {
  /** The VM's, by which others find it. */
  name: string;
  database: string;
  user: string;
  /** `pkgs.postgresql_16`; null where there is only one. */
  package: string | null;
}

export interface ServiceModule {
  port: number;
  /** Others it listens on: of another protocol, or for people to look at. */
  morePorts?: readonly number[];
  /** Options, one a line. */
  options(settings: ServiceSettings): readonly string[];
  /** Addresses begin so. */
  scheme: string;
  /** The address carries user and database: `postgres://USER@HOST:5432/DB`. */
  isDatabase?: true;
  /** Who is let in, where that is not whom the repository names. */
  login?: {
    /** Empty: whoever says a name is asked for a password that nobody has. */
    user: string;
    password: string;
    database?: string;
    /** The address carries both. */
    isInAddress?: true;
  };
  /** Whoever says whatever is let in: variables stay as the repository has them. */
  isTrusting?: true;
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
  /**
   * User and group of the directory, where the module's unit does not see to
   * it: a volume is root's at first.
   */
  owner?: string;
}

/** Where systemd keeps the state of a unit whose user is made as it starts. */
export function ofDynamicUser(name: string): string {
  return `/var/lib/private/${name}`;
}

/** Every address of the VM; who comes in is the network's to say. */
export const ANYWHERE = nixString("0.0.0.0");

export function enabled(
  module: string,
  ...options: readonly string[]
): string[] {
  return [
    `services.${module}.enable = true;`,
    ...options.map((option) => `services.${module}.${option};`),
  ];
}

/** `pkgs.postgresql_16` of an attribute path. */
export function packagePath(attribute: string): string {
  return `pkgs.${attribute.split(".").map(nixAttribute).join(".")}`;
}
