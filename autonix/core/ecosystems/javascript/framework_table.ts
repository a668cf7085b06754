/**
 * Frameworks by the npm name of their main package: `next`, `@remix-run/react`,
 * `@sveltejs/kit`, `@angular/core`, `@nestjs/core` ... The name in this table
 * is the one that is told, whichever of its packages a manifest names.
 *
 * The order is that of who decides how an application is built and started;
 * `covers` names those that another one brings along and that say nothing of
 * their own beside it. What depends on configuration is in `plans.ts`.
 *
 * @module
 */
export interface Framework {
  name: string;
  /** Packages that tell it, the name itself without a list. */
  packages?: readonly string[];
  /** Also when only development needs it: it builds, and nothing of it runs. */
  isDev?: boolean;
  /**
   * - `server`: is started as it says here.
   * - `static`: a build makes files that anything may serve.
   * - `library`: an entry file of the application starts it.
   * - `view`: what pages are written with; decides nothing.
   * - `program`: runs on a desk or a phone and listens on nothing.
   */
  kind: "server" | "static" | "library" | "view" | "program";
  /** Its program, as scripts name it. */
  bin?: string;
  /** Others that run or pack it. */
  otherBins?: readonly string[];
  covers?: readonly string[];
  /** What it listens on unless told otherwise. */
  port?: number;
  /** Run through the package manager. */
  build?: string;
  /** Run through the package manager; `node ...` as it stands. */
  start?: string;
  /** Directory of a static build. */
  output?: string;
  /** It makes what a server beside it serves. */
  isBundler?: boolean;
  /** Directory of a build that `start` of the manifest is meant to run in. */
  startsIn?: string;
  /** A server has to answer every path with the one page. */
  isSinglePage?: boolean;
}

const OF_REACT = ["react"];
const OF_VUE = ["vue"];
/** Built by nitro, which gives all of them the same server. */
const NITRO = { port: 3000, start: "node .output/server/index.mjs" } as const;

