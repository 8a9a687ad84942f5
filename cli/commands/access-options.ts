/** The options that every command for a running system shares. */
import type { Command } from "commander";

export type AccessOptions = { readonly url?: string; readonly key?: string; readonly json?: boolean };

export function withAccess(command: Command): Command {
  return command
    .option("--url <address>", "the gateway (default: HOLDFAST_URL, else the system started in this folder)")
    .option("--key <key>", "API key (default: HOLDFAST_KEY, else the local one)")
    .option("--json", "print one JSON document a line");
}
