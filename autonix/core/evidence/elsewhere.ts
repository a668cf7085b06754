/**
 * Other repositories that files name beside manifests: submodules, images that
 * compose files run and that are no service we know, and directories beside
 * this repository that they build.
 *
 * States nothing of applications: what it finds links repositories.
 *
 * @module
 */
import type { Evidence } from "../../../roles/model/analysis.ts";
import { type Mention, repositoryOf } from "../cluster/ties.ts";
import type { EvidenceDetector } from "../detector.ts";
import { directoryOf } from "../file_tree.ts";
import { at, textOf } from "../formats/node.ts";
import { nodeEvidence, type Reading } from "../reading.ts";
import { parseImage, serviceOfImage } from "../services/images.ts";
import { COMPOSE_NAMES, composeFiles, servicesIn } from "./compose/files.ts";
import { gathering } from "./gathering.ts";
import { Targets } from "./targets.ts";

const SUBMODULE_URL = /^\s{0,20}url\s{0,20}=\s{0,20}(\S{1,500})/;
/** One level or more out of the repository, then a name. */
const BESIDE = /^(?:\.\.\/){1,8}([\w.-]{1,100})(?:\/[\w./-]{0,300})?$/;
/** `acme/api`, `ghcr.io/acme/api`: an image without an owner is a public one. */
const OWNED_IMAGE = /^[\w.:-]{1,200}(?:\/[\w.-]{1,100}){1,5}/;

function submodules(reading: Reading): Mention[] {
  return reading.lines(".gitmodules").flatMap(({ number, text }): Mention[] => {
    const url = SUBMODULE_URL.exec(text.slice(0, 1000))?.[1];
    if (url === undefined) return [];
    const evidence = { file: ".gitmodules", line: number };
    const repository = repositoryOf(url);
    if (repository !== null) {
      return [{ kind: "repository", ...repository, path: null, evidence }];
    }
    const name = /^\.\.?\/(?:[\w.-]{1,100}\/){0,6}([\w.-]{1,100})$/.exec(url)
      ?.[1]?.replace(/\.git$/, "");
    return name === undefined || /^\.+$/.test(name)
      ? []
      : [{ kind: "repository", text: url, name, path: null, evidence }];
  });
}

function imageMention(text: string, evidence: Evidence): Mention | null {
  const image = parseImage(text);
  if (image === null || serviceOfImage(image) !== null) return null;
  if (!OWNED_IMAGE.test(text)) return null;
  const [bare = ""] = text.split("@", 1);
  const shown = image.tag === null
    ? bare
    : bare.slice(0, -image.tag.length - 1);
  return { kind: "image", text: shown, name: image.name, path: null, evidence };
}

function composeMentions(reading: Reading, file: string): Mention[] {
  const path = directoryOf(file);
  return servicesIn(reading.yaml(file)).flatMap(
    ([, service]): Mention[] => {
      const build = at(service, "build");
      const context = textOf(build) ?? textOf(at(build, "context"));
      if (build !== null && context !== null) {
        const name = path === "."
          ? BESIDE.exec(context.replace(/^\.\//, "").replace(/\/$/, ""))?.[1]
          : undefined;
        if (name === undefined || /^\.+$/.test(name)) return [];
        const evidence = nodeEvidence(file, build);
        return [{
          kind: "directory",
          text: context,
          name,
          path: null,
          evidence,
        }];
      }
      const image = at(service, "image");
      const text = textOf(image);
      if (image === null || text === null || build !== null) return [];
      const mention = imageMention(text, nodeEvidence(file, image));
      return mention === null ? [] : [{ ...mention, path }];
    },
  );
}

export const elsewhere: EvidenceDetector = {
  name: "other repositories",
  reads: { manifests: [".gitmodules", ...COMPOSE_NAMES] },
  gather(reading, drafts) {
    const targets = new Targets(drafts);
    return {
      ...gathering(),
      mentions: [
        ...submodules(reading),
        ...composeFiles(reading)
          .filter((file) => !targets.isAside(file))
          .flatMap((file) => composeMentions(reading, file)),
      ],
    };
  },
};
