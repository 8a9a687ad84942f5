/** The options that every command for a running system shares, and the REST call that it is. */
import type { Command } from "commander";

export type AccessOptions = { readonly url?: string; readonly key?: string; readonly json?: boolean };

/** @param calls what the command asks of the gateway, as docs/protocol.md names it; its help says so */
export function withAccess(command: Command, ...calls: readonly string[]): Command {
  command
    .option("--url <address>", "the gateway (default: HOLDFAST_URL, else the system started in this folder)")
    .option("--key <key>", "API key (default: HOLDFAST_KEY, else the local one)")
    .option("--json", "print one JSON document a line");
  if (calls.length > 0) command.addHelpText("after", `\nREST: ${calls.join(", ")}`);
  return command;
}
