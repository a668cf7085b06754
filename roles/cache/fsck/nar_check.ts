/**
 * Compares the files below `nar/` with their records, shard by shard, both in
 * the order of names; deep: reads each file as well.
 *
 * @module
 */
import { parseNarName } from "../../nar/core/names.ts";
import type { Check } from "./check.ts";
import type { CheckedNar } from "./checked_rows.ts";
import { type ReadNar, readNar } from "./read_nar.ts";

const DIGITS = "0123456789abcdfghijklmnpqrsvwxyz";

/** What lies in a shard's directory, in the order of names. */
interface Entry {
  name: string;
  /** Undefined: no regular file. */
  bytes: number | undefined;
}

export class NarCheck {
  readonly #check: Check;
  #doneBytes = 0;
  #totalBytes = 0;

  /** @param progress told which file was the last, now and then. */
  constructor(
    check: Check,
    private readonly progress: (file: string) => Promise<void>,
  ) {
    this.#check = check;
  }

  /** @param after the file behind which it goes on; empty: from the beginning. */
  async run(after: string): Promise<void> {
    const { rows } = this.#check;
    this.#totalBytes = rows.narBytes();
    for (const file of rows.otherNars()) {
      await this.#unnamed(file);
    }
    await this.#foreign();
    for (const first of DIGITS) {
      for (const second of DIGITS) {
        const shard = first + second;
        if (shard < after.slice(0, 2)) {
          for (const { fileSize } of rows.shard(shard)) {
            this.#doneBytes += fileSize ?? 0;
          }
          continue;
        }
        await this.#shard(shard, after);
      }
    }
  }

