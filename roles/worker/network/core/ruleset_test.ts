import assert from "node:assert/strict";
import fc from "fast-check";
import { parseSubnet } from "./addresses.ts";
import { guestsOf } from "./guests.ts";
import { guestKey, tapName } from "./names.ts";
import {
  changeScript,
  type FoundTable,
  removalScript,
  wholeScript,
} from "./nft_script.ts";
import type { GuestPlan, NetworkSettings } from "./plan.ts";
import { type Ruleset, rulesetOf } from "./ruleset.ts";

const SETTINGS: NetworkSettings = {
  bridge: "pcr0",
  underlay: "route",
  underlayAddress: null,
  nat: true,
  publishAddress: null,
};
const HOST = { subnet: "10.201.3.0/24", routes: [] };
const NAME = "procurator-pcr0";

function plan(
  over: Partial<GuestPlan["spec"] & GuestPlan["network"]> & { id?: string } =
    {},
): GuestPlan {
  const { address = "10.201.3.2", peers = [], sources = [] } = over;
  const { allowedDomains = [], rateLimitMbit } = over;
  return {
    copy: { id: over.id ?? "shop/web-0", incarnation: 1 },
    spec: {
      allowedDomains,
      allowedPeers: [],
      ports: [],
      ...(rateLimitMbit === undefined ? {} : { rateLimitMbit }),
    },
    network: { address, peers, sources },
  };
}

function guests(plans: readonly GuestPlan[]) {
  return guestsOf(plans, {
    settings: SETTINGS,
    subnet: parseSubnet(HOST.subnet),
    secret: "s",
  });
}

function ruleset(
  plans: readonly GuestPlan[],
  published: Parameters<typeof rulesetOf>[0]["published"] = new Map(),
): Ruleset {
  return rulesetOf({
    name: NAME,
    settings: SETTINGS,
    host: HOST,
    guests: guests(plans).good,
    published,
    taught: [],
  });
}

/** Tables as a kernel would have them: enough of nft's language for our scripts. Throws where nft would. */
class Kernel {
  readonly chains = new Map<string, string[]>();
  readonly counters = new Set<string>();
  readonly sets = new Set<string>();
  readonly elements = new Map<string, Map<string, string>>();

  run(script: string): this {
    for (const line of script.split("\n")) this.#line(line.trim());
    return this;
  }

  /** All of it, in an order that does not depend on how it came to be. */
  get text(): string {
    const sorted = <T>(items: Iterable<[string, T]>) =>
      [...items].sort(([a], [b]) => a < b ? -1 : 1);
    return JSON.stringify([
      sorted(this.chains),
      [...this.counters].sort(),
      [...this.sets].sort(),
      sorted(this.elements).map(([set, entries]) => [set, sorted(entries)])
        .filter(([, entries]) => entries?.length !== 0),
    ]);
  }

