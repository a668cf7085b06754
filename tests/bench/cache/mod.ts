/**
 * `bench cache`: the cache as a user runs it beside Debian's nginx, which serves
 * the same files from the page cache. One after the other in each round, so that
 * both meet the same machine; the figure is the median of the rounds' ratios.
 *
 * The clients run on the same machine. What they take is printed too: where it
 * is much, it narrows the ratio of throughputs; the ratio of processor time is
 * the servers' alone.
 *
 * @module
 */
import { ensureDebian } from "../../../roles/debian/mod.ts";
import { freePort, startNginx } from "../../support/nginx.ts";
import { tempDir } from "../../support/temp.ts";
import { until } from "../../support/wait.ts";
import { median } from "../median.ts";
import { NarInfoClient, pullNars, pullOne, slowClients } from "./clients.ts";
import { type Contents, fill } from "./contents.ts";
import { run as transfer } from "./one_request.ts";
import {
  cpuSeconds,
  endedChildrenCpuSeconds,
  peakRssMib,
} from "./processes.ts";

const ROUNDS = 5;
const CONNECTIONS = 16;
/** 2 GiB in each round: a second or two. */
const NARS_EACH = 2;
const NARINFO_SECONDS = 2;
/** The bound on memory is for so many. */
const CLIENTS = 64;
/** The sources may have to be checked and compiled first. */
const START_MS = 120_000;
const ROOT = new URL("../../../", import.meta.url).pathname;

/** What came of it; the first six are the goals. */
export interface CacheResult {
  narinfoRatio: number;
  narThroughputRatio: number;
  cpuPerGiBRatio: number;
  cpuPerGiBRatioNoSendfile: number;
  rssMiB: number;
  oneRequest: { requests: number; speedupAt50ms: number };
  rssMiBBesideSlow: number;
  /** Medians. */
  narinfosPerSecond: Record<string, number>;
  gibPerSecond: Record<string, number>;
  cpuSecondsPerGib: Record<string, number>;
  /** What the curls took, whoever served them. */
  clientCpuSecondsPerGib: Record<string, number>;
}

interface Server {
  name: "cache" | "nginx" | "nginxNoSendfile";
  url: string;
  pids: number[];
}

interface Measured {
  narinfosPerSecond: number;
  gibPerSecond: number;
  cpuSecondsPerGib: number;
  clientCpuSecondsPerGib: number;
}

/** `procurator cache` in a process of its own. */
async function startUsersCache(
  stateDir: string,
): Promise<{ url: string; pid: number } & AsyncDisposable> {
  const url = `http://127.0.0.1:${freePort()}`;
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "-A", "main.ts", "cache"],
      ...["--state-dir", stateDir, "--listen", new URL(url).host],
    ],
    cwd: ROOT,
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  await until("the cache listens", async () => {
    const answer = await fetch(`${url}/healthz`);
    await answer.body?.cancel();
    return answer.ok;
  }, { timeoutMs: START_MS });
  return {
    url,
    pid: child.pid,
    async [Symbol.asyncDispose]() {
      child.kill("SIGTERM");
      await child.status;
    },
  };
}

/** As Debian configures it, and with sendfile off; no access log, as we write none. */
function sites(wwwDir: string, ports: { on: number; off: number }): string {
  const site = (port: number, sendfile: "on" | "off") =>
    `server { listen 127.0.0.1:${port}; root ${wwwDir}; sendfile ${sendfile}; }`;
  return `tcp_nopush on;
  types { text/x-nix-narinfo narinfo; application/x-nix-nar nar; }
  ${site(ports.on, "on")}
  ${site(ports.off, "off")}`;
}

async function measure(
  { url, pids }: Server,
  contents: Contents,
  narinfos: NarInfoClient,
): Promise<Measured> {
  const narinfosPerSecond = await narinfos.run(url, NARINFO_SECONDS);
  const gib = CONNECTIONS * NARS_EACH * contents.narMib / 1024;
  const before = { cpu: cpuSeconds(pids), client: endedChildrenCpuSeconds() };
  const start = performance.now();
  await pullNars(url, contents, {
    connections: CONNECTIONS,
    each: NARS_EACH,
  });
  const took = (performance.now() - start) / 1000;
  return {
    narinfosPerSecond,
    gibPerSecond: gib / took,
    cpuSecondsPerGib: (cpuSeconds(pids) - before.cpu) / gib,
    clientCpuSecondsPerGib: (endedChildrenCpuSeconds() - before.client) / gib,
  };
}

type Rounds = Record<Server["name"], Measured[]>;

