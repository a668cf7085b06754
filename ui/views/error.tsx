/**
 * What went wrong, as a page.
 *
 * @module
 */
import type { AppError } from "../../roles/model/mod.ts";

export function ErrorPage(
  { error, home }: {
    error: Pick<AppError, "message" | "hint">;
    home: { href: string; text: string } | undefined;
  },
) {
  return (
    <div class="notice bad">
      <p>{error.message}</p>
      {error.hint === undefined ? null : <p class="soft">Try: {error.hint}</p>}
      {home === undefined ? null : (
        <p>
          <a href={home.href}>{home.text}</a>
        </p>
      )}
    </div>
  );
}
