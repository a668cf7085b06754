/**
 * The provision of guests whose system is read from a store: a virtiofsd or an
 * image, by what this host can, and the word on the kernel's command line that
 * tells the guest which it is.
 *
 * @module
 */
import { AppError } from "../../model/errors.ts";
import type { CopyId } from "../../model/ids.ts";
import type { VmConfig } from "../../../vmm/mod.ts";
import type { Target } from "../vms/core/ledger.ts";
import type { Preparing, Provision } from "../vms/provisions.ts";
import { type StoreShareChoice, storeWord } from "./core/store_share.ts";
import type { StoreImages } from "./images.ts";
import type { Virtiofsds } from "./virtiofsd.ts";

/** What stores are shown with; null where this host cannot. */
export interface StoreProvisionOptions {
  choice: StoreShareChoice;
  images: StoreImages | null;
  virtiofsds: Virtiofsds | null;
}

function readsStore({ spec }: Target): boolean {
  return spec.image.root === "store";
}

export class StoreProvision implements Provision {
  readonly name = "store";
  readonly #options: StoreProvisionOptions;

  constructor(options: StoreProvisionOptions) {
    this.#options = options;
  }

  async prepare(
    _copy: CopyId,
    target: Target,
    work: Preparing,
  ): Promise<void> {
    const { choice, images } = this.#options;
    if (!readsStore(target) || choice.kind !== "image") return;
    await images?.ensure(target.spec.image.toplevel, work);
  }

  async provide(
    copy: CopyId,
    target: Target,
    config: VmConfig,
  ): Promise<Partial<VmConfig>> {
    const { choice, images, virtiofsds } = this.#options;
    if (!readsStore(target)) return {};
    const { toplevel } = target.spec.image;
    if (choice.kind === "virtiofs" && virtiofsds !== null) {
      const socketPath = await virtiofsds.start(copy, config);
      return {
        store: { kind: "virtiofs", socketPath },
        cmdline: storeWord(config.cmdline, "virtiofs"),
      };
    }
    if (choice.kind === "image" && images !== null) {
      const { signal } = new AbortController();
      const path = await images.ensure(toplevel, { signal });
      const { format } = choice;
      return {
        store: { kind: "image", path, format },
        cmdline: storeWord(config.cmdline, format),
      };
    }
    const why = choice.kind === "none" ? choice.reason : "it is not open";
    throw new AppError(
      "missing_dependency",
      `Cannot show the store to "${copy.id}": ${why}`,
      choice.kind === "none" ? { hint: choice.hint } : {},
    );
  }

  async withdraw(copy: CopyId): Promise<void> {
    await this.#options.virtiofsds?.end(copy);
  }

  async adopt(copies: readonly CopyId[]): Promise<void> {
    await this.#options.virtiofsds?.adopt(copies);
  }
}
