@0xe4a95d07c1b26f38;
# The master's interfaces. Bootstrap is a Gate; what login returns hands out
# only what the token's role may do: a viewer never holds an object that has a
# publishState.

using Common = import "common.capnp";
using WorkerSchema = import "worker.capnp";
using Worker = WorkerSchema.Worker;

interface Gate {
  login @0 (token :Text) -> (session :Session);
  # Throws `unauthenticated: ...` for a token that is unknown, expired or revoked.

  version @1 () -> (version :Text, protocol :UInt32);
  enroll @2 (token :Text, worker :Text, proof :Text) -> (token :Text);
  # A one-time token for a worker's own, good for this worker's name only; the one-time token is used up by it.
  # proof: 64 random hex digits of the worker's. Who shows the same ones again is answered the same: a lost answer
  # costs nothing, and nobody else can use the one-time token a second time.
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

  plan @5 PlanRequest -> (plan :Plan);
  # What would happen if this were published now. Nothing is stored.

  why @6 (vm :Text) -> (why :Why);
  events @7 (after :UInt64, follow :Bool, topics :List(Text), cluster :Text, sink :EventSink, audit :Bool, tail :UInt32) -> (subscription :Subscription);
  # Every kept event with an index above `after`, then new ones while the subscription is held. No topics: all.
  # `audit`: only what somebody asked for, which is kept longer. `tail` above 0: at most so many of the newest.

  operations @8 (limit :UInt32 = 50) -> (operations :List(Operation));
  # Newest first.
  operation @9 (id :Text) -> (operation :Operation);

  readLog @10 (vm :Text, generation :UInt64, boot :UInt64, offset :UInt64, maxBytes :UInt32 = 65536, waitMs :UInt32, incarnation :UInt64) -> (data :Data, boot :UInt64, offset :UInt64, generation :UInt64, ended :Bool, incarnation :UInt64);
  figures @11 (vm :Text) -> (figures :WorkerSchema.VmFigures);
  snapshots @12 (vm :Text) -> (snapshots :List(WorkerSchema.Snapshot));
  # As the worker's methods of those names.

  closureRoots @13 (cluster :Text, after :UInt64) -> (generations :List(ClosureRoots), more :Bool);
  # What the kept generations with a number above `after` name in the store, the lowest number first: what no cache may
  # collect. `more`: ask again, after the last one.
}

interface EventSink {
  push @0 (events :List(Event), last :Bool) -> ();
  # The next batch follows the answer: a slow reader slows only itself. `last`: without follow, that was all.
}

interface Subscription {
  # Released by the client to end the stream.
}

interface Operator {
  rollback @0 (cluster :Text, generation :UInt64) -> (status :ClusterStatus);
  # 0: the last active before the present one.
  resume @1 (cluster :Text) -> (status :ClusterStatus);
  retry @2 (cluster :Text, generation :UInt64) -> (status :ClusterStatus);
  # Forgets that this generation's intent failed and rolls it out again.

  pause @3 (cluster :Text, reason :Text) -> (status :ClusterStatus);
  # A running rollout takes no further step until resume, promote or fail.
  promote @4 (cluster :Text) -> (status :ClusterStatus);
  # Canaries or the green copies become the main ones and the rollout goes on.
  fail @5 (cluster :Text, reason :Text) -> (status :ClusterStatus);
  # Ends a running rollout as failed, as if a VM had failed it.

  cordon @6 (worker :Text, reason :Text) -> (operation :Operation);
  uncordon @7 (worker :Text) -> (operation :Operation);
  drain @8 (worker :Text, deadlineMs :UInt64, force :Bool, reason :Text) -> (operation :Operation);
  # Cordons, then moves every VM away; deadlineMs 0: as long as it takes.
  rebalance @9 (cluster :Text, maxMoves :UInt32, apply :Bool) -> (proposal :Rebalance, operation :Operation);
  # Without apply nothing happens, and the operation is null.
  cancel @10 (operation :Text) -> (operation :Operation);
  # Stops what has not happened yet of a drain or a rebalance.
  removeWorker @11 (worker :Text) -> (operation :Operation);
  # Forgets a lost worker that has no VMs.

