/**
 * Which requests a page of another site may have made a browser send.
 *
 * Two ways are known. A form of that page is sent here, with the credentials
 * the browser keeps for us: its Origin names the other site. Or the other
 * site's own name is made to resolve to this host (DNS rebinding), and the
 * page reads what anybody on this host may read: the Host it names is then the
 * other site's, never an address and never localhost.
 *
 * @module
 */

/** True when `origin`, the header, names the very host that was asked. Programs send none. */
export function isOwnOrigin(origin: string, url: string): boolean {
  return URL.canParse(origin) && new URL(origin).host === new URL(url).host;
}

/** True for a URL whose host no stranger's DNS answers for: an address, or localhost. The Host header can make it no URL at all. */
export function namesThisHost(url: string): boolean {
  const hostname = URL.parse(url)?.hostname;
  if (hostname === undefined) return false;
  return hostname.startsWith("[") || /^[0-9.]+$/.test(hostname) ||
    hostname === "localhost" || hostname.endsWith(".localhost");
}
