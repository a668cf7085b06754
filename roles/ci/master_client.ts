/**
 * The master over RPC, as a publisher.
 *
 * @module
 */
import { AppError } from "../model/mod.ts";
import type { Publisher } from "./ports.ts";

export function masterPublisher(
  options: { url: string; token: string; caCert: string | undefined },
  _stack: AsyncDisposableStack,
): Publisher {
  const away = () =>
    Promise.reject(
      new AppError("unavailable", `Cannot reach the master at ${options.url}`),
    );
  return { highest: away, publish: away };
}
