/** `holdfast audit-orders`: whether any completed order has units or money that do not agree. */
import type { Command } from "commander";
import type { EndedOrdersAudit } from "../../contract/orders.ts";
import { findAccess } from "../client/credentials.ts";
import { RestClient } from "../client/rest.ts";
import { paint, print, printJson } from "../terminal.ts";
import { type AccessOptions, withAccess } from "./access-options.ts";

export function addAuditOrdersCommand(program: Command): void {
  const command = program
    .command("audit-orders")
    .summary("look whether any completed order's units or money do not agree")
    .description(
      "Looks at every completed order: each unit delivered, cancelled or done elsewhere, and what was captured equal to " +
        "the value of what was handed over.",
    );
  withAccess(command)
    .addHelpText("after", "\nExit status 0 if there is none; 1 if there are some, each with what is missing.")
    .action(auditOrders);
}

async function auditOrders(options: AccessOptions): Promise<void> {
  const rest = new RestClient(await findAccess(options));
  let checked = 0;
  let wrong = 0;
  for (let after: string | null = ""; after !== null; ) {
    const page: EndedOrdersAudit = await rest.get<EndedOrdersAudit>(
      `/v1/audits/ended-orders?after=${encodeURIComponent(after)}`,
    );
    checked += page.checked;
    wrong += page.wrong.length;
    for (const one of page.wrong) {
      if (options.json) printJson(one);
      else print(`${paint("red", one.order)}  ${one.missing.map(({ detail }) => detail).join("; ")}`);
    }
    after = page.next;
  }
  if (!options.json) print(`${checked} completed orders looked at, ${wrong} do not agree.`);
  if (wrong > 0) process.exitCode = 1;
}
