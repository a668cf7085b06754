/**
 * The hub's HTTP: git's smart protocol and the JSON API of repositories.
 *
 *     GET  /api/v1/repositories                 all, with their branches
 *     POST /api/v1/repositories {name}          creates one; 200 when it was there
 *     GET  /api/v1/repositories/NAME
 *     PUT  /api/v1/repositories/NAME/head {branch}
 *     GET  /api/v1/repositories/NAME/analysis   what a commit is: ?commit= or ?branch=
 *
 * @module
 */
import type { Hono } from "hono";
import { z } from "zod";
import { assertMayActAs } from "../auth/mod.ts";
import {
  type AppEnv,
  identityOf,
  renderError,
  requireRole,
} from "../http/mod.ts";
import { AppError, HTTP_STATUS, Name, parseJsonWith } from "../model/mod.ts";
import { whichCommitOf } from "../../ui/mod.ts";
import type { Analyses } from "./analyses.ts";
import { isGitPath, parseGitRequest, roleFor } from "./core/git_request.ts";
import { type GitHttp, serveGit } from "./git_http.ts";

/** Body of POST /api/v1/repositories. */
const NewRepository = z.strictObject({ name: Name });
const NewHead = z.strictObject({ branch: z.string().min(1).max(255) });

/** git shows the text of an error only when it is plain. */
export function gitErrorPage(error: AppError): Response {
  const { body, type } = renderError(error, "text");
  const status = HTTP_STATUS[error.code];
  return new Response(body, {
    status,
    headers: {
      "content-type": type,
      ...(status === 401
        ? { "www-authenticate": 'Basic realm="procurator", charset="UTF-8"' }
        : {}),
    },
  });
}

function addGit(app: Hono<AppEnv>, git: GitHttp): void {
  app.all("/:repository/*", async (c, next) => {
    const path = c.req.path;
    if (!isGitPath(path)) return await next();
    const request = parseGitRequest(
      c.req.method,
      path,
      new URL(c.req.url).searchParams,
    );
    const identity = identityOf(c);
    const needed = roleFor(request);
    if (identity.tokenId === "" && needed !== "viewer") {
      throw new AppError(
        "unauthenticated",
        "Pushing needs a token of the role publisher",
        {
          hint: "give it as the password when git asks, with any user name",
        },
      );
    }
    assertMayActAs(identity, needed, needed === "viewer" ? "clone" : "push");
    return await serveGit(c.req.raw, request, {
      ...git,
      user: identity.name.replace(/[^\x20-\x7e]/g, "?"),
    });
  });
}

function addRepositories(app: Hono<AppEnv>, git: GitHttp): void {
  const { repositories } = git;
  app.get(
    "/api/v1/repositories",
    requireRole("viewer"),
    async (c) => c.json({ repositories: await repositories.list() }),
  );
  app.post("/api/v1/repositories", requireRole("publisher"), async (c) => {
    const { name } = parseJsonWith(NewRepository, await c.req.text(), {
      what: "the new repository",
      hint: 'send {"name": "shop"}',
    });
    const created = await repositories.create(name);
    return c.json(
      { ...await repositories.read(name), created },
      created ? 201 : 200,
    );
  });
  app.get(
    "/api/v1/repositories/:name",
    requireRole("viewer"),
    async (c) => c.json(await repositories.read(c.req.param("name"))),
  );
  app.put(
    "/api/v1/repositories/:name/head",
    requireRole("publisher"),
    async (c) => {
      const name = c.req.param("name");
      const { branch } = parseJsonWith(NewHead, await c.req.text(), {
        what: "the branch to publish",
        hint: 'send {"branch": "main"}',
      });
      await repositories.setHead(name, branch);
      await git.pushed(name);
      return c.json(await repositories.read(name));
    },
  );
}

function addAnalysis(app: Hono<AppEnv>, analyses: Analyses): void {
  app.get(
    "/api/v1/repositories/:name/analysis",
    requireRole("viewer"),
    async (c) => {
      const which = whichCommitOf(c.req.query());
      const name = c.req.param("name");
      const { commit, analysis } = await analyses.of(name, which);
      // The body is what `analyze --json` prints, and that says no commit.
      return c.json(analysis, 200, { "procurator-commit": commit });
    },
  );
}

/** Adds git and the API to the hub's app. */
export function addHubRoutes(
  app: Hono<AppEnv>,
  git: GitHttp,
  analyses: Analyses,
): void {
  addRepositories(app, git);
  addAnalysis(app, analyses);
  addGit(app, git);
}