export const FRAMEWORKS: readonly Framework[] = [
  {
    name: "next",
    kind: "server",
    bin: "next",
    covers: OF_REACT,
    port: 3000,
    build: "next build",
    start: "next start",
  },
  {
    name: "nuxt",
    packages: ["nuxt", "nuxt3", "nuxt-edge"],
    isDev: true,
    kind: "server",
    bin: "nuxt",
    covers: [...OF_VUE, "vite", "nitropack", "h3"],
    build: "nuxt build",
    ...NITRO,
  },
  {
    name: "@remix-run/react",
    packages: ["@remix-run/react", "@remix-run/node", "@remix-run/serve"],
    kind: "server",
    bin: "remix",
    covers: [...OF_REACT, "vite", "react-router"],
    port: 3000,
  },
  {
    name: "react-router",
    packages: ["@react-router/dev", "@react-router/serve"],
    isDev: true,
    kind: "server",
    bin: "react-router",
    covers: [...OF_REACT, "vite"],
    port: 3000,
    build: "react-router build",
  },
  {
    name: "@sveltejs/kit",
    isDev: true,
    kind: "server",
    bin: "svelte-kit",
    covers: ["svelte", "vite"],
    port: 3000,
    build: "vite build",
  },
  {
    name: "@solidjs/start",
    packages: ["@solidjs/start", "solid-start"],
    isDev: true,
    kind: "server",
    bin: "vinxi",
    covers: ["solid-js", "vite"],
    build: "vinxi build",
    ...NITRO,
  },
  {
    name: "@tanstack/react-start",
    packages: ["@tanstack/react-start", "@tanstack/start"],
    isDev: true,
    kind: "server",
    covers: [...OF_REACT, "vite"],
    build: "vite build",
    ...NITRO,
  },
  {
    name: "@builder.io/qwik-city",
    packages: ["@builder.io/qwik-city", "@qwik.dev/router"],
    isDev: true,
    kind: "server",
    bin: "qwik",
    covers: ["vite"],
    port: 3000,
    build: "qwik build",
  },
  {
    name: "@angular/core",
    kind: "static",
    bin: "ng",
    build: "ng build",
    output: "dist",
    isSinglePage: true,
  },
  {
    name: "astro",
    isDev: true,
    kind: "static",
    bin: "astro",
    covers: ["vite", "react", "vue", "svelte", "solid-js", "preact"],
    build: "astro build",
    output: "dist",
  },
  {
    name: "gatsby",
    kind: "static",
    bin: "gatsby",
    covers: OF_REACT,
    build: "gatsby build",
    output: "public",
  },
  {
    name: "@docusaurus/core",
    kind: "static",
    bin: "docusaurus",
    covers: OF_REACT,
    build: "docusaurus build",
    output: "build",
  },
  {
    name: "@nestjs/core",
    kind: "library",
    bin: "nest",
    covers: ["express", "fastify"],
    port: 3000,
    build: "nest build",
    start: "node dist/main",
  },
  {
    name: "@adonisjs/core",
    kind: "server",
    port: 3333,
    build: "node ace build",
    start: "node build/bin/server.js",
    startsIn: "build",
  },
  {
    name: "@strapi/strapi",
    packages: ["@strapi/strapi", "strapi"],
    kind: "server",
    bin: "strapi",
    covers: [...OF_REACT, "koa"],
    port: 1337,
    build: "strapi build",
    start: "strapi start",
  },
  {
    name: "@keystone-6/core",
    kind: "server",
    bin: "keystone",
    covers: ["next", ...OF_REACT],
    port: 3000,
    build: "keystone build",
    start: "keystone start",
  },
  {
    name: "@medusajs/medusa",
    kind: "server",
    bin: "medusa",
    covers: [...OF_REACT, "express"],
    port: 9000,
    build: "medusa build",
    start: "medusa start",
  },
  {
    name: "directus",
    kind: "server",
    bin: "directus",
    port: 8055,
    start: "directus start",
  },
  {
    name: "nitropack",
    packages: ["nitropack", "nitro"],
    isDev: true,
    kind: "server",
    bin: "nitro",
    covers: ["h3"],
    build: "nitropack build",
    ...NITRO,
  },
  {
    name: "@redwoodjs/core",
    isDev: true,
    kind: "server",
    bin: "rw",
    port: 8910,
    build: "rw build",
    start: "rw serve",
  },
  { name: "sails", kind: "library", port: 1337 },
  { name: "@feathersjs/feathers", kind: "library", port: 3030 },
  { name: "probot", kind: "library", port: 3000 },
  {
    name: "@loopback/core",
    packages: ["@loopback/core", "@loopback/rest"],
    kind: "library",
    port: 3000,
  },
  { name: "loopback", kind: "library", covers: ["express"], port: 3000 },
  { name: "express", kind: "library" },
  { name: "fastify", kind: "library" },
  { name: "koa", kind: "library" },
  { name: "hono", kind: "library" },
  { name: "@hapi/hapi", kind: "library" },
  { name: "restify", kind: "library" },
  { name: "polka", kind: "library" },
  { name: "elysia", kind: "library" },
  { name: "h3", kind: "library" },
  {
    name: "@apollo/server",
    packages: ["@apollo/server", "apollo-server"],
    kind: "library",
  },
  { name: "graphql-yoga", kind: "library" },
  {
    name: "@google-cloud/functions-framework",
    kind: "library",
    bin: "functions-framework",
    port: 8080,
  },
  { name: "socket.io", kind: "library" },
  {
    name: "react-scripts",
    isDev: true,
    kind: "static",
    bin: "react-scripts",
    build: "react-scripts build",
    output: "build",
    isBundler: true,
    isSinglePage: true,
  },
  {
    name: "@vue/cli-service",
    isDev: true,
    kind: "static",
    bin: "vue-cli-service",
    build: "vue-cli-service build",
    output: "dist",
    isBundler: true,
    isSinglePage: true,
  },
  {
    name: "ember-source",
    isDev: true,
    kind: "static",
    bin: "ember",
    build: "ember build --environment=production",
    output: "dist",
    isSinglePage: true,
  },
  {
    name: "vitepress",
    isDev: true,
    kind: "static",
    bin: "vitepress",
    covers: ["vite", ...OF_VUE],
    build: "vitepress build",
    output: ".vitepress/dist",
  },
  {
    name: "vuepress",
    isDev: true,
    kind: "static",
    bin: "vuepress",
    covers: OF_VUE,
    build: "vuepress build",
    output: ".vuepress/dist",
  },
  {
    name: "@11ty/eleventy",
    isDev: true,
    kind: "static",
    bin: "eleventy",
    build: "eleventy",
    output: "_site",
  },
  {
    name: "hexo",
    kind: "static",
    bin: "hexo",
    build: "hexo generate",
    output: "public",
  },
  {
    name: "vite",
    isDev: true,
    kind: "static",
    bin: "vite",
    build: "vite build",
    output: "dist",
    isBundler: true,
    isSinglePage: true,
  },
  {
    name: "@rsbuild/core",
    isDev: true,
    kind: "static",
    bin: "rsbuild",
    build: "rsbuild build",
    output: "dist",
    isBundler: true,
    isSinglePage: true,
  },
  {
    name: "parcel",
    packages: ["parcel", "parcel-bundler"],
    isDev: true,
    kind: "static",
    bin: "parcel",
    build: "parcel build",
    output: "dist",
    isBundler: true,
    isSinglePage: true,
  },
  {
    name: "electron",
    isDev: true,
    kind: "program",
    bin: "electron",
    otherBins: ["electron-vite", "electron-forge", "electron-builder"],
    start: "electron .",
  },
  {
    name: "expo",
    kind: "program",
    bin: "expo",
    covers: ["react-native", ...OF_REACT],
    start: "expo start",
  },
  { name: "react-native", kind: "program", covers: OF_REACT },
  { name: "react", kind: "view" },
  { name: "vue", isDev: true, kind: "view" },
  { name: "svelte", isDev: true, kind: "view" },
  { name: "solid-js", isDev: true, kind: "view" },
  { name: "preact", isDev: true, kind: "view" },
  { name: "lit", kind: "view" },
];
