/**
 * Ports in the configuration file that a program is started with: viper's
 * config.yaml, go-zero's etc/x.yaml, kratos' configs/config.yaml, beego's
 * conf/app.conf.
 *
 * @module
 */
import type { NamePattern } from "../../detector.ts";
import type { Draft } from "../../draft.ts";
import { joinPath } from "../../file_tree.ts";
import type { Reading } from "../../reading.ts";
import { claimConfigPorts } from "../shared/config_ports.ts";

/** Modules that read such files. */
const READERS =
  /^(?:github\.com\/(?:spf13\/viper|knadh\/koanf|ilyakaznacheev\/cleanenv|zeromicro\/go-zero|go-kratos\/kratos|gogf\/gf|beego\/beego|astaxie\/beego|jinzhu\/configor|BurntSushi\/toml|pelletier\/go-toml|goccy\/go-yaml|go-ini\/ini|num30\/config|gookit\/config)|gopkg\.in\/(?:yaml|ini)\.v\d|go\.yaml\.in\/yaml)(?:\/|$)/;

/** Nearest first; in the first that names a port it stands. */
const FILES = [
  "config.yaml",
  "config.yml",
  "config.toml",
  "config.json",
  "config.local.yaml",
  "config.example.yaml",
  "config.yaml.example",
  "config/config.yaml",
  "config/config.yml",
  "config/config.toml",
  "config/config.json",
  "config/local.yaml",
  "configs/config.yaml",
  "configs/config.yml",
  "configs/config.toml",
  "conf/config.yaml",
  "conf/config.toml",
  "conf/app.conf",
  "conf/app.ini",
  "manifest/config/config.yaml",
];
/** Where go-zero keeps one for each program. */
const FOLDER = "etc";

export const CONFIGS: readonly NamePattern[] = [...FILES, `${FOLDER}/*.yaml`];

/** Nothing of a library. */
export function claimConfig(reading: Reading, draft: Draft): void {
  if (draft.role !== "application") return;
  if (!draft.dependencies.some(({ name }) => READERS.test(name))) return;
  const folder = joinPath(draft.path, FOLDER) ?? "";
  const kept = reading.tree.filesIn(folder)
    .filter((name) => name.endsWith(".yaml"))
    .map((name) => `${FOLDER}/${name}`);
  claimConfigPorts(reading, draft, [...FILES, ...kept]);
}
