/**
 * Every command, in the order that help shows them. A list, since a bundled
 * program has no directory to scan; a test fails when a file is missing here.
 *
 * @module
 */
import type { Command } from "@commander-js/extra-typings";
import { addAnalyze } from "./commands/analyze.ts";
import { addMasterFiles } from "./commands/backup.ts";
import { addBuilds } from "./commands/builds.ts";
import { addCacheBackup, addCacheRestore } from "./commands/cache_backup.ts";
import { addCacheDelete } from "./commands/cache_delete.ts";
import { addCacheFsck } from "./commands/cache_fsck.ts";
import { addCacheGc } from "./commands/cache_gc.ts";
import { addCacheKey } from "./commands/cache_key.ts";
import { addCachePins } from "./commands/cache_pin.ts";
import { addCacheStatus } from "./commands/cache_status.ts";
import { addCacheWhy } from "./commands/cache_why.ts";
import { addCompletion } from "./commands/completion.ts";
import { addConsole } from "./commands/console.ts";
import { addDev } from "./commands/dev.ts";
import { addAudit, addEvents } from "./commands/events.ts";
import { addWorkerEnroll } from "./commands/enroll.ts";
import { addExamine } from "./commands/examine.ts";
import { addExample } from "./commands/example.ts";
import { addExec } from "./commands/exec.ts";
import { addGenerations } from "./commands/generations.ts";
import { addGitCredential } from "./commands/git_credential.ts";
import { addGraph } from "./commands/graph.ts";
import { addGuard } from "./commands/guard.ts";
import { addInit } from "./commands/init.ts";
import { addLogin } from "./commands/login.ts";
import { addLogs } from "./commands/logs.ts";
import {
  addCordon,
  addDrain,
  addUncordon,
  addWorkerRemove,
} from "./commands/machines.ts";
import {
  addFail,
  addPause,
  addPromote,
  addResume,
  addRetry,
  addRollback,
} from "./commands/operate.ts";
import {
  addCancel,
  addOperations,
  addRebalance,
} from "./commands/operations.ts";
import { addPlan } from "./commands/plan.ts";
import { addRepo } from "./commands/repo.ts";
import { addRpc } from "./commands/rpc.ts";
import { addServe } from "./commands/serve.ts";
import { addStatus } from "./commands/status.ts";
import { addTls } from "./commands/tls.ts";
import { addToken } from "./commands/token.ts";
import { addVm } from "./commands/vm.ts";
import { addWhy } from "./commands/why.ts";
import { addWorkerHost } from "./commands/worker_host.ts";
import type { CliContext } from "./context.ts";
import type { RoleTable } from "./roles.ts";

/** Adds one command, or one group. */
export type AddCommand = (
  program: Command,
  context: CliContext,
  table: RoleTable,
) => void;

export const COMMANDS: readonly AddCommand[] = [
  addDev,
  addServe,
  addMasterFiles,
  // Below `cache`, which addServe has made.
  addCacheStatus,
  addCacheWhy,
  addCacheGc,
  addCachePins,
  addCacheDelete,
  addCacheFsck,
  addCacheBackup,
  addCacheRestore,
  addCacheKey,
  addWorkerRemove,
  addWorkerHost,
  addWorkerEnroll,
  addGuard,
  addAnalyze,
  addInit,
  addGraph,
  addExamine,
  addExample,
  addRepo,
  addBuilds,
  addPlan,
  addStatus,
  addGenerations,
  addLogs,
  addConsole,
  addExec,
  addVm,
  addWhy,
  addRollback,
  addResume,
  addRetry,
  addPause,
  addPromote,
  addFail,
  addCordon,
  addUncordon,
  addDrain,
  addRebalance,
  addOperations,
  addCancel,
  addEvents,
  addAudit,
  addLogin,
  addToken,
  addTls,
  addRpc,
  addGitCredential,
  addCompletion,
];