  #line(line: string): void {
    const [, verb, kind, table, rest = ""] =
      /^(add|delete|flush) (\w+) (\w+ \S+) ?(.*)$/.exec(line) ?? [];
    if (verb === undefined || kind === undefined) return;
    const [name = ""] = rest.split(" ");
    const key = `${table} ${name}`;
    const words = rest.slice(name.length + 1);
    switch (`${verb} ${kind}`) {
      case "add chain":
        if (!this.chains.has(key)) this.chains.set(key, []);
        return;
      case "flush chain":
        assert.ok(this.chains.has(key), line);
        this.chains.set(key, []);
        return;
      case "delete chain":
        assert.deepEqual(this.chains.get(key), [], line);
        assert.ok(!this.#isUsed(` ${name}`), line);
        this.chains.delete(key);
        return;
      case "add rule":
        assert.ok(this.chains.has(key), line);
        for (const [, set] of words.matchAll(/@(d_\w+)/g)) {
          assert.ok(this.sets.has(`${table} ${set}`), line);
        }
        for (const [, counter] of words.matchAll(/counter name "(\w+)"/g)) {
          assert.ok(this.counters.has(`${table} ${counter}`), line);
        }
        this.chains.get(key)?.push(words);
        return;
      case "add counter":
        this.counters.add(key);
        return;
      case "delete counter":
        assert.ok(!this.#isUsed(`"${name}"`), line);
        assert.ok(this.counters.delete(key), line);
        return;
      case "add set":
        this.sets.add(key);
        return;
      case "delete set":
        assert.ok(!this.#isUsed(`@${name} `), line);
        assert.ok(this.sets.delete(key), line);
        return;
      case "add element":
      case "delete element":
        this.#element(verb, key, words);
        return;
    }
  }

  #element(verb: string, key: string, words: string): void {
    const entries = this.elements.get(key) ?? new Map<string, string>();
    this.elements.set(key, entries);
    for (const item of words.replace(/^\{ | \}$/g, "").split(", ")) {
      const [element = "", value = ""] = item.split(" : ");
      if (verb === "delete") {
        assert.equal(entries.get(element), value, item);
        entries.delete(element);
      } else {
        assert.ok(!entries.has(element), item);
        entries.set(element, value);
      }
    }
  }

  #isUsed(word: string): boolean {
    const rules = [...this.chains.values()].flat();
    const values = [...this.elements.values()].flatMap((entries) => [
      ...entries.values(),
    ]);
    return [...rules, ...values].some((text) => `${text} `.includes(word));
  }
}

const NOTHING = () => null;

const plans = fc.uniqueArray(
  fc.record({
    last: fc.integer({ min: 2, max: 12 }),
    vm: fc.integer({ min: 0, max: 12 }),
    domains: fc.subarray(["a.example", "b.example", "c.example", "*"]),
    peers: fc.uniqueArray(fc.integer({ min: 2, max: 12 }), { maxLength: 3 }),
    rate: fc.option(fc.constantFrom(10, 100), { nil: undefined }),
  }),
  { selector: ({ last }) => last, maxLength: 8 },
).map((drawn) =>
  drawn.map(({ last, vm, domains, peers, rate }) =>
    plan({
      id: `shop/vm-${vm}`,
      address: `10.201.3.${last}`,
      allowedDomains: domains,
      peers: [{ name: "db", addresses: peers.map((n) => `10.201.4.${n}`) }],
      sources: peers.map((n) => `10.201.4.${n}`),
      ...(rate === undefined ? {} : { rateLimitMbit: rate }),
    })
  )
);

Deno.test("any change of guests leads to the very rules of a fresh load", () => {
  fc.assert(fc.property(plans, plans, (from, to) => {
    const [a, b] = [ruleset(from), ruleset(to)];
    const change = changeScript(a, b);
    assert.ok(change !== null);
    const kernel = new Kernel().run(wholeScript(a, NOTHING)).run(change);
    const fresh = new Kernel().run(wholeScript(b, NOTHING));
    assert.equal(kernel.text, fresh.text);
    assert.equal(changeScript(b, ruleset(to)), "");
  }));
});

Deno.test("a guest is let out to what its spec names", () => {
  const key = guestKey({ id: "shop/web-0", incarnation: 1 });
  const outside = (allowedDomains: string[]) =>
    ruleset([plan({ allowedDomains })]).tables[0].parts.chains.get(`o_${key}`);
  assert.deepEqual(outside([]), []);
  assert.deepEqual(outside(["*"]), ["accept"]);
  const [resolvers, ...domains] = outside(["a.example", "b.example"]) ?? [];
  assert.equal(
    resolvers,
    "meta l4proto { tcp, udp } th dport { 53, 853 } return",
  );
  assert.equal(domains.length, 2);
  assert.match(
    domains[0] ?? "",
    /^ip daddr @(d_\w+) update @\1 \{ ip daddr \} accept$/,
  );
});

