import assert from "node:assert/strict";
import { connectionsTo, forwardedPorts, isTaken } from "./usernet.ts";

const TABLE = `Hub -1 (net0):\r
  Protocol[State]    FD  Source Address  Port   Dest. Address  Port RecvQ SendQ\r
  TCP[ESTABLISHED]   23       127.0.0.1 41139       10.0.2.15    80     0     0\r
  TCP[SYN_SENT]      19       127.0.0.1 42991       10.0.2.15    81     0     0\r
  TCP[SYN_SENT]      18       127.0.0.1 41139       10.0.2.15    80     0     0\r
  TCP[HOST_FORWARD]  14       127.0.0.1 41139       10.0.2.15    80     0     0\r
  UDP[8 sec]         25       10.0.2.15 68          10.0.2.2     67     0     0\r
`;

Deno.test("connectionsTo() reads the connections of one forwarded port", () => {
  assert.deepEqual(connectionsTo(41139, TABLE), [
    { fd: 23, state: "ESTABLISHED" },
    { fd: 18, state: "SYN_SENT" },
  ]);
  assert.deepEqual(connectionsTo(1, TABLE), []);
});

Deno.test("forwardedPorts() tells forwards from connections over them", () => {
  assert.deepEqual([...forwardedPorts(TABLE)], [41139]);
  assert.deepEqual([...forwardedPorts("")], []);
});

Deno.test("isTaken() looks only at connections that are new", () => {
  const now = connectionsTo(41139, TABLE);
  assert.equal(isTaken([{ fd: 18, state: "SYN_SENT" }], now), true);
  assert.equal(isTaken([{ fd: 23, state: "ESTABLISHED" }], now), false);
});
