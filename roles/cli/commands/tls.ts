/**
 * `tls init DIR`: a CA and a server certificate; again: a renewed certificate.
 *
 * @module
 */
import type { Command } from "@commander-js/extra-typings";
import { initTls } from "../../auth/tls.ts";
import type { CliContext } from "../context.ts";
import { examples, printJson } from "../flags.ts";

export function addTls(program: Command, context: CliContext): void {
  const tls = program.command("tls").description("make certificates")
    .addHelpText(
      "after",
      examples("tls init /etc/procurator/tls --host control-plane-1"),
    );
  tls.command("init <dir>")
    .description(
      "make a CA and a server certificate; keeps a CA that is there and renews the certificate",
    )
    .option(
      "--host <name...>",
      "a name or address that servers are reached by; those of the present certificate when not given",
    )
    .option("--json", "print JSON and nothing else")
    .addHelpText(
      "after",
      examples(
        "tls init /etc/procurator/tls --host control-plane-1 --host 10.0.0.5",
      ),
    )
    .action(async (dir, flags) => {
      const files = await initTls(dir, flags.host ?? [], {
        now: context.clock.now(),
        random: context.random,
      });
      if (flags.json === true) return printJson(context, files);
      context.out(
        [
          `${
            files.keptCa ? "kept" : "made"
          } the CA ${files.caCert}, its key ${files.caKey}`,
          `made the certificate ${files.serverCert}, its key ${files.serverKey}`,
          `for ${files.hosts.join(", ")}, valid until ${
            new Date(files.notAfterMs).toISOString().slice(0, 10)
          }`,
          "give servers server.crt, server.key and ca.crt; give clients ca.crt; keep ca.key away from both",
        ].join("\n") + "\n",
      );
    });
}
