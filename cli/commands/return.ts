/** `holdfast return`: returns are asked for, decided, taken in, inspected, and corrected. */
import type { Command } from "commander";
import type { InspectReturnBody, ReturnRequest, ReturnSummary, ReturnView } from "../../contract/returns.ts";
import { minorText } from "../../orders/refund.ts";
import { findAccess } from "../client/credentials.ts";
import { RestClient } from "../client/rest.ts";
import { momentText, paint, print, printJson, table } from "../terminal.ts";
import { type AccessOptions, withAccess } from "./access-options.ts";
import { addReturnDesk } from "./after-sale/return-desk.ts";
import { eachOf, pairs, unitsByName, wholeNumber } from "./option-values.ts";

type PayOptions = {
  readonly refundTo?: ReturnRequest["refundTo"];
  readonly insteadOfChannel?: boolean;
};

type CreateOptions = AccessOptions &
  PayOptions & {
    readonly line: readonly string[];
    readonly reason: ReturnRequest["reason"];
    readonly comment?: string;
    readonly method?: ReturnRequest["method"];
    readonly location?: string;
  };

type InspectOptions = AccessOptions &
  PayOptions & {
    readonly line: readonly string[];
    readonly units?: string;
    readonly location?: string;
    readonly serial: readonly string[];
    readonly note?: string;
  };

type ReasonOptions = AccessOptions & PayOptions & { readonly reason?: string };

export function addReturnCommand(program: Command): void {
  const command = program
    .command("return")
    .summary("ask for returns, decide them, take goods in and inspect them")
    .description(
      "Returns from the customer's wish to the refund: asked for, approved or declined, taken in at the dock, inspected. " +
        "What is inspected is refunded and goes back into the stock by itself.",
    )
    .addHelpText(
      "after",
      `
Examples:
  $ npx holdfast return create web-1001 --line 1=2 --reason too_small
  $ npx holdfast return approve web-1001-R1
  $ npx holdfast return receive web-1001-R1 --line 1=1
  $ npx holdfast return inspect web-1001-R1 --line 1=restocked
  $ npx holdfast return list --waiting`,
    );
  const onReturn = (name: string, description: string): Command =>
    withAccess(command.command(name).description(description)).argument("<id>", "id of the return");
  withAccess(command.command("list").description("List returns, newest first"))
    .argument("[text]", "part of the return's or order's number, or of the customer's name")
    .option("--status <status>", "requested, approved, in_transit, received, …")
    .option("--waiting", "only those that a person has to approve or decline")
    .action(list);
  onReturn("show", "Show a return with its lines and inspections").action(show);
  withPay(withAccess(command.command("create").description("Ask for a return in the customer's name")))
    .argument("<order>", "id of the order")
    .requiredOption("--line <line=units>", "a line of the order and how many units; may be repeated", eachOf)
    .requiredOption(
      "--reason <reason>",
      "too_small, too_large, not_as_described, defective, wrong_item, changed_mind",
    )
    .option("--comment <text>", "what the customer says")
    .option("--method <method>", "label, qr_code, none or store (default: label)")
    .option("--location <id>", "where the goods are brought or sent")
    .action(create);
  withPay(onReturn("approve", "Approve a return that waits or was declined"))
    .option("--reason <text>", "why")
    .action(approve);
  onReturn("decline", "Decline a return")
    .requiredOption("--reason <text>", "why; the customer is told")
    .action((id: string, options: ReasonOptions) => act(id, "/decline", { reason: options.reason }, options));
  onReturn("cancel", "The customer sends nothing back after all").action(
    (id: string, options: AccessOptions) => act(id, "/cancel", {}, options),
  );
  onReturn("receive", "A parcel came in: with all that is awaited, or the units given")
    .option("--line <line=units>", "what was in it; may be repeated", eachOf, [])
    .action(receive);
  withPay(onReturn("inspect", "Say what becomes of units that came"))
    .requiredOption(
      "--line <line=result>",
      "a line and restocked, damaged, refurbish, quarantine, write_off or missing; may be repeated",
      eachOf,
    )
    .option("--units <n>", "of so many units of the one line given (default: all that wait)")
    .option("--location <id>", "where they go (default: where the return goes)")
    .option("--serial <number>", "serial number of a unit of the one line given; may be repeated", eachOf, [])
    .option("--note <text>", "what was found")
    .action(inspect);
  onReturn("reopen", "Take an inspection back, to inspect anew")
    .argument("<inspection>", "id of the inspection; `show` has it")
    .option("--reason <text>", "why")
    .action((id: string, inspectionId: string, { reason, ...options }: ReasonOptions) =>
      act(id, "/reopen", { inspectionId, ...(reason === undefined ? {} : { reason }) }, options),
    );
  onReturn("close", "What has not come is no longer awaited")
    .option("--reason <text>", "why")
    .action((id: string, { reason, ...options }: ReasonOptions) =>
      act(id, "/close", reason === undefined ? {} : { reason }, options),
    );
  addReturnDesk(command);
  onReturn("retry", "Try a step again that was refused").action((id: string, options: AccessOptions) =>
    act(id, "/retry", {}, options),
  );
}

function withPay(command: Command): Command {
  return command
    .option("--refund-to <way>", "original or store_credit")
    .option("--instead-of-channel", "we give the credit although a channel has the money");
}

