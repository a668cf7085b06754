/**
 * INI as Python's configparser reads it: sections, keys, values that go on over
 * indented lines. `setup.cfg`, `tox.ini`, `pytest.ini`.
 *
 * @module
 */
import type { Line, Reading } from "../../reading.ts";
import { MAX_LINE } from "./requirement.ts";

/** Sections with their keys; of each value its lines, the key's own first. */
export type Ini = ReadonlyMap<string, ReadonlyMap<string, readonly Line[]>>;

const KEY = /^([A-Za-z0-9_.-]+)[ \t]*[=:]/;

export function readIni(reading: Reading, path: string): Ini {
  const ini = new Map<string, Map<string, Line[]>>();
  let section: Map<string, Line[]> | null = null;
  let value: Line[] | null = null;
  for (const line of reading.lines(path)) {
    const text = line.text.slice(0, MAX_LINE);
    const trimmed = text.trim();
    if (trimmed === "" || trimmed.startsWith("#") || trimmed.startsWith(";")) {
      continue;
    }
    if (/^\s/.test(text)) {
      value?.push({ number: line.number, text: trimmed });
      continue;
    }
    if (trimmed.startsWith("[")) {
      const name = trimmed.slice(1, trimmed.indexOf("]")).trim();
      section = ini.get(name) ?? new Map<string, Line[]>();
      ini.set(name, section);
      value = null;
      continue;
    }
    const key = KEY.exec(text);
    if (key?.[1] === undefined || section === null) continue;
    value = [{ number: line.number, text: text.slice(key[0].length).trim() }];
    section.set(key[1].toLowerCase(), value);
  }
  return ini;
}

/** The value on the key's own line; null when it is empty or not there. */
export function iniValue(
  ini: Ini | null,
  section: string,
  key: string,
): Line | null {
  const [first] = ini?.get(section)?.get(key) ?? [];
  return first === undefined || first.text === "" ? null : first;
}

/** Every line of a value that has text. */
export function iniLines(
  ini: Ini | null,
  section: string,
  key: string,
): readonly Line[] {
  return (ini?.get(section)?.get(key) ?? []).filter(({ text }) => text !== "");
}
