/**
 * Shell: scripts of the root or of its `bin`, where a repository has nothing else.
 *
 * The one that is called start.sh, run.sh, main.sh ... is started, else the
 * only one there is. By the shell of its first line: whether a file may be
 * executed does not stand in it.
 *
 * @module
 */
import type { EcosystemDetector } from "../../detector.ts";
import { claim, type Draft, draftOf } from "../../draft.ts";
import { basenameOf, joinPath } from "../../file_tree.ts";
import { at, entriesOf, type Node } from "../../formats/node.ts";
import { fileEvidence, type Reading } from "../../reading.ts";
import {
  claimMentions,
  type Language,
  type PortMention,
} from "../shared/mentions.ts";
import { foundAt } from "../shared/dependency_maps.ts";
import { manifestsOf } from "../shared/places.ts";
import { claimFound } from "../shared/project.ts";
import { shellWord } from "../../shell_word.ts";

/** Names of what is started, the surest first. */
const ENTRIES = [
  "start",
  "run",
  "main",
  "server",
  "serve",
  "app",
  "entrypoint",
  "docker-entrypoint",
  "index",
];
/** What sets up a machine or a work place, and starts nothing. */
const HELPING =
  /^(?:install|uninstall|setup|bootstrap|autogen|configure)\b|^(?:build|tests?|lint|format|deploy|release|clean|update|upgrade|common|lib|functions)$/;
const SHELLS = ["bash", "sh", "zsh", "dash", "ksh", "fish", "ash"];

/** Of `bin` too where somebody tests or installs it: what is there for its owner alone starts nothing. */
function scriptsOf(reading: Reading): string[] {
  const atRoot = scriptsIn(reading, ".");
  if (atRoot.some((file) => !HELPING.test(stemOf(file)))) return atRoot;
  const { tree } = reading;
  const isShared = atRoot.length === 0 || tree.has("Makefile") ||
    tree.withExtension("bats").length > 0;
  return isShared ? [...scriptsIn(reading, "bin"), ...atRoot] : atRoot;
}

/** The shell of `#!/usr/bin/env bash`, `#!/bin/sh -e`; null for another language. */
function shellOf(reading: Reading, file: string): string | null {
  const [first] = reading.lines(file);
  const line = first?.text.slice(0, 200) ?? "";
  if (!line.startsWith("#!")) return file.endsWith(".sh") ? "bash" : null;
  const words = line.slice(2).trim().split(/\s+/)
    .map((word) => word.slice(word.lastIndexOf("/") + 1));
  const named = words.find((word) => word !== "env" && !word.startsWith("-"));
  return named !== undefined && SHELLS.includes(named) ? named : null;
}

function stemOf(file: string): string {
  return basenameOf(file).replace(/\.(?:sh|bash|zsh|fish)$/, "");
}

/** Where a program in a shell lies: the root, or what is copied to `/usr/bin`. */
const PLAIN = ["./*.", "bin/*."];

function scriptsIn(reading: Reading, directory: string): string[] {
  return reading.tree.filesIn(directory)
    .filter((name) => /^[^.]{1,100}(?:\.(?:sh|bash|zsh|fish))?$/.test(name))
    .flatMap((name) => joinPath(directory, name) ?? [])
    .filter((file) => shellOf(reading, file) !== null);
}

function entryOf(scripts: readonly string[]): string | null {
  for (const name of ENTRIES) {
    const found = scripts.find((file) => stemOf(file) === name);
    if (found !== undefined) return found;
  }
  const firm = scripts.filter((file) => !HELPING.test(stemOf(file)));
  return firm.length === 1 ? firm[0] ?? null : null;
}

const CODE = /^(?!.{0,100}(?:config|rc)\.)[^.].{0,100}\.[cm]?[jt]sx?$/;

/** A package.json that only brings tools for testing and checking, where there is no other manifest. */
function toolsOf(reading: Reading): Node | null {
  const [manifest, ...others] = manifestsOf(reading);
  if (manifest !== "package.json" || others.length > 0) return null;
  const root = reading.json(manifest);
  const isOfTools = entriesOf(at(root, "dependencies")).length === 0 &&
    at(root, "main") === null && at(root, "workspaces") === null &&
    at(root, "scripts", "start") === null &&
    !reading.tree.filesIn(".").some((name) => CODE.test(name)) &&
    !["src", "lib", "app"].some((name) => reading.tree.hasDirectory(name));
  return isOfTools ? root : null;
}

/** What shells set themselves. */
const OF_SHELLS =
  /^(?:BASH\w{0,20}|ZSH_\w{1,20}|FUNCNAME|PIPESTATUS|LINENO|SECONDS|RANDOM|OSTYPE|HOSTTYPE|MACHTYPE|IFS|OPTARG|OPTIND|REPLY|EUID|UID|PPID|SHLVL|OLDPWD)$/;

/** Only forms that say that a variable is somebody else's: `${X:-1}`, `${X:?}`. */
const SHELL: Language = {
  extensions: ["sh"],
  variable: /\$\{(?<name>[A-Z]\w{1,99})(?=:?[-?=])/g,
  useOf({ match, after }) {
    if (OF_SHELLS.test(match.groups?.name ?? "")) return null;
    const [, sign = "", value = ""] =
      /^:?([-?=])([^}\n]{0,200})\}/.exec(after) ?? [];
    if (sign === "?") return "required";
    const plain = value.replace(/^(["'])(.*)\1$/, "$2");
    return plain === "" || /[$`]/.test(plain) ? "optional" : { default: plain };
  },
  portHint: /(?!)/g,
  portsOf: (): PortMention[] => [],
  isComment: (line) => /^\s{0,40}#/.test(line),
};

export const shell: EcosystemDetector = {
  ecosystem: "shell",
  reads: {
    manifests: [],
    // Scripts without an ending are known by their first line.
    sources: ["*.sh", "*.bash", "*.zsh", "*.fish", ...PLAIN],
  },
  detect(reading): Draft[] {
    const scripts = scriptsOf(reading);
    const [first] = scripts;
    if (first === undefined) return [];
    const entry = entryOf(scripts);
    const tools = toolsOf(reading);
    const draft = draftOf({
      path: ".",
      ecosystem: "shell",
      role: "application",
      weight: tools === null ? 1 : 2,
    });
    claimFound(draft, "name", foundAt("package.json", at(tools, "name")));
    claim(draft, "language", "shell", "source", fileEvidence(entry ?? first));
    if (entry !== null) {
      const command = `${shellOf(reading, entry)} ${shellWord(entry)}`;
      claim(draft, "start", command, "convention", { file: entry, line: 1 });
      claimMentions(reading, draft, [entry], SHELL);
    }
    const test = reading.tree.withExtension("bats")[0];
    if (test !== undefined) {
      const folder = test.includes("/")
        ? test.slice(0, test.indexOf("/"))
        : ".";
      claim(
        draft,
        "test",
        `bats ${shellWord(folder)}`,
        "convention",
        fileEvidence(test),
      );
    }
    return [draft];
  },
};
