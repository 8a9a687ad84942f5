/** `holdfast return scan`, `exchange` and `rules`: codes at the desk, goods in exchange, by what is decided. */
import { readFile } from "node:fs/promises";
import type { Command } from "commander";
import type { ReturnRulesView, ScanResult } from "../../../contract/returns.ts";
import { findAccess } from "../../client/credentials.ts";
import { RestClient } from "../../client/rest.ts";
import { reasonOf, UserProblem } from "../../problem.ts";
import { paint, print, printJson, table } from "../../terminal.ts";
import { type AccessOptions, withAccess } from "../access-options.ts";
import { eachOf, unitsByName } from "../option-values.ts";

export function addReturnDesk(command: Command): void {
  withAccess(
    command.command("scan").description("Which return and line a code on a label or an item leads to"),
  )
    .argument("<code>", "as it was scanned: a tracking number, the number of a return or order, a GTIN …")
    .option("--return <id>", "the return that is at the desk: an item is looked for in it")
    .action(scan);
  withAccess(
    command.command("exchange").description("Make a return an exchange: the new goods are reserved now"),
  )
    .argument("<id>", "id of the return")
    .requiredOption("--item <sku=units>", "what the customer gets; may be repeated", eachOf)
    .option("--payment-method <token>", "the payment provider's token, for a difference")
    .action(exchange);
  const rules = command.command("rules").description("By which a channel's returns are decided");
  withAccess(rules.command("show").description("Show a channel's return rules"))
    .argument("<channel>", "id of the channel")
    .action(show);
  withAccess(rules.command("set").description("Set a channel's own rules; what is left out is as by default"))
    .argument("<channel>", "id of the channel")
    .argument("<file>", "JSON, as `rules show --json` prints it")
    .action(set);
}

const rulesOf = (channel: string): string => `/v1/channels/${encodeURIComponent(channel)}/return-rules`;

async function scan(
  code: string,
  { return: returnId, ...options }: AccessOptions & { readonly return?: string },
): Promise<void> {
  const rest = new RestClient(await findAccess(options));
  const query = new URLSearchParams({ code, ...(returnId === undefined ? {} : { returnId }) });
  const found = await rest.get<ScanResult>(`/v1/returns/scan?${query}`);
  if (options.json) {
    printJson(found);
    return;
  }
  print(
    `${paint("bold", found.code)}: ${found.kind}${found.returnId === null ? "" : ` of ${found.returnId}`}`,
  );
  const rows = found.matches.map((one) => [
    `  ${one.returnId ?? ""}`,
    one.orderNumber,
    one.lineId ?? "",
    one.title ?? "",
    `${one.awaited} awaited`,
    one.customerName,
  ]);
  if (rows.length > 0) print(table(rows));
}

async function exchange(
  id: string,
  options: AccessOptions & { readonly item: readonly string[]; readonly paymentMethod?: string },
): Promise<void> {
  const { item, paymentMethod } = options;
  const items = (unitsByName("--item", item) ?? []).map(({ name, units }) => ({
    sku: name,
    quantity: units,
  }));
  const rest = new RestClient(await findAccess(options));
  const done = await rest.post<{ readonly orderId: string }>(
    `/v1/returns/${encodeURIComponent(id)}/exchange`,
    { items, ...(paymentMethod === undefined ? {} : { paymentMethod }) },
  );
  if (options.json) printJson(done);
  else print(`${id} is exchanged for order ${done.orderId}.`);
}

async function show(channel: string, options: AccessOptions): Promise<void> {
  const rest = new RestClient(await findAccess(options));
  tell(await rest.get<ReturnRulesView>(rulesOf(channel)), options);
}

/** Made from the version in the file; where it names none, from the one that there is. */
async function set(channel: string, file: string, options: AccessOptions): Promise<void> {
  const given = await rulesIn(file);
  const rest = new RestClient(await findAccess(options));
  const { version } = await rest.get<ReturnRulesView>(rulesOf(channel));
  tell(await rest.post<ReturnRulesView>(rulesOf(channel), { version, ...given }), options);
}

async function rulesIn(file: string): Promise<object> {
  let problem = "is no JSON object";
  try {
    const read: unknown = JSON.parse(await readFile(file, "utf8"));
    if (typeof read === "object" && read !== null && !Array.isArray(read)) return read;
  } catch (error) {
    problem = `cannot be read: ${reasonOf(error)}`;
  }
  throw new UserProblem("invalid_argument", `${file} ${problem}.`, "`rules show --json` prints one.", {
    exitStatus: 2,
  });
}

function tell(rules: ReturnRulesView, options: AccessOptions): void {
  if (options.json) {
    printJson(rules);
    return;
  }
  const rows = Object.entries(rules).map(([name, value]) => [
    name,
    typeof value === "object" ? JSON.stringify(value) : String(value),
  ]);
  print(table(rows));
}
