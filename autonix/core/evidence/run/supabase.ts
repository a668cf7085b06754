/**
 * supabase/config.toml: the database of the stack that Supabase's command
 * starts for work on it.
 *
 * @module
 */
import { at, scalarText } from "../../formats/node.ts";
import { nodeEvidence } from "../../reading.ts";
import { service } from "../gathering.ts";
import type { Reader } from "./statements.ts";

/** As its command has it unless told otherwise. */
const PORT = 54322;

export const supabase: Reader = (to, root, place) => {
  const database = at(root, "db");
  if (database === null) return;
  const port = Number(scalarText(at(database, "port")));
  to.services.push(service({
    kind: "postgres",
    version: scalarText(at(database, "major_version")),
    port: Number.isInteger(port) && port > 0 && port <= 65535 ? port : PORT,
    usedBy: place.path,
    strength: "declared",
    place: "development",
    evidence: [nodeEvidence(place.file, database)],
  }));
};
