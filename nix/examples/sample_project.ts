/**
 * The sample project of the demo and of the tests: examples/minimal with its
 * settings chosen by the caller, as files to write into a Git repository.
 *
 * Owns which files a project needs. Never writes them, and never holds the
 * kernel: `debian/` is filled by fetch.sh (`FETCH_SCRIPT`) and committed with
 * the rest.
 *
 * @module
 */
import flake from "./minimal/flake.nix" with { type: "text" };
import fetchScript from "./minimal/fetch.sh" with { type: "text" };
import agent from "../lib/agent.sh" with { type: "text" };
import blueprint from "../lib/blueprint.nix" with { type: "text" };
import lib from "../lib/default.nix" with { type: "text" };
import minimalImage from "../lib/minimal_image.nix" with { type: "text" };
import storeImage from "../lib/store_image.nix" with { type: "text" };
import types from "../lib/types.nix" with { type: "text" };

/** `sh fetch.sh DIR` fills DIR with kernel, modules and busybox. */
export const FETCH_SCRIPT: string = fetchScript;

/** Where the project expects what fetch.sh unpacked. */
export const DEBIAN_DIR = "debian";

/** The lib by its file name, as the project carries it in `procurator/`. */
export const LIB_FILES: Readonly<Record<string, string>> = {
  "agent.sh": agent,
  "blueprint.nix": blueprint,
  "default.nix": lib,
  "minimal_image.nix": minimalImage,
  "store_image.nix": storeImage,
  "types.nix": types,
};

/** How long a rollout may take. */
export interface SampleDeadlines {
  /** Between two health probes. */
  intervalMs: number;
  /** A guest that boots swallows connections: a probe that waits long finds out late that it answers. */
  timeoutMs: number;
  /** After the start, failed probes do not count. */
  graceMs: number;
  /** How long a VM must be healthy without a break. */
  minHealthyTimeMs: number;
  /** From the order to healthy; then the worker falls back. */
  healthyDeadlineMs: number;
  progressDeadlineMs: number;
}

/**
 * Short enough for a demo of three commits, long enough for two VMs at once
 * without KVM on two busy cores (5 s measured).
 */
export const SHORT_DEADLINES: SampleDeadlines = {
  intervalMs: 500,
  timeoutMs: 1000,
  graceMs: 10_000,
  minHealthyTimeMs: 1000,
  healthyDeadlineMs: 15_000,
  progressDeadlineMs: 60_000,
};

/** What a commit of the sample project says. */
export interface SampleOptions {
  /** What `GET /` answers. */
  content: string;
  /** False: an image that boots and never becomes healthy. */
  healthy?: boolean;
  cluster?: string;
  replicas?: number;
  deadlines?: Partial<SampleDeadlines>;
}

/** The files of the sample project, by path, without `debian/`. */
export function sampleProjectFiles(
  options: SampleOptions,
): Record<string, string> {
  const settings = {
    cluster: options.cluster ?? "shop",
    replicas: options.replicas ?? 2,
    healthy: options.healthy ?? true,
    ...SHORT_DEADLINES,
    ...options.deadlines,
  };
  const files: Record<string, string> = {
    "flake.nix": flake,
    "page.html": options.content,
    "settings.json": JSON.stringify(settings, null, 2) + "\n",
  };
  for (const [name, text] of Object.entries(LIB_FILES)) {
    files[`procurator/${name}`] = text;
  }
  return files;
}
