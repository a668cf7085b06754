import { deepEqual } from "node:assert/strict";
import { type RoundFacts, violations } from "./checks.ts";

function facts(over: {
  before?: Partial<RoundFacts["before"]>;
  after?: Partial<RoundFacts["after"]>;
  rest?: Partial<RoundFacts>;
} = {}): RoundFacts {
  return {
    before: {
      machines: [
        { id: "c/web-0", identity: "10", image: "old" },
        { id: "c/steady-0", identity: "11", image: "same" },
      ],
      generations: [{ generation: 1, commit: "a1", state: "active" }],
      ...over.before,
    },
    after: {
      convergencePercent: 100,
      activeCommit: "b2",
      machines: [
        { id: "c/web-0", identity: "12", image: "new" },
        { id: "c/steady-0", identity: "11", image: "same" },
      ],
      generations: [
        { generation: 1, commit: "a1", state: "superseded" },
        { generation: 2, commit: "b2", state: "active" },
      ],
      vms: [
        {
          id: "c/web-0",
          health: "healthy",
          drift: false,
          restarts: 0,
          message: "",
        },
        {
          id: "c/steady-0",
          health: "healthy",
          drift: false,
          restarts: 0,
          message: "",
        },
      ],
      ...over.after,
    },
    pushed: "b2",
    expectedActive: "b2",
    expectedState: "active",
    acknowledged: ["a1", "b2"],
    excused: new Set(),
    ...over.rest,
  };
}

Deno.test("a round where everything holds has no violations", () => {
  deepEqual(violations(facts()), []);
});

Deno.test("each broken promise is named", () => {
  const cases: [string, RoundFacts, RegExp[]][] = [
    ["not converged", facts({ after: { convergencePercent: 50 } }), [
      /^converged: convergence is 50 %/,
    ]],
    ["an older commit is active", facts({ after: { activeCommit: "a1" } }), [
      /^converged: the active commit is a1, not b2/,
    ]],
    [
      "an acknowledged push was never built",
      facts({ rest: { acknowledged: ["a1", "x9", "b2"] } }),
      [/^nothing lost: commit x9 was pushed/],
    ],
    [
      "a published generation is gone",
      facts({
        after: {
          generations: [{ generation: 2, commit: "b2", state: "active" }],
        },
      }),
      [/^nothing lost: commit a1/, /^nothing lost: generation 1/],
    ],
    [
      "a commit was published twice",
      facts({
        after: {
          generations: [
            { generation: 1, commit: "a1", state: "superseded" },
            { generation: 2, commit: "b2", state: "superseded" },
            { generation: 3, commit: "b2", state: "active" },
          ],
        },
      }),
      [
        /^one generation per commit: commit b2 has 2/,
        /^one generation per commit: the pushed commit is superseded/,
      ],
    ],
    [
      "an orphan and a double",
      facts({
        after: {
          machines: [
            { id: "c/web-0", identity: "12", image: "new" },
            { id: "c/web-0", identity: "13", image: "new" },
            { id: "c/web-7", identity: "14", image: "old" },
          ],
        },
      }),
      [
        /^one machine per VM: 2 machines run for VM c\/web-0/,
        /^one machine per VM: a machine runs for VM c\/web-7/,
        /^one machine per VM: no machine runs for VM c\/steady-0/,
      ],
    ],
    [
      "a machine that ran on was started again",
      facts({
        after: {
          machines: [
            { id: "c/web-0", identity: "12", image: "new" },
            { id: "c/steady-0", identity: "99", image: "same" },
          ],
        },
      }),
      [/^adopted: VM c\/steady-0 ran through the kill/],
    ],
    [
      "a crash is not an adoption",
      facts({
        after: {
          vms: [
            {
              id: "c/web-0",
              health: "unhealthy",
              drift: true,
              restarts: 2,
              message: "",
            },
            {
              id: "c/steady-0",
              health: "healthy",
              drift: false,
              restarts: 0,
              message: "",
            },
          ],
        },
      }),
      [
        /^healthy: VM c\/web-0 is unhealthy/,
        /^healthy: VM c\/web-0 drifts/,
        /^healthy: VM c\/web-0 was restarted 2 times/,
      ],
    ],
  ];
  for (const [name, broken, expected] of cases) {
    const found = violations(broken);
    deepEqual(
      found.map((text, index) => expected[index]?.test(text) ?? false),
      expected.map(() => true),
      `${name}: ${found.join("; ")}`,
    );
  }
});

Deno.test("a commit that fails may touch what it changes, and nothing else", () => {
  const failed = facts({
    after: {
      activeCommit: "a1",
      generations: [
        { generation: 1, commit: "a1", state: "active" },
        { generation: 2, commit: "b2", state: "failed" },
      ],
      machines: [
        { id: "c/web-0", identity: "50", image: "old" },
        { id: "c/steady-0", identity: "11", image: "same" },
      ],
    },
    rest: { expectedActive: "a1", expectedState: "failed" },
  });
  deepEqual(violations(failed), []);
});
