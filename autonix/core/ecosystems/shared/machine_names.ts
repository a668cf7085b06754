/**
 * Variables that a machine, a shell or a platform sets, whatever the language:
 * none of them is asked of who runs an application. A language adds its tools'.
 *
 * @module
 */
const NAMES: ReadonlySet<string> = new Set([
  "PATH",
  "HOME",
  "PWD",
  "USER",
  "USERNAME",
  "USERPROFILE",
  "SHELL",
  "TERM",
  "LANG",
  "TMPDIR",
  "TEMP",
  "TMP",
  "HOSTNAME",
  "APPDATA",
  "LOCALAPPDATA",
  "EDITOR",
  "CI",
  "NO_COLOR",
  "FORCE_COLOR",
  "VERCEL",
  "NETLIFY",
  "RENDER",
  "DYNO",
  "K_SERVICE",
  "K_REVISION",
  // Of the images of languages.
  "PYTHON_VERSION",
  "RUBY_VERSION",
  "PHP_VERSION",
  "GOLANG_VERSION",
]);
const PREFIXES: readonly string[] = [
  "npm_",
  "GITHUB_",
  "GITLAB_",
  "CI_",
  "BUILDKITE_",
  "CIRCLE_",
  "TRAVIS_",
  "VERCEL_",
  "NETLIFY_",
  "RAILWAY_",
  "RENDER_",
  "FLY_",
  "HEROKU_",
  "KUBERNETES_",
  "AWS_LAMBDA_",
  "XDG_",
  "LC_",
];

/** True for a name that is set without anybody's doing. */
export function isOfMachine(name: string): boolean {
  return NAMES.has(name) || PREFIXES.some((prefix) => name.startsWith(prefix));
}
