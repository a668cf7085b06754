/**
 * What keeps a path: the question and its answer.
 *
 * @module
 */
import { type Part, Problem, Section, TimeView } from "../../../../ui/mod.ts";
import type { Keeper, KeptWhy } from "../../../model/collection.ts";
import { untilText } from "../core/until_text.ts";

/** Of a hash: enough for an eye to tell two apart. */
const HASH_SHOWN = 8;

/** A store path, shortened, that leads to what keeps it. */
export function PathLink({ path }: { path: string }) {
  const base = path.split("/").at(-1) ?? path;
  const hash = base.slice(0, 32);
  const name = base.slice(33);
  return (
    <a href={`/why?path=${encodeURIComponent(hash)}`} title={path}>
      <code class="commit">{hash.slice(0, HASH_SHOWN)}</code> {name}
    </a>
  );
}

export function WhyForm(
  { path, storeDir }: { path: string; storeDir: string },
) {
  return (
    <form class="ask" action="/why" method="get">
      <label for="path">A store path, or its hash</label>
      <div>
        <input
          id="path"
          name="path"
          value={path}
          placeholder={`${storeDir}/...`}
          autocomplete="off"
          autocapitalize="off"
          required
        />
        <button type="submit">Ask</button>
      </div>
    </form>
  );
}

function KeeperView({ keeper }: { keeper: Keeper }) {
  return (
    <div class="inside">
      <h3>{keeper.label}</h3>
      <ol class="chain">
        {keeper.chain.map((path) => (
          <li>
            <PathLink path={path} />
          </li>
        ))}
      </ol>
    </div>
  );
}

function Answer({ why, nowMs }: { why: KeptWhy; nowMs: number }) {
  const { keepers, lastUse, complete } = why;
  const remains = lastUse.keptUntilMs - nowMs;
  return (
    <Section title="Kept by" count={keepers.length}>
      {keepers.map((keeper) => (
        <KeeperView
          key={keeper.label}
          keeper={keeper}
        />
      ))}
      {complete ? null : (
        <p>
          And maybe more: so much refers to it that not everything was looked
          at.
        </p>
      )}
      {keepers.length > 0 || !complete ? null : (
        <p>
          {remains > 0
            ? `No generation, branch or pin. It goes ${
              untilText(remains)
            } unless somebody asks for it until then; sooner where room is short.`
            : "Nothing. It goes with the next collection."}
        </p>
      )}
    </Section>
  );
}

export function WhyView(
  { found, nowMs }: { found: Part<KeptWhy>; nowMs: number },
) {
  if (!found.ok) return <Problem error={found.error} />;
  const why = found.value;
  const { lastUse } = why;
  return (
    <>
      <Section title="Path">
        <p>
          <code>{why.path}</code>
        </p>
        <p class="soft">
          Stored <TimeView atMs={why.storedAtMs} nowMs={nowMs} />
          {why.storedBy === "" ? "" : ` by ${why.storedBy}`}.{" "}
          {lastUse.atMs === 0 ? null : (
            <>
              Last used <TimeView atMs={lastUse.atMs} nowMs={nowMs} />
              {lastUse.path === why.path ? "." : (
                <>
                  {" "}through <PathLink path={lastUse.path} />.
                </>
              )}
            </>
          )}
        </p>
      </Section>
      <Answer why={why} nowMs={nowMs} />
      {why.sources.filter(({ problem }) => problem !== null).map((
        { name, problem },
      ) => (
        <Problem
          key={name}
          error={{
            message:
              `The ${name} could not be asked; what it told last counts: ${problem}`,
            hint: undefined,
          }}
        />
      ))}
    </>
  );
}
