/**
 * The private surroundings nix runs in: home, caches and settings of our own
 * below the state directory, so that neither the user's nix.conf nor another
 * role's download cache changes what a command does.
 *
 * @module
 */
import { isAbsolute, join } from "node:path";
import { writeFileAtomic } from "../files/mod.ts";
import { AppError } from "../model/errors.ts";
import { netrcText, renderConf } from "./core/conf.ts";

/** Where and how nix runs. */
export interface NixOptions {
  /** Private; `nix/` below it is ours. */
  stateDir: string;
  /** A directory that holds a store of its own (`DIR/nix/store`); absent: the machine's store. */
  store?: string;
  /** The token to show to a cache over HTTP. */
  cache?: { url: string | undefined; token: string | undefined };
  /** Builders see their inputs alone, not this machine's files and network. Needs root, or user name spaces. */
  sandbox?: boolean;
  /** CA certificates for caches over TLS. */
  caFile?: string;
  /** More settings of nix.conf, or others for the base ones. */
  extraConf?: Readonly<Record<string, string>>;
}

/** Variables that are passed on; everything else of the environment stays out. */
const INHERITED = ["PATH", "TMPDIR", "USER", "TZ"];

/**
 * Nix fetches a pinned commit into its cache with git, even from the same disk. Compressing what is unpacked again
 * at once is the larger part of that: 1.8 s with git's defaults, 0.3 s with these, for a project with a kernel in it.
 */
const GIT_CONFIG = `[core]
\tcompression = 0
\tbigFileThreshold = 1m
[pack]
\tcompression = 0
\twindow = 0
[transfer]
\tunpackLimit = 1
`;

/** Makes the directories and files, and gives the whole environment of a nix process. */
export async function prepareEnvironment(
  options: NixOptions,
): Promise<Record<string, string>> {
  if (options.store !== undefined && !isAbsolute(options.store)) {
    throw new AppError(
      "invalid",
      `Cannot use the store "${options.store}": it must be an absolute path`,
    );
  }
  const root = join(options.stateDir, "nix");
  const home = join(root, "home");
  const conf = join(root, "conf");
  const cache = join(root, "cache");
  for (const dir of [home, conf, cache]) {
    await Deno.mkdir(dir, { recursive: true, mode: 0o700 });
  }
  const settings: Record<string, string> = { ...options.extraConf };
  if (options.sandbox === true) settings["sandbox"] = "true";
  const netrc = netrcText(options.cache);
  if (netrc !== null) {
    settings["netrc-file"] = join(conf, "netrc");
    await writeFileAtomic(join(conf, "netrc"), netrc);
  }
  // Another nix of ours may read them at any time: replaced, never written in place.
  await writeFileAtomic(join(conf, "nix.conf"), renderConf(settings));
  await writeFileAtomic(join(home, ".gitconfig"), GIT_CONFIG);
  if (options.store !== undefined) {
    await Deno.mkdir(options.store, { recursive: true });
  }
  const env: Record<string, string> = {
    HOME: home,
    XDG_CACHE_HOME: cache,
    XDG_CONFIG_HOME: join(home, ".config"),
    XDG_DATA_HOME: join(home, ".local/share"),
    XDG_STATE_HOME: join(home, ".local/state"),
    NIX_CONF_DIR: conf,
    NIX_USER_CONF_FILES: "",
    LC_ALL: "C.UTF-8",
    NO_COLOR: "1",
    // A repository that asks for a password must fail, not wait for a terminal.
    GIT_TERMINAL_PROMPT: "0",
  };
  for (const name of INHERITED) {
    const value = Deno.env.get(name);
    if (value !== undefined) env[name] = value;
  }
  if (options.store !== undefined) env["NIX_REMOTE"] = options.store;
  if (options.caFile !== undefined) env["NIX_SSL_CERT_FILE"] = options.caFile;
  return env;
}
