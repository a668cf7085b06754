/**
 * Says to a server byte for byte what no HTTP client would.
 *
 * @module
 */

/** How long an answer may take: a healthy one comes at once, on a loaded machine too. */
const ANSWER_MS = 60_000;

/** One connection, written to and read by hand. */
export interface RawConnection extends Disposable {
  send(text: string | Uint8Array): Promise<void>;
  /** What comes until `enough` of it has, or the server ends the connection. */
  receive(enough?: (text: string) => boolean): Promise<string>;
}

/** A header block's end, and the bytes of `Content-Length` after it. */
export function isWhole(text: string): boolean {
  const head = text.indexOf("\r\n\r\n");
  if (head < 0) return false;
  const length = /^content-length: (\d+)\r$/im.exec(text)?.[1] ?? "0";
  return text.length >= head + 4 + Number(length);
}

/** Latin-1, so that any byte can be said. */
function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(text, (char) => char.charCodeAt(0));
}

export async function connectRaw(url: string): Promise<RawConnection> {
  const { hostname, port } = new URL(url);
  const connection = await Deno.connect({ hostname, port: Number(port) });
  let open = true;
  const close = () => {
    if (open) connection.close();
    open = false;
  };
  return {
    async send(text) {
      let rest = typeof text === "string" ? bytesOf(text) : text;
      // A server that has refused already may not read on.
      try {
        while (rest.length > 0) {
          rest = rest.subarray(await connection.write(rest));
        }
      } catch {
        return;
      }
    },
    async receive(enough = isWhole) {
      const timer = setTimeout(close, ANSWER_MS);
      const buffer = new Uint8Array(65_536);
      const decoder = new TextDecoder("latin1");
      let text = "";
      try {
        while (!enough(text)) {
          const count = await connection.read(buffer);
          if (count === null) break;
          text += decoder.decode(buffer.subarray(0, count));
        }
      } catch (error) {
        if (!open) throw new Error(`no answer within a minute: ${text}`);
        if (!(error instanceof Deno.errors.ConnectionReset)) throw error;
      } finally {
        clearTimeout(timer);
      }
      return text;
    },
    [Symbol.dispose]: close,
  };
}

/** The whole answer to `text`, said on a connection of its own. */
export async function say(
  url: string,
  text: string | Uint8Array,
): Promise<string> {
  using connection = await connectRaw(url);
  const sending = connection.send(text);
  const answer = await connection.receive();
  await sending;
  return answer;
}

/** The status of an answer, the last if some were provisional; 0 when there is none. */
export function statusOf(answer: string): number {
  const found = [...answer.matchAll(/^HTTP\/1\.1 (\d{3}) /gm)]
    .map((match) => Number(match[1]));
  return found.find((status) => status >= 200) ?? 0;
}
