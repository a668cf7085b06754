/**
 * A guest for a real cloud-hypervisor: no operating system, some hundred bytes
 * of 32-bit code, its serial port polled. What it does is chosen by `pvh=` on
 * the command line:
 *
 * - `s`: says that it is ready, answers each line that is typed.
 * - `o`: powers off.  `r`: resets itself, as a kernel does after a panic.
 * - anything else: says so and halts.
 *
 * @module
 */
import { LOAD_ADDRESS, pvhImage } from "../../../vmm/choice/core/pvh_image.ts";

/** Below the code: 512 KiB that nobody else uses. */
const STACK = 0x8_0000;
const BUFFER_BYTES = 64;
/** The start info's field with the command line's address. */
const CMDLINE_FIELD = 24;
/** Between two looks at the port: an interpreted guest does some million instructions in a second. */
const IDLE_LOOPS = 2000;
const DATA = 0x3f8;
const LINE_STATUS = 0x3fd;
const POWER_PORT = 0x600;
const POWER_OFF = 0x34;
const KEYBOARD = 0x64;
const RESET = 0xfe;

type Part = number | { to: string; bytes: 1 | 4 };

/** Puts code together; jumps are by name. */
class Assembler {
  readonly #parts: Part[] = [];
  readonly #labels = new Map<string, number>();
  #length = 0;

  bytes(...bytes: number[]): this {
    this.#parts.push(...bytes);
    this.#length += bytes.length;
    return this;
  }

  label(name: string): this {
    this.#labels.set(name, this.#length);
    return this;
  }

  /** A short jump, by its opcode. */
  jump(opcode: number, to: string): this {
    this.bytes(opcode);
    return this.#reference(to, 1);
  }

  call(to: string): this {
    this.bytes(0xe8);
    this.#parts.push({ to: `~${to}`, bytes: 4 });
    this.#length += 4;
    return this;
  }

  /** The address of a label, 32 bits. */
  address(to: string): this {
    return this.#reference(to, 4);
  }

  text(name: string, text: string): this {
    return this.label(name).bytes(...new TextEncoder().encode(`${text}\0`));
  }

  build(): Uint8Array {
    const out: number[] = [];
    for (const part of this.#parts) {
      if (typeof part === "number") out.push(part);
      else out.push(...this.#resolved(part, out.length + part.bytes));
    }
    return Uint8Array.from(out);
  }

  #reference(to: string, bytes: 1 | 4): this {
    this.#parts.push({ to, bytes });
    this.#length += bytes;
    return this;
  }

  #resolved({ to, bytes }: { to: string; bytes: 1 | 4 }, end: number) {
    const at = this.#labels.get(to.replace(/^~/, ""));
    if (at === undefined) throw new Error(`no label ${to}`);
    const value = bytes === 1 || to.startsWith("~")
      ? at - end
      : LOAD_ADDRESS + at;
    return Array.from({ length: bytes }, (_, n) => (value >> (8 * n)) & 0xff);
  }
}

const long = (value: number) =>
  Array.from({ length: 4 }, (_, n) => (value >>> (8 * n)) & 0xff);
const port = (value: number) => [0x66, 0xba, value & 0xff, value >> 8]; // mov dx, value
const letter = (text: string) => text.charCodeAt(0);
const [JE, JNE, JMP] = [0x74, 0x75, 0xeb];

/** Finds the letter behind `pvh=`: in bl then. */
function findWord(code: Assembler): Assembler {
  return code
    .bytes(0xfa, 0xfc) // cli; cld
    .bytes(0xbc, ...long(STACK)) // mov esp, STACK
    .bytes(0x8b, 0x73, CMDLINE_FIELD) // mov esi, [ebx + 24]
    .bytes(0x30, 0xdb) // xor bl, bl
    .label("find")
    .bytes(0xac) // lodsb
    .bytes(0x84, 0xc0).jump(JE, "chosen") // test al, al
    .bytes(0x3c, letter("p")).jump(JNE, "find") // cmp al, 'p'
    .bytes(0x66, 0x81, 0x3e, letter("v"), letter("h")).jump(JNE, "find") // cmp word [esi], "vh"
    .bytes(0x80, 0x7e, 2, letter("=")).jump(JNE, "find") // cmp byte [esi + 2], '='
    .bytes(0x8a, 0x5e, 3) // mov bl, [esi + 3]
    .label("chosen");
}

/** mov esi, text; call print */
function print(code: Assembler, text: string): Assembler {
  return code.bytes(0xbe).address(text).call("print");
}

function dispatch(code: Assembler): Assembler {
  print(code, "up")
    .bytes(0x80, 0xfb, letter("o")).jump(JNE, "not_off") // cmp bl, 'o'
    .bytes(...port(POWER_PORT), 0xb0, POWER_OFF, 0xee) // mov al; out dx, al
    .label("not_off")
    .bytes(0x80, 0xfb, letter("r")).jump(JNE, "not_reset")
    .bytes(...port(KEYBOARD), 0xb0, RESET, 0xee)
    .label("not_reset")
    .bytes(0x80, 0xfb, letter("s")).jump(JE, "serve");
  return print(code, "silent")
    .label("halt").bytes(0xf4).jump(JMP, "halt"); // hlt
}

function serve(code: Assembler): Assembler {
  code.label("serve");
  print(code, "ready")
    .label("begin").bytes(0xbf).address("buffer") // mov edi, buffer
    .label("look")
    .bytes(0xb9, ...long(IDLE_LOOPS)) // mov ecx, IDLE_LOOPS
    .label("idle").jump(0xe2, "idle") // loop idle
    .label("poll")
    .bytes(...port(LINE_STATUS), 0xec, 0xa8, 1).jump(JE, "look") // in al, dx; test al, 1
    .bytes(...port(DATA), 0xec) // in al, dx
    .bytes(0x3c, 10).jump(JE, "line") // cmp al, '\n'
    .bytes(0x3c, 13).jump(JE, "line")
    .bytes(0x81, 0xff).address("buffer_end").jump(JE, "poll") // cmp edi, buffer_end
    .bytes(0xaa).jump(JMP, "poll") // stosb
    .label("line")
    .bytes(0x81, 0xff).address("buffer").jump(JE, "poll")
    .bytes(0xc6, 0x07, 0); // mov byte [edi], 0
  print(code, "echo");
  print(code, "buffer");
  return print(code, "end").jump(JMP, "begin");
}

/** The kernel file. */
export function pvhGuest(): Uint8Array {
  const code = new Assembler();
  findWord(code);
  dispatch(code);
  serve(code)
    .label("print")
    .bytes(0xac, 0x84, 0xc0).jump(JE, "printed") // lodsb; test al, al
    .bytes(...port(DATA), 0xee).jump(JMP, "print") // out dx, al
    .label("printed").bytes(0xc3) // ret
    .text("up", "a guest without an operating system is up\r\n")
    .text("ready", "test-vm: ready\r\n")
    .text("silent", "test-vm: silent\r\n")
    .text("echo", "echo: ")
    .text("end", "\r\n")
    .label("buffer").bytes(...new Array<number>(BUFFER_BYTES).fill(0))
    .label("buffer_end").bytes(0);
  return pvhImage(code.build());
}
