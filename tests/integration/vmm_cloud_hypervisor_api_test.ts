import assert from "node:assert/strict";
import { z } from "zod";
import { CloudHypervisorClient } from "../../vmm/cloud_hypervisor/client.ts";
import { createBody } from "../../vmm/cloud_hypervisor/core/config.ts";
import {
  CreateBody,
  ResizeBody,
  RestoreBody,
  SnapshotBody,
} from "../../vmm/cloud_hypervisor/core/schema.ts";
import { COPY } from "../../vmm/contract/host.ts";
import { DIGEST, schemaError } from "../support/cloud_hypervisor/digest.ts";
import {
  standInMachine,
  standInPlace,
} from "../support/cloud_hypervisor/host.ts";
import {
  HttpServer,
  type ServerRequest,
} from "../support/cloud_hypervisor/http_server.ts";
import { converse } from "../support/cloud_hypervisor/conversation.ts";
import { tempDir } from "../support/temp.ts";

type Json = Record<string, unknown>;

/** What differs between a schema of ours and the one that the OpenAPI file has by this name. */
function differences(ours: Json, name: string, path: string): string[] {
  const theirs = DIGEST.schemas[name];
  if (theirs === undefined) return [`${path}: there is no ${name}`];
  if (theirs.values !== undefined) {
    const values = (ours.enum ?? [ours.const]) as unknown[];
    return values.filter((value) => !theirs.values?.includes(String(value)))
      .map((value) => `${path}: ${name} has no ${value}`);
  }
  const fields = (ours.properties ?? {}) as Record<string, Json>;
  const missing = theirs.required
    .filter((field) => !((ours.required ?? []) as string[]).includes(field))
    .map((field) => `${path}.${field} is required`);
  return [
    ...missing,
    ...Object.entries(fields).flatMap(([field, schema]) => {
      const type = theirs.fields?.[field];
      return type === undefined
        ? [`${path}.${field} is not known`]
        : typeDifferences(schema, type, `${path}.${field}`);
    }),
  ];
}

function typeDifferences(ours: Json, type: string, path: string): string[] {
  const item = /^array of (.*)$/.exec(type)?.[1];
  if (item !== undefined) {
    if (ours.type !== "array") return [`${path} is a list`];
    return typeDifferences(ours.items as Json, item, `${path}[]`);
  }
  const ref = /^ref (.*)$/.exec(type)?.[1];
  if (ref !== undefined) return differences(ours, ref, path);
  const found = ours.type ?? typeof ours.const;
  const isSame = found === type || (type === "integer" && found === "number");
  return isSame ? [] : [`${path} is ${type}, not ${String(found)}`];
}

Deno.test("cloud-hypervisor API: what we send is of the OpenAPI file's schemas", () => {
  const bodies = {
    VmConfig: CreateBody,
    VmResize: ResizeBody,
    VmSnapshotConfig: SnapshotBody,
    RestoreConfig: RestoreBody,
  };
  for (const [name, schema] of Object.entries(bodies)) {
    const ours = z.toJSONSchema(schema, { unrepresentable: "any" }) as Json;
    assert.deepEqual(differences(ours, name, name), []);
  }
});

/** A server that takes everything, and what it was asked. */
function recorder(path: string) {
  const asked: ServerRequest[] = [];
  const server = new HttpServer(path, (request) => {
    asked.push(request);
    const answers: Record<string, unknown> = {
      "vmm.ping": { version: "53.0.0" },
      "vm.info": { state: "Running", config: { memory: { size: 1 } } },
      "vm.counters": {},
    };
    const answer = answers[request.path.replace("/api/v1/", "")];
    return Promise.resolve(
      answer === undefined
        ? { status: 204, body: "" }
        : { status: 200, body: JSON.stringify(answer) },
    );
  });
  return { asked, [Symbol.dispose]: () => server.close() };
}

Deno.test("cloud-hypervisor API: each request is one of the OpenAPI file's", async () => {
  await using dir = await tempDir("ch");
  const path = `${dir.path}/api`;
  using record = recorder(path);
  const client = new CloudHypervisorClient(path);
  const config = standInMachine(await standInPlace(dir.path), COPY, "serves");
  await client.create(createBody(config, {
    consolePath: `${dir.path}/console`,
    channelPath: `${dir.path}/channel`,
    scratchDir: dir.path,
    root: { path: `${dir.path}/overlay`, kind: "overlay" },
    hostCpus: 2,
    landlock: true,
    seesTap: true,
  }));
  await client.ping();
  await client.info();
  await client.counters();
  await client.resize({ desired_vcpus: 1, desired_ram: 1, desired_balloon: 0 });
  await client.snapshot("/a");
  await client.restore("/a");
  for (
    const action of [
      "vm.boot",
      "vm.delete",
      "vm.shutdown",
      "vm.pause",
      "vm.resume",
      "vm.power-button",
      "vmm.shutdown",
    ] as const
  ) await client.act(action);
  client.close();
  const endpoints = new Set<string>();
  for (const { method, path, body } of record.asked) {
    const endpoint = path.replace("/api/v1/", "");
    const facts = DIGEST.endpoints[endpoint];
    assert.equal(method, facts?.method, endpoint);
    assert.equal(body === "", facts?.body === null, endpoint);
    if (facts?.body != null) {
      assert.equal(schemaError(JSON.parse(body), facts.body), null, endpoint);
    }
    endpoints.add(endpoint);
  }
  // What the stand-in knows and we ask for is one and the same.
  assert.deepEqual([...endpoints].sort(), Object.keys(DIGEST.endpoints));
});

