/**
 * The programs that change this host's network: ip, bridge, tc, nft, sysctl,
 * ss. Owns how they are run; what they are told comes from core/.
 *
 * Lines for `ip` that are asked for at once share one process: making twenty
 * cards costs little more than making one.
 *
 * @module
 */
import { AppError } from "../../model/errors.ts";
import { runProcess, type RunResult } from "../../process/mod.ts";
import {
  FORWARDED,
  type FoundForward,
  parseForwards,
  parseTable,
} from "./core/nft_found.ts";
import type { FoundTable } from "./core/nft_script.ts";
import { type Link, parseLinks } from "./core/links.ts";

/** Each ends in milliseconds; the kernel may hold one while another namespace is being taken down. */
const TIMEOUT_MS = 30_000;
const HINTS: Readonly<Record<string, string>> = {
  ip: "apt-get install iproute2",
  bridge: "apt-get install iproute2",
  tc: "apt-get install iproute2",
  ss: "apt-get install iproute2",
  nft: "apt-get install nftables",
  sysctl: "apt-get install procps",
  dnsmasq: "apt-get install --no-install-recommends dnsmasq-base",
};

interface BatchRequest {
  readonly lines: readonly string[];
  readonly done: () => void;
  readonly failed: (error: AppError) => void;
}

function failure(program: string, what: string, result: RunResult): AppError {
  const said = result.stderrTail.trim() || `exit code ${result.code}`;
  const isDenied = /not permitted|permission denied/i.test(said);
  const isTaken = /address already in use/i.test(said);
  const hint = isDenied
    ? "run the worker as root, or set network.mode user"
    : isTaken
    ? "another name server of this host listens at every address: let it listen at its own"
    : undefined;
  return new AppError(
    isDenied ? "missing_dependency" : "failed",
    `Cannot ${what}: ${program} says "${said.slice(0, 1000)}"`,
    hint === undefined ? {} : { hint },
  );
}

export class Commands {
  readonly #prefix: readonly string[];
  #waiting: BatchRequest[] = [];
  #isBatching = false;

  /** @param prefix words in front of every program: `ip netns exec NAME`. */
  constructor(prefix: readonly string[] = []) {
    this.#prefix = prefix;
  }

  /** Runs a program to its end, whatever its exit code. @throws {AppError} `missing_dependency`. */
  async run(
    program: string,
    args: readonly string[],
    stdin?: string,
  ): Promise<RunResult> {
    const [first = program, ...rest] = [...this.#prefix, program];
    return await runProcess(first, [...rest, ...args], {
      timeoutMs: TIMEOUT_MS,
      sharesGroup: true,
      missingHint: HINTS[program] ?? `install ${program}`,
      ...(stdin === undefined
        ? {}
        : { stdin: new TextEncoder().encode(stdin) }),
    });
  }

  /** Its standard output. @throws {AppError} `failed` with what it said. */
  async checked(
    what: string,
    program: string,
    args: readonly string[],
    stdin?: string,
  ): Promise<string> {
    const result = await this.run(program, args, stdin);
    if (result.code !== 0) throw failure(program, what, result);
    return result.stdout;
  }

  /** One transaction. @throws {AppError} `failed`; nothing has changed then. */
  async nft(script: string): Promise<void> {
    await this.checked("load the guests' rules", "nft", ["-f", "-"], script);
  }

  /** What the kernel has of a table; null: nothing. Without elements: guests fill sets with what they look up. */
  async table(family: string, name: string): Promise<FoundTable | null> {
    const args = ["-j", "-t", "list", "table", family, name];
    const { code, stdout } = await this.run("nft", args);
    return code === 0 ? parseTable(stdout, family) : null;
  }

  /** The host ports that a table leads to guests. */
  async forwards(name: string): Promise<readonly FoundForward[]> {
    const args = ["-j", "list", "map", "inet", name, FORWARDED];
    const { code, stdout } = await this.run("nft", args);
    return code === 0 ? parseForwards(stdout) : [];
  }

  /** Every interface of this host. */
  async links(): Promise<Link[]> {
    const args = ["-s", "-j", "-d", "link", "show"];
    return parseLinks(await this.checked("list interfaces", "ip", args));
  }

  /**
   * Lines for `ip`, in order; a failing one ends its own request only.
   *
   * @throws {AppError} `failed` with what ip said of the line.
   */
  ip(lines: readonly string[]): Promise<void> {
    if (lines.length === 0) return Promise.resolve();
    const asked = Promise.withResolvers<void>();
    this.#waiting.push({ lines, done: asked.resolve, failed: asked.reject });
    if (!this.#isBatching) void this.#batch();
    return asked.promise;
  }

  /** Answers whoever asks until nobody does; never rejects. */
  async #batch(): Promise<void> {
    this.#isBatching = true;
    // What is asked for in this very turn of the event loop comes along.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const requests = this.#waiting.splice(0);
      try {
        this.#waiting.unshift(...await this.#batchOnce(requests));
      } catch (error) {
        const known = error instanceof AppError
          ? error
          : new AppError("failed", "Cannot run ip", { cause: error });
        for (const { failed } of requests) failed(known);
      }
    }
    // In the turn that has seen nobody waiting: who comes later begins anew.
    this.#isBatching = false;
  }

  /** Answers the requests up to the first that fails; the rest is to be run again. */
  async #batchOnce(requests: BatchRequest[]): Promise<BatchRequest[]> {
    const text = requests.flatMap(({ lines }) => lines).map((line) =>
      `${line}\n`
    ).join("");
    const result = await this.run("ip", ["-batch", "-"], text);
    if (result.code === 0) {
      for (const { done } of requests) done();
      return [];
    }
    const at = Number(/Command failed -:(\d+)/.exec(result.stderrTail)?.[1]);
    let before = 0;
    for (const [index, request] of requests.entries()) {
      const line = request.lines[at - 1 - before];
      before += request.lines.length;
      if (Number.isInteger(at) && at > before) {
        request.done();
        continue;
      }
      request.failed(failure("ip", `do "${line ?? "all"}"`, result));
      return requests.slice(index + 1);
    }
    return [];
  }
}
