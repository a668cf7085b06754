/**
 * ci's and the hub's side of the RPC with a master, over a real socket.
 *
 * @module
 */
import assert from "node:assert/strict";
import { masterPublisher } from "../../roles/ci/master_publisher.ts";
import { masterView } from "../../roles/hub/master_view.ts";
import {
  AppError,
  intentHash,
  type PublishRequest,
} from "../../roles/model/mod.ts";
import {
  Gate,
  type GateServer,
  Publisher,
  type PublisherServer,
  Session,
  type SessionServer,
  Viewer,
  type ViewerServer,
} from "../../rpc/generated/master.ts";
import { scripted } from "../support/scripted_server.ts";
import { publishRequestFromWire } from "../../rpc/convert.ts";
import { type RpcListener, serverOf, serveRpc } from "../../rpc/mod.ts";
import { until } from "../support/wait.ts";
import { vmSpec } from "../support/specs.ts";

const TOKEN = "the token";
/** Two local connections. */
const WAIT_MS = 10_000;

/** A master that keeps what is published in a list. */
function serveMaster(
  published: PublishRequest[],
  port = 0,
): Promise<RpcListener> {
  const publisher: PublisherServer = {
    publishState(params) {
      const request = publishRequestFromWire(params);
      if (request.parent !== published.length) {
        throw new AppError("conflict", "Cannot publish: the parent is stale", {
          hint: "read it again",
        });
      }
      published.push(request);
      const { cluster, generation, intentHash } = request;
      return {
        cluster,
        generation,
        intentHash,
        state: "rolling",
        created: true,
      };
    },
    highestGeneration({ cluster }) {
      const last = published.filter((one) => one.cluster === cluster).at(-1);
      return {
        generation: last?.generation ?? 0,
        intentHash: last?.intentHash ?? "",
        commit: last?.commit ?? "",
      };
    },
  };
  const viewer = scripted<ViewerServer>({
    clusters: () => ({ clusters: ["shop"] }),
  });
  const session = scripted<SessionServer>({
    whoami: () => ({ role: "publisher", name: "test", tokenId: "1" }),
    viewer: () => ({ viewer: serverOf(Viewer, viewer) }),
    publisher: () => ({ publisher: serverOf(Publisher, publisher) }),
  });
  return serveRpc({
    transport: { hostname: "127.0.0.1", port },
    bootstrap: () =>
      serverOf(
        Gate,
        scripted<GateServer>({
          login({ token }) {
            if (token !== TOKEN) {
              throw new AppError("unauthenticated", "This token is unknown");
            }
            return { session: serverOf(Session, session) };
          },
          version: () => ({ version: "1", protocol: 1 }),
        }),
      ),
  });
}

function request(generation: number): PublishRequest {
  const vmSpecs = [vmSpec()];
  return {
    cluster: "shop",
    repository: "shop",
    commit: "a".repeat(40),
    generation,
    parent: generation - 1,
    intentHash: intentHash(vmSpecs),
    traceparent: `00-${"a".repeat(32)}-${"b".repeat(16)}-01`,
    placement: "pack",
    vmSpecs,
  };
}

Deno.test("publisher: what is published arrives whole; refusals come back with code and hint", async () => {
  const published: PublishRequest[] = [];
  const master = await serveMaster(published);
  const { signal } = new AbortController();
  try {
    using publisher = masterPublisher({
      url: master.address,
      token: TOKEN,
      caCert: undefined,
    });
    assert.deepEqual(await publisher.highest("shop", signal), {
      generation: 0,
      intentHash: "",
      commit: "",
    });
    const reply = await publisher.publish(request(1), signal);
    assert.equal(reply.created, true);
    assert.deepEqual(published, [request(1)]);
    assert.equal(
      (await publisher.highest("shop", signal)).commit,
      "a".repeat(40),
    );
    await assert.rejects(
      publisher.publish(request(1), signal),
      (error) =>
        error instanceof AppError && error.code === "conflict" &&
        error.hint === "read it again",
    );
    using stranger = masterPublisher({
      url: master.address,
      token: "wrong",
      caCert: undefined,
    });
    await assert.rejects(
      stranger.highest("shop", signal),
      (error) => error instanceof AppError && error.code === "unauthenticated",
    );
  } finally {
    await master.close();
  }
});

Deno.test("session: a master that restarts is found again, one that is away is said to be", async () => {
  const first = await serveMaster([]);
  using view = masterView({
    url: first.address,
    token: TOKEN,
    caCert: undefined,
  });
  assert.deepEqual(await view.clusters(), ["shop"]);
  const { port } = new URL(first.address.replace(/^tcp/, "http"));
  await first.close();
  await assert.rejects(
    view.clusters(),
    (error) => error instanceof AppError && error.code === "unavailable",
  );
  const second = await serveMaster([], Number(port));
  try {
    assert.deepEqual(
      await until("the master is found", () => view.clusters(), {
        timeoutMs: WAIT_MS,
      }),
      ["shop"],
    );
  } finally {
    await second.close();
  }
});
