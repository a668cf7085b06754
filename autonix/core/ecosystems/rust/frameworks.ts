/**
 * Frameworks by crate, and crates that features stand for.
 *
 * @module
 */
import type { Dependency } from "../../draft.ts";
import type { Crate } from "./manifest.ts";

export interface Framework {
  name: string;
  /** Listens there unless it is told otherwise. */
  port?: number;
}

/** By crate. */
export const FRAMEWORKS: ReadonlyMap<string, Framework> = new Map(
  [
    ["axum", { name: "axum" }],
    ["actix-web", { name: "actix-web" }],
    ["rocket", { name: "rocket", port: 8000 }],
    ["warp", { name: "warp" }],
    ["leptos", { name: "leptos" }],
    ["tauri", { name: "tauri" }],
    ["yew", { name: "yew" }],
    ["dioxus", { name: "dioxus" }],
    ["poem", { name: "poem" }],
    ["salvo", { name: "salvo" }],
    ["tide", { name: "tide" }],
    ["tonic", { name: "tonic" }],
    ["gotham", { name: "gotham" }],
    ["iron", { name: "iron" }],
    ["nickel", { name: "nickel" }],
    ["rouille", { name: "rouille" }],
    ["ntex", { name: "ntex" }],
    ["viz", { name: "viz" }],
    ["thruster", { name: "thruster" }],
    ["trillium", { name: "trillium" }],
    ["hyper", { name: "hyper" }],
    ["loco-rs", { name: "loco-rs", port: 5150 }],
    ["shuttle-runtime", { name: "shuttle", port: 8000 }],
    ["cot", { name: "cot" }],
    ["pavex", { name: "pavex" }],
    ["sycamore", { name: "sycamore" }],
    ["bevy", { name: "bevy" }],
    ["iced", { name: "iced" }],
    ["eframe", { name: "egui" }],
    ["slint", { name: "slint" }],
    ["gtk4", { name: "gtk4" }],
  ] as const,
);

/** Crate, feature, and what that brings along: a driver of a database. */
const BROUGHT: readonly (readonly [string, readonly string[], string])[] = [
  ["sqlx", ["postgres"], "sqlx-postgres"],
  ["sqlx", ["mysql"], "sqlx-mysql"],
  ["sea-orm", ["sqlx-postgres"], "sqlx-postgres"],
  ["sea-orm", ["sqlx-mysql"], "sqlx-mysql"],
  ["sea-orm-migration", ["sqlx-postgres"], "sqlx-postgres"],
  ["sea-orm-migration", ["sqlx-mysql"], "sqlx-mysql"],
  ["diesel", ["postgres"], "pq-sys"],
  ["diesel", ["mysql"], "mysqlclient-sys"],
  ["diesel-async", ["postgres"], "tokio-postgres"],
  ["diesel-async", ["mysql"], "mysql_async"],
  ["rocket_db_pools", ["sqlx_postgres"], "sqlx-postgres"],
  ["rocket_db_pools", ["sqlx_mysql"], "sqlx-mysql"],
  ["rocket_db_pools", ["deadpool_postgres"], "deadpool-postgres"],
  ["rocket_db_pools", ["deadpool_redis"], "deadpool-redis"],
  ["rocket_db_pools", ["mongodb"], "mongodb"],
  ["rocket_sync_db_pools", ["diesel_postgres_pool"], "pq-sys"],
  ["rocket_sync_db_pools", ["diesel_mysql_pool"], "mysqlclient-sys"],
  ["rocket_sync_db_pools", ["postgres_pool"], "postgres"],
];

/** What the features of these crates depend on. */
export function broughtBy(crates: readonly Crate[]): Dependency[] {
  return crates.flatMap(({ name, features, isDev, evidence }) =>
    BROUGHT.filter(([crate, wanted]) =>
      crate === name && wanted.some((feature) => features.includes(feature))
    ).map(([, , brought]) => ({
      name: brought,
      version: null,
      isDev,
      evidence,
    }))
  );
}
