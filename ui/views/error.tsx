/**
 * What went wrong, as a page.
 *
 * @module
 */
import type { AppError } from "../../roles/model/mod.ts";

export function ErrorPage(
  { error }: { error: Pick<AppError, "message" | "hint"> },
) {
  return (
    <div class="notice bad">
      <p>{error.message}</p>
      {error.hint === undefined ? null : <p class="soft">Try: {error.hint}</p>}
      <p>
        <a href="/">All repositories</a>
      </p>
    </div>
  );
}
