/**
 * Repositories as a graph: applications, libraries, services and other
 * repositories, and who needs whom.
 *
 * Owns what is a node and what an edge says. Draws nothing: `mermaid.ts`,
 * `dot.ts` and `svg.ts` do, and `graph --format json` is this value.
 *
 * @module
 */
import type {
  AnalysedApplication,
  AnalysedService,
} from "../../../roles/model/analysis.ts";
import type { Federation } from "../cluster/federation.ts";
import type { Place, RepositoryLink } from "../cluster/links.ts";
import type { SharedService } from "../cluster/shared_services.ts";
import { comparePaths } from "../file_tree.ts";

export interface GraphNode {
  id: string;
  /** A library has no start command; a repository is one that only is named. */
  kind: "application" | "library" | "service" | "repository";
  name: string;
  /** `typescript, next`, `version 16`: short, the most telling first. */
  details: readonly string[];
  /** Whose it is; null of services, of what lies elsewhere, and where there is only one. */
  repository: string | null;
  /** Below its repository; null of services and repositories. */
  path: string | null;
}

export interface GraphEdge {
  from: string;
  to: string;
  /** `builds`: with its code; `speaks`: over the network; `names`: anything else. */
  kind: "builds" | "speaks" | "names";
  /** Variables, packages, images; sorted. */
  labels: readonly string[];
}

export interface Graph {
  schema: 1;
  title: string;
  /** Sorted: applications, libraries, services, repositories, each by repository and path. */
  nodes: readonly GraphNode[];
  edges: readonly GraphEdge[];
}

const ORDER: Readonly<Record<GraphNode["kind"], number>> = {
  application: 0,
  library: 1,
  service: 2,
  repository: 3,
};

function applicationId(repository: string | null, path: string): string {
  return repository === null
    ? `application ${path}`
    : `application ${repository}:${path}`;
}

function applicationNode(
  application: AnalysedApplication,
  repository: string | null,
): GraphNode {
  const { path, name, language, frameworks, ports, commands } = application;
  const words = [language, ...frameworks].map(({ value }) => value);
  return {
    id: applicationId(repository, path),
    kind: commands.start === null ? "library" : "application",
    name,
    details: [
      words.join(", "),
      ...ports.length === 0
        ? []
        : [`port ${ports.map(({ value }) => value).join(", ")}`],
    ],
    repository,
    path,
  };
}

function serviceNode(
  { kind, version, port }: SharedService,
  id: string,
): GraphNode {
  return {
    id,
    kind: "service",
    name: kind,
    details: [
      ...version === null ? [] : [`version ${version}`],
      ...port === null ? [] : [`port ${port}`],
    ],
    repository: null,
    path: null,
  };
}

/** Of a service's variables those that this application has; all where it declares none. */
function variablesBetween(
  application: AnalysedApplication | undefined,
  service: AnalysedService,
): readonly string[] {
  const own = new Set(application?.env.map(({ name }) => name) ?? []);
  const shared = service.env.filter((name) => own.has(name));
  return shared.length > 0 ? shared : service.env;
}

class Edges {
  readonly #byKey = new Map<
    string,
    { from: string; to: string; kind: GraphEdge["kind"]; labels: Set<string> }
  >();

  add(edge: Omit<GraphEdge, "labels">, labels: readonly string[]): void {
    const key = `${edge.from}\0${edge.to}\0${edge.kind}`;
    const there = this.#byKey.get(key);
    const all = there ?? { ...edge, labels: new Set<string>() };
    for (const label of labels) all.labels.add(label);
    if (there === undefined) this.#byKey.set(key, all);
  }

  /** By the order of the nodes they connect. */
  list(nodes: readonly GraphNode[]): GraphEdge[] {
    const place = new Map(nodes.map(({ id }, index) => [id, index]));
    const at = (id: string) => place.get(id) ?? -1;
    return [...this.#byKey.values()]
      .filter(({ from, to }) => from !== to && at(from) >= 0 && at(to) >= 0)
      .sort((a, b) =>
        at(a.from) - at(b.from) || at(a.to) - at(b.to) ||
        comparePaths(a.kind, b.kind)
      )
      .map(({ labels, ...edge }) => ({
        ...edge,
        labels: [...labels].sort(comparePaths),
      }));
  }
}

function edgeKind(kind: RepositoryLink["kind"]): GraphEdge["kind"] {
  switch (kind) {
    case "address":
    case "image":
      return "speaks";
    case "package":
      return "builds";
    case "directory":
    case "repository":
      return "names";
  }
}

/** Makes nodes as they are named; a repository without an application is one of its own. */
class Builder {
  readonly #federation: Federation;
  readonly #nodes = new Map<string, GraphNode>();
  readonly #edges = new Edges();
  readonly #isGrouped: boolean;

