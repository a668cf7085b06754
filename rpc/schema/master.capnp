@0xe4a95d07c1b26f38;
# The master's interfaces. Bootstrap is a Gate; what login returns hands out
# only what the token's role may do: a viewer never holds an object that has a
# publishState.

using Common = import "common.capnp";
using Worker = import "worker.capnp".Worker;

interface Gate {
  login @0 (token :Text) -> (session :Session);
  # Throws `unauthenticated: ...` for a token that is unknown, expired or revoked.

  version @1 () -> (version :Text, protocol :UInt32);
}

interface Session {
  # Each method but whoami throws `denied: ...` when the role may not.
  whoami @0 () -> (role :Text, name :Text, tokenId :Text);
  viewer @1 () -> (viewer :Viewer);
  operator @2 () -> (operator :Operator);
  publisher @3 () -> (publisher :Publisher);
  workerLink @4 (name :Text) -> (link :WorkerLink);
  tokens @5 () -> (tokens :Tokens);
}

interface Viewer {
  getClusterStatus @0 (cluster :Text) -> (status :ClusterStatus);
  # Empty: the only cluster; `refused` when there are several, naming them.

  getWorker @1 (worker :Text) -> (worker :WorkerStatus, vms :List(Common.ObservedVm));
  generations @2 (cluster :Text, limit :UInt32 = 50) -> (generations :List(Generation));
  # Newest first.

  clusters @3 () -> (clusters :List(Text));
  logs @4 (vm :Text, maxBytes :UInt32 = 65536) -> (text :Text, truncated :Bool);
  # Asked of the worker that runs it, over the worker's own session.
}

interface Operator {
  rollback @0 (cluster :Text, generation :UInt64) -> (status :ClusterStatus);
  # 0: the last active before the present one.
  resume @1 (cluster :Text) -> (status :ClusterStatus);
  retry @2 (cluster :Text, generation :UInt64) -> (status :ClusterStatus);
  # Forgets that this generation's intent failed and rolls it out again.
}

interface Publisher {
  publishState @0 PublishRequest -> (cluster :Text, generation :UInt64, state :GenerationState, intentHash :Text, created :Bool);
  highestGeneration @1 (cluster :Text) -> (generation :UInt64, intentHash :Text, commit :Text);
  # 0 and empty texts for a cluster that was never published.
}

interface WorkerLink {
  getAssignment @0 (lastSeen :Common.Fence, waitMs :UInt32) -> (unchanged :Bool, assignment :Assignment);
  # Waits up to waitMs for a pair above lastSeen; unchanged when there was none. Renews the lease on arrival.

  pushData @1 WorkerReport -> (leaseEpoch :UInt64, revision :UInt64);
  # Renews the lease. The answer is the newest pair, so that a worker that missed it asks again.

  register @2 (worker :Worker) -> ();
  # The worker's own interface, for logs; dropped with the session.
}

interface Tokens {
  create @0 (role :Text, name :Text, expiresAtMs :UInt64) -> (token :Text, id :Text);
  # expiresAtMs 0: never expires.
  list @1 () -> (tokens :List(TokenInfo));
  revoke @2 (id :Text) -> ();
}

struct TokenInfo {
  id @0 :Text;
  role @1 :Text;
  name @2 :Text;
  createdAtMs @3 :UInt64;
  expiresAtMs @4 :UInt64;      # 0: never
}

enum GenerationState { pending @0; rolling @1; active @2; failed @3; superseded @4; }

struct PublishRequest {
  cluster @0 :Text;
  repository @1 :Text;
  commit @2 :Text;
  generation @3 :UInt64;
  parent @4 :UInt64;
  intentHash @5 :Text;
  checkRevision @6 :Bool;      # expectedRevision was given
  expectedRevision @7 :UInt64;
  traceparent @8 :Text;        # empty: none
  vmSpecs @9 :List(Common.VmSpec);
}

struct Order {
  vm @0 :Text;
  incarnation @1 :UInt64;
  orderRevision @2 :UInt64;
  generation @3 :UInt64;
  commit @4 :Text;
  spec @5 :Common.VmSpec;
  runtimeHash @6 :Text;
  policyHash @7 :Text;
  traceparent @8 :Text;
  fallback :union {
    stop @9 :Void;
    spec @10 :FallbackSpec;
  }
}

struct FallbackSpec {
  spec @0 :Common.VmSpec;
  runtimeHash @1 :Text;
  generation @2 :UInt64;
}

struct Assignment {
  worker @0 :Text;
  leaseEpoch @1 :UInt64;
  revision @2 :UInt64;
  leaseMs @3 :UInt32;
  orders @4 :List(Order);
}

struct Metric {
  name @0 :Text;
  value @1 :Float64;
}

struct WorkerReport {
  worker @0 :Text;
  bootId @1 :Text;
  sequence @2 :UInt64;
  process @3 :Text;
  leaseEpoch @4 :UInt64;
  revision @5 :UInt64;
  capacity @6 :Common.Capacity;
  attributes @7 :List(Common.Label);
  versions @8 :List(Common.Label);
  vms @9 :List(Common.ObservedVm);
  metrics @10 :List(Metric);
}

struct WorkerStatus {
  id @0 :Text;
  state @1 :State;
  epoch @2 :UInt64;
  capacity @3 :Common.Capacity;
  freeCpuMilli @4 :Int32;
  freeMemoryMib @5 :Int32;
  attributes @6 :List(Common.Label);
  versions @7 :List(Common.Label);

  enum State { alive @0; disconnected @1; lost @2; }
}

struct VmStatus {
  id @0 :Text;
  incarnation @1 :UInt64;
  worker @2 :Text;
  desired @3 :Text;            # empty: a copy that should not be there
  observed @4 :Text;           # empty: nothing runs
  generation @5 :UInt64;
  state @6 :Common.VmState;
  health @7 :Common.Health;
  drift @8 :Bool;
  address @9 :Text;
  restarts @10 :UInt64;
  message @11 :Text;
}

struct ClusterStatus {
  cluster @0 :Text;
  activeGeneration @1 :UInt64;
  commit @2 :Text;
  held @3 :Text;               # empty: not held
  convergencePercent @4 :Float64;
  highestGeneration @5 :UInt64;
  rollout @6 :Rollout;         # null: none
  workers @7 :List(WorkerStatus);
  vms @8 :List(VmStatus);
}

struct Rollout {
  generation @0 :UInt64;
  state @1 :State;
  message @2 :Text;

  enum State { pending @0; running @1; paused @2; failed @3; successful @4; cancelled @5; }
}

struct Generation {
  cluster @0 :Text;
  generation @1 :UInt64;
  commit @2 :Text;
  repository @3 :Text;
  intentHash @4 :Text;
  parent @5 :UInt64;
  state @6 :GenerationState;
  reason @7 :Text;
  publishedAtMs @8 :UInt64;
  endedAtMs @9 :UInt64;        # 0: pending or rolling
  vms @10 :UInt32;
  copySeconds @11 :Float64 = -1;
  placeSeconds @12 :Float64 = -1;
  bootSeconds @13 :Float64 = -1;
  healthySeconds @14 :Float64 = -1;
  traceparent @15 :Text;
}