  async #shard(shard: string, after: string): Promise<void> {
    const { rows, pace, order } = this.#check;
    const entries = await this.#entries(shard);
    const files = new Map(entries.map((entry) => [entry.name, entry]));
    const records = new Map(rows.shard(shard).map((nar) => [nar.file, nar]));
    const names = [...new Set([...files.keys(), ...records.keys()])].sort();
    for (const name of names) {
      await pace.rest(order.signal);
      const nar = records.get(name);
      if (name > after) await this.#one(name, files.get(name), nar);
      else this.#doneBytes += nar?.fileSize ?? 0;
    }
  }

  async #entries(shard: string): Promise<Entry[]> {
    const directory = `${this.#check.config.stateDir}/nar/${shard}`;
    const entries: Entry[] = [];
    try {
      for await (const { name } of Deno.readDir(directory)) {
        const info = await Deno.lstat(`${directory}/${name}`);
        entries.push({ name, bytes: info.isFile ? info.size : undefined });
      }
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return entries;
      throw error;
    }
    return entries;
  }

  async #one(
    file: string,
    entry: Entry | undefined,
    nar: CheckedNar | undefined,
  ): Promise<void> {
    const { checked } = this.#check;
    checked.nars++;
    const before = this.#doneBytes;
    if (nar === undefined) await this.#unknown(file, entry);
    else if (entry === undefined) {
      await this.#lost("nar-missing", file, "its file is gone", false);
    } else await this.#compare(file, entry, nar);
    this.#doneBytes = before + (nar?.fileSize ?? 0);
    this.#tell(0);
    await this.progress(file);
  }

  async #compare(
    file: string,
    { bytes }: Entry,
    nar: CheckedNar,
  ): Promise<void> {
    if (bytes === undefined) {
      return await this.#lost("nar-missing", file, "it is no file", true);
    }
    const { rows, order, findings } = this.#check;
    const name = parseNarName(file);
    if (name === undefined) return await this.#unnamed(file);
    const isWrong = nar.fileSize !== bytes;
    if (!order.deep && !isWrong) return;
    // A record that says another size may be what is wrong.
    const read = await this.#read(file);
    if ("why" in read) {
      const size = isWrong
        ? `it has ${bytes} bytes, its record says ${nar.fileSize}; `
        : "";
      const kind = isWrong ? "nar-size" : "nar-corrupt";
      return await this.#lost(kind, file, `${size}${read.why}`, true);
    }
    const isTrue = nar.fileSize === read.nar.fileSize &&
      nar.narHash === read.nar.narHash && nar.narSize === read.nar.narSize;
    if (isTrue) return;
    if (order.repair) rows.putNar(read.nar);
    findings.add({
      kind: "nar-record",
      name: `nar/${file}`,
      why: "the file is what its name says, its record is not",
      todo: order.repair ? "the record was made anew" : "run with --repair",
      isMended: order.repair,
    });
  }

  /** A record whose file cannot be served. */
  async #lost(
    kind: string,
    file: string,
    why: string,
    isThere: boolean,
  ): Promise<void> {
    const { rows, order, findings, quarantine } = this.#check;
    const of = rows.basesOf(file);
    if (order.repair) {
      if (isThere) await quarantine.take(this.#pathOf(file), file);
      rows.condemnNar(file, why);
    }
    const whose = of.length === 0 ? "" : `; it is of ${of.join(", ")}`;
    findings.add({
      kind,
      name: `nar/${file}`,
      why: `${why}${whose}`,
      todo: order.repair
        ? `${isThere ? "moved to quarantine/, " : ""}its record is in damage`
        : "run with --repair, then push what it names again",
      isMended: order.repair,
    });
  }

  /** A file without a record: whole ones get theirs, for who pushes again need not send them. */
  async #unknown(file: string, entry: Entry | undefined): Promise<void> {
    const { rows, order, findings, quarantine } = this.#check;
    const isNar = parseNarName(file) !== undefined &&
      entry?.bytes !== undefined;
    if (!order.repair) {
      return findings.add({
        kind: isNar ? "nar-unknown" : "foreign",
        name: `nar/${file.slice(0, 2)}/${file}`,
        why: isNar ? "it has no record" : "it is no nar's file",
        todo: isNar
          ? "run with --repair: a whole one gets its record, others go to quarantine/"
          : "move it away, or run with --repair, which moves it to quarantine/",
        isMended: false,
      });
    }
    const read = isNar
      ? await this.#read(file)
      : { why: "it is no nar's file" };
    if ("nar" in read) rows.putNar(read.nar);
    else await quarantine.take(this.#pathOf(file), file);
    findings.add({
      kind: isNar ? "nar-unknown" : "foreign",
      name: `nar/${file.slice(0, 2)}/${file}`,
      why: "nar" in read ? "it had no record" : read.why,
      todo: "nar" in read ? "it has one now" : "moved to quarantine/",
      isMended: true,
    });
  }

  async #unnamed(file: string): Promise<void> {
    await this.#lost("nar-record", file, "no nar has such a name", false);
  }

  /** What lies in `nar/` and is no shard. */
  async #foreign(): Promise<void> {
    const { config, order, findings, quarantine } = this.#check;
    const root = `${config.stateDir}/nar`;
    const shard = new RegExp(`^[${DIGITS}]{2}$`);
    const names: string[] = [];
    try {
      for await (const { name, isDirectory } of Deno.readDir(root)) {
        if (!isDirectory || !shard.test(name)) names.push(name);
      }
    } catch (error) {
      // A restored cache that had no nar has no place for them yet.
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
    for (const name of names) {
      if (order.repair) await quarantine.take(`${root}/${name}`, name);
      findings.add({
        kind: "foreign",
        name: `nar/${name}`,
        why: "it is nothing of the cache's",
        todo: order.repair ? "moved to quarantine/" : "move it away",
        isMended: order.repair,
      });
    }
  }

  async #read(file: string): Promise<ReadNar> {
    const { config, order, checked } = this.#check;
    const name = parseNarName(file);
    if (name === undefined) return { why: "no nar has such a name" };
    return await readNar(this.#pathOf(file), name, {
      maxBytes: config.maxNarBytes,
      signal: order.signal,
      told: (bytes) => {
        checked.bytes += bytes;
        this.#tell(bytes);
      },
    });
  }

  #tell(bytes: number): void {
    this.#doneBytes += bytes;
    this.#check.order.told?.({
      phase: this.#check.order.deep ? "reading nars" : "nars",
      doneBytes: Math.min(this.#doneBytes, this.#totalBytes),
      totalBytes: this.#totalBytes,
    });
  }

  #pathOf(file: string): string {
    const { stateDir } = this.#check.config;
    return `${stateDir}/nar/${file.slice(0, 2)}/${file}`;
  }
}
