/**
 * `vm pause|resume|snapshot|snapshots|restore|figures`: one VM that runs, as
 * it is now. None of it changes what is desired.
 *
 * @module
 */
import type { Command } from "@commander-js/extra-typings";
import { AppError } from "../../model/errors.ts";
import { Name } from "../../model/ids.ts";
import { parseWith } from "../../model/parse.ts";
import { type ClientFlags } from "../client_config.ts";
import type { CliContext } from "../context.ts";
import {
  formatFigures,
  formatSnapshots,
  size,
  type VmFiguresRow,
} from "../core/vm_view.ts";
import {
  examples,
  printJson,
  withClientFlags,
  withCluster,
  withMaster,
} from "../flags.ts";
import { vmIdOf } from "../vm_flags.ts";
import type { MasterClient } from "../master_client.ts";
import type { Figures } from "../vm_client.ts";

/** Between two looks: what a person can read. */
const LOOK_EVERY_MS = 2000;
/** Workers answer in turn; more at once only wait. */
const MAX_ASKED = 16;
/** Home, and clear to the end of the screen. */
const CLEAR = "\x1b[H\x1b[2J";

type Json = { json?: true | undefined };

function done(
  context: CliContext,
  { json }: Json,
  said: { text: string; value: Record<string, unknown> },
): void {
  if (json === true) printJson(context, said.value);
  else context.out(`${said.text}\n`);
}

function snapshotName(text: string): string {
  return parseWith(Name, text, { what: "the snapshot's name" });
}

function addPauses(parent: Command, context: CliContext): void {
  withClientFlags(parent.command("pause"))
    .argument("<vm>", "which")
    .description(
      "stop a VM's processors; its health is not judged until `vm resume`",
    )
    .addHelpText("after", examples("vm pause shop/web-0"))
    .action((text, flags) =>
      withMaster(context, flags, async (master) => {
        const vm = vmIdOf(text);
        await master.pauseVm(vm);
        done(context, flags, {
          text: `${vm} is paused`,
          value: { vm, paused: true },
        });
      })
    );
  withClientFlags(parent.command("resume"))
    .argument("<vm>", "which")
    .description("let a paused VM go on")
    .addHelpText("after", examples("vm resume shop/web-0"))
    .action((text, flags) =>
      withMaster(context, flags, async (master) => {
        const vm = vmIdOf(text);
        await master.resumeVm(vm);
        done(context, flags, {
          text: `${vm} runs`,
          value: { vm, paused: false },
        });
      })
    );
}

function addSnapshots(parent: Command, context: CliContext): void {
  withClientFlags(parent.command("snapshot"))
    .argument("<vm>", "of which")
    .argument("<name>", "what to call it")
    .description("write a VM's state to its worker's disk; it runs on")
    .addHelpText("after", examples("vm snapshot shop/db-0 before-migration"))
    .action((text, name, flags) =>
      withMaster(context, flags, async (master) => {
        const vm = vmIdOf(text);
        const bytes = await master.snapshotVm(vm, snapshotName(name));
        done(context, flags, {
          text: `${vm}: snapshot ${name}, ${size(bytes)}`,
          value: { vm, name, bytes },
        });
      })
    );
  withClientFlags(parent.command("restore"))
    .argument("<vm>", "which")
    .argument("<name>", "from which of its snapshots")
    .description("let a VM go on from a snapshot; what it did since is lost")
    .addHelpText(
      "after",
      examples("vm restore shop/db-0 before-migration") +
        "\n\nVolumes are not part of a snapshot: they stay as they are now.",
    )
    .action((text, name, flags) =>
      withMaster(context, flags, async (master) => {
        const vm = vmIdOf(text);
        await master.restoreVm(vm, snapshotName(name));
        done(context, flags, {
          text: `${vm} goes on from ${name}`,
          value: { vm, name },
        });
      })
    );
  withClientFlags(parent.command("snapshots"))
    .argument("<vm>", "of which")
    .description("list a VM's snapshots; they go with the copy that made them")
    .option("--delete <name>", "delete this one")
    .addHelpText(
      "after",
      examples(
        "vm snapshots shop/db-0",
        "vm snapshots shop/db-0 --delete before-migration",
      ),
    )
    .action((text, flags) =>
      withMaster(context, flags, async (master) => {
        const vm = vmIdOf(text);
        if (flags.delete !== undefined) {
          const name = snapshotName(flags.delete);
          await master.deleteSnapshot(vm, name);
          return done(context, flags, {
            text: `${vm}: snapshot ${name} is deleted`,
            value: { vm, deleted: name },
          });
        }
        const list = await master.snapshots(vm);
        if (flags.json === true) return printJson(context, list);
        context.out(
          formatSnapshots(list, context.clock.now(), context.paint),
        );
      })
    );
}

