@0xc9b6c3b1f2a4d5e1;
# Structures that the master's and the worker's interfaces share. Units are in
# the names; counters are at most 2^53-1, whatever UInt64 could hold. Field
# meanings are those of roles/model/.

struct Label {
  key @0 :Text;
  value @1 :Text;
}

struct Image {
  toplevel @0 :Text;
  kernelPath @1 :Text;
  initrdPath @2 :Text;
  diskImagePath @3 :Text;      # empty: none
  cmdline @4 :Text;
  root @5 :Root;

  enum Root { initrd @0; store @1; }
  # store: the closure of toplevel is there read-only at /nix/store.
}

struct Port {
  name @0 :Text;
  guest @1 :UInt16;
  publish @2 :UInt16;          # 0: not published
}

struct Network {
  allowedDomains @0 :List(Text);
  allowedPeers @1 :List(Text);
  ports @2 :List(Port);
  rateLimitMbit @3 :UInt32;    # 0: no limit
}

struct GuestNetwork {
  # Where one copy is on the cluster's network, and whom it may talk to.
  address @0 :Text;
  peers @1 :List(Peer);        # those of allowedPeers, by name
  sources @2 :List(Text);      # addresses of the VMs that may reach it
  sourcesList @3 :UInt32;      # above 0: they are the list of that number, from 1, and `sources` is empty

  struct Peer {
    name @0 :Text;
    addresses @1 :List(Text);
    list @2 :UInt32;           # as sourcesList
  }
}

struct AddressList {
  addresses @0 :List(Text);
}

struct Volume {
  name @0 :Text;
  sizeMib @1 :UInt32;
  mount @2 :Text;
}

struct HealthCheck {
  name @0 :Text;
  kind @1 :Kind;
  port @2 :UInt16;             # 0: none
  path @3 :Text;
  match @4 :Text;
  command @5 :List(Text);
  intervalMs @6 :UInt32 = 1000;
  timeoutMs @7 :UInt32 = 2000;
  graceMs @8 :UInt32;
  successes @9 :UInt16 = 1;
  failures @10 :UInt16 = 3;

  enum Kind { http @0; tcp @1; serial @2; command @3; guest @4; }
}

struct Update {
  strategy @0 :Strategy;
  maxParallel @1 :UInt32 = 1;
  canary @2 :UInt32;
  minAvailable @3 :Int32 = -1; # -1: not given
  minHealthyTimeMs @4 :UInt32 = 10000;
  healthyDeadlineMs @5 :UInt32 = 300000;
  progressDeadlineMs @6 :UInt32 = 600000;
  autoRevert @7 :Bool = true;
  autoPromote @8 :Bool;

  enum Strategy { rolling @0; canary @1; blueGreen @2; }
}

struct Restart {
  policy @0 :Policy;
  delayMs @1 :UInt32 = 1000;
  maxDelayMs @2 :UInt32 = 60000;

  enum Policy { always @0; onFailure @1; never @2; }
}

struct Rule {
  # A constraint, an affinity (with a weight) or a spread (no operator, no values).
  attribute @0 :Text;
  operator @1 :Operator;
  values @2 :List(Text);
  isList @3 :Bool;             # the value was given as a list
  weight @4 :Int32;

  enum Operator { equal @0; notEqual @1; in @2; version @3; regexp @4; }
}

struct VmSpec {
  name @0 :Text;
  cpuMilli @1 :UInt32;
  memoryMib @2 :UInt32;
  replicas @3 :UInt32 = 1;
  priority @4 :Int32;
  fencing @5 :Fencing;
  image @6 :Image;
  labels @7 :List(Label);
  env @8 :List(Label);
  network @9 :Network;         # null: all defaults; so are update and restart
  volumes @10 :List(Volume);
  healthChecks @11 :List(HealthCheck);
  update @12 :Update;
  restart @13 :Restart;
  constraints @14 :List(Rule);
  affinities @15 :List(Rule);
  spread @16 :List(Rule);
  dependsOn @17 :List(Text);
  budgetBootMs @18 :UInt32;    # 0: none
  budgetClosureMib @19 :UInt32;
  backend @20 :Text;           # empty: none

  enum Fencing { none @0; exclusive @1; }
}

struct Fence {
  # Orders are fenced by this pair, compared epoch first.
  leaseEpoch @0 :UInt64;
  revision @1 :UInt64;
}

enum VmState { created @0; running @1; paused @2; shutdown @3; }
enum Health { unknown @0; starting @1; healthy @2; unhealthy @3; }

struct Capacity {
  cpuMilli @0 :UInt32;
  memoryMib @1 :UInt32;
}

struct ObservedPort {
  name @0 :Text;
  guest @1 :UInt16;
  host @2 :UInt16;
}

struct ObservedVm {
  vm @0 :Text;
  incarnation @1 :UInt64;
  state @2 :VmState;
  runtimeHash @3 :Text;        # empty: nothing runs
  generation @4 :UInt64;
  health @5 :Health;
  healthyForMs @6 :Int64 = -1; # -1: not healthy
  settled @7 :Bool;
  restarts @8 :UInt64;
  address @9 :Text;
  ports @10 :List(ObservedPort);
  rolledBack @11 :RolledBack;  # null: none
  hostFailure @12 :HostFailure;# null: none
  message @13 :Text;
  copySeconds @14 :Float64 = -1; # -1: not reached
  bootSeconds @15 :Float64 = -1;
  healthySeconds @16 :Float64 = -1;
  closureBytes @17 :Int64 = -1;  # of what runs, by the worker's store; -1: unknown
  change @18 :Text;              # how what runs came to replace what ran: `switched in place`; empty: it did not, or long ago
}

struct RolledBack {
  runtimeHash @0 :Text;
  orderRevision @1 :UInt64;
  generation @2 :UInt64;
  reason @3 :Text;
}

struct HostFailure {
  kind @0 :Kind;
  message @1 :Text;

  enum Kind { disk @0; driver @1; cache @2; capacity @3; }
}