Deno.test("cloud-hypervisor API: at most two requests are under way, and a flood is refused", async () => {
  await using dir = await tempDir("ch");
  const path = `${dir.path}/api`;
  let underWay = 0;
  let most = 0;
  const waiting: (() => void)[] = [];
  const listener = Deno.listen({ transport: "unix", path });
  const serve = async (connection: Deno.UnixConn) => {
    const buffer = new Uint8Array(4096);
    while (await connection.read(buffer).catch(() => null) !== null) {
      most = Math.max(most, ++underWay);
      await new Promise<void>((resolve) => waiting.push(resolve));
      underWay--;
      await connection.write(
        new TextEncoder().encode("HTTP/1.1 204 \r\n\r\n"),
      );
    }
    connection.close();
  };
  const serving = (async () => {
    for await (const connection of listener) void serve(connection);
  })();
  const client = new CloudHypervisorClient(path);
  const asked = Array.from({ length: 18 }, () => client.act("vm.resume"));
  const refused = client.act("vm.resume");
  await assert.rejects(refused, { code: "overloaded" });
  let done = 0;
  for (const step of asked) void step.then(() => done++);
  while (done < asked.length) {
    waiting.shift()?.();
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  assert.equal(most, 2);
  client.close();
  listener.close();
  await serving;
});

Deno.test("cloud-hypervisor API: answers that are none are told, and bounded", async () => {
  await using dir = await tempDir("ch");
  const answers: [string, { code: string; message: RegExp }][] = [
    ["HTTP/1.1 200 \r\nContent-Length: 3\r\n\r\n{]}", {
      code: "failed",
      message: /answer to vm\.info/,
    }],
    ['HTTP/1.1 200 \r\nContent-Length: 15\r\n\r\n{"state":"Odd"}', {
      code: "failed",
      message: /state/,
    }],
    ["nonsense\r\n\r\n", { code: "unavailable", message: /vm\.info/ }],
    [
      `HTTP/1.1 200 \r\nContent-Length: 9000000\r\n\r\n${
        "x".repeat(5_000_000)
      }`,
      { code: "unavailable", message: /vm\.info/ },
    ],
  ];
  for (const [index, [answer, expected]] of answers.entries()) {
    const path = `${dir.path}/api${index}`;
    const listener = Deno.listen({ transport: "unix", path });
    const serving = (async () => {
      for await (const connection of listener) {
        const bytes = new TextEncoder().encode(answer);
        try {
          await connection.read(new Uint8Array(4096));
          for (let done = 0; done < bytes.length;) {
            done += await connection.write(bytes.subarray(done));
          }
        } catch {
          // It has heard enough.
        }
        connection.close();
      }
    })();
    const client = new CloudHypervisorClient(path, { timeoutMs: 60_000 });
    await assert.rejects(client.info(), expected);
    client.close();
    listener.close();
    await serving;
  }
});

Deno.test("cloud-hypervisor API: each request to a VMM that never answers ends in time, by its name", async () => {
  await using dir = await tempDir("ch");
  const path = `${dir.path}/api`;
  const listener = Deno.listen({ transport: "unix", path });
  const heard: Deno.UnixConn[] = [];
  const serving = (async () => {
    for await (const connection of listener) heard.push(connection);
  })();
  // A snapshot is given fifteen times as long.
  const client = new CloudHypervisorClient(path, { timeoutMs: 50 });
  const asked: [endpoint: string, answer: () => Promise<unknown>][] = [
    ["vmm.ping", () => client.ping()],
    ["vm.info", () => client.info()],
    ["vm.counters", () => client.counters()],
    ["vm.resize", () => client.resize({ desired_vcpus: 1 })],
    ["vm.snapshot", () => client.snapshot("/nowhere")],
    ["vm.restore", () => client.restore("/nowhere")],
    ...([
      "vm.boot",
      "vm.delete",
      "vm.shutdown",
      "vm.pause",
      "vm.resume",
      "vm.power-button",
      "vmm.shutdown",
    ] as const).map((action): [string, () => Promise<unknown>] => [
      action,
      () => client.act(action),
    ]),
  ];
  for (const [endpoint, answer] of asked) {
    await assert.rejects(answer(), {
      code: "timeout",
      message: new RegExp(`did not answer ${endpoint} within \\d+ ms`),
      hint: /host swaps/,
    });
  }
  client.close();
  listener.close();
  await serving;
  for (const connection of heard) connection.close();
});

Deno.test("cloud-hypervisor API: the stand-in answers as version 53 was heard to", async () => {
  await using dir = await tempDir("ch");
  const { program } = await standInPlace(dir.path);
  const said = await converse(program, dir.path);
  const heard: Record<string, string> = {
    "an eleventh connection": '503 { "error": "Too many open connections" }',
    "vm.pause":
      '500 ["Error from API","The VM could not be paused","VM is not running"]',
    "POST":
      '400 { "error": "Invalid HTTP Method: Unsupported HTTP method.\nAll previous unanswered requests will be dropped." }',
    "no body": "400 ",
    "vm.create": "204",
    "vm.create again":
      '500 ["Error from API","The VM could not be created","VM is already created"]',
    "vm.delete again": "204",
    "GET vmm.ping": "200",
    "vmm.shutdown": "200",
    "its end": "code 0",
  };
  for (const [what, answer] of Object.entries(heard)) {
    assert.equal(said.find((one) => one.what === what)?.answer, answer, what);
  }
});
