/**
 * What is said to a VMM over its socket, good and bad, and what it answers: to
 * be the same of the stand-in and of the real one. A machine is made, booted,
 * paused, resized, asked for snapshots and ended.
 *
 * @module
 */
import { until } from "../wait.ts";
import { pvhGuest } from "./pvh_guest.ts";

/** Each answer comes within milliseconds; one that is late ends with what came. */
const ANSWER_MS = 10_000;
const START_MS = 60_000;
const MIB = 1024 * 1024;

/** What was asked and what came: status and, of refusals, the words. */
export interface Exchange {
  what: string;
  answer: string;
}

function request(
  method: string,
  endpoint: string,
  body?: string,
  header = "",
): string {
  const length = body === undefined
    ? ""
    : `Content-Length: ${new TextEncoder().encode(body).byteLength}\r\n`;
  return `${method} /api/v1/${endpoint} HTTP/1.1\r\nHost: localhost\r\n${length}${header}\r\n${
    body ?? ""
  }`;
}

/** Whole once its Content-Length has come, or its head when it has none. */
function isWhole(text: string): boolean {
  const end = text.indexOf("\r\n\r\n");
  if (end < 0) return false;
  const length = Number(/Content-Length: (\d+)/.exec(text)?.[1] ?? 0);
  return new TextEncoder().encode(text.slice(end + 4)).byteLength >= length;
}

async function ask(path: string, text: string): Promise<string> {
  using connection = await Deno.connect({ transport: "unix", path });
  const late = setTimeout(() => connection.close(), ANSWER_MS);
  const bytes = new TextEncoder().encode(text);
  let answer = "";
  try {
    for (let done = 0; done < bytes.length;) {
      done += await connection.write(bytes.subarray(done));
    }
    const buffer = new Uint8Array(64 * 1024);
    while (!isWhole(answer)) {
      const count = await connection.read(buffer);
      if (count === null) break;
      answer += new TextDecoder().decode(buffer.subarray(0, count));
    }
  } finally {
    clearTimeout(late);
  }
  return answer;
}

