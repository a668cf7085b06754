/**
 * Frameworks of the JVM: which dependencies and plugins show them, whether they
 * serve, and on which port unless told otherwise.
 *
 * @module
 */
import type { Evidence } from "../../../../roles/model/analysis.ts";
import { claim, type Draft } from "../../draft.ts";
import type { Project } from "./project.ts";

export interface Framework {
  name: string;
  /** Beginnings of `group:artifact`, separated by blanks. */
  artifacts: string;
  /** Ids of plugins, or what they begin with before a star. */
  plugins?: string;
  /** It serves something by itself. */
  isServer: boolean;
  /** Where it listens by default. */
  port?: number;
  /** Only with one of these dependencies it listens at all. */
  listensWith?: RegExp;
}

export const FRAMEWORKS: readonly Framework[] = [
  {
    name: "spring-boot",
    artifacts:
      "org.springframework.boot:spring-boot-starter org.springframework.boot:spring-boot-autoconfigure",
    plugins:
      "org.springframework.boot org.springframework.boot:spring-boot-maven-plugin org.springframework.boot:spring-boot-starter-parent",
    isServer: true,
    port: 8080,
    listensWith:
      /:(?:spring-boot-starter-(?:web|webflux|webmvc|jersey|data-rest|hateoas|thymeleaf|graphql|websocket|tomcat|jetty|undertow|web-services|oauth2-authorization-server)|spring-cloud-starter-gateway(?:-mvc)?|spring-cloud-starter-gateway-server-\w{1,10}|spring-cloud-(?:config-server|starter-netflix-eureka-server)|spring-boot-admin-starter-server|vaadin-spring-boot-starter|grails-core)$/,
  },
  {
    name: "quarkus",
    artifacts: "io.quarkus:quarkus-",
    plugins: "io.quarkus io.quarkus:* io.quarkus.platform:*",
    isServer: true,
    port: 8080,
    listensWith:
      /:quarkus-(?:rest|resteasy|undertow|vertx-http|vertx-web|reactive-routes|spring-web|smallrye-graphql|smallrye-health|websockets|funqy-http|qute-web|web-bundler|renarde|oidc)[\w-]*$/,
  },
  {
    name: "micronaut",
    artifacts: "io.micronaut:micronaut-",
    plugins:
      "io.micronaut.application io.micronaut.minimal.application io.micronaut.platform:micronaut-parent io.micronaut:micronaut-parent io.micronaut.maven:*",
    isServer: true,
    port: 8080,
    listensWith:
      /:micronaut-(?:http-server|http-server-netty|servlet|jetty-server|tomcat-server|undertow-server)[\w-]*$/,
  },
  {
    name: "ktor",
    artifacts: "io.ktor:ktor-server",
    plugins: "io.ktor.plugin",
    isServer: true,
  },
  {
    name: "vertx",
    artifacts: "io.vertx:vertx-core io.vertx:vertx-web io.vertx:vertx-lang",
    isServer: true,
  },
  {
    name: "dropwizard",
    artifacts: "io.dropwizard:dropwizard-core",
    isServer: true,
    port: 8080,
  },
  {
    name: "play",
    artifacts: "com.typesafe.play:play org.playframework:play",
    plugins:
      "PlayScala PlayJava PlayService PlayMinimalJava com.typesafe.play:sbt-plugin org.playframework:sbt-plugin org.gradle.playframework",
    isServer: true,
    port: 9000,
  },
  {
    name: "http4s",
    artifacts:
      "org.http4s:http4s-ember-server org.http4s:http4s-blaze-server org.http4s:http4s-dsl org.http4s:http4s-netty-server org.http4s:http4s-core",
    isServer: true,
    port: 8080,
    listensWith: /:http4s-(?:ember|blaze)-server$/,
  },
  {
    name: "akka-http",
    artifacts: "com.typesafe.akka:akka-http",
    isServer: true,
  },
  {
    name: "pekko-http",
    artifacts: "org.apache.pekko:pekko-http",
    isServer: true,
  },
  {
    name: "zio-http",
    artifacts:
      "dev.zio:zio-http io.d11:zhttp com.softwaremill.sttp.tapir:tapir-zio-http-server",
    isServer: true,
    port: 8080,
  },
  { name: "zio", artifacts: "dev.zio:zio", isServer: false },
  { name: "cask", artifacts: "com.lihaoyi:cask", isServer: true, port: 8080 },
  {
    name: "tapir",
    artifacts: "com.softwaremill.sttp.tapir:tapir-",
    isServer: false,
  },
  { name: "scalatra", artifacts: "org.scalatra:scalatra", isServer: true },
  {
    name: "finatra",
    artifacts: "com.twitter:finatra-http",
    isServer: true,
    port: 8888,
  },
  {
    name: "javalin",
    artifacts: "io.javalin:javalin",
    isServer: true,
    port: 8080,
  },
  {
    name: "spark-java",
    artifacts: "com.sparkjava:spark-core",
    isServer: true,
    port: 4567,
  },
  {
    name: "helidon",
    artifacts: "io.helidon.webserver:helidon-webserver io.helidon.microprofile",
    plugins: "io.helidon.applications:*",
    isServer: true,
    port: 8080,
  },
  {
    name: "jooby",
    artifacts: "io.jooby:jooby",
    isServer: true,
    port: 8080,
  },
  {
    name: "ratpack",
    artifacts: "io.ratpack:ratpack-core",
    plugins: "io.ratpack.ratpack-java io.ratpack.ratpack-groovy",
    isServer: true,
    port: 5050,
  },
  {
    name: "jersey",
    artifacts:
      "org.glassfish.jersey.containers:jersey-container org.glassfish.jersey.core:jersey-server",
    isServer: true,
  },
  { name: "undertow", artifacts: "io.undertow:undertow-core", isServer: true },
  { name: "aleph", artifacts: "aleph:aleph", isServer: true },
  { name: "duct", artifacts: "duct:core duct:duct", isServer: true },
  { name: "http4k", artifacts: "org.http4k:http4k-core", isServer: true },
  {
    name: "armeria",
    artifacts: "com.linecorp.armeria:armeria",
    isServer: true,
  },
  {
    name: "grpc",
    artifacts: "io.grpc:grpc-netty io.grpc:grpc-services",
    isServer: true,
  },
  {
    name: "grails",
    artifacts: "org.grails:grails-core org.apache.grails:grails-core",
    plugins: "org.grails.grails-web org.grails.plugins.grails-web",
    isServer: true,
    port: 8080,
  },
  { name: "vaadin", artifacts: "com.vaadin:vaadin", isServer: false },
  {
    name: "jakarta-ee",
    artifacts: "jakarta.platform:jakarta.jakartaee javax:javaee-api",
    isServer: true,
  },
  {
    name: "android",
    artifacts: "",
    plugins: "com.android.application com.android.library",
    isServer: false,
  },
  {
    name: "compose",
    artifacts: "",
    plugins: "org.jetbrains.compose",
    isServer: false,
  },
  {
    name: "javafx",
    artifacts: "org.openjfx:javafx",
    plugins: "org.openjfx.javafxplugin org.openjfx:javafx-maven-plugin",
    isServer: false,
  },
  {
    name: "apache-spark",
    artifacts: "org.apache.spark:spark-core org.apache.spark:spark-sql",
    isServer: false,
  },
  {
    name: "ring",
    artifacts:
      "ring:ring-core ring:ring-jetty-adapter ring:ring ring:ring-defaults",
    plugins: "lein-ring:lein-ring",
    isServer: true,
  },
  {
    name: "compojure",
    artifacts: "compojure:compojure metosin:compojure-api",
    isServer: true,
  },
  {
    name: "luminus",
    artifacts: "luminus-",
    plugins: "",
    isServer: true,
    port: 3000,
  },
  {
    name: "kit",
    artifacts: "io.github.kit-clj:kit-core",
    isServer: true,
    port: 3000,
  },
  { name: "http-kit", artifacts: "http-kit:http-kit", isServer: true },
  {
    name: "pedestal",
    artifacts: "io.pedestal:pedestal.service",
    isServer: true,
  },
  { name: "reitit", artifacts: "metosin:reitit", isServer: false },
];

