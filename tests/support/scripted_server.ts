/**
 * Servers of which a test gives the methods it uses.
 *
 * @module
 */
import { AppError } from "../../roles/model/errors.ts";

/** A hook of the RPC layer, not a method of the interface. */
const HOOK = "released";

/** The interface with these methods; any other refuses whoever calls it. */
export function scripted<T extends object>(methods: Partial<T>): T {
  const refuse = (name: string) => () => {
    throw new AppError("refused", `The test's server has no ${name}`);
  };
  const server: unknown = new Proxy(methods, {
    get: (target, name) =>
      Reflect.get(target, name) ??
        (typeof name === "string" && name !== HOOK ? refuse(name) : undefined),
  });
  return server as T;
}