/** Its status and its words; what differs from build to build is left out. */
function summary(answer: string, dir: string): string {
  const [head = "", body = ""] = answer.split("\r\n\r\n", 2);
  const status = /^HTTP\/1\.1 (\d+)/.exec(head)?.[1] ?? "none";
  if (status === "200" || status === "204") return status;
  const words = body.replaceAll(dir, "DIR")
    .replace(/\\n\\nStack backtrace:[^"]*/g, "")
    .replace(/expected [a-z]?\d+/g, "expected integer")
    .replace(/ at line \d+ column \d+/g, "");
  // Of what virtio-mem says only that it did not.
  return `${status} ${
    words.replace(/("Failed to virtio-mem resize").*\]/, "$1]")
  }`;
}

function machine(dir: string): string {
  return JSON.stringify({
    cpus: { boot_vcpus: 1, max_vcpus: 2 },
    memory: {
      size: 64 * MIB,
      hotplug_method: "VirtioMem",
      hotplug_size: 128 * MIB,
    },
    payload: { kernel: `${dir}/kernel`, cmdline: "pvh=q" },
    disks: [{ id: "volume0", path: `${dir}/disk`, image_type: "Raw" }],
    balloon: { size: 0, deflate_on_oom: true },
    serial: { mode: "Socket", socket: `${dir}/console` },
    console: { mode: "Off" },
    vsock: { id: "channel", cid: 3, socket: `${dir}/channel` },
    pvpanic: true,
    a_field_of_another_version: 1,
  });
}

/** The questions, in their order. */
function questions(dir: string): [what: string, text: string][] {
  const put = (endpoint: string, body?: unknown): [string, string] => {
    const text = body === undefined ? undefined : JSON.stringify(body);
    return [
      `${endpoint} ${text ?? ""}`.trim(),
      request("PUT", endpoint, text),
    ];
  };
  const get = (endpoint: string): [string, string] => [
    `GET ${endpoint}`,
    request("GET", endpoint),
  ];
  const url = `file://${dir}/none`;
  return [
    get("vmm.ping"),
    get("vm.info"),
    get("vm.counters"),
    ...[
      "vm.boot",
      "vm.pause",
      "vm.resume",
      "vm.power-button",
      "vm.shutdown",
    ].map((endpoint) => put(endpoint)),
    put("vm.resize", { desired_vcpus: 1 }),
    put("vm.snapshot", { destination_url: url }),
    put("vm.restore", { source_url: url }),
    ["an unknown endpoint", request("PUT", "vm.dance")],
    ["a wrong method", request("PUT", "vmm.ping")],
    ["DELETE", request("DELETE", "vm.create")],
    ["POST", request("POST", "vm.create", "{}")],
    ["a body too many", request("PUT", "vm.boot", "{}")],
    ["no body", request("PUT", "vm.create")],
    ["half a body", request("PUT", "vm.create", "{")],
    [
      "a body in chunks",
      request("PUT", "vm.create", undefined, "Transfer-Encoding: chunked\r\n") +
      "2\r\n{}\r\n0\r\n\r\n",
    ],
    ["no HTTP", "nonsense\r\n\r\n"],
    put("vm.create", { cpus: { boot_vcpus: "a", max_vcpus: 1 } }),
    put("vm.create", { cpus: { boot_vcpus: 1 } }),
    ["vm.create", request("PUT", "vm.create", machine(dir))],
    ["vm.create again", request("PUT", "vm.create", machine(dir))],
    get("vm.info"),
    put("vm.boot"),
    ["vm.boot again", request("PUT", "vm.boot")],
    get("vm.counters"),
    put("vm.resume"),
    put("vm.snapshot", { destination_url: `file://${dir}` }),
    put("vm.pause"),
    ["vm.pause again", request("PUT", "vm.pause")],
    put("vm.resume"),
    put("vm.resize", {}),
    put("vm.resize", { desired_vcpus: 0 }),
    put("vm.resize", { desired_vcpus: 9 }),
    put("vm.resize", { desired_vcpus: 2 }),
    put("vm.resize", { desired_ram: 32 * MIB }),
    put("vm.resize", { desired_ram: 64 * MIB + 5 }),
    put("vm.resize", { desired_ram: 512 * MIB }),
    put("vm.resize", { desired_ram: 128 * MIB }),
    put("vm.resize", { desired_ram: 128 * MIB }),
    put("vm.resize", { desired_balloon: 16 * MIB }),
    put("vm.resize", { desired_vcpus: 1 }),
    put("vm.power-button"),
    put("vm.restore", { source_url: url }),
    put("vm.delete"),
    ["vm.delete again", request("PUT", "vm.delete")],
    get("vm.info"),
    put("vmm.shutdown"),
  ];
}

/** The first connection that is taken. */
async function firstConnection(path: string): Promise<Deno.Conn> {
  return await until(
    "it listens",
    () => Deno.connect({ transport: "unix", path }),
    { timeoutMs: START_MS },
  );
}

/** Ten connections are taken, this one with them; what the eleventh is told before it has asked. */
async function eleventh(path: string, first: Deno.Conn): Promise<string> {
  const held = [first];
  while (held.length < 10) {
    held.push(await Deno.connect({ transport: "unix", path }));
  }
  try {
    return await ask(path, "");
  } finally {
    for (const connection of held) connection.close();
  }
}

/** Everything that was said with this program, over sockets in `dir`. */
export async function converse(
  program: string,
  dir: string,
): Promise<Exchange[]> {
  await Deno.writeFile(`${dir}/kernel`, pvhGuest());
  await Deno.writeFile(`${dir}/disk`, new Uint8Array(MIB));
  const path = `${dir}/api`;
  const process = new Deno.Command(program, {
    args: ["--api-socket", `path=${path}`],
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  const said: Exchange[] = [];
  const note = (what: string, answer: string) =>
    said.push({
      what: what.replaceAll(dir, "DIR"),
      answer: summary(answer, dir),
    });
  try {
    const first = await firstConnection(path);
    note("an eleventh connection", await eleventh(path, first));
    // Those that were closed are still counted for a moment.
    await until(
      "there is room again",
      async () => (await ask(path, request("GET", "vmm.ping"))).includes("200"),
      { timeoutMs: START_MS },
    );
    for (const [what, text] of questions(dir)) {
      note(what, await ask(path, text));
    }
    const { code } = await process.status;
    said.push({ what: "its end", answer: `code ${code}` });
  } finally {
    try {
      process.kill("SIGKILL");
    } catch {
      // It has ended.
    }
    await process.status;
  }
  return said;
}
