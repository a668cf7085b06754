/**
 * An initrd that shows that a Linux kernel boots: its init, some eighty bytes
 * of our own, writes a line to the console and powers off. Pure.
 *
 * The kernel's own panic for want of an init would show that ring 0 runs. An
 * init shows more: that paging, system calls and the way back from them work,
 * which is where a KVM without virtualisation behind it may still fail. And its
 * line is in no kernel's messages.
 *
 * @module
 */
import { cpioArchive } from "./cpio_archive.ts";
import {
  elfImage,
  endOfHeaders,
  long,
  PT_LOAD,
  READ_EXECUTE,
} from "../../core/elf_image.ts";

/** What init writes. */
export const LINUX_MARKER = "procurator-linux-probe-ran";
/** What the kernel is told: its console, and to end instead of standing still. */
export const LINUX_CMDLINE = "console=ttyS0 panic=-1 quiet";

/** Where static executables of this architecture are by tradition. */
const BASE = 0x40_0000;
const PAGE = 0x1000;
const CODE_OFFSET = endOfHeaders(1);

/** Instructions for a text at `textAddress`; their number does not depend on it. */
function instructions(textAddress: number, textBytes: number): number[] {
  const syscall = [0x0f, 0x05];
  return [
    ...[0xb8, ...long(1)], // mov eax, write
    ...[0xbf, ...long(1)], // mov edi, standard output
    ...[0xbe, ...long(textAddress)], // mov esi, text
    ...[0xba, ...long(textBytes)], // mov edx, length
    ...syscall,
    ...[0xb8, ...long(169)], // mov eax, reboot
    ...[0xbf, ...long(0xfee1dead)], // mov edi, LINUX_REBOOT_MAGIC1
    ...[0xbe, ...long(0x28121969)], // mov esi, LINUX_REBOOT_MAGIC2
    ...[0xba, ...long(0x4321fedc)], // mov edx, LINUX_REBOOT_CMD_POWER_OFF
    ...syscall,
    ...[0xb8, ...long(34)], // rest: mov eax, pause
    ...syscall,
    ...[0xeb, 0xf7], // jmp rest
  ];
}

/** The program that Linux starts. */
export function probeInit(text: string = LINUX_MARKER): Uint8Array {
  const bytes = new TextEncoder().encode(`${text}\n`);
  const { length } = instructions(0, 0);
  const entry = BASE + CODE_OFFSET;
  const code = [...instructions(entry + length, bytes.length), ...bytes];
  const size = CODE_OFFSET + code.length;
  const image = elfImage({
    size,
    entry,
    segments: [{
      type: PT_LOAD,
      flags: READ_EXECUTE,
      offset: 0,
      address: BASE,
      bytes: size,
      align: PAGE,
    }],
  });
  image.set(code, CODE_OFFSET);
  return image;
}

/** The whole initrd: init, and the console that the kernel opens for it. */
export function linuxProbeInitrd(): Uint8Array {
  return cpioArchive([
    { kind: "directory", name: "dev", mode: 0o755 },
    { kind: "device", name: "dev/console", mode: 0o600, major: 5, minor: 1 },
    { kind: "file", name: "init", mode: 0o755, content: probeInit() },
  ]);
}