  constructor(federation: Federation, isGrouped: boolean) {
    this.#federation = federation;
    this.#isGrouped = isGrouped;
  }

  #add(node: GraphNode): string {
    if (!this.#nodes.has(node.id)) this.#nodes.set(node.id, node);
    return node.id;
  }

  #group(repository: string): string | null {
    return this.#isGrouped ? repository : null;
  }

  /** Nodes of a place: an application; of a whole repository what it starts, or itself. */
  #placed({ repository, path }: Place): string[] {
    if (path !== null) return [applicationId(this.#group(repository), path)];
    const analysis = this.#federation.repositories
      .find(({ name }) => name === repository)?.analysis;
    const [only, ...others] = analysis?.applications ?? [];
    if (only !== undefined && others.length === 0) {
      return [applicationId(this.#group(repository), only.path)];
    }
    // Of one repository alone everything is.
    if (!this.#isGrouped) return [];
    return [this.#add({
      id: `repository ${repository}`,
      kind: "repository",
      name: repository,
      details: ["as a whole"],
      repository: this.#group(repository),
      path: null,
    })];
  }

  #applications(): void {
    for (const { name, analysis } of this.#federation.repositories) {
      const group = this.#group(name);
      for (const application of analysis.applications) {
        const from = this.#add(applicationNode(application, group));
        for (const path of application.dependsOn) {
          const to = applicationId(group, path);
          this.#edges.add({ from, to, kind: "builds" }, []);
        }
      }
    }
  }

  #services(): void {
    this.#federation.services.forEach((shared, index) => {
      const to = this.#add(serviceNode(shared, `service ${index + 1}`));
      for (const { repository, service } of shared.uses) {
        const analysis = this.#federation.repositories
          .find(({ name }) => name === repository)?.analysis;
        for (const path of service.usedBy) {
          const user = analysis?.applications.find((one) => one.path === path);
          const from = applicationId(this.#group(repository), path);
          this.#edges.add(
            { from, to, kind: "speaks" },
            variablesBetween(user, service),
          );
        }
      }
    });
  }

  #links(): void {
    const { links, outside } = this.#federation;
    for (const { from, to, kind, what } of links) {
      for (const one of this.#placed(from)) {
        for (const other of this.#placed(to)) {
          this.#edges.add(
            { from: one, to: other, kind: edgeKind(kind) },
            what === "" ? [] : [what],
          );
        }
      }
    }
    for (const { from, mention } of outside) {
      const to = this.#add({
        id: `repository ${mention.kind} ${mention.text}`,
        kind: "repository",
        name: mention.name,
        details: [mention.kind, mention.text],
        repository: null,
        path: null,
      });
      for (const one of this.#placed(from)) {
        const kind = edgeKind(mention.kind);
        this.#edges.add({ from: one, to, kind }, []);
      }
    }
  }

  build(title: string): Graph {
    this.#applications();
    this.#services();
    this.#links();
    const nodes = [...this.#nodes.values()].sort((a, b) =>
      ORDER[a.kind] - ORDER[b.kind] ||
      comparePaths(a.repository ?? "", b.repository ?? "") ||
      comparePaths(a.path ?? "", b.path ?? "") ||
      comparePaths(a.name, b.name) || comparePaths(a.id, b.id)
    );
    return { schema: 1, title, nodes, edges: this.#edges.list(nodes) };
  }
}

/** The graph of one repository, or of several, whose nodes then say whose they are. */
export function graphOf(
  federation: Federation,
  of: { title: string; isGrouped: boolean },
): Graph {
  return new Builder(federation, of.isGrouped).build(of.title);
}
