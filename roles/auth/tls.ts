/**
 * Makes the CA and server certificates of a cluster, and loads them. Keys are
 * ECDSA P-256: every TLS stack in use takes them.
 *
 * @module
 */
import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
  X509Certificate,
} from "node:crypto";
import { AppError } from "../model/errors.ts";
import type { Random } from "../model/ports.ts";
import { readSmallFile } from "../config/mod.ts";
import { writeFileAtomic } from "../files/mod.ts";
import {
  authorityName,
  encodeCertificate,
  type Host,
  parseHost,
  pem,
} from "./core/certificate.ts";

const DAY_MS = 24 * 3600 * 1000;
/** A private CA outlives its servers; replacing it means visiting every host. */
const CA_DAYS = 3650;
/** A year and a month, so that a yearly renewal has time. */
const SERVER_DAYS = 397;
/** Clocks of hosts differ; a new certificate must not be "not yet valid". */
const BACKDATE_MS = 3600 * 1000;
/** Hosts in one certificate: a cluster's servers with all their names. */
const MAX_HOSTS = 100;
/** PEM files are a few KiB; a system's CA bundle is 250 KiB. */
const MAX_PEM_BYTES = 2 * 1024 * 1024;

const SERVER_NAME = "procurator";

/** What {@linkcode initTls} wrote. */
export interface TlsFiles {
  caCert: string;
  caKey: string;
  serverCert: string;
  serverKey: string;
  /** True when the CA was there already and was kept. */
  keptCa: boolean;
  hosts: string[];
  notAfterMs: number;
}

interface Authority {
  cert: string;
  key: KeyObject;
  publicKey: Uint8Array;
  notAfterMs: number;
}

function spki(key: KeyObject): Uint8Array {
  return new Uint8Array(
    createPublicKey(key).export({ type: "spki", format: "der" }),
  );
}

function serialNumber(random: Random): Uint8Array {
  // 127 random bits: positive, and within the 20 bytes that RFC 5280 allows.
  const bytes = Uint8Array.from(
    random.hex(16).match(/../g) ?? [],
    (byte) => parseInt(byte, 16),
  );
  bytes[0] = (bytes[0] ?? 0) & 0x7f | 0x40;
  return bytes;
}

function newKey(): KeyObject {
  return generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
}

function keyPem(key: KeyObject): string {
  return key.export({ type: "pkcs8", format: "pem" }).toString();
}

function signer(key: KeyObject): (bytes: Uint8Array) => Uint8Array {
  return (bytes) => new Uint8Array(sign("sha256", bytes, key));
}

function newAuthority(source: { now: number; random: Random }): Authority {
  const key = newKey();
  const publicKey = spki(key);
  const notAfterMs = source.now + CA_DAYS * DAY_MS;
  const name = authorityName(publicKey);
  const bytes = encodeCertificate({
    serial: serialNumber(source.random),
    notBeforeMs: source.now - BACKDATE_MS,
    notAfterMs,
    publicKey,
    subject: name,
    issuer: { name, publicKey },
    use: { kind: "ca" },
  }, signer(key));
  return { cert: pem("CERTIFICATE", bytes), key, publicKey, notAfterMs };
}

async function readPem(file: string, what: string): Promise<string> {
  const text = await readSmallFile(file, { what, maxBytes: MAX_PEM_BYTES });
  if (!text.includes("-----BEGIN ")) {
    throw new AppError("invalid", `Cannot read ${what} ${file}: it is not PEM`);
  }
  return text;
}

async function exists(file: string): Promise<boolean> {
  return await Deno.stat(file).then(() => true, () => false);
}

async function loadAuthority(dir: string): Promise<Authority> {
  const cert = await readPem(`${dir}/ca.crt`, "the CA");
  const keyText = await readPem(`${dir}/ca.key`, "the CA's key");
  try {
    const key = createPrivateKey(keyText);
    const certificate = new X509Certificate(cert);
    if (!certificate.checkPrivateKey(key)) {
      throw new Error("ca.key is not the key of ca.crt");
    }
    const notAfterMs = Date.parse(certificate.validTo);
    return { cert, key, publicKey: spki(key), notAfterMs };
  } catch (cause) {
    throw new AppError("invalid", `Cannot use the CA in ${dir}`, {
      cause,
      hint: "give another directory, or move this one's files away",
    });
  }
}

/** The hosts of a certificate, as `--host` takes them. */
function hostsOf(cert: string): string[] {
  const names = new X509Certificate(cert).subjectAltName ?? "";
  return names.split(", ").flatMap((entry) => {
    const match = /^(?:DNS|IP Address):(.+)$/.exec(entry);
    return match?.[1] === undefined ? [] : [match[1]];
  });
}

