/**
 * The head of a README that Hugging Face's Spaces read: which framework shows
 * which file, with which Python. Of the root alone, where they look.
 *
 * @module
 */
import type { EvidenceDetector } from "../../detector.ts";
import type { Found, Reading } from "../../reading.ts";
import { shellWord } from "../../shell_word.ts";
import { gathering, state } from "../gathering.ts";
import { isOf, Targets } from "../targets.ts";

const README = "README.md";
/** A head has some ten lines. */
const MAX_HEAD = 60;
const FIELD =
  /^([a-z_]{1,40}):\s{0,8}["']?([^"'#\s][^"'#]{0,200}?)["']?\s{0,8}$/;
/** What a Space listens on unless it says otherwise. */
const PORT = 7860;

/** By framework: what starts a file of it. */
const SDKS: ReadonlyMap<string, (file: string) => string> = new Map([
  ["gradio", (file: string) => `python ${shellWord(file)}`],
  [
    "streamlit",
    (file: string) => `streamlit run ${shellWord(file)} --server.port ${PORT}`,
  ],
]);

/** `key: value` between the two `---` that a README begins with. */
function headOf(reading: Reading): Map<string, Found> {
  const [first, ...lines] = reading.lines(README).slice(0, MAX_HEAD);
  const head = new Map<string, Found>();
  const end = lines.findIndex(({ text }) => text.trim() === "---");
  if (first?.text.trim() !== "---" || end < 0) return head;
  for (const { number, text } of lines.slice(0, end)) {
    const [, key, value] = FIELD.exec(text.slice(0, 400)) ?? [];
    if (key === undefined || value === undefined) continue;
    head.set(key, { value, evidence: { file: README, line: number } });
  }
  return head;
}

export const spaces: EvidenceDetector = {
  name: "Hugging Face Spaces",
  reads: { manifests: [`./${README}`] },
  gather(reading, drafts) {
    const found = gathering();
    const head = headOf(reading);
    const sdk = head.get("sdk");
    const start = SDKS.get(sdk?.value ?? "");
    const owner = new Targets(drafts).at(".");
    if (sdk === undefined || start === undefined) return found;
    if (owner === null || !isOf(owner, "python")) return found;
    const { value: framework, evidence } = sdk;
    const tell = { path: ".", source: "procfile" } as const;
    state(found, { ...tell, field: "framework", value: framework, evidence });
    const file = head.get("app_file");
    if (file !== undefined && reading.tree.has(file.value)) {
      state(found, {
        ...tell,
        field: "start",
        value: start(file.value),
        evidence: file.evidence,
      });
      state(found, { ...tell, field: "port", value: PORT, evidence });
    }
    const version = head.get("python_version");
    if (version !== undefined && /^\d[\d.]{0,20}$/.test(version.value)) {
      state(found, {
        ...tell,
        field: "runtimeVersion",
        value: version.value,
        evidence: version.evidence,
      });
    }
    return found;
  },
};