function pathOf(id: string, action = ""): string {
  return `/v1/returns/${encodeURIComponent(id)}${action}`;
}

async function list(
  text: string | undefined,
  options: AccessOptions & { readonly status?: string; readonly waiting?: boolean },
): Promise<void> {
  const rest = new RestClient(await findAccess(options));
  const query = new URLSearchParams();
  if (text !== undefined) query.set("q", text);
  if (options.status !== undefined) query.set("status", options.status);
  if (options.waiting) query.set("waiting", "true");
  const rows: string[][] = [];
  for await (const one of rest.all<ReturnSummary>(`/v1/returns?${query}`)) {
    if (options.json) printJson(one);
    else
      rows.push([
        one.id,
        one.orderNumber,
        one.waitsForPerson ? paint("yellow", "waits for a person") : one.status,
        one.reason,
        String(one.units),
        momentText(one.requestedAt),
        one.customerName,
      ]);
  }
  if (options.json) return;
  const head = ["id", "order", "status", "reason", "units", "asked for", "customer"];
  print(rows.length === 0 ? "No returns." : table([head.map((one) => paint("dim", one)), ...rows], [4]));
}

async function show(id: string, options: AccessOptions): Promise<void> {
  const rest = new RestClient(await findAccess(options));
  tell(await rest.get<ReturnView>(pathOf(id)), options);
}

async function create(orderId: string, options: CreateOptions): Promise<void> {
  const lines = (unitsByName("--line", options.line) ?? []).map(({ name, units }) => ({
    lineId: name,
    quantity: units,
  }));
  const body: ReturnRequest = {
    lines,
    reason: options.reason,
    ...(options.comment === undefined ? {} : { comment: options.comment }),
    ...(options.method === undefined ? {} : { method: options.method }),
    ...(options.location === undefined ? {} : { locationId: options.location }),
    ...payOf(options),
  };
  const rest = new RestClient(await findAccess(options));
  tell(await rest.post<ReturnView>(`/v1/orders/${encodeURIComponent(orderId)}/returns`, body), options);
}

function approve(id: string, options: ReasonOptions): Promise<void> {
  const { reason } = options;
  return act(id, "/approve", { ...(reason === undefined ? {} : { reason }), ...payOf(options) }, options);
}

function receive(id: string, options: AccessOptions & { readonly line: readonly string[] }): Promise<void> {
  const lines = unitsByName("--line", options.line)?.map(({ name, units }) => ({
    lineId: name,
    quantity: units,
  }));
  return act(id, "/receive", lines === undefined ? {} : { lines }, options);
}

function inspect(id: string, options: InspectOptions): Promise<void> {
  const { units, location, serial, note } = options;
  const lines = pairs("--line", options.line).map(([lineId, disposition]) => ({
    lineId,
    // The gateway knows the words, and names the one that is none.
    disposition: disposition as InspectReturnBody["lines"][number]["disposition"],
    ...(units === undefined ? {} : { quantity: wholeNumber("--units", units) }),
    ...(location === undefined ? {} : { locationId: location }),
    ...(serial.length === 0 ? {} : { serials: [...serial] }),
  }));
  return act(id, "/inspect", { lines, ...(note === undefined ? {} : { note }), ...payOf(options) }, options);
}

async function act(id: string, action: string, body: unknown, options: AccessOptions): Promise<void> {
  const rest = new RestClient(await findAccess(options));
  tell(await rest.post<ReturnView>(pathOf(id, action), body), options);
}

function payOf({ refundTo, insteadOfChannel }: PayOptions) {
  return {
    ...(refundTo === undefined ? {} : { refundTo }),
    ...(insteadOfChannel === undefined ? {} : { insteadOfChannel }),
  };
}

function tell(view: ReturnView, options: AccessOptions): void {
  if (options.json) printJson(view);
  else print(describe(view));
}

function describe(view: ReturnView): string {
  const lines = view.lines.map((one) => [
    `  ${one.lineId}`,
    one.sku,
    `${one.requested} asked for, ${one.received} received, ${one.awaited} awaited, ${one.uninspected} to inspect`,
    one.disposition ?? "",
    one.title,
  ]);
  const inspections = view.inspections.map(
    (one) =>
      `  inspection ${one.id} by ${one.by}${one.reopenedAt === null ? "" : " (taken back)"}: ` +
      one.pieces.map((piece) => `${piece.quantity} × ${piece.sku} ${piece.disposition}`).join(", "),
  );
  const parcel = view.shipment;
  return [
    `${paint("bold", view.id)}  order ${view.orderNumber}  ${view.customerName}`,
    `  status ${view.status} · ${view.reason} · ${view.method}`,
    ...(view.waitsForPerson ? [paint("yellow", "  waits for a person to approve or decline it")] : []),
    ...(view.decision === "" ? [] : [`  ${view.decision}`]),
    table(lines),
    ...inspections,
    ...(parcel === null
      ? []
      : [`  parcel ${parcel.carrier} ${parcel.trackingNumber}: ${parcel.trackingStatus}`]),
    ...(view.refund === null
      ? []
      : [`  refund ${view.refund.status}: ${minorText(view.refundMinor, view.currency)}`]),
  ].join("\n");
}
