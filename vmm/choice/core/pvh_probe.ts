/**
 * The smallest guest that shows that a VMM runs guests: writes a line to the
 * first serial port, powers off where cloud-hypervisor has its power switch, and
 * halts elsewhere. Its bytes are written here, so that a worker needs no
 * assembler and no file to try a VMM with. Pure.
 *
 * That it runs says that the VMM, its permissions and the processor's
 * virtualisation work; not that a Linux kernel boots (see linux_probe.ts).
 *
 * @module
 */
import { long, word } from "../../core/elf_image.ts";
import { LOAD_ADDRESS, pvhImage } from "./pvh_image.ts";

/** What the probe writes: nothing else in a log looks like it. */
export const PVH_MARKER = "procurator-pvh-probe-ran";
const SERIAL_PORT = 0x3f8;
/** cloud-hypervisor's ACPI sleep register; on QEMU's machines a write of this there changes nothing. */
const POWER_PORT = 0x600;
/** Sleep type 5 and the bit that makes it so. */
const POWER_OFF = (5 << 2) | (1 << 5);

/** Instructions for a text at `textAddress`; their number does not depend on it. */
function instructions(textAddress: number, textBytes: number): number[] {
  return [
    0xfa, // cli
    0xfc, // cld
    ...[0xbe, ...long(textAddress)], // mov esi, text
    ...[0xb9, ...long(textBytes)], // mov ecx, length
    ...[0x66, 0xba, ...word(SERIAL_PORT)], // mov dx, serial
    // One byte at a time: a string instruction to a port is what interpreters of ring 0 tend to lack.
    0xac, // next: lodsb
    0xee, // out dx, al
    ...[0xe2, 0xfc], // loop next
    ...[0x66, 0xba, ...word(POWER_PORT)], // mov dx, power
    ...[0xb0, POWER_OFF], // mov al, off
    0xee, // out dx, al
    0xf4, // halt: hlt
    ...[0xeb, 0xfd], // jmp halt
  ];
}

/** The kernel file of a guest that writes `text` and a line's end to its serial port. */
export function pvhProbe(text: string = PVH_MARKER): Uint8Array {
  const bytes = new TextEncoder().encode(`${text}\r\n`);
  const { length } = instructions(0, 0);
  const code = instructions(LOAD_ADDRESS + length, bytes.length);
  return pvhImage(Uint8Array.from([...code, ...bytes]));
}
