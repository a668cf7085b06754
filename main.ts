/**
 * The one executable: from the first word to a role or a command.
 *
 * @module
 */
import type { RoleTable } from "./roles/cli/mod.ts";
import { runCli } from "./roles/cli/run.ts";

const table: RoleTable = {
  roles: {
    master: async (load) => {
      const { MasterConfig, run } = await import("./roles/master/mod.ts");
      return await run(await load(MasterConfig));
    },
    worker: async (load) => {
      const { WorkerConfig, run } = await import("./roles/worker/mod.ts");
      return await run(await load(WorkerConfig));
    },
    ci: async (load) => {
      const { CiConfig, run } = await import("./roles/ci/mod.ts");
      return await run(await load(CiConfig));
    },
    cache: async (load) => {
      const { CacheConfig, run } = await import("./roles/cache/mod.ts");
      return await run(await load(CacheConfig));
    },
    hub: async (load) => {
      const { HubConfig, run } = await import("./roles/hub/mod.ts");
      return await run(await load(HubConfig));
    },
  },
  masterFiles: {
    backup: async (load, file) => {
      const { backupMaster, MasterConfig } = await import(
        "./roles/master/mod.ts"
      );
      const { stateDir } = await load(MasterConfig);
      return await backupMaster(stateDir, file);
    },
    restore: async (load, file, asked) => {
      const { MasterConfig, restoreMaster } = await import(
        "./roles/master/mod.ts"
      );
      const { stateDir } = await load(MasterConfig);
      return await restoreMaster(stateDir, file, asked);
    },
  },
  cacheFiles: {
    check: async (load, options) => {
      const { CacheConfig, checkCache } = await import("./roles/cache/mod.ts");
      return await checkCache(await load(CacheConfig), options);
    },
    backup: async (load, directory, options) => {
      const { backupCache, CacheConfig } = await import("./roles/cache/mod.ts");
      const { stateDir } = await load(CacheConfig);
      return await backupCache(stateDir, directory, options);
    },
    restore: async (load, directory, options) => {
      const { CacheConfig, restoreCache } = await import(
        "./roles/cache/mod.ts"
      );
      const { stateDir } = await load(CacheConfig);
      return await restoreCache(stateDir, directory, options);
    },
  },
  workerHost: {
    probe: async (load, options) => {
      const { probeHost, WorkerConfig } = await import(
        "./roles/worker/mod.ts"
      );
      return await probeHost(await load(WorkerConfig), options);
    },
    units: async (load, program) => {
      const { serviceUnits, WorkerConfig } = await import(
        "./roles/worker/mod.ts"
      );
      return serviceUnits({ ...await load(WorkerConfig), ...program });
    },
    volumes: async (load) => {
      const { hostVolumes, WorkerConfig } = await import(
        "./roles/worker/mod.ts"
      );
      return await hostVolumes(await load(WorkerConfig));
    },
    removeVolume: async (load, name) => {
      const { removeHostVolume, WorkerConfig } = await import(
        "./roles/worker/mod.ts"
      );
      return await removeHostVolume(await load(WorkerConfig), name);
    },
    nameOf: async (load) => {
      const { WorkerConfig } = await import("./roles/worker/mod.ts");
      return (await load(WorkerConfig)).name;
    },
  },
  guard: {
    run: async (load) => {
      const { GuardConfig, run } = await import("./roles/guard/mod.ts");
      return await run(await load(GuardConfig));
    },
    status: async (options, context) => {
      const { guardStatus } = await import("./roles/guard/mod.ts");
      return await guardStatus(options, context);
    },
  },
  dev: async (options, context) => {
    const { dev } = await import("./roles/dev/mod.ts");
    return await dev(options, context);
  },
  demo: async (options, context) => {
    const { demo } = await import("./roles/dev/mod.ts");
    return await demo(options, context);
  },
};

/**
 * Deno keeps what it compiled for the next start, but in a turn of its event
 * loop: a command that is through before that would be compiled at each start,
 * which takes twice as long as most commands do.
 */
function oneTurn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

if (import.meta.main) {
  const status = await runCli(Deno.args, table);
  await oneTurn();
  Deno.exit(status);
}
