/**
 * A real nginx with a configuration of its own, in the foreground.
 *
 * @module
 */
import { until } from "./wait.ts";

/** A port that was free a moment ago: nginx cannot say which one it took. */
export function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

/** One that listens. */
export interface Nginx extends AsyncDisposable {
  /** The processes that serve, without their master. */
  workers: number[];
}

/** Ids of the processes that `pid` started. */
async function childrenOf(pid: number): Promise<number[]> {
  const text = await Deno.readTextFile(`/proc/${pid}/task/${pid}/children`);
  return text.split(" ").filter((word) => word !== "").map(Number);
}

/**
 * Starts it over `dir`, which keeps all that it writes.
 *
 * @param http what is in `http { }`.
 * @param url answers once it listens.
 */
export async function startNginx(
  dir: string,
  { http, url, workers = 1 }: { http: string; url: string; workers?: number },
): Promise<Nginx> {
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    .map((name) => `${name}_temp_path ${dir}/${name};`).join("\n  ");
  const isRoot = Deno.uid() === 0;
  await Deno.writeTextFile(
    `${dir}/nginx.conf`,
    `${isRoot ? "user root;\n" : ""}worker_processes ${workers};
daemon off;
pid ${dir}/nginx.pid;
error_log ${dir}/error.log;
events { worker_connections 768; }
http {
  access_log off;
  ${temporary}
  ${http}
}
`,
  );
  const child = new Deno.Command("nginx", {
    args: ["-c", `${dir}/nginx.conf`, "-e", `${dir}/error.log`],
    stdin: "null",
    stdout: "null",
    stderr: "inherit",
  }).spawn();
  const stop = async () => {
    try {
      child.kill("SIGTERM");
    } catch {
      // It ended by itself.
    }
    await child.status;
  };
  try {
    await until("nginx answers", async () => {
      const answer = await fetch(url);
      await answer.body?.cancel();
      return true;
    }, { timeoutMs: 60_000 });
    const pids = await childrenOf(child.pid);
    return { workers: pids, [Symbol.asyncDispose]: stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
