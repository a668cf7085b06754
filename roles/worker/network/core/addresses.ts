/**
 * IPv4 arithmetic on addresses and subnets that zod has checked. Pure.
 *
 * @module
 */
import { AppError } from "../../../model/errors.ts";

/** The four bytes of an address. */
export function addressBytes(address: string): number[] {
  return address.split(".").map(Number);
}

function numberOf(address: string): number {
  return addressBytes(address).reduce((sum, byte) => sum * 256 + byte, 0);
}

function addressOf(value: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256)
    .join(".");
}

/** A subnet's first and last address, its mask, and the host's own address in it. */
export interface Subnet {
  /** `10.201.3.0/24`, host bits cleared. */
  readonly cidr: string;
  readonly network: string;
  readonly bits: number;
  readonly mask: string;
  /** The first usable one: the worker's own, the guests' gateway. */
  readonly gateway: string;
  readonly broadcast: string;
}

/** Above 30 there is no room for a guest; below 22 no host has so many, and each address is a line for dnsmasq. */
const BITS = { least: 22, most: 30 };

/** @throws {AppError} `invalid` for a subnet without room for guests. */
export function parseSubnet(cidr: string): Subnet {
  const [address = "", bitsText = ""] = cidr.split("/");
  const bits = Number(bitsText);
  if (bits < BITS.least || bits > BITS.most) {
    throw new AppError(
      "invalid",
      `Cannot use ${cidr} for guests: a subnet has ${BITS.least} to ${BITS.most} bits`,
    );
  }
  const size = 2 ** (32 - bits);
  const base = Math.floor(numberOf(address) / size) * size;
  return {
    cidr: `${addressOf(base)}/${bits}`,
    network: addressOf(base),
    bits,
    mask: addressOf(2 ** 32 - size),
    gateway: addressOf(base + 1),
    broadcast: addressOf(base + size - 1),
  };
}

/** True for any address of a subnet, its first and last included. */
export function isInside(subnet: Subnet, address: string): boolean {
  const value = numberOf(address);
  return value >= numberOf(subnet.network) &&
    value <= numberOf(subnet.broadcast);
}

/** The network of an address with so many bits, when it is larger than a subnet and has it in it; else null. */
export function widerThan(
  subnet: Subnet,
  address: string,
  bits: number,
): string | null {
  const size = 2 ** (32 - bits);
  const base = Math.floor(numberOf(address) / size) * size;
  const first = numberOf(subnet.network);
  const isAround = bits < subnet.bits && base <= first && first < base + size;
  return isAround ? `${addressOf(base)}/${bits}` : null;
}

/** True for an address that a guest may have: inside, neither gateway nor first nor last. */
export function isGuestAddress(subnet: Subnet, address: string): boolean {
  const value = numberOf(address);
  return value > numberOf(subnet.gateway) &&
    value < numberOf(subnet.broadcast);
}

/** Every address that a guest may have. */
export function guestAddresses(subnet: Subnet): string[] {
  const first = numberOf(subnet.gateway) + 1;
  const count = numberOf(subnet.broadcast) - first;
  return Array.from({ length: count }, (_, index) => addressOf(first + index));
}
