/**
 * Small pieces that pages are made of.
 *
 * @module
 */
import type { Child } from "hono/jsx";
import type { AppError } from "../../roles/model/mod.ts";
import { ago, type Badge, shortCommit } from "../core/view_model.ts";

export function BadgeView({ badge }: { badge: Badge }) {
  return <span class={`badge ${badge.tone}`}>{badge.text}</span>;
}

export function CommitView({ commit }: { commit: string }) {
  return <code class="commit" title={commit}>{shortCommit(commit)}</code>;
}

export function TimeView({ atMs, nowMs }: { atMs: number; nowMs: number }) {
  const iso = new Date(atMs).toISOString();
  return <time datetime={iso} title={iso}>{ago(atMs, nowMs)}</time>;
}

/** What went wrong, where, and what to do. */
export function Problem(
  { error }: { error: Pick<AppError, "message" | "hint"> },
) {
  return (
    <div class="notice bad" role="status">
      <p>{error.message}</p>
      {error.hint === undefined ? null : <p class="soft">Try: {error.hint}</p>}
    </div>
  );
}

/** Nothing there yet, and what to do about it. */
export function Empty(
  { text, commands }: { text: string; commands?: readonly string[] },
) {
  return (
    <div class="empty">
      <p>{text}</p>
      {commands === undefined ? null : <Commands lines={commands} />}
    </div>
  );
}

/** Commands to copy. */
export function Commands({ lines }: { lines: readonly string[] }) {
  const text = lines.join("\n");
  return (
    <div class="copyable">
      <pre tabindex={0}>{text}</pre>
      <button type="button" data-copy={text}>Copy</button>
    </div>
  );
}

export interface Column<T> {
  label: string;
  class?: string;
  cell: (row: T) => Child;
}

/** From here on the columns stand closer, to fit beside each other. */
const DENSE_COLUMNS = 9;

/** A table that becomes a list of cards on a narrow screen. */
export function Table<T>(
  { label, columns, rows }: {
    label: string;
    columns: readonly Column<T>[];
    rows: readonly T[];
  },
) {
  return (
    <table
      aria-label={label}
      class={columns.length >= DENSE_COLUMNS ? "dense" : ""}
    >
      <thead>
        <tr>
          {columns.map((column) => (
            <th key={column.label} scope="col">{column.label}</th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr>
            {columns.map((column) => (
              <td data-label={column.label} class={column.class ?? ""}>
                <div>{column.cell(row)}</div>
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** A card with a heading and how many there are. */
export function Section(
  { title, count, children }: {
    title: string;
    count?: number;
    children?: Child;
  },
) {
  return (
    <section class="card">
      <h2>
        {title}
        {count === undefined || count === 0
          ? null
          : <span class="count">{count}</span>}
      </h2>
      {children}
    </section>
  );
}

/** Named values side by side: {@linkcode Fact}s. */
export function Facts({ children }: { children?: Child }) {
  return (
    <section class="card" aria-label="Summary">
      <dl class="facts">{children}</dl>
    </section>
  );
}

export function Fact({ name, children }: { name: string; children?: Child }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
