/**
 * How to use the cache: lines to copy.
 *
 * @module
 */
import { Commands, Section } from "../../../../ui/mod.ts";
import type { CacheStatus } from "../../../model/cache_status.ts";
import { recipesOf } from "../core/setup.ts";

export function Usage({ status }: { status: CacheStatus }) {
  const { url, publicKeys, anonymous } = status;
  const recipes = recipesOf({
    url,
    publicKeys,
    needsToken: anonymous === "none",
  });
  return (
    <div id="use">
      <Section title="Use it">
        {recipes.map(({ title, about, lines }) => (
          <div class="inside">
            <h3>{title}</h3>
            <p class="soft">{about}</p>
            <Commands lines={lines} />
          </div>
        ))}
      </Section>
    </div>
  );
}
