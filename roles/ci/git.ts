/**
 * Commits from the hub, in a bare mirror per repository that nix reads by
 * `git+file`. Tokens go by the environment, never by argv.
 *
 * @module
 */
import { AppError } from "../model/mod.ts";
import { runProcess } from "../process/mod.ts";
import { TurnsByKey } from "../turns/mod.ts";
import { gitFailure } from "./core/failure.ts";
import type { Call, Git } from "./ports.ts";

/** A first fetch of a large repository. */
const FETCH_TIMEOUT_MS = 1_800_000;
const GIT_HINT = "apt-get install git";

export interface GitOptions {
  /** `STATE/ci/mirrors`. */
  mirrors: string;
  hubUrl: string;
  token: string | undefined;
  caFile: string | undefined;
}

function environment(options: GitOptions): Record<string, string> {
  const config: [string, string][] = [
    // The mirror is ours whoever owns its parent.
    ["safe.directory", "*"],
    // Repositories of the hub are never asked about on a terminal, nor redirected elsewhere with our token.
    ["http.followRedirects", "false"],
    // What is fetched stays a pack: unpacking compresses a kernel again for a second.
    ["fetch.unpackLimit", "1"],
  ];
  if (options.token !== undefined) {
    config.push(["http.extraHeader", `Authorization: Bearer ${options.token}`]);
  }
  const env: Record<string, string> = {
    PATH: Deno.env.get("PATH") ?? "/usr/bin:/bin",
    HOME: options.mirrors,
    LC_ALL: "C.UTF-8",
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_CONFIG_GLOBAL: "/dev/null",
    GIT_TERMINAL_PROMPT: "0",
    GIT_CONFIG_COUNT: String(config.length),
  };
  for (const [index, [key, value]] of config.entries()) {
    env[`GIT_CONFIG_KEY_${index}`] = key;
    env[`GIT_CONFIG_VALUE_${index}`] = value;
  }
  if (options.caFile !== undefined) env["GIT_SSL_CAINFO"] = options.caFile;
  return env;
}

/** Fetches in line for one repository: its job, and people's evaluations. */
const FETCHES = { waiting: 16, what: "fetches of one repository" };

/** Git over the hub. */
export function hubGit(options: GitOptions): Git {
  const env = environment(options);
  const fetches = new TurnsByKey(FETCHES);
  async function git(
    what: string,
    args: readonly string[],
    call: Call,
  ): Promise<boolean> {
    const result = await runProcess("git", args, {
      env,
      clearEnv: true,
      signal: call.signal,
      timeoutMs: FETCH_TIMEOUT_MS,
      onLine: call.onLog,
      mergeStdout: true,
      missingHint: GIT_HINT,
    });
    if (result.code === 0) return true;
    if (what === "") return false;
    throw gitFailure(what, result.stderrTail);
  }
  async function mirrorOf(repository: string, call: Call): Promise<string> {
    const path = `${options.mirrors}/${repository}.git`;
    try {
      if ((await Deno.stat(`${path}/HEAD`)).isFile) return path;
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
    const fresh = await Deno.makeTempDir({
      dir: options.mirrors,
      prefix: ".new-",
    });
    await git("make a mirror", [
      "init",
      "--quiet",
      "--bare",
      "--template=",
      "--initial-branch=main",
      fresh,
    ], call);
    await Deno.rename(fresh, path);
    return path;
  }
  async function fetch(
    repository: string,
    commit: string,
    call: Call,
  ): Promise<string> {
    const mirror = await mirrorOf(repository, call);
    const ref = `refs/ci/${commit}`;
    const quiet: Call = { ...call, onLog: () => {} };
    const known = await git("", [
      "-C",
      mirror,
      "cat-file",
      "-e",
      `${ref}^{commit}`,
    ], quiet);
    if (!known) {
      const url = `${options.hubUrl.replace(/\/+$/, "")}/${repository}.git`;
      const what = `fetch ${
        commit.slice(0, 12)
      } of "${repository}" from ${options.hubUrl}`;
      await git(what, [
        "-C",
        mirror,
        "fetch",
        "--quiet",
        "--no-tags",
        "--force",
        url,
        `${commit}:${ref}`,
      ], call);
    }
    if (!/^[\x21-\x7e]+$/.test(mirror) || /[?#%]/.test(mirror)) {
      throw new AppError(
        "invalid",
        `Cannot evaluate from ${mirror}: nix reads no such path`,
        {
          hint: "give ci a --state-dir without spaces and special characters",
        },
      );
    }
    return `git+file://${mirror}?ref=${ref}&rev=${commit}`;
  }
  return {
    // A job and an evaluation may want the same commit: git locks the ref, and the second would fail.
    fetch: (repository, commit, call) =>
      fetches.run(
        repository,
        () => fetch(repository, commit, call),
        call.signal,
      ),
  };
}
