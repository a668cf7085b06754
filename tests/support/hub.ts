/**
 * A hub with the git that people have: its tokens, a place to work in, commits.
 *
 * @module
 */
import assert from "node:assert/strict";
import { openTokenTable, type TokenRole } from "../../roles/auth/mod.ts";
import { systemRandom } from "../../roles/clock/mod.ts";
import { HubConfig, type HubDeps, run } from "../../roles/hub/mod.ts";
import {
  runChecked,
  runProcess,
  type RunResult,
} from "../../roles/process/mod.ts";
import { gitEnv } from "./git_env.ts";
import { tempDir } from "./temp.ts";

/** A hub, its tokens and a place to work in. */
export interface TestHub extends AsyncDisposable {
  url: string;
  dir: string;
  token(role: TokenRole): string;
  /** The clone URL with a token in it. */
  remote(name: string, token?: string): string;
  api(
    method: string,
    path: string,
    body?: unknown,
    token?: string,
  ): Promise<Response>;
}

/** git in `dir`, with the configuration of nobody. @throws when it fails. */
export function git(dir: string, ...args: string[]): Promise<string> {
  return runChecked("git", args, {
    cwd: dir,
    env: gitEnv(dir),
    clearEnv: true,
    timeoutMs: 60_000,
  });
}

/** As {@linkcode git}, whatever comes of it. */
export function tryGit(dir: string, ...args: string[]): Promise<RunResult> {
  return runProcess("git", args, {
    cwd: dir,
    env: gitEnv(dir),
    clearEnv: true,
    timeoutMs: 60_000,
  });
}

/** A token of the hub whose state is in `stateDir`. */
export function makeToken(stateDir: string, role: TokenRole): string {
  const table = openTokenTable(stateDir);
  try {
    return table.create({ role, name: `test ${role}` }, {
      now: Date.now(),
      random: systemRandom,
    }).token;
  } finally {
    table.close();
  }
}

/** A hub of this process. */
export async function startHub(
  config: Record<string, unknown> = {},
  deps: HubDeps = {},
): Promise<TestHub> {
  const temp = await tempDir("hub");
  const stateDir = `${temp.path}/state`;
  const hub = await run(
    HubConfig.parse({ stateDir, listen: "127.0.0.1:0", ...config }),
    deps,
  );
  const url = hub.endpoints["http"] ?? "";
  return {
    url,
    dir: temp.path,
    token: (role) => makeToken(stateDir, role),
    remote: (name, token) =>
      `${
        url.replace("//", token === undefined ? "//" : `//x:${token}@`)
      }/${name}.git`,
    api: (method, path, body, token) =>
      fetch(`${url}${path}`, {
        method,
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        headers: token === undefined
          ? {}
          : { authorization: `Bearer ${token}` },
      }),
    async [Symbol.asyncDispose]() {
      await hub.stop();
      await temp[Symbol.asyncDispose]();
    },
  };
}

/** Makes a repository. */
export async function created(
  hub: TestHub,
  name: string,
  token: string,
): Promise<void> {
  const answer = await hub.api("POST", "/api/v1/repositories", { name }, token);
  await answer.body?.cancel();
  assert.equal(answer.status, 201);
}

/** A work tree with one commit on main. */
export async function workTree(dir: string, name = "work"): Promise<string> {
  const path = `${dir}/${name}`;
  await Deno.mkdir(path);
  await git(path, "init", "-q", "-b", "main");
  await commit(path, "one");
  return path;
}

/** Commits `text`; gives the commit. */
export async function commit(path: string, text: string): Promise<string> {
  await Deno.writeTextFile(`${path}/file`, text);
  await git(path, "add", ".");
  await git(path, "commit", "-q", "-m", `say ${text}`);
  return (await git(path, "rev-parse", "HEAD")).trim();
}
