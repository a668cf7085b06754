/**
 * The demo's sample project as a Git repository on disk: written, committed
 * and pushed by the real git.
 *
 * @module
 */
import { dirname, join } from "node:path";
import {
  DEBIAN_DIR,
  type SampleOptions,
  sampleProjectFiles,
} from "../../nix/examples/sample_project.ts";
import { runChecked, runProcess } from "../process/mod.ts";
import { AppError } from "../model/errors.ts";

/** A push of 15 MiB over loopback takes a second; a minute means that something hangs. */
const PUSH_TIMEOUT_MS = 60_000;

/** Git as this repository needs it, whatever the user's own configuration says. */
const GIT_ENV = {
  GIT_CONFIG_GLOBAL: "/dev/null",
  GIT_CONFIG_SYSTEM: "/dev/null",
  GIT_TERMINAL_PROMPT: "0",
  GIT_AUTHOR_NAME: "procurator demo",
  GIT_AUTHOR_EMAIL: "demo@localhost",
  GIT_COMMITTER_NAME: "procurator demo",
  GIT_COMMITTER_EMAIL: "demo@localhost",
};

/** Where and how to push. */
export interface PushTarget {
  url: string;
  /** Shown as Basic password, through the environment: argv is readable by everyone. */
  token: string;
  caFile?: string;
}

/** The environment that makes git show `token` and trust `caFile`. */
export function gitAuthEnv(target: PushTarget): Record<string, string> {
  const basic = btoa(`token:${target.token}`);
  return {
    GIT_CONFIG_COUNT: "1",
    GIT_CONFIG_KEY_0: "http.extraHeader",
    GIT_CONFIG_VALUE_0: `Authorization: Basic ${basic}`,
    ...(target.caFile === undefined ? {} : { GIT_SSL_CAINFO: target.caFile }),
  };
}

/** A sample project: a work tree that is rewritten, committed and pushed. */
export class SampleProject {
  readonly #directory: string;
  readonly #target: PushTarget;

  private constructor(directory: string, target: PushTarget) {
    this.#directory = directory;
    this.#target = target;
  }

  /** Makes the repository in `directory` and copies the unpacked Debian folder into it. */
  static async create(
    directory: string,
    options: { debianDir: string; target: PushTarget },
  ): Promise<SampleProject> {
    await Deno.mkdir(directory, { recursive: true });
    const project = new SampleProject(directory, options.target);
    await project.#git(["init", "--quiet", "--initial-branch=main"]);
    // The kernel is packed already: compressing it again costs a second of every demo.
    await project.#git(["config", "core.compression", "0"]);
    await project.#git(["config", "core.bigFileThreshold", "1m"]);
    await runChecked("cp", [
      "-r",
      options.debianDir,
      join(directory, DEBIAN_DIR),
    ]);
    return project;
  }

  #git(args: string[], env: Record<string, string> = {}): Promise<string> {
    return runChecked("git", args, {
      cwd: this.#directory,
      env: { ...GIT_ENV, ...env },
      timeoutMs: PUSH_TIMEOUT_MS,
      missingHint: "apt-get install git",
    });
  }

  /** Writes the project's files as `options` say and commits them. Returns the commit. */
  async commit(title: string, options: SampleOptions): Promise<string> {
    for (const [path, text] of Object.entries(sampleProjectFiles(options))) {
      const file = join(this.#directory, path);
      await Deno.mkdir(dirname(file), { recursive: true });
      await Deno.writeTextFile(file, text);
    }
    await this.#git(["add", "--all"]);
    await this.#git(["commit", "--quiet", "--message", title]);
    return (await this.#git(["rev-parse", "HEAD"])).trim();
  }

  /**
   * Pushes HEAD to the hub.
   *
   * @throws {AppError} `failed`, with what git said.
   */
  async push(): Promise<void> {
    const result = await runProcess("git", [
      "push",
      "--quiet",
      this.#target.url,
      "HEAD:main",
    ], {
      cwd: this.#directory,
      env: { ...GIT_ENV, ...gitAuthEnv(this.#target) },
      timeoutMs: PUSH_TIMEOUT_MS,
    });
    if (result.code !== 0) {
      throw new AppError(
        "failed",
        `Cannot push to ${this.#target.url}: ${result.stderrTail}`,
      );
    }
  }
}