/** Each VM's figures, or why there are none. */
async function figuresOf(
  master: MasterClient,
  vms: readonly string[],
): Promise<VmFiguresRow[]> {
  const rows: VmFiguresRow[] = [];
  for (let at = 0; at < vms.length; at += MAX_ASKED) {
    const some = vms.slice(at, at + MAX_ASKED).map(async (vm) => {
      try {
        return { vm, figures: await master.figures(vm), problem: "" };
      } catch (error) {
        if (!(error instanceof AppError)) throw error;
        return { vm, figures: null, problem: error.message };
      }
    });
    rows.push(...await Promise.all(some));
  }
  return rows;
}

interface FiguresFlags extends ClientFlags, Json {
  cluster?: string | undefined;
  watch?: true | undefined;
}

async function showFigures(
  context: CliContext,
  vm: string | undefined,
  flags: FiguresFlags,
): Promise<void> {
  await withMaster(context, flags, async (master) => {
    const look = async () => {
      if (vm !== undefined) {
        const id = vmIdOf(vm);
        // One that is named and cannot be read is an error, not a line.
        return [{ vm: id, figures: await master.figures(id), problem: "" }];
      }
      const status = await master.status(flags.cluster ?? "");
      const running = status.vms.filter(({ observed }) => observed !== null);
      return await figuresOf(
        master,
        [...new Set(running.map(({ id }) => id))].sort(),
      );
    };
    const isJson = flags.json === true;
    const show = (rows: VmFiguresRow[], before: Map<string, Figures>) => {
      if (isJson) return context.out(`${JSON.stringify(rows)}\n`);
      const text = formatFigures(rows, context.paint, before);
      const clear = context.terminal && flags.watch === true;
      context.out(clear ? CLEAR + text : text);
    };
    if (flags.watch !== true) {
      const rows = await look();
      return isJson ? printJson(context, rows) : show(rows, new Map());
    }
    const stopped = new AbortController();
    void context.untilStopped().then(() => stopped.abort());
    let before = new Map<string, Figures>();
    while (!stopped.signal.aborted) {
      const rows = await look();
      if (stopped.signal.aborted) return;
      show(rows, before);
      before = new Map(
        rows.flatMap(({ vm: id, figures }) =>
          figures === null ? [] : [[id, figures]]
        ),
      );
      await context.clock.sleep(LOOK_EVERY_MS, stopped.signal);
    }
  });
}

function addFigures(parent: Command, context: CliContext): void {
  withCluster(withClientFlags(parent.command("figures")))
    .argument("[vm]", "of which; all when not given")
    .description(
      "show what VMs use since their boot: processors, memory, disks, network",
    )
    .option(
      "--watch",
      "show it every two seconds, with processors as load (with --json: a line each time)",
    )
    .addHelpText(
      "after",
      examples(
        "vm figures",
        "vm figures shop/web-0 --json",
        "vm figures --watch",
      ),
    )
    .action((vm, flags) => showFigures(context, vm, flags));
}

export function addVm(program: Command, context: CliContext): void {
  const vm = program.command("vm")
    .description("pause, snapshot and measure VMs that run")
    .addHelpText(
      "after",
      examples("vm figures", "vm pause shop/web-0", "vm resume shop/web-0"),
    );
  addPauses(vm, context);
  addSnapshots(vm, context);
  addFigures(vm, context);
}
