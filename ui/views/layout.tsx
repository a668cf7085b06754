/**
 * The frame of every page.
 *
 * @module
 */
import type { Child } from "hono/jsx";

/** Whose pages they are. */
export interface Site {
  /** For the notice that it does not answer: `The hub`. */
  name: string;
  links: readonly { place: string; href: string; text: string }[];
  footer: string;
}

/** The pages of the hub. */
export const HUB_SITE: Site = {
  name: "The hub",
  links: [
    { place: "repositories", href: "/", text: "Repositories" },
    { place: "cluster", href: "/clusters", text: "Cluster" },
  ],
  footer:
    "Git is the only way to change what runs. These pages show what became of it.",
};

export interface Frame {
  site: Site;
  title: string;
  /** The link that leads here. */
  place: string;
  nonce: string;
  /** Changes with the assets, so that a browser's copy is never a stale one. */
  assets: string;
  /** The live part is read again after this long; 0: only when the log says so. Absent: never. */
  refreshMs?: number;
  crumbs?: Child;
  lead?: Child;
  /** Below the live part: it is never replaced. */
  after?: Child;
  children?: Child;
}

function NavLink(
  { href, current, text }: { href: string; current: boolean; text: string },
) {
  return current
    ? <a href={href} aria-current="page">{text}</a>
    : <a href={href}>{text}</a>;
}

export function Layout(frame: Frame) {
  const live = frame.refreshMs === undefined
    ? {}
    : { "data-refresh": String(frame.refreshMs) };
  return (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>{frame.title} · Procurator</title>
        <link rel="icon" href="data:," />
        <link
          rel="stylesheet"
          href={`/assets/${frame.assets}/style.css`}
          nonce={frame.nonce}
        />
        <script
          src={`/assets/${frame.assets}/live.js`}
          nonce={frame.nonce}
          defer
        >
        </script>
      </head>
      <body>
        <a class="skip" href="#content">Skip to the content</a>
        <div class="stale" role="status">
          {frame.site.name} does not answer. What you see may be old.
        </div>
        <header class="top">
          <div>
            <a class="brand" href="/">Procurator</a>
            <nav aria-label="Main">
              <ul>
                {frame.site.links.map(({ place, href, text }) => (
                  <li>
                    <NavLink
                      href={href}
                      current={frame.place === place}
                      text={text}
                    />
                  </li>
                ))}
              </ul>
            </nav>
          </div>
        </header>
        <main id="content">
          {frame.crumbs === undefined
            ? null
            : <p class="crumbs">{frame.crumbs}</p>}
          <h1>{frame.title}</h1>
          {frame.lead === undefined ? null : <p class="lead">{frame.lead}</p>}
          <div {...live}>{frame.children}</div>
          {frame.after ?? null}
        </main>
        <footer>{frame.site.footer}</footer>
      </body>
    </html>
  );
}
