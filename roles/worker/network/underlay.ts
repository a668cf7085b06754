/**
 * The bridge itself and the ways to other workers' guests: routes, through a
 * VXLAN tunnel where the workers share no wire.
 *
 * @module
 */
import { z } from "zod";
import type { HostNetwork } from "../../model/assignment.ts";
import { AppError } from "../../model/errors.ts";
import type { Commands } from "./commands.ts";
import { parseSubnet, type Subnet } from "./core/addresses.ts";
import {
  bridgeLines,
  isBridgeThere,
  ROUTE_PROTOCOL,
  routeLines,
  routeMark,
  routeMetric,
  routesOf,
  sysctls,
  tunnelLine,
  vxlanLines,
} from "./core/links.ts";
import { aliasOf, vxlanName } from "./core/names.ts";
import { type HostAddress, overlapsOf } from "./core/overlaps.ts";
import type { NetworkSettings } from "./core/plan.ts";

const Routes = z.array(z.object({
  dst: z.string(),
  metric: z.number().default(0),
  gateway: z.string().default(""),
}));
const Addresses = z.array(z.object({
  ifname: z.string().default(""),
  addr_info: z.array(z.object({
    local: z.string().default(""),
    prefixlen: z.number().default(32),
  })).default([]),
}));

export class Underlay {
  readonly #settings: NetworkSettings;
  readonly #commands: Commands;
  readonly #onWarning: (message: string, error: unknown) => void;
  /** What was made last, as text; null: nothing is known. */
  #made: string | null = null;
  #subnet: string | null = null;
  /** Those that were made, by subnet. */
  #routes: readonly string[] = [];
  /** What was said of this host and of routes that could not be made: not said with every try. */
  readonly #said = new Set<string>();

  constructor(options: {
    settings: NetworkSettings;
    commands: Commands;
    onWarning: (message: string, error: unknown) => void;
  }) {
    this.#settings = options.settings;
    this.#commands = options.commands;
    this.#onWarning = options.onWarning;
  }

  /** The bridge is there. */
  get isMade(): boolean {
    return this.#subnet !== null;
  }

  /** False while a route could not be made: a host's own addresses may come later than its worker. */
  get isWhole(): boolean {
    return this.#subnet === null || this.#made !== null;
  }

