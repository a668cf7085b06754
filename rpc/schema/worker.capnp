@0xd1e0f6a37b584c92;
# What a worker offers. It exports a Worker over its own session with the
# master, so that a worker behind NAT can be reached.

using Common = import "common.capnp";

interface Worker {
  read @0 () -> (worker :Text, vms :List(Common.ObservedVm));
  # The VMs as they are now.

  listVms @1 () -> (vms :List(Text));

  logs @2 (vm :Text, maxBytes :UInt32 = 65536) -> (text :Text, truncated :Bool);
  # The end of the VM's serial log, at most maxBytes of it.

  readLog @3 (vm :Text, generation :UInt64, boot :UInt64, offset :UInt64, maxBytes :UInt32 = 65536, waitMs :UInt32, incarnation :UInt64) -> (data :Data, boot :UInt64, offset :UInt64, generation :UInt64, ended :Bool, incarnation :UInt64);
  # What the guest wrote to its console from `offset` on in its boot number `boot` (0: the newest one of
  # `generation`, or of all when that is 0 too), waiting up to waitMs for more. `offset` in the answer is where
  # `data` ends: it is higher than asked by more than the data when the bounded log has dropped some. `ended`:
  # that boot will write no more. Boots are counted by copy: `incarnation` says of which (0: the main one).

  console @4 (vm :Text, sink :ByteSink) -> (console :Console);
  # The console both ways; the sink is first given the last of what was written before.
  exec @5 (vm :Text, command :List(Text), timeoutMs :UInt32, sink :ExecSink) -> (process :Process);
  # Runs inside the guest over the guest channel, never on the host. timeoutMs 0: as long as it takes.

  pause @6 (vm :Text) -> ();
  resume @7 (vm :Text) -> ();
  snapshot @8 (vm :Text, name :Text) -> (bytes :UInt64);
  restore @9 (vm :Text, name :Text) -> ();
  # The VM goes on from a snapshot of the same content; `refused` where the driver cannot.
  figures @10 (vm :Text) -> (figures :VmFigures);

  createVm @11 (vm :Text) -> ();
  # Starts now what the assignment names and what waits or has ended; `not_found` for a VM that it does not name.
  deleteVm @12 (vm :Text) -> ();
  # Ends the guest and drops what is kept of it but volumes; what is assigned is then made anew.

  snapshots @13 (vm :Text) -> (snapshots :List(Snapshot));
  # Of the copy that runs, oldest first.
  deleteSnapshot @14 (vm :Text, name :Text) -> ();
}

struct Snapshot {
  name @0 :Text;
  createdAtMs @1 :UInt64;
  bytes @2 :UInt64;
  runtimeHash @3 :Text;        # of what ran: only the same content goes on from it
  generation @4 :UInt64;
}

interface ByteSink {
  write @0 (data :Data) -> ();
  # The next piece follows the answer: a slow reader slows only itself.
  done @1 (message :Text) -> ();
  # Nothing follows; empty: it ended as it should.
}

interface Console {
  # Released by the client to detach.
  write @0 (data :Data) -> ();
}

interface ExecSink {
  output @0 (isError :Bool, data :Data) -> ();
  exited @1 (code :Int32, message :Text) -> ();
  # The last call. code -1: it did not run to its end, and why.
}

interface Process {
  # Released by the client: the command is ended.
  write @0 (data :Data) -> ();
  closeInput @1 () -> ();
}

struct VmFigures {
  # Of one copy since its boot; -1: not known here.
  atMs @0 :UInt64;
  cpuSeconds @1 :Float64 = -1;
  memoryBytes @2 :Int64 = -1;      # resident, of the VMM with its guest
  diskReadBytes @3 :Int64 = -1;
  diskWrittenBytes @4 :Int64 = -1;
  networkReceivedBytes @5 :Int64 = -1; # by the guest
  networkSentBytes @6 :Int64 = -1;
}
