/**
 * On which port a program listens: configuration of its server, its sources,
 * the framework's default.
 *
 * @module
 */
import type { Evidence } from "../../../../roles/model/analysis.ts";
import type { Source } from "../../claims.ts";
import { at, scalarText } from "../../formats/node.ts";
import { portOf } from "./expression.ts";
import { fileOf, type Project } from "./project.ts";
import type { SourceFacts } from "./source_facts.ts";

export interface Port {
  value: number;
  source: Source;
  evidence: Evidence;
}

/** Configuration that a server reads by itself, in the directory it is started in. */
const CONFIGURED: readonly {
  of: string;
  files: readonly string[];
  pattern: RegExp;
}[] = [
  {
    of: "gunicorn",
    files: ["gunicorn.conf.py"],
    pattern: /^bind[ \t]*=.{0,200}?:([0-9]{2,5})\b/,
  },
  {
    of: "uwsgi",
    files: ["uwsgi.ini"],
    pattern: /^http(?:-socket)?[ \t]*=[^:]{0,100}:([0-9]{2,5})\b/,
  },
  {
    of: "hypercorn",
    files: ["hypercorn.toml"],
    pattern: /^bind[ \t]*=.{0,100}?:([0-9]{2,5})\b/,
  },
  {
    of: "flask",
    files: [".flaskenv"],
    pattern: /^(?:export[ \t]+)?FLASK_RUN_PORT[ \t]*=[ \t]*["']?([0-9]{2,5})\b/,
  },
];

/** What the configuration of a server or framework says. */
export function configuredPort(project: Project, of: string): Port | null {
  if (of === "streamlit") {
    const file = fileOf(project, ".streamlit/config.toml");
    const node = file === null
      ? null
      : at(project.reading.toml(file), "server", "port");
    const value = portOf(scalarText(node));
    return file === null || node === null || value === null
      ? null
      : { value, source: "config", evidence: { file, line: node.line } };
  }
  for (const { of: name, files, pattern } of CONFIGURED) {
    const file = name === of ? fileOf(project, ...files) : null;
    const found = file === null ? null : project.reading.match(file, pattern);
    const value = portOf(found?.value);
    if (found !== null && value !== null) {
      return { value, source: "config", evidence: found.evidence };
    }
  }
  return null;
}

function servedPort(
  project: Project,
  { path, served }: SourceFacts,
): Port | null {
  for (const { port, portField, line } of served) {
    if (port !== null) {
      return { value: port, source: "source", evidence: { file: path, line } };
    }
    const field = portField === null ? null : fieldPort(project, portField);
    if (field !== null) return field;
  }
  return null;
}

/** The default of a field of the settings: `port: int = 8000`, behind whatever prefix. */
function fieldPort(project: Project, field: string): Port | null {
  for (const { path, variables } of project.sources) {
    for (const { name, default: standard, line } of variables) {
      if (name !== field && !name.endsWith(`_${field}`)) continue;
      const value = portOf(standard);
      if (value !== null) {
        return { value, source: "source", evidence: { file: path, line } };
      }
    }
  }
  return null;
}

const PORT_VARIABLE =
  /^(?:(?:APP|HTTP|SERVER|API|WEB|LISTEN|SERVICE|FLASK|FLASK_RUN|UVICORN|GRADIO_SERVER|STREAMLIT_SERVER|BACKEND)_)?PORT$/;

/** `os.environ.get("PORT", 8000)`. */
function variablePort({ path, variables }: SourceFacts): Port | null {
  for (const { name, default: standard, line } of variables) {
    const value = PORT_VARIABLE.test(name) ? portOf(standard) : null;
    if (value !== null) {
      return { value, source: "source", evidence: { file: path, line } };
    }
  }
  return null;
}

/** What the sources say: the started one's own word before that of others it may import. */
export function sourcePort(
  project: Project,
  started: SourceFacts | null,
): Port | null {
  if (started !== null) {
    const own = servedPort(project, started) ?? variablePort(started);
    if (own !== null) return own;
  }
  // What another program of the project serves is not what this one does.
  const imported = project.sources.filter(({ guard, path }) =>
    guard === null && path !== started?.path
  );
  for (const facts of imported) {
    const found = variablePort(facts) ?? servedPort(project, facts);
    if (found !== null) return found;
  }
  return null;
}