  /** @throws {AppError} `refused` when the bridge is somebody else's: nothing of it is touched then. */
  async refuseForeign(): Promise<void> {
    isBridgeThere(this.#settings, await this.#commands.links());
  }

  /**
   * The bridge with its address, and a route for each worker. A route that
   * cannot be made is told once and tried again by whoever looks at `isWhole`;
   * it holds up no guest.
   *
   * @throws {AppError} `refused` when an interface is somebody else's, `failed`.
   */
  async make(host: HostNetwork): Promise<void> {
    const wanted = JSON.stringify(host);
    if (this.#made === wanted) return;
    if (this.#subnet !== host.subnet) await this.#makeLinks(host);
    this.#subnet = host.subnet;
    const isWhole = await this.#makeRoutes(host);
    this.#made = isWhole ? wanted : null;
    if (isWhole) this.#said.clear();
  }

  /** Whether the bridge still has its address, and the routes are those that were made. */
  async isThere(): Promise<boolean> {
    if (this.#subnet === null) return true;
    const { bridge } = this.#settings;
    const lines = `addr show dev ${bridge}\nroute show ${routeMark(bridge)}\n`;
    const { code, stdout } = await this.#commands.run(
      "ip",
      ["-4", "-batch", "-"],
      lines,
    );
    const { gateway, bits } = parseSubnet(this.#subnet);
    return code === 0 && stdout.includes(` ${gateway}/${bits} `) &&
      this.#routes.every((cidr) => stdout.includes(`${cidr} `));
  }

  /** The next `make` makes all of it. */
  forget(): void {
    this.#made = null;
    this.#subnet = null;
  }

  async remove(): Promise<void> {
    await this.#dropRoutes(new Set());
    const { bridge } = this.#settings;
    const links = await this.#commands.links();
    for (
      const [name, what] of [[vxlanName(bridge), "vxlan"], [bridge, "bridge"]]
    ) {
      const alias = aliasOf(this.#settings, what ?? "");
      const isOurs = links.some((link) =>
        link.name === name && link.alias === alias
      );
      if (isOurs) await this.#commands.ip([`link del dev ${name}`]);
    }
    this.forget();
  }

  async #makeLinks(host: HostNetwork): Promise<void> {
    const settings = this.#settings;
    const { bridge } = settings;
    const subnet = parseSubnet(host.subnet);
    const links = await this.#commands.links();
    await this.#refuseOverlaps(subnet);
    await this.#commands.ip([
      ...bridgeLines(settings, subnet, links),
      ...vxlanLines(settings, subnet, links),
    ]);
    const stale = (await this.#addresses()).filter(({ dev, address }) =>
      dev === bridge && address !== subnet.gateway
    );
    for (const { address } of stale) {
      await this.#commands.ip([`addr del ${address} dev ${bridge}`])
        .catch((error) => this.#onWarning("an old address stays", error));
    }
    const args = ["-e", "-q", "-w", ...sysctls(settings)];
    await this.#commands.checked("set the bridge up", "sysctl", args);
  }

  /** @throws {AppError} `refused` when the bridge would cut this host off. */
  async #refuseOverlaps(subnet: Subnet): Promise<void> {
    const { bridge } = this.#settings;
    // Not all of them: a router has a million.
    const args = ["-j", "-4", "route", "show", "default"];
    const text = await this.#commands.checked("list routes", "ip", args);
    const told = overlapsOf(subnet, {
      addresses: (await this.#addresses()).filter(({ dev }) => dev !== bridge),
      gateways: Routes.parse(JSON.parse(text || "[]"))
        .flatMap(({ gateway }) => gateway === "" ? [] : [gateway]),
    });
    for (const what of told) this.#say(what, null);
  }

  #say(what: string, error: unknown): void {
    if (this.#said.has(what)) return;
    this.#said.add(what);
    this.#onWarning(what, error);
  }

  async #makeRoutes(host: HostNetwork): Promise<boolean> {
    const settings = this.#settings;
    const own = new Set(
      host.routes.length === 0
        ? []
        : (await this.#addresses()).map(({ address }) => address),
    );
    let routes = routesOf(host, own);
    const isDeaf = settings.underlay === "vxlan" &&
      settings.underlayAddress === null;
    if (isDeaf && routes.length > 0) {
      this.#onWarning(
        "guests here have no peers on other workers: a VXLAN tunnel needs network.underlayAddress, this host's address that others reach it at",
        null,
      );
      routes = [];
    }
    await this.#dropRoutes(new Set(routes.map(({ subnet }) => subnet.cidr)));
    const made = await Promise.all(routes.map(async (route) => {
      try {
        await this.#commands.ip(routeLines(settings, route));
        return true;
      } catch (error) {
        this.#say(
          `guests of worker "${route.worker}" cannot be reached: no way to ${route.via}`,
          error,
        );
        return false;
      }
    }));
    if (settings.underlay === "vxlan" && routes.length > 0) {
      const lines = routes.map((route) => `${tunnelLine(settings, route)}\n`);
      await this.#commands.checked(
        "lead the tunnel",
        "bridge",
        ["-batch", "-"],
        lines.join(""),
      );
    }
    this.#routes = routes.filter((_, index) => made[index])
      .map(({ subnet }) => subnet.cidr);
    return made.every(Boolean);
  }

  /** Removes routes of ours to other subnets than these. */
  async #dropRoutes(wanted: ReadonlySet<string>): Promise<void> {
    const { bridge } = this.#settings;
    const args = ["-j", "route", "show", "proto", String(ROUTE_PROTOCOL)];
    const text = await this.#commands.checked("list routes", "ip", args);
    const metric = routeMetric(bridge);
    const stale = Routes.parse(JSON.parse(text || "[]")).filter((route) =>
      route.metric === metric && !wanted.has(route.dst)
    );
    for (const { dst } of stale) {
      await this.#commands.ip([`route del ${dst} ${routeMark(bridge)}`])
        .catch((error) => {
          const isGone = error instanceof AppError &&
            /no such process/i.test(error.message);
          if (!isGone) throw error;
        });
    }
  }

  async #addresses(): Promise<HostAddress[]> {
    const args = ["-j", "-4", "addr", "show"];
    const text = await this.#commands.checked("list addresses", "ip", args);
    return Addresses.parse(JSON.parse(text || "[]")).flatMap((link) =>
      link.addr_info.map(({ local, prefixlen }) => ({
        dev: link.ifname,
        address: local,
        bits: prefixlen,
      }))
    );
  }
}
