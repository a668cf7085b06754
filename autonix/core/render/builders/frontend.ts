/**
 * Packages of Node.js that an application of another language builds its pages
 * with: `npm ci && npm run build` of a Laravel project.
 *
 * npm's are taken from its lock file. Those of yarn and pnpm are fetched with
 * what the application's own manager fetches, so that one hash is left.
 *
 * @module
 */
import type { AnalysedApplication } from "../../../../roles/model/analysis.ts";
import { joinPath } from "../../file_tree.ts";
import { because, fileEvidence, jsonOf, type RenderFacts } from "../facts.ts";
import { nixString } from "../nix_text.ts";
import { RUNTIMES } from "../nixpkgs_release.ts";
import type { Asked, BuildLine, BuildPlan } from "./plan.ts";

/** `npm ci --prefix assets`, as one of several commands. */
const INSTALL =
  /(?<=^|&&)\s{0,9}(npm|yarn|pnpm) (?:ci|install|i)(?:\s{1,9}--?(?!prefix|cwd|dir|C)[\w=-]{1,60}){0,6}(?:\s{1,9}(?:--prefix|--cwd|--dir|-C)[ =]([\w./-]{1,100}))?(?:\s{1,9}--?[\w=-]{1,60}){0,6}\s{0,9}(?:&&|$)/;

const LOCKS = {
  npm: "package-lock.json",
  yarn: "yarn.lock",
  pnpm: "pnpm-lock.yaml",
} as const;

interface Frontend {
  manager: keyof typeof LOCKS;
  /** Below the application. */
  folder: string;
  lock: string;
}

const JAVASCRIPT = new Set(["npm", "yarn", "pnpm", "bun", "deno"]);

export function frontendOf(
  { commands, packageManager, path }: AnalysedApplication,
  facts: RenderFacts,
): Frontend | null {
  if (JAVASCRIPT.has(packageManager?.value ?? "")) return null;
  const found = INSTALL.exec((commands.build?.value ?? "").slice(0, 4000));
  const manager = found?.[1];
  if (manager !== "npm" && manager !== "yarn" && manager !== "pnpm") {
    return null;
  }
  const folder = joinPath(".", found?.[2] ?? ".");
  const lock = folder === null ? null : joinPath(
    path,
    folder === "." ? LOCKS[manager] : `${folder}/${LOCKS[manager]}`,
  );
  return folder === null || lock === null || !facts.has(lock)
    ? null
    : { manager, folder, lock };
}

/** Build commands without the one that installs: it would ask the network. */
export function withoutInstall(command: string | null): string | null {
  const rest = command?.replace(INSTALL, "").trim() ?? "";
  return rest === "" ? null : rest;
}

const FETCH = {
  yarn: ["pkgs.yarn", "yarn install --frozen-lockfile --ignore-scripts"],
  pnpm: [
    "pkgs.pnpm_9",
    // Flat, and without the day on which it was made.
    "pnpm install --frozen-lockfile --ignore-scripts --config.node-linker=hoisted && rm -f node_modules/.modules.yaml",
  ],
} as const;

export interface FetchedBeside {
  tools: readonly string[];
  command: string;
  folders: readonly string[];
}

/** What is fetched beside the application's own packages; null: nothing. */
export function fetchedBeside(
  { application, facts }: Asked,
): FetchedBeside | null {
  const frontend = frontendOf(application, facts);
  if (frontend === null || frontend.manager === "npm") return null;
  const [tool, command] = FETCH[frontend.manager];
  const { folder } = frontend;
  return {
    tools: [tool, `pkgs.${RUNTIMES.nodejs.standard}`],
    command: folder === "." ? command : `(cd ${folder} && ${command})`,
    folders: [folder === "." ? "node_modules" : `${folder}/node_modules`],
  };
}

/** npm's packages, put in place before the build by nixpkgs' hook. */
export function withFrontend(
  { application, facts }: Asked,
  own: BuildPlan,
): BuildPlan {
  const frontend = frontendOf(application, facts);
  if (frontend === null) return own;
  const { folder, lock, manager } = frontend;
  const build = (command: string | null) => own.build(withoutInstall(command));
  if (manager !== "npm") {
    const isFetched = own.lines.some(({ text }) =>
      text.includes("node_modules")
    );
    return isFetched
      ? {
        ...own,
        build,
        tools: [...own.tools, manager === "pnpm" ? "pnpm_9" : manager],
      }
      : own;
  }
  const packages = jsonOf(facts, lock)?.["packages"];
  const isTaken = own.root !== application.path ||
    own.arguments.some(({ text }) => text.startsWith("nativeBuildInputs")) ||
    typeof packages !== "object" || packages === null;
  if (isTaken) return own;
  const why = because("npm's packages, which its pages are built with", [
    fileEvidence(lock),
  ]);
  const root = folder === "."
    ? "source"
    : `(source + ${nixString(`/${folder}`)})`;
  const lines = [
    `npmDeps = pkgs.importNpmLock { npmRoot = ${root}; };`,
    ...folder === "." ? [] : [`npmRoot = ${nixString(folder)};`],
    "nativeBuildInputs = [ pkgs.importNpmLock.npmConfigHook ];",
  ].map((text): BuildLine => ({ text, because: why }));
  return { ...own, build, arguments: [...own.arguments, ...lines] };
}
