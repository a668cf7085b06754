/**
 * Who asks the servers: wrk for narinfos, a curl for each connection of nars.
 * nix fetches with the same library as curl. Neither runs in this process, which
 * must not be what is measured.
 *
 * @module
 */
import type { Contents } from "./contents.ts";

/** wrk asks for the paths in their order, again and again. */
const SCRIPT = `local paths = {}
for line in io.lines(os.getenv("PATHS_FILE")) do paths[#paths + 1] = line end
local at = 0
request = function()
  at = at % #paths + 1
  return wrk.format("GET", paths[at])
end
`;

async function output(
  program: string,
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<string> {
  const { code, stdout, stderr } = await new Deno.Command(program, {
    args: [...args],
    env,
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  if (code !== 0) {
    throw new Error(`${program} ended with ${code}: ${decoder.decode(stderr)}`);
  }
  return decoder.decode(stdout);
}

/** Asks for narinfos one after the other on one connection. */
export class NarInfoClient {
  private constructor(
    private readonly script: string,
    private readonly paths: string,
  ) {}

  static async make(dir: string, contents: Contents): Promise<NarInfoClient> {
    const client = new NarInfoClient(`${dir}/ask.lua`, `${dir}/narinfos`);
    await Deno.writeTextFile(client.script, SCRIPT);
    await Deno.writeTextFile(client.paths, contents.narinfos.join("\n") + "\n");
    return client;
  }

  /** Answers per second. */
  async run(url: string, forSeconds: number): Promise<number> {
    const args = ["-t1", "-c1", `-d${forSeconds}s`, "-s", this.script, url];
    const text = await output("wrk", args, { PATHS_FILE: this.paths });
    const rate = Number(/Requests\/sec:\s+([\d.]+)/.exec(text)?.[1]);
    if (!(rate > 0) || /Non-2xx/.test(text)) {
      throw new Error(`wrk failed:\n${text}`);
    }
    return rate;
  }
}

/** Fetches all of them on one connection and throws them away. */
async function fetchAll(urls: readonly string[]): Promise<void> {
  const wanted = urls.flatMap((url) => ["--output", "/dev/null", url]);
  await output("curl", ["--silent", "--show-error", "--fail", ...wanted]);
}

/** Pulls `each` nars over each of `connections`, all at once. */
export async function pullNars(
  url: string,
  contents: Contents,
  { connections, each }: { connections: number; each: number },
): Promise<void> {
  const { nars } = contents;
  await Promise.all(
    Array.from({ length: connections }, (_, first) =>
      fetchAll(
        Array.from(
          { length: each },
          (_, at) => url + nars[(first + at) % nars.length],
        ),
      )),
  );
}

/** Pulls one over each of `connections`. */
export async function pullOne(url: string, connections: number): Promise<void> {
  await Promise.all(
    Array.from({ length: connections }, () => fetchAll([url])),
  );
}

/** Clients that take a little at a time, until they are disposed of. */
export function slowClients(
  url: string,
  connections: number,
): AsyncDisposable {
  const rate = ["--limit-rate", "1M"];
  const children = Array.from(
    { length: connections },
    () =>
      new Deno.Command("curl", {
        args: ["--silent", "--fail", ...rate, "--output", "/dev/null", url],
        stdin: "null",
        stdout: "null",
        stderr: "inherit",
      }).spawn(),
  );
  return {
    async [Symbol.asyncDispose]() {
      for (const child of children) {
        try {
          child.kill("SIGKILL");
        } catch {
          // It has ended.
        }
        await child.status;
      }
    },
  };
}