async function measureAll(
  servers: readonly Server[],
  contents: Contents,
  dir: string,
): Promise<Rounds> {
  const narinfos = await NarInfoClient.make(dir, contents);
  const rounds: Rounds = { cache: [], nginx: [], nginxNoSendfile: [] };
  // The first fills the page cache and lets the cache be compiled.
  for (let round = 0; round <= ROUNDS; round++) {
    for (const server of servers) {
      const measured = await measure(server, contents, narinfos);
      if (round > 0) rounds[server.name].push(measured);
      console.error(
        `${round === 0 ? "warming up" : `round ${round}`} ${server.name}: ` +
          Object.entries(measured).map(([key, value]) =>
            `${key} ${value.toFixed(2)}`
          ).join(", "),
      );
    }
  }
  return rounds;
}

/** The median of the rounds' ratios of the cache to another. */
function ratio(
  rounds: Rounds,
  to: Server["name"],
  key: keyof Measured,
): number {
  const ratios = rounds.cache.map((ours, at) =>
    ours[key] / (rounds[to][at]?.[key] ?? NaN)
  );
  return Number(median(ratios).toFixed(2));
}

function medians(rounds: Rounds, key: keyof Measured): Record<string, number> {
  return Object.fromEntries(
    Object.entries(rounds).map(([name, list]) => [
      name,
      Number(median(list.map((measured) => measured[key])).toFixed(2)),
    ]),
  );
}

/** While 64 take all they can get; then beside as many that take 1 MiB a second. */
async function measureMemory(
  url: string,
  pid: number,
  contents: Contents,
): Promise<{ rssMiB: number; rssMiBBesideSlow: number }> {
  const large = url + contents.large;
  console.error(`${CLIENTS} clients pull 1 GiB each`);
  await pullOne(large, CLIENTS);
  const rssMiB = peakRssMib(pid);
  console.error("once more, beside as many slow ones");
  await using _slow = slowClients(large, CLIENTS);
  await pullOne(large, CLIENTS);
  return { rssMiB, rssMiBBesideSlow: peakRssMib(pid) };
}

/** All but the transfer. */
export async function besideNginx(): Promise<Omit<CacheResult, "oneRequest">> {
  await using dir = await tempDir("bc");
  const stateDir = `${dir.path}/cache`;
  const wwwDir = `${dir.path}/www`;
  console.error("pushing what is served");
  const contents = await fill(stateDir, wwwDir);
  const ports = { on: freePort(), off: freePort() };
  const nginxUrl = `http://127.0.0.1:${ports.on}`;
  await using nginx = await startNginx(dir.path, {
    http: sites(wwwDir, ports),
    url: nginxUrl,
    workers: 2,
  });
  await using cache = await startUsersCache(stateDir);
  const servers: Server[] = [
    { name: "cache", url: cache.url, pids: [cache.pid] },
    { name: "nginx", url: nginxUrl, pids: nginx.workers },
    {
      name: "nginxNoSendfile",
      url: `http://127.0.0.1:${ports.off}`,
      pids: nginx.workers,
    },
  ];
  const rounds = await measureAll(servers, contents, dir.path);
  return {
    narinfoRatio: ratio(rounds, "nginx", "narinfosPerSecond"),
    narThroughputRatio: ratio(rounds, "nginx", "gibPerSecond"),
    cpuPerGiBRatio: ratio(rounds, "nginx", "cpuSecondsPerGib"),
    cpuPerGiBRatioNoSendfile: ratio(
      rounds,
      "nginxNoSendfile",
      "cpuSecondsPerGib",
    ),
    ...await measureMemory(cache.url, cache.pid, contents),
    narinfosPerSecond: medians(rounds, "narinfosPerSecond"),
    gibPerSecond: medians(rounds, "gibPerSecond"),
    cpuSecondsPerGib: medians(rounds, "cpuSecondsPerGib"),
    clientCpuSecondsPerGib: medians(rounds, "clientCpuSecondsPerGib"),
  };
}

/** Measures beside nginx, then the transfer of a closure beside stock nix. */
export async function run(): Promise<CacheResult> {
  await ensureDebian(["nginx", "curl", "wrk", "nix"], {
    report: (line) => console.error(line),
  });
  const measured = await besideNginx();
  const { requests, speedupAt50ms } = await transfer();
  const {
    narinfoRatio,
    narThroughputRatio,
    cpuPerGiBRatio,
    cpuPerGiBRatioNoSendfile,
    rssMiB,
    ...more
  } = measured;
  return {
    narinfoRatio,
    narThroughputRatio,
    cpuPerGiBRatio,
    cpuPerGiBRatioNoSendfile,
    rssMiB,
    oneRequest: { requests, speedupAt50ms },
    ...more,
  };
}
