/**
 * Writes X.509 v3 certificates (RFC 5280): a CA of our own and the servers it
 * vouches for. Keys, time, serial numbers and signing come from outside.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { AppError } from "../../model/errors.ts";
import {
  bitString,
  boolean,
  explicit,
  implicit,
  integer,
  joinBytes,
  octetString,
  oid,
  sequence,
  set,
  time,
  utf8,
} from "./der.ts";

const OID = {
  commonName: "2.5.4.3",
  ecdsaWithSha256: "1.2.840.10045.4.3.2",
  subjectKeyId: "2.5.29.14",
  keyUsage: "2.5.29.15",
  subjectAltName: "2.5.29.17",
  basicConstraints: "2.5.29.19",
  authorityKeyId: "2.5.29.35",
  extendedKeyUsage: "2.5.29.37",
  serverAuth: "1.3.6.1.5.5.7.3.1",
  clientAuth: "1.3.6.1.5.5.7.3.2",
} as const;

/** A name or address that a certificate is for. */
export type Host = { kind: "dns"; name: string } | {
  kind: "ip";
  bytes: Uint8Array;
};

function ipv4Bytes(text: string): Uint8Array | null {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text);
  if (match === null) return null;
  const parts = match.slice(1).map(Number);
  return parts.every((part) => part <= 255) ? Uint8Array.from(parts) : null;
}

function ipv6Bytes(text: string): Uint8Array | null {
  if (!/^[0-9a-fA-F:]{2,39}$/.test(text)) return null;
  const halves = text.split("::");
  if (halves.length > 2) return null;
  const groups = halves.map((half) => half === "" ? [] : half.split(":"));
  const [head = [], tail = []] = groups;
  const missing = 8 - head.length - tail.length;
  if (halves.length === 1 ? missing !== 0 : missing < 1) return null;
  const all = [...head, ...Array<string>(missing).fill("0"), ...tail];
  if (!all.every((group) => /^[0-9a-fA-F]{1,4}$/.test(group))) return null;
  return Uint8Array.from(
    all.flatMap((group) => {
      const value = parseInt(group, 16);
      return [value >> 8, value & 255];
    }),
  );
}

/**
 * Reads what `--host` is given: a DNS name (`*.` in front is allowed) or an IP address.
 *
 * @throws {AppError} `invalid`
 */
export function parseHost(text: string): Host {
  const ip = ipv4Bytes(text) ?? ipv6Bytes(text.replace(/^\[(.*)\]$/, "$1"));
  if (ip !== null) return { kind: "ip", bytes: ip };
  const label = "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?";
  const looksLikeIp = /^[0-9.]+$/.test(text);
  if (
    looksLikeIp || text.length > 253 ||
    !new RegExp(`^(\\*\\.)?${label}(\\.${label})*$`, "i").test(text)
  ) {
    throw new AppError(
      "invalid",
      `Cannot make a certificate for "${text}": it is neither a host name nor an IP address`,
    );
  }
  return { kind: "dns", name: text.toLowerCase() };
}

function nameOf(commonName: string): Uint8Array {
  return sequence(set(sequence(oid(OID.commonName), utf8(commonName))));
}

function extension(
  id: string,
  content: Uint8Array,
  critical = false,
): Uint8Array {
  return sequence(
    oid(id),
    ...(critical ? [boolean(true)] : []),
    octetString(content),
  );
}

/** RFC 5280 4.2.1.2, method 1: sha1 over the public key's bits. It names a key, it protects nothing. */
function keyId(publicKey: Uint8Array): Uint8Array {
  return new Uint8Array(createHash("sha1").update(publicKey).digest());
}

/** A name for the CA of a key: two CAs of one name confuse whoever trusts both. */
export function authorityName(publicKey: Uint8Array): string {
  const id = [...keyId(publicKey).subarray(0, 4)];
  const hex = id.map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return `Procurator CA ${hex}`;
}

/** What both kinds of certificate need. Keys are SubjectPublicKeyInfo in DER. */
export interface CertificateRequest {
  serial: Uint8Array;
  notBeforeMs: number;
  notAfterMs: number;
  publicKey: Uint8Array;
  subject: string;
  issuer: { name: string; publicKey: Uint8Array };
  /** The CA itself, or the hosts of a server. */
  use: { kind: "ca" } | { kind: "server"; hosts: readonly Host[] };
}

function generalName(host: Host): Uint8Array {
  return host.kind === "dns"
    ? implicit(2, new TextEncoder().encode(host.name))
    : implicit(7, host.bytes);
}

function usageExtensions(use: CertificateRequest["use"]): Uint8Array[] {
  if (use.kind === "ca") {
    const pathLength = integer(Uint8Array.of(0));
    return [
      extension(
        OID.basicConstraints,
        sequence(boolean(true), pathLength),
        true,
      ),
      // keyCertSign and cRLSign
      extension(OID.keyUsage, bitString(Uint8Array.of(0x06), 1), true),
    ];
  }
  return [
    extension(OID.basicConstraints, sequence(), true),
    // digitalSignature
    extension(OID.keyUsage, bitString(Uint8Array.of(0x80), 7), true),
    extension(
      OID.extendedKeyUsage,
      sequence(oid(OID.serverAuth), oid(OID.clientAuth)),
    ),
    extension(OID.subjectAltName, sequence(...use.hosts.map(generalName))),
  ];
}

/** The certificate in DER. `sign` makes an ECDSA signature with sha256, in DER, by the issuer's key. */
export function encodeCertificate(
  request: CertificateRequest,
  sign: (bytes: Uint8Array) => Uint8Array,
): Uint8Array {
  const algorithm = sequence(oid(OID.ecdsaWithSha256));
  const extensions = [
    ...usageExtensions(request.use),
    extension(OID.subjectKeyId, octetString(keyId(request.publicKey))),
    extension(
      OID.authorityKeyId,
      sequence(implicit(0, keyId(request.issuer.publicKey))),
    ),
  ];
  const toBeSigned = sequence(
    explicit(0, integer(Uint8Array.of(2))),
    integer(request.serial),
    algorithm,
    nameOf(request.issuer.name),
    sequence(time(request.notBeforeMs), time(request.notAfterMs)),
    nameOf(request.subject),
    request.publicKey,
    explicit(3, sequence(...extensions)),
  );
  return sequence(toBeSigned, algorithm, bitString(sign(toBeSigned)));
}

/** PEM text. */
export function pem(label: string, bytes: Uint8Array): string {
  const base64 = btoa(String.fromCharCode(...joinBytes([bytes])));
  const lines = base64.match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${
    lines.join("\n")
  }\n-----END ${label}-----\n`;
}