  console @12 (vm :Text, sink :WorkerSchema.ByteSink) -> (console :WorkerSchema.Console);
  exec @13 (vm :Text, command :List(Text), timeoutMs :UInt32, sink :WorkerSchema.ExecSink) -> (process :WorkerSchema.Process);
  pauseVm @14 (vm :Text) -> ();
  resumeVm @15 (vm :Text) -> ();
  snapshotVm @16 (vm :Text, name :Text) -> (bytes :UInt64);
  restoreVm @17 (vm :Text, name :Text) -> ();
  deleteSnapshot @18 (vm :Text, name :Text) -> ();
  # As the worker's methods; each leaves an event with the identity behind it.
}

interface Publisher {
  publishState @0 PublishRequest -> (cluster :Text, generation :UInt64, state :GenerationState, intentHash :Text, created :Bool);
  highestGeneration @1 (cluster :Text) -> (generation :UInt64, intentHash :Text, commit :Text);
  # 0 and empty texts for a cluster that was never published.
}

interface WorkerLink {
  getAssignment @0 (lastSeen :Common.Fence, waitMs :UInt32) -> (unchanged :Bool, assignment :Assignment);
  # Waits up to waitMs for a pair above lastSeen; unchanged when there was none. Renews the lease on arrival.

  pushData @1 WorkerReport -> (leaseEpoch :UInt64, revision :UInt64, leaseMs :UInt32);
  # Renews the lease, for leaseMs (0: as the last assignment said). The answer is the newest pair, so that a worker
  # that missed it asks again.

  register @2 (worker :Worker) -> ();
  # The worker's own interface, for logs; dropped with the session.
}

interface Tokens {
  create @0 (role :Text, name :Text, expiresAtMs :UInt64, oneTime :Bool) -> (token :Text, id :Text);
  # expiresAtMs 0: never expires. oneTime: logs nobody in, is exchanged once by `enroll`.
  list @1 () -> (tokens :List(TokenInfo));
  revoke @2 (id :Text) -> ();
}

struct TokenInfo {
  id @0 :Text;
  role @1 :Text;
  name @2 :Text;
  createdAtMs @3 :UInt64;
  expiresAtMs @4 :UInt64;      # 0: never
  oneTime @5 :Bool;
  worker @6 :Text;             # the only worker it may act as, or that used it up; empty: any
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
  placement @10 :Placement;
}

enum Placement { spread @0; pack @1; }
# Over as many workers as possible, or on as few.

struct PlanRequest {
  cluster @0 :Text;
  repository @1 :Text;         # empty: not checked
  commit @2 :Text;             # for show; empty: none
  vmSpecs @3 :List(Common.VmSpec);
  placement @4 :Placement;
}

struct Plan {
  cluster @0 :Text;
  planRevision @1 :UInt64;     # what expectedRevision is compared with
  activeGeneration @2 :UInt64;
  nextGeneration @3 :UInt64;
  commit @4 :Text;
  intentHash @5 :Text;
  refused @6 :Text;            # why it would not be taken; empty: it would
  held @7 :Text;               # it would wait; empty: it would not
  changes @8 :List(PlanChange);
  closures @9 :List(ClosureChange);
}

struct PlanChange {
  vm @0 :Text;
  kind @1 :Kind;
  fromWorker @2 :Text;         # empty: it is nowhere
  toWorker @3 :Text;           # empty: it ends, or has no place
  reason @4 :Text;

  enum Kind { create @0; replace @1; switch @2; move @3; destroy @4; relabel @5; keep @6; pending @7; }
}

struct ClosureChange {
  vm @0 :Text;                 # the VM's name, of all its replicas
  known @1 :Bool;              # the cache could be asked; otherwise the counts are 0
  message @2 :Text;            # why not known
  pathsAdded @3 :UInt32;
  pathsRemoved @4 :UInt32;
  bytesAdded @5 :UInt64;
  bytesRemoved @6 :UInt64;
  totalBytes @7 :UInt64;
  kernelChanged @8 :Bool;
  copies @9 :List(CopyBytes);
}