interface Used {
  framework: Framework;
  evidence: Evidence;
}

/** `org.http4s:http4s-dsl_2.13` is sbt's; a prefix that ends in `-` or in a group takes any ending. */
function matches(name: string, wanted: string): boolean {
  if (!name.startsWith(wanted)) return false;
  const rest = name.slice(wanted.length);
  return rest === "" || wanted.endsWith("-") || /^[-_:]/.test(rest) ||
    !wanted.includes(":");
}

function ofPlugins(project: Project, wanted: string): Evidence | null {
  for (const id of wanted.split(" ").filter((word) => word !== "")) {
    const exact = project.plugins.get(id);
    if (exact !== undefined) return exact;
    if (!id.endsWith("*")) continue;
    for (const [name, evidence] of project.plugins) {
      if (name.startsWith(id.slice(0, -1))) return evidence;
    }
  }
  return null;
}

/** Of an artifact that begins with a prefix, its shortest name: that is the framework itself. */
const EXACT = new Set([
  "dev.zio:zio",
  "ring:ring",
  // `play-json` is used without it.
  "com.typesafe.play:play",
  "org.playframework:play",
]);

function ofDependencies(project: Project, wanted: string): Evidence | null {
  const prefixes = wanted.split(" ").filter((word) => word !== "");
  const found = project.dependencies.find(({ name, isDev }) =>
    !isDev &&
    prefixes.some((prefix) =>
      EXACT.has(prefix) ? name === prefix : matches(name, prefix)
    )
  );
  return found?.evidence ?? null;
}

export function frameworksOf(project: Project): Used[] {
  const found: Used[] = [];
  for (const framework of FRAMEWORKS) {
    const evidence = ofDependencies(project, framework.artifacts) ??
      ofPlugins(project, framework.plugins ?? "");
    if (evidence !== null) found.push({ framework, evidence });
  }
  // Luminus' templates and kits bring Ring with them, and say so themselves.
  return found;
}

/** Where it listens unless something says otherwise. */
export function claimFrameworks(
  draft: Draft,
  project: Project,
  used: readonly Used[],
): void {
  for (const { framework, evidence } of used) {
    claim(draft, "framework", framework.name, "manifest", evidence);
    const { port, listensWith } = framework;
    if (port === undefined || project.start === null) continue;
    const listens = listensWith === undefined ||
      project.dependencies.some(({ name, isDev }) =>
        !isDev && listensWith.test(name)
      );
    if (listens) claim(draft, "port", port, "framework", evidence);
  }
}
