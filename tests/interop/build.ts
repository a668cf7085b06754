/**
 * Builds the C++ side of the interop tests and of the benchmark, once for
 * each state of its sources.
 *
 * Needs g++, capnp and libcapnp-dev from Debian.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { tmpdir } from "node:os";
import { join } from "node:path";

const HERE = new URL("./", import.meta.url).pathname;
const SOURCES = ["interop.capnp", "service.h", "server.c++", "client.c++"];
const LIBRARIES = ["capnp-rpc", "capnp", "kj-async", "kj"];

export interface CppPrograms {
  server: string;
  client: string;
}

async function run(program: string, args: readonly string[]): Promise<void> {
  let output: Deno.CommandOutput;
  try {
    output = await new Deno.Command(program, {
      args: [...args],
      cwd: HERE,
      stdout: "null",
      stderr: "piped",
    }).output();
  } catch (cause) {
    throw new Error(
      `Cannot run ${program}: install g++, capnproto and libcapnp-dev with apt-get`,
      { cause },
    );
  }
  if (!output.success) {
    throw new Error(
      `${program} failed: ${new TextDecoder().decode(output.stderr)}`,
    );
  }
}

async function compile(directory: string, name: string): Promise<void> {
  await run("g++", [
    "-std=c++17",
    "-O2",
    `-I${directory}`,
    `-I${HERE}`,
    `${HERE}${name}.c++`,
    join(directory, "interop.capnp.c++"),
    "-o",
    join(directory, name),
    ...LIBRARIES.map((library) => `-l${library}`),
    "-pthread",
  ]);
}

/** Paths of the built programs. */
export async function buildCpp(): Promise<CppPrograms> {
  const hash = createHash("sha256");
  for (const source of SOURCES) {
    hash.update(await Deno.readFile(HERE + source));
  }
  const digest = hash.digest("hex").slice(0, 16);
  const kept = join(tmpdir(), `procurator-interop-${digest}`);
  const programs = {
    server: join(kept, "server"),
    client: join(kept, "client"),
  };
  const there = await Deno.stat(programs.client).catch(() => undefined);
  if (there !== undefined) return programs;
  const directory = await Deno.makeTempDir({ prefix: "procurator-interop-" });
  await run("capnp", [
    "compile",
    `-oc++:${directory}`,
    `--src-prefix=${HERE}`,
    `${HERE}interop.capnp`,
  ]);
  await Promise.all([
    compile(directory, "server"),
    compile(directory, "client"),
  ]);
  // Whoever builds at the same time may have been first: theirs is as good.
  await Deno.rename(directory, kept).catch(() =>
    Deno.remove(directory, { recursive: true })
  );
  return programs;
}
