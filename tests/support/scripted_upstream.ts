/**
 * An upstream cache of which a test says what it answers, lies included.
 *
 * @module
 */
import { signText } from "../../roles/nar/core/signature.ts";
import { parseSecretKey } from "../../roles/nar/core/signature.ts";
import {
  narInfoFingerprint,
  parseNarInfo,
} from "../../roles/nar/core/narinfo.ts";
import type { FakePath } from "./cache.ts";

/** Of nobody: a seed of ones. */
const KEY = parseSecretKey(
  "scripted-1:AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQGKiOPddAnxlf1S2y08ul1yymcJvx2UEhvzdIgBtA9vXA==",
  "a test",
);

type Script = (request: Request) => Response | Promise<Response>;

export interface ScriptedUpstream extends AsyncDisposable {
  url: string;
  publicKey: string;
  /** The requests so far. */
  asked: { url: string; headers: Headers }[];
  /** By path without its slash; 404 for what is not in it. */
  answers: Map<string, Script>;
  /** Has a path, as an honest cache. */
  has(path: FakePath): void;
  /** What a cache is given to use it. */
  config: { url: string; publicKeys: string[] };
}

/** The narinfo with the key's signature over what it says. */
export function signed(narInfo: string): string {
  const base = /^StorePath: \/nix\/store\/(\S+)$/m.exec(narInfo)?.[1] ?? "";
  const info = parseNarInfo(narInfo, {
    hash: base.slice(0, 32),
    storeDir: "/nix/store",
  });
  return `${narInfo}Sig: ${signText(narInfoFingerprint(info), KEY)}\n`;
}

/** Starts one, on a free port. */
export function scriptedUpstream(): ScriptedUpstream {
  const asked: ScriptedUpstream["asked"] = [];
  const answers = new Map<string, Script>([
    ["nix-cache-info", () => new Response("StoreDir: /nix/store\n")],
  ]);
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    (request) => {
      const { url, headers } = request;
      asked.push({ url, headers: new Headers(headers) });
      const { pathname, search } = new URL(url);
      const script = answers.get(pathname.slice(1) + search);
      return script?.(request) ?? new Response(null, { status: 404 });
    },
  );
  const url = `http://127.0.0.1:${server.addr.port}`;
  const publicKey = KEY.publicText;
  return {
    url,
    publicKey,
    asked,
    answers,
    config: { url, publicKeys: [publicKey] },
    has(path) {
      const { hash, narInfo, packed } = path;
      answers.set(`${hash}.narinfo`, () => new Response(signed(narInfo)));
      answers.set(path.url, () => new Response(packed as BodyInit));
    },
    async [Symbol.asyncDispose]() {
      await server.shutdown();
    },
  };
}