struct CopyBytes {
  worker @0 :Text;
  bytes @1 :UInt64;
}

struct Why {
  vm @0 :Text;
  summary @1 :Text;
  worker @2 :Text;             # empty: not placed
  incarnation @3 :UInt64;
  decidedAtMs @4 :UInt64;      # 0: not placed
  reason @5 :Text;             # why it was placed or moved then
  rolledBack @6 :Text;         # empty: it was not
  candidates @7 :List(Candidate);
  # As the scheduler would judge it now, best first; the refused ones after them.
}

struct Candidate {
  worker @0 :Text;
  score @1 :Float64;
  parts @2 :List(Metric);
  refusal @3 :Text;            # empty: it could go there
  kind @4 :Text;               # of the refusal: state, rule, port, address, avoided, room
}

struct Identity {
  role @0 :Text;               # `system`: the master itself
  name @1 :Text;
  tokenId @2 :Text;
}

struct Event {
  index @0 :UInt64;            # rises by one; never used again
  atMs @1 :UInt64;
  topic @2 :Text;
  cluster @3 :Text;            # empty: of no cluster
  subject @4 :Text;            # a VM id, a worker, a generation's number, an operation's id
  message @5 :Text;
  by @6 :Identity;
  data @7 :List(Common.Label);
}

struct Operation {
  id @0 :Text;
  kind @1 :Kind;
  target @2 :Text;             # a worker or a cluster
  state @3 :State;
  by @4 :Identity;
  reason @5 :Text;
  createdAtMs @6 :UInt64;
  endedAtMs @7 :UInt64;        # 0: running
  deadlineAtMs @8 :UInt64;     # 0: none
  force @9 :Bool;
  done @10 :UInt32;
  total @11 :UInt32;
  message @12 :Text;

  enum Kind { cordon @0; uncordon @1; drain @2; rebalance @3; rollback @4; resume @5; retry @6; pause @7; promote @8; fail @9; removeWorker @10; cancel @11; restore @12; }
  enum State { running @0; done @1; failed @2; cancelled @3; }
}

struct Rebalance {
  moves @0 :List(Move);
  message @1 :Text;            # what it gains, or why there is nothing to do
  freedWorkers @2 :UInt32;     # workers that hold nothing afterwards and held something before

  struct Move {
    vm @0 :Text;
    fromWorker @1 :Text;
    toWorker @2 :Text;
    reason @3 :Text;
  }
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
  surge @11 :Bool;             # a copy beside the main one: it holds no published port
  network @12 :Common.GuestNetwork; # null: its worker gives no addresses
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
  network @5 :HostNetwork;     # null: no addresses are given here
  addressLists @6 :List(Common.AddressList);
  # What many orders say alike, once: all replicas of a VM have the same peers.
}

struct HostNetwork {
  subnet @0 :Text;             # this worker's own, `10.201.3.0/24`; its first address is the host's
  routes @1 :List(Route);      # where the subnets of other workers are

  struct Route {
    worker @0 :Text;
    subnet @1 :Text;
    via @2 :Text;              # the address other hosts reach that worker at
  }
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
  roots @11 :List(Text);       # store paths whose closures are kept on this worker
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
  cordoned @8 :Text;           # who and why; empty: it takes VMs

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
  surge @12 :Bool;             # a canary or green copy beside the main one
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
  planRevision @9 :UInt64;
}

struct Rollout {
  generation @0 :UInt64;
  state @1 :State;
  message @2 :Text;
  waitingOn @3 :Text;          # what a surge copy lacks, or who must promote; empty: nothing

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
  rollbackTarget @16 :Bool;    # it was active once, and is not now
}

struct ClosureRoots {
  cluster @0 :Text;
  generation @1 :UInt64;
  commit @2 :Text;
  repository @3 :Text;
  paths @4 :List(Text);        # store paths, without what is below them; each once
}
