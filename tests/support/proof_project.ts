/**
 * A Git work tree that tests write, commit and push with the real git, from
 * any host (tests/support/netns.ts).
 *
 * @module
 */
import { dirname, join } from "node:path";
import { DEBIAN_DIR } from "../../nix/examples/sample_project.ts";
import {
  runChecked,
  runProcess,
  type RunResult,
} from "../../roles/process/mod.ts";

/** 12 MB over a bridge take a second; a minute means that something hangs. */
const GIT_TIMEOUT_MS = 60_000;

const GIT_ENV = {
  GIT_CONFIG_GLOBAL: "/dev/null",
  GIT_CONFIG_SYSTEM: "/dev/null",
  GIT_TERMINAL_PROMPT: "0",
  GIT_AUTHOR_NAME: "test",
  GIT_AUTHOR_EMAIL: "test@example.invalid",
  GIT_COMMITTER_NAME: "test",
  GIT_COMMITTER_EMAIL: "test@example.invalid",
};

/** Where to push, as whom, and from which host. */
export interface GitTarget {
  url: string;
  /** Shown as Basic password, through the environment. */
  token?: string;
  caFile?: string;
  /** Words that run git elsewhere: {@linkcode Host.inside}. */
  inside?: readonly string[];
}

function targetEnv(target: GitTarget): Record<string, string> {
  const ca: Record<string, string> = target.caFile === undefined
    ? {}
    : { GIT_SSL_CAINFO: target.caFile };
  if (target.token === undefined) return ca;
  return {
    ...ca,
    GIT_CONFIG_COUNT: "1",
    GIT_CONFIG_KEY_0: "http.extraHeader",
    GIT_CONFIG_VALUE_0: `Authorization: Basic ${btoa(`git:${target.token}`)}`,
  };
}

/** The work tree. */
export class GitProject {
  readonly directory: string;

  private constructor(directory: string) {
    this.directory = directory;
  }

  /** Makes an empty repository; `debianDir` is copied into it as `debian/`. */
  static async create(
    directory: string,
    options: { debianDir?: string } = {},
  ): Promise<GitProject> {
    await Deno.mkdir(directory, { recursive: true });
    const project = new GitProject(directory);
    await project.#git(["init", "--quiet", "--initial-branch=main"]);
    // The kernel does not shrink further; trying costs a second.
    await project.#git(["config", "core.compression", "0"]);
    if (options.debianDir !== undefined) {
      const to = join(directory, DEBIAN_DIR);
      await runChecked("cp", ["-R", options.debianDir, to]);
    }
    return project;
  }

  async #git(args: readonly string[]): Promise<string> {
    return await runChecked("git", args, {
      cwd: this.directory,
      env: GIT_ENV,
      timeoutMs: GIT_TIMEOUT_MS,
    });
  }

  /** Runs git against a remote; the caller judges the result. */
  async remote(
    target: GitTarget,
    args: readonly string[],
  ): Promise<RunResult> {
    const [program, ...rest] = [...target.inside ?? [], "git", ...args];
    if (program === undefined) throw new Error("no program");
    return await runProcess(program, rest, {
      cwd: this.directory,
      env: { ...GIT_ENV, ...targetEnv(target) },
      timeoutMs: GIT_TIMEOUT_MS,
    });
  }

  /** Writes `files`, commits everything, gives the commit. */
  async commit(
    title: string,
    files: Readonly<Record<string, string>>,
  ): Promise<string> {
    for (const [path, text] of Object.entries(files)) {
      const file = join(this.directory, path);
      await Deno.mkdir(dirname(file), { recursive: true });
      await Deno.writeTextFile(file, text);
    }
    await this.#git(["add", "--all"]);
    await this.#git(["commit", "--quiet", "--allow-empty", "-m", title]);
    return (await this.#git(["rev-parse", "HEAD"])).trim();
  }

  /** Pushes HEAD to `main`; exit code 0 means that git has it acknowledged. */
  async push(target: GitTarget): Promise<RunResult> {
    return await this.remote(target, [
      "push",
      "--quiet",
      target.url,
      "HEAD:refs/heads/main",
    ]);
  }

  /** The commit of the remote's `main`, or null. */
  async remoteHead(target: GitTarget): Promise<string | null> {
    const result = await this.remote(target, [
      "ls-remote",
      target.url,
      "refs/heads/main",
    ]);
    if (result.code !== 0) {
      throw new Error(`git ls-remote ${target.url}: ${result.stderrTail}`);
    }
    return result.stdout.split(/\s/)[0] || null;
  }
}
