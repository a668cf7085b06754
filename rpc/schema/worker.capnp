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

  # console, pause, resume, snapshot, restore, createVm and deleteVm come with
  # the worker's own issue; ordinals 3 and up are theirs.
}
