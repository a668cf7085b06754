import assert from "node:assert/strict";
import {
  createPublicKey,
  generateKeyPairSync,
  sign,
  X509Certificate,
} from "node:crypto";
import { encodeCertificate, parseHost, pem } from "./certificate.ts";
import { integer, oid, time } from "./der.ts";

const hex = (bytes: Uint8Array) =>
  [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");

Deno.test("DER as X.690 and RFC 5280 write it", () => {
  assert.equal(hex(integer(Uint8Array.of(0, 0, 5))), "020105");
  assert.equal(hex(integer(Uint8Array.of(0x80))), "02020080");
  assert.equal(hex(integer(Uint8Array.of(0))), "020100");
  assert.equal(hex(oid("1.2.840.10045.4.3.2")), "06082a8648ce3d040302");
  const text = (ms: number) => new TextDecoder().decode(time(ms).subarray(2));
  assert.equal(text(Date.UTC(2049, 11, 31, 23, 59, 59)), "491231235959Z");
  assert.equal(text(Date.UTC(2050, 0, 1)), "20500101000000Z");
});

Deno.test("parseHost() tells names from addresses and refuses the rest", () => {
  assert.deepEqual(parseHost("Node-1.Example"), {
    kind: "dns",
    name: "node-1.example",
  });
  assert.deepEqual(parseHost("*.example"), { kind: "dns", name: "*.example" });
  assert.deepEqual(parseHost("10.0.0.255"), {
    kind: "ip",
    bytes: Uint8Array.of(10, 0, 0, 255),
  });
  const v6 = (text: string) => {
    const host = parseHost(text);
    return host.kind === "ip" ? hex(host.bytes) : host.name;
  };
  assert.equal(v6("::1"), `${"0".repeat(31)}1`);
  assert.equal(v6("[fd00::12:3]"), "fd000000000000000000000000120003");
  assert.equal(v6("1:2:3:4:5:6:7:8"), "00010002000300040005000600070008");
  for (
    const bad of [
      "",
      "256.1.1.1",
      "1.2.3",
      "a b",
      "-a",
      "1::2::3",
      "1:2:3:4:5:6:7:8:9",
      "::12345",
      "a..b",
      "*",
      "http://x",
    ]
  ) {
    assert.throws(() => parseHost(bad), { code: "invalid" }, bad);
  }
});

Deno.test("an encoded certificate is read back by node:crypto", () => {
  const key = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
  const publicKey = new Uint8Array(
    createPublicKey(key).export({ type: "spki", format: "der" }),
  );
  const bytes = encodeCertificate({
    serial: Uint8Array.of(0x41, 2, 3),
    notBeforeMs: Date.UTC(2026, 0, 1),
    notAfterMs: Date.UTC(2051, 0, 1),
    publicKey,
    subject: "procurator",
    issuer: { name: "Procurator CA", publicKey },
    use: { kind: "server", hosts: ["hub.example", "10.0.0.1"].map(parseHost) },
  }, (data) => new Uint8Array(sign("sha256", data, key)));
  const read = new X509Certificate(pem("CERTIFICATE", bytes));
  assert.equal(read.subject, "CN=procurator");
  assert.equal(read.issuer, "CN=Procurator CA");
  assert.equal(read.subjectAltName, "DNS:hub.example, IP Address:10.0.0.1");
  assert.equal(read.serialNumber, "410203");
  assert.equal(Date.parse(read.validTo), Date.UTC(2051, 0, 1));
  assert.ok(read.checkPrivateKey(key));
  assert.equal(read.ca, false);
});
