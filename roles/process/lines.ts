/**
 * Cuts a byte stream into lines of bounded length.
 *
 * @module
 */

/** Longer lines are cut into pieces of this many characters: a progress bar without newlines must not grow. */
export const MAX_LINE_CHARS = 16 * 1024;

/** Calls `onLine` for each line of `stream`, without its line end. */
export async function eachLine(
  stream: ReadableStream<Uint8Array>,
  onLine: (line: string) => void,
): Promise<void> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of stream) {
    rest += decoder.decode(chunk, { stream: true });
    let start = 0;
    for (
      let end = rest.indexOf("\n");
      end !== -1;
      end = rest.indexOf("\n", start)
    ) {
      onLine(rest.slice(start, end).replace(/\r$/, ""));
      start = end + 1;
    }
    rest = rest.slice(start);
    while (rest.length > MAX_LINE_CHARS) {
      onLine(rest.slice(0, MAX_LINE_CHARS));
      rest = rest.slice(MAX_LINE_CHARS);
    }
  }
  rest += decoder.decode();
  if (rest !== "") onLine(rest);
}
