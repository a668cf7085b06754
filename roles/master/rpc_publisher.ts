/**
 * Publishing over the wire.
 *
 * @module
 */
import {
  publishReplyToWire,
  publishRequestFromWire,
} from "../../rpc/convert.ts";
import type { PublisherServer } from "../../rpc/generated/master.ts";
import type { Check, RpcDeps } from "./rpc_deps.ts";

export function publisherOf(
  { service }: RpcDeps,
  check: Check,
): PublisherServer {
  return {
    async publishState(params) {
      const by = check();
      const request = publishRequestFromWire(params);
      return publishReplyToWire(await service.publishState(request, by));
    },
    highestGeneration({ cluster }) {
      check();
      return service.views.highestGeneration(cluster);
    },
  };
}