async function chooseHosts(dir: string, given: readonly string[]) {
  if (given.length > MAX_HOSTS) {
    throw new AppError(
      "invalid",
      `Cannot make a certificate for ${given.length} hosts: at most ${MAX_HOSTS}`,
    );
  }
  if (given.length > 0) return [...new Set(given)];
  if (await exists(`${dir}/server.crt`)) {
    const hosts = hostsOf(
      await readPem(`${dir}/server.crt`, "the certificate"),
    );
    if (hosts.length > 0) return hosts;
  }
  throw new AppError("usage", "Cannot make a certificate without a host", {
    hint: "procurator tls init DIR --host NAME --host 10.0.0.5",
  });
}

/**
 * Makes `ca.crt`, `ca.key`, `server.crt`, `server.key` in `dir`. A CA that is
 * there is kept, so that running it again renews the server's certificate;
 * without hosts it takes those of the present one.
 *
 * @throws {AppError} `usage`, `invalid` or `refused`
 */
export async function initTls(
  dir: string,
  hosts: readonly string[],
  source: { now: number; random: Random },
): Promise<TlsFiles> {
  const names = await chooseHosts(dir, hosts);
  const parsed: Host[] = names.map(parseHost);
  const hasCert = await exists(`${dir}/ca.crt`);
  const hasKey = await exists(`${dir}/ca.key`);
  if (hasCert !== hasKey) {
    throw new AppError(
      "refused",
      `Cannot use the CA in ${dir}: ${
        hasCert ? "ca.key" : "ca.crt"
      } is missing`,
      { hint: "bring it back, or give another directory" },
    );
  }
  const authority = hasCert ? await loadAuthority(dir) : newAuthority(source);
  const wanted = source.now + SERVER_DAYS * DAY_MS;
  const notAfterMs = Math.min(wanted, authority.notAfterMs);
  if (notAfterMs <= source.now) {
    throw new AppError(
      "refused",
      `Cannot use the CA in ${dir}: it has expired`,
      {
        hint: "make a new one in another directory and give it to every host",
      },
    );
  }
  const key = newKey();
  const certificate = encodeCertificate({
    serial: serialNumber(source.random),
    notBeforeMs: source.now - BACKDATE_MS,
    notAfterMs,
    publicKey: spki(key),
    subject: SERVER_NAME,
    issuer: {
      name: authorityName(authority.publicKey),
      publicKey: authority.publicKey,
    },
    use: { kind: "server", hosts: parsed },
  }, signer(authority.key));
  await Deno.mkdir(dir, { recursive: true, mode: 0o700 });
  const files = {
    caCert: `${dir}/ca.crt`,
    caKey: `${dir}/ca.key`,
    serverCert: `${dir}/server.crt`,
    serverKey: `${dir}/server.key`,
  };
  if (!hasCert) {
    await writeFileAtomic(files.caKey, keyPem(authority.key), { mode: 0o600 });
    await writeFileAtomic(files.caCert, authority.cert, { mode: 0o644 });
  }
  await writeFileAtomic(files.serverKey, keyPem(key), { mode: 0o600 });
  await writeFileAtomic(files.serverCert, pem("CERTIFICATE", certificate), {
    mode: 0o644,
  });
  return { ...files, keptCa: hasCert, hosts: names, notAfterMs };
}

/**
 * The certificate and key of a server, or undefined when none are configured.
 *
 * @throws {AppError} when they cannot be read or do not belong together.
 */
export async function loadTls(
  config: { tlsCert?: string | undefined; tlsKey?: string | undefined },
): Promise<{ cert: string; key: string } | undefined> {
  if (config.tlsCert === undefined || config.tlsKey === undefined) {
    return undefined;
  }
  const cert = await readPem(config.tlsCert, "the TLS certificate");
  const key = await readPem(config.tlsKey, "the TLS key");
  let fits: boolean;
  try {
    fits = new X509Certificate(cert).checkPrivateKey(createPrivateKey(key));
  } catch (cause) {
    throw new AppError(
      "invalid",
      `Cannot read the TLS certificate ${config.tlsCert} with the key ${config.tlsKey}`,
      { cause },
    );
  }
  if (!fits) {
    throw new AppError(
      "invalid",
      `${config.tlsKey} is not the key of the certificate ${config.tlsCert}`,
    );
  }
  return { cert, key };
}

/**
 * The PEM text of a CA file, or undefined when none is configured.
 *
 * @throws {AppError} when it cannot be read.
 */
export async function loadCa(
  caFile: string | undefined,
): Promise<string | undefined> {
  return caFile === undefined ? undefined : await readPem(caFile, "the CA");
}
