/** A guest that opens connections without end: the host's table of them serves its neighbours all the same. As root. */
import assert from "node:assert/strict";
import { MAX_FLOWS } from "../../roles/worker/network/core/ruleset_base.ts";
import {
  createGuestWorld,
  networkPlan,
  pageIs,
  plugIn,
  SITES,
} from "../support/guest_network.ts";

const SUBNET = "10.201.3.0/24";
/** Beyond what one guest may have. */
const MORE = 1000;
/** Of the neighbour, its lease and its names. */
const OTHERS = 200;

/** A datagram to each port, from one socket: each is a connection to the host. Perl is on every Debian. */
const FLOOD = `
my ($to, $count) = @ARGV;
socket(my $socket, PF_INET, SOCK_DGRAM, 0) or die $!;
for my $port (1 .. $count) {
  send($socket, "x", 0, pack_sockaddr_in($port, inet_aton($to)));
  select(undef, undef, undef, 0.001) if $port % 100 == 0;
}
`;

Deno.test("a guest that opens connections without end is refused more, and its neighbour is not", async () => {
  await using world = await createGuestWorld(["w1"]);
  const worker = world.worker("w1");
  const evil = await worker.guest("evil", {
    address: "10.201.3.2",
    domains: ["*"],
  });
  const web = await worker.guest("web", {
    address: "10.201.3.3",
    domains: ["allowed.example"],
  });
  await worker.network.adopt([]);
  await worker.network.configure(networkPlan(SUBNET, [evil, web]));
  for (const guest of [evil, web]) {
    await worker.network.provide(guest.copy);
    await plugIn(worker.network, guest);
    assert.equal(await guest.lease(), guest.address);
  }
  const sent = await evil.run(
    "perl",
    "-MSocket",
    "-e",
    FLOOD,
    SITES["blocked.example"],
    String(MAX_FLOWS + MORE),
  );
  assert.equal(sent.code, 0, sent.stderrTail);
  const { stdout } = await worker.run(
    "cat",
    "/proc/sys/net/netfilter/nf_conntrack_count",
  );
  assert.ok(Number(stdout) <= MAX_FLOWS + OTHERS, stdout);
  const counters = await worker.network.counters();
  const dropped = counters.get("shop/evil-0#1")?.droppedPackets ?? 0;
  assert.ok(dropped >= MORE / 2, `${dropped} of ${stdout} dropped`);
  await pageIs(web, "http://allowed.example/", "outside");
});