Deno.test("a port lets through one hardware address with one address", () => {
  const copy = { id: "shop/web-0", incarnation: 1 };
  const [, bridge] = ruleset([plan({ rateLimitMbit: 8 })]).tables;
  const rules = bridge.parts.chains.get(`g_${guestKey(copy)}`) ?? [];
  assert.match(
    rules[0] ?? "",
    /^limit rate over 1000000 bytes\/second .* drop$/,
  );
  assert.match(rules[1] ?? "", /^ether saddr != 02:70:0a:c9:03:02 .* drop$/);
  assert.equal(rules.at(-1), "accept");
  const spoofed = rules.indexOf(
    `ip saddr != 10.201.3.2 counter name "s_${guestKey(copy)}" drop`,
  );
  assert.ok(spoofed > 0 && spoofed < rules.length - 1);
  assert.deepEqual(
    bridge.parts.elements.get("ports"),
    new Map([
      [`"${tapName("pcr0", copy)}"`, `jump g_${guestKey(copy)}`],
    ]),
  );
});

Deno.test("published ports lead to the guest's own", () => {
  const published = new Map([[
    "10.201.3.2",
    [{ name: "http", guest: 80, publish: 8080 }],
  ]]);
  const [inet] = ruleset([plan()], published).tables;
  assert.deepEqual(
    inet.parts.elements.get("forwarded"),
    new Map([["8080", "10.201.3.2 . 80"]]),
  );
  assert.deepEqual(
    inet.parts.elements.get("published"),
    new Map([["10.201.3.2 . 80", ""]]),
  );
});

Deno.test("a table of ours is laid over with its learned addresses, one of another version made anew", () => {
  const old: FoundTable = {
    chains: ["leave", "o_old"],
    counters: ["c_old"],
    sets: ["cluster", "version_1", "d_old"],
    maps: ["outside"],
  };
  const rules = ruleset([plan({ allowedDomains: ["a.example"] })]);
  const over = wholeScript(rules, (family) => family === "inet" ? old : null);
  assert.match(over, new RegExp(`^flush table inet ${NAME}$`, "m"));
  for (const line of ["flush set", "flush map", "delete chain"]) {
    assert.match(over, new RegExp(`^${line} inet`, "m"));
  }
  assert.match(over, /^delete set inet \S+ d_old$/m);
  assert.doesNotMatch(over, /flush set inet \S+ (d_|version_)/);
  const anew = wholeScript(
    rules,
    () => ({ ...old, sets: ["version_0"], maps: [] }),
  );
  assert.match(anew, new RegExp(`^delete table inet ${NAME}$`, "m"));
  assert.doesNotMatch(anew, /^flush/m);
});

Deno.test("fixed text that differs is loaded whole", () => {
  const from = ruleset([plan()]);
  const moved = rulesetOf({
    name: NAME,
    settings: { ...SETTINGS, nat: false },
    host: HOST,
    guests: guests([plan()]).good,
    published: new Map(),
    taught: [],
  });
  assert.equal(changeScript(from, moved), null);
});

Deno.test("chains that see all of the host's traffic let through what is not the guests'", () => {
  const text = wholeScript(ruleset([plan()]), NOTHING);
  const hooks = [...text.matchAll(/type \w+ hook .*; policy (\w+);/g)];
  assert.ok(hooks.length >= 7);
  assert.ok(hooks.every(([, policy]) => policy === "accept"));
});

Deno.test("a guest whose plan cannot be kept is refused alone", () => {
  const { good, refused } = guests([
    plan({ id: "shop/a-0", address: "10.201.3.2" }),
    plan({ id: "shop/b-0", address: "10.201.3.2" }),
    plan({ id: "shop/c-0", address: "10.201.4.2" }),
    plan({ id: "shop/d-0", address: "10.201.3.4", allowedDomains: ["a b"] }),
    plan({ id: "shop/e-0", address: "10.201.3.5" }),
  ]);
  assert.deepEqual(good.map(({ copy }) => copy.id), ["shop/a-0", "shop/e-0"]);
  assert.deepEqual(
    [...refused].map(([key, { code }]) => [key, code]),
    [
      ["shop/b-0#1", "conflict"],
      ["shop/c-0#1", "failed"],
      ["shop/d-0#1", "invalid"],
    ],
  );
});

Deno.test("taking the tables away needs nobody to know whether they are there", () => {
  assert.equal(
    removalScript("t"),
    "add table inet t\ndelete table inet t\nadd table bridge t\ndelete table bridge t\n",
  );
});
