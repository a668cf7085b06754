/**
 * All checkers. A new one is a file and a line here.
 *
 * @module
 */
import { alwaysAcknowledged } from "./always_acknowledged.ts";
import { alwaysAddresses } from "./always_addresses.ts";
import { alwaysAvailability } from "./always_availability.ts";
import { alwaysCapacity } from "./always_capacity.ts";
import { alwaysFence } from "./always_fence.ts";
import { alwaysHold } from "./always_hold.ts";
import { alwaysRefused } from "./always_refused.ts";
import { alwaysEvents } from "./always_events.ts";
import { alwaysEviction } from "./always_eviction.ts";
import { alwaysExclusive } from "./always_exclusive.ts";
import { alwaysFailed } from "./always_failed.ts";
import { alwaysObserved } from "./always_observed.ts";
import { alwaysTold } from "./always_told.ts";
import { alwaysWhole } from "./always_whole.ts";
import type { Eventually, MakeChecker } from "./checker.ts";
import { eventuallyBounded } from "./eventually_bounded.ts";
import { eventuallyConverged } from "./eventually_converged.ts";
import { eventuallyInformed } from "./eventually_informed.ts";
import { eventuallyPeers } from "./eventually_peers.ts";
import { eventuallyRolloutsEnd } from "./eventually_rollouts_end.ts";

export type { Checker, World } from "./checker.ts";

export const ALWAYS: readonly MakeChecker[] = [
  alwaysAcknowledged,
  alwaysAddresses,
  alwaysAvailability,
  alwaysCapacity,
  alwaysEvents,
  alwaysEviction,
  alwaysExclusive,
  alwaysFailed,
  alwaysFence,
  alwaysHold,
  alwaysObserved,
  alwaysRefused,
  alwaysTold,
  alwaysWhole,
];

/** In the order in which they come true. */
export const EVENTUALLY: Readonly<Record<string, Eventually>> = {
  eventually_rollouts_end: eventuallyRolloutsEnd,
  eventually_converged: eventuallyConverged,
  eventually_peers: eventuallyPeers,
  eventually_bounded: eventuallyBounded,
  eventually_informed: eventuallyInformed,
};
