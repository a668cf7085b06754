/**
 * The master over RPC, as a publisher.
 *
 * @module
 */
import { z } from "zod";
import {
  MasterSession,
  type MasterSessionOptions,
} from "../master_session/mod.ts";
import { Counter, parseWith } from "../model/mod.ts";
import {
  publishReplyFromWire,
  publishRequestToWire,
} from "../../rpc/convert.ts";
import type { Publisher } from "./ports.ts";

const Highest = z.object({
  generation: Counter,
  intentHash: z.string(),
  commit: z.string(),
});

/** A publisher; dispose to end its session. */
export function masterPublisher(
  options: MasterSessionOptions,
): Publisher & Disposable {
  const master = new MasterSession(options);
  return {
    async highest(cluster, signal) {
      const reply = await master.call(async (session, call) => {
        using publisher = session.publisher().publisher;
        return await publisher.highestGeneration({ cluster }, call);
      }, signal);
      return parseWith(Highest, reply, { what: "the master's answer" });
    },
    async publish(request, signal) {
      const wire = publishRequestToWire(request);
      return publishReplyFromWire(
        await master.call(async (session, call) => {
          using publisher = session.publisher().publisher;
          return await publisher.publishState(wire, call);
        }, signal),
      );
    },
    [Symbol.dispose]: () => master[Symbol.dispose](),
  };
}
