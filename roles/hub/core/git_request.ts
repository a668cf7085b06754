/**
 * Which requests are git's, what each may do, and the CGI environment that
 * `git http-backend` is given for it.
 *
 * Decides from the request line and headers alone. Never touches a repository.
 * Only the smart protocol is spoken: the three requests below are all there is,
 * so that no file of a repository can be fetched by its path.
 *
 *     GET  /NAME.git/info/refs?service=git-upload-pack|git-receive-pack
 *     POST /NAME.git/git-upload-pack
 *     POST /NAME.git/git-receive-pack
 *
 * @module
 */
import { AppError } from "../../model/errors.ts";
import { Name } from "../../model/ids.ts";

export type GitService = "git-upload-pack" | "git-receive-pack";

/** A request of the smart protocol. */
export interface GitRequest {
  repository: string;
  service: GitService;
  /** True for the ref advertisement, false for the exchange of packs. */
  advertise: boolean;
}

/** What of an HTTP request the CGI environment needs. */
export interface CgiInput {
  root: string;
  user: string;
  method: string;
  contentType: string | null;
  contentLength: string | null;
  contentEncoding: string | null;
  gitProtocol: string | null;
}

const PATH = /^\/([^/]+)\.git\/(info\/refs|git-upload-pack|git-receive-pack)$/;

/** True for a path that belongs to git clients, well-formed or not. */
export function isGitPath(pathname: string): boolean {
  return /^\/[^/]+\.git(\/|$)/.test(pathname);
}

function isService(value: string | null): value is GitService {
  return value === "git-upload-pack" || value === "git-receive-pack";
}

/**
 * Parses the request line of a git client.
 *
 * @throws {AppError} `not_found` for a path that is not of the smart protocol,
 * `invalid` for a bad repository name, `refused` for the dumb protocol.
 */
export function parseGitRequest(
  method: string,
  pathname: string,
  query: URLSearchParams,
): GitRequest {
  const match = PATH.exec(pathname);
  if (match === null) {
    throw new AppError(
      "not_found",
      `There is nothing at ${pathname.slice(0, 200)}`,
      {
        hint: "clone with: git clone URL/NAME.git",
      },
    );
  }
  const [, repository = "", action = ""] = match;
  if (!Name.safeParse(repository).success) {
    throw new AppError(
      "invalid",
      `"${
        repository.slice(0, 80)
      }" is no repository name: use 1 to 63 lower-case letters, digits or inner hyphens`,
    );
  }
  const advertise = action === "info/refs";
  const service = advertise ? query.get("service") : action;
  if (!isService(service)) {
    throw new AppError("refused", "Only git's smart HTTP protocol is served", {
      hint: "use git 1.6.6 or later",
    });
  }
  const expected = advertise ? "GET" : "POST";
  if (method !== expected) {
    throw new AppError(
      "invalid",
      `${method} is not possible here: git sends ${expected}`,
    );
  }
  return { repository, service, advertise };
}

/** The role a git request needs: reading is a viewer's, pushing a publisher's. */
export function roleFor(request: GitRequest): "viewer" | "publisher" {
  return request.service === "git-receive-pack" ? "publisher" : "viewer";
}

/** A header value that may go into an environment; anything odd is dropped, as if it had not been sent. */
function plain(value: string | null): string | undefined {
  return value !== null && /^[\x20-\x7e]{1,256}$/.test(value)
    ? value
    : undefined;
}

/** The CGI environment (RFC 3875) of one request, with nothing of ours in it but what git reads. */
export function cgiEnvironment(
  request: GitRequest,
  input: CgiInput,
): Record<string, string> {
  const action = request.advertise ? "info/refs" : request.service;
  const env: Record<string, string> = {
    GATEWAY_INTERFACE: "CGI/1.1",
    SERVER_PROTOCOL: "HTTP/1.1",
    GIT_PROJECT_ROOT: input.root,
    GIT_HTTP_EXPORT_ALL: "1",
    PATH_INFO: `/${request.repository}.git/${action}`,
    QUERY_STRING: request.advertise ? `service=${request.service}` : "",
    REQUEST_METHOD: input.method,
    REMOTE_USER: input.user,
    REMOTE_ADDR: "127.0.0.1",
  };
  const optional = {
    CONTENT_TYPE: plain(input.contentType),
    // Absent for a chunked body: http-backend then reads to the end.
    CONTENT_LENGTH: /^[0-9]{1,15}$/.test(input.contentLength ?? "")
      ? input.contentLength ?? undefined
      : undefined,
    HTTP_CONTENT_ENCODING: plain(input.contentEncoding),
    GIT_PROTOCOL: plain(input.gitProtocol),
  };
  for (const [key, value] of Object.entries(optional)) {
    if (value !== undefined) env[key] = value;
  }
  return env;
}
