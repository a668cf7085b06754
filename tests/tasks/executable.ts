/**
 * Makes the one executable: by `deno compile` where its runtime can be had,
 * else a self-extracting file of the deno that runs this and the bundled
 * program.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { AppError } from "../../roles/model/errors.ts";
import { runChecked, runProcess } from "../../roles/process/mod.ts";
import manifest from "../../deno.json" with { type: "json" };
import { lightened } from "./core/light_start.ts";
import { selfExtractHeader } from "./core/self_extract.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
/** `deno compile` downloads 40 MB, or finds out that it cannot: name look-ups give up within this. */
const COMPILE_TIMEOUT_MS = 120_000;

/** True when the file is our program: a runtime that is the deno CLI itself would print another version. */
async function isProcurator(
  file: string,
  directory: string,
): Promise<boolean> {
  try {
    const text = await runChecked(file, ["--version"], {
      timeoutMs: 30_000,
      // Not into the cache of whoever compiles: each build would leave 100 MB there.
      env: { PROCURATOR_CACHE_DIR: `${directory}/cache` },
    });
    return text.trim() === manifest.version;
  } catch {
    return false;
  }
}

/** The first cause that deno names below its headline. */
function causeOf(text: string): string {
  const causes = text.split("\n").filter((line) => /^ +\d+: \w/.test(line));
  const cause = causes.find((line) => line.includes("error")) ?? causes[0] ??
    text.split("\n")[0] ?? "";
  return cause.replace(/^ +\d+: /, "");
}

/** Tries the real thing. Null when it worked, else why not. */
async function denoCompile(
  out: string,
  directory: string,
): Promise<string | null> {
  try {
    const args = [
      "compile",
      "--allow-all",
      "--no-check",
      "--quiet",
      "--output",
      out,
      "main.ts",
    ];
    const result = await runProcess(Deno.execPath(), args, {
      cwd: ROOT,
      timeoutMs: COMPILE_TIMEOUT_MS,
      env: { NO_COLOR: "1" },
    });
    if (result.code !== 0) return causeOf(result.stderrTail);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  return await isProcurator(out, directory)
    ? null
    : "its output is not this program";
}

/**
 * Writes the program into `directory` and returns its files, of which
 * `procurator.js` is the one that is run: in parts, so that a command loads
 * what it runs and not the roles of a cluster, which takes three times as long.
 */
async function bundle(directory: string): Promise<string[]> {
  await runChecked(Deno.execPath(), [
    "bundle",
    "--quiet",
    "--platform=deno",
    "--minify",
    "--code-splitting",
    "--outdir",
    directory,
    "main.ts",
  ], { cwd: ROOT });
  await Deno.rename(`${directory}/main.js`, `${directory}/procurator.js`);
  const names = new Set<string>();
  for await (const { name } of Deno.readDir(directory)) names.add(name);
  for (const name of names) {
    const file = `${directory}/${name}`;
    const text = await Deno.readTextFile(file);
    await Deno.writeTextFile(file, lightened(text, names));
  }
  return [...names].sort();
}

async function sha256Of(file: string): Promise<string> {
  const hash = createHash("sha256");
  using opened = await Deno.open(file);
  for await (const chunk of opened.readable) hash.update(chunk);
  return hash.digest("hex");
}

/** Writes the self-extracting file `out`, using `directory` for what it is made of. */
export async function makeSelfExtracting(
  directory: string,
  out: string,
): Promise<void> {
  await Deno.copyFile(Deno.execPath(), `${directory}/deno`);
  await Deno.chmod(`${directory}/deno`, 0o755);
  const program = `${directory}/program`;
  await Deno.mkdir(program);
  const names = await bundle(program);
  const sums = [await sha256Of(`${directory}/deno`)];
  for (const name of names) {
    sums.push(name, await sha256Of(`${program}/${name}`));
  }
  const hash = createHash("sha256").update(sums.join()).digest("hex").slice(
    0,
    32,
  );
  const header = selfExtractHeader({ version: manifest.version, hash });
  // Sorted, without times and owners: the same input gives the same file.
  await runChecked("tar", [
    "--sort=name",
    "--mtime=@0",
    "--owner=0",
    "--group=0",
    "--numeric-owner",
    "--use-compress-program=gzip -n",
    "-cf",
    `${directory}/payload`,
    "-C",
    directory,
    "deno",
    "-C",
    program,
    ...names,
  ]);
  await Deno.writeTextFile(out, header);
  using from = await Deno.open(`${directory}/payload`);
  using to = await Deno.open(out, { append: true });
  await from.readable.pipeTo(to.writable);
  await Deno.chmod(out, 0o755);
}

/**
 * Writes the executable `out` on the same file system as `directory`, and
 * returns how it was made.
 *
 * @throws {AppError} `failed` when what was made does not run.
 */
export async function makeExecutable(
  directory: string,
  out: string,
): Promise<string> {
  const made = `${directory}/procurator`;
  const why = await denoCompile(made, directory);
  if (why !== null) {
    await Deno.remove(made).catch(() => undefined);
    await makeSelfExtracting(directory, made);
    if (!await isProcurator(made, directory)) {
      throw new AppError("failed", `The executable ${made} does not run`);
    }
  }
  await Deno.rename(made, out);
  return why === null
    ? "by deno compile"
    : `as a self-extracting file (deno compile is not possible here: ${why})`;
}
