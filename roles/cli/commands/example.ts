/**
 * `example DIR`: writes a project to begin with: the flake, the lib it uses,
 * and the folder with kernel and busybox.
 *
 * @module
 */
import type { Command } from "@commander-js/extra-typings";
import { dirname, join, resolve } from "node:path";
import { AppError, Name, parseWith } from "../../model/mod.ts";
import { runChecked } from "../../process/mod.ts";
import type { CliContext } from "../context.ts";
import { examples, printJson } from "../flags.ts";

/** Room for a slow or busy machine, unlike the demo's. */
const HEALTHY_DEADLINE_MS = 120_000;
const PROGRESS_DEADLINE_MS = 600_000;

/** What the web server of the example answers. */
const PAGE = "<h1>It runs</h1>\n<p>Change page.html, commit, push.</p>\n";

async function requireEmpty(directory: string): Promise<void> {
  try {
    for await (const entry of Deno.readDir(directory)) {
      throw new AppError(
        "refused",
        `Cannot write the example to ${directory}: it is not empty, "${entry.name}" is there`,
        { hint: "name a directory that is not there yet" },
      );
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

async function writeFiles(
  directory: string,
  files: Readonly<Record<string, string>>,
): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    const file = join(directory, path);
    await Deno.mkdir(dirname(file), { recursive: true });
    await Deno.writeTextFile(file, text);
  }
}

/** Kernel, modules and busybox as `debian/` of the project. */
async function fetchKernel(
  context: CliContext,
  directory: string,
  name: string,
): Promise<void> {
  context.err("fetching kernel and busybox from Debian's packages...\n");
  const { kernelFolder } = await import("../../debian/mod.ts");
  const work = await Deno.makeTempDir({ dir: directory, prefix: ".debian-" });
  const folder = await kernelFolder(work, {
    report: (line) => context.err(`  ${line}\n`),
  });
  await Deno.rename(folder, join(directory, name));
  await Deno.remove(work, { recursive: true });
}

async function write(
  context: CliContext,
  directory: string,
  cluster: string,
): Promise<string[]> {
  await requireEmpty(directory);
  const { DEBIAN_DIR, FETCH_SCRIPT, sampleProjectFiles } = await import(
    "../../../nix/examples/sample_project.ts"
  );
  const files: Record<string, string> = {
    ...sampleProjectFiles({
      content: PAGE,
      cluster,
      deadlines: {
        healthyDeadlineMs: HEALTHY_DEADLINE_MS,
        progressDeadlineMs: PROGRESS_DEADLINE_MS,
      },
    }),
    "fetch.sh": FETCH_SCRIPT,
  };
  try {
    await writeFiles(directory, files);
    await fetchKernel(context, directory, DEBIAN_DIR);
    await runChecked("git", ["-C", directory, "init", "-q", "-b", "main"], {
      missingHint: "apt-get install git",
    });
  } catch (error) {
    // It was empty: what is there now is ours, and a second try needs the room.
    await Deno.remove(directory, { recursive: true });
    throw error;
  }
  return [...Object.keys(files), DEBIAN_DIR];
}

export function addExample(program: Command, context: CliContext): void {
  program.command("example")
    .argument("<dir>", "a directory that is not there yet")
    .description(
      "write a project to begin with: a web server in two small VMs",
    )
    .option("--cluster <name>", "the cluster it describes", "shop")
    .option("--json", "print JSON and nothing else")
    .addHelpText("after", examples("example shop"))
    .action(async (dir, flags) => {
      const cluster = parseWith(Name, flags.cluster, {
        what: "the cluster's name",
      });
      const directory = resolve(dir);
      const files = await write(context, directory, cluster);
      if (flags.json === true) {
        return printJson(context, { directory, cluster, files });
      }
      context.out(
        `wrote ${directory}, a Git repository without a commit yet; next:\n` +
          [
            `cd ${dir}`,
            'git add -A && git commit -m "open the shop"',
            `procurator repo create ${cluster} --remote procurator`,
            "git push procurator main",
          ].map((line) => `  ${line}\n`).join(""),
      );
    });
}
