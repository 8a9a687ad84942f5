/** `holdfast refund`: money goes back, what channels have given back is confirmed, what was declined is settled. */
import type { Command } from "commander";
import type { OrderRefunds, RefundView } from "../../../contract/refunds.ts";
import { minorText } from "../../../orders/refund.ts";
import { findAccess } from "../../client/credentials.ts";
import { RestClient } from "../../client/rest.ts";
import { paint, print, printJson, table } from "../../terminal.ts";
import { type AccessOptions, withAccess } from "../access-options.ts";
import { wholeNumber } from "../option-values.ts";

type GiveOptions = AccessOptions & {
  readonly amountMinor: string;
  readonly reason: string;
  readonly to?: string;
  readonly bonusPercent?: string;
  readonly note?: string;
};

type ConfirmOptions = AccessOptions & { readonly externalId: string; readonly amountMinor?: string };

export function addRefundCommand(program: Command): void {
  const command = program
    .command("refund")
    .summary("give money back, and settle what waits")
    .description(
      "Refunds: given within the limit of who gives them, paid out by the payment provider, as store credit, or by the channel " +
        "that has the money. Amounts are in ISO 4217 minor units: 1250 is 12.50 USD.",
    )
    .addHelpText(
      "after",
      `
Examples:
  $ npx holdfast refund list --status due_at_channel
  $ npx holdfast refund order web-1001
  $ npx holdfast refund create web-1001 --amount-minor 1250 --reason appeasement --note "Arrived late"
  $ npx holdfast refund confirm web-1001-RF1 --external-id 4711`,
    );
  const onRefund = (name: string, description: string): Command =>
    withAccess(command.command(name).description(description)).argument("<id>", "id of the refund");
  withAccess(command.command("list").description("List refunds, newest first"))
    .option("--status <status>", "requested, pending, done, failed, withdrawn, due_at_channel, …")
    .option("--limit <n>", "so many at most", "100")
    .action(list);
  onRefund("show", "Show a refund, and who pays which part of it").action(show);
  withAccess(command.command("order").description("What of an order went back, and what still can"))
    .argument("<order>", "id of the order")
    .action(ofOrder);
  withAccess(command.command("create").description("Give money of an order back"))
    .argument("<order>", "id of the order")
    .requiredOption("--amount-minor <n>", "how much, in minor units of the order's currency")
    .requiredOption("--reason <reason>", "appeasement or goodwill")
    .option("--to <way>", "original or store_credit (default: original)")
    .option("--bonus-percent <n>", "so much more as store credit")
    .option("--note <text>", "why")
    .action(create);
  onRefund("confirm", "The channel, or the customer, has paid it")
    .requiredOption("--external-id <id>", "what the channel calls its refund: each is counted once")
    .option("--amount-minor <n>", "how much of it (default: all that is still open)")
    .action(confirm);
  onRefund("retry", "Ask the payment provider again").action((id: string, options: AccessOptions) =>
    act(id, "/retry", {}, options),
  );
  onRefund("withdraw", "Give up what was declined, so that its money can go back in another way").action(
    (id: string, options: AccessOptions) => act(id, "/withdraw", {}, options),
  );
}

function pathOf(id: string, action = ""): string {
  return `/v1/refunds/${encodeURIComponent(id)}${action}`;
}

async function list(
  options: AccessOptions & { readonly status?: string; readonly limit: string },
): Promise<void> {
  const most = wholeNumber("--limit", options.limit);
  const rest = new RestClient(await findAccess(options));
  const query = options.status === undefined ? "" : `?status=${encodeURIComponent(options.status)}`;
  const refunds: RefundView[] = [];
  for await (const one of rest.all<RefundView>(`/v1/refunds${query}`)) {
    if (refunds.length === most) break;
    refunds.push(one);
  }
  if (options.json) for (const one of refunds) printJson(one);
  else print(refunds.length === 0 ? "No refunds." : rowsOf(refunds));
}

function rowsOf(refunds: readonly RefundView[]): string {
  const head = ["id", "order", "status", "reason", "amount", "asked for by"].map((one) => paint("dim", one));
  const rows = refunds.map((one) => [
    one.id,
    one.orderId,
    one.failure === null ? one.status : paint("yellow", `${one.status}: ${one.failure}`),
    one.reason,
    `${minorText(one.amountMinor, one.currency)} ${one.currency}`,
    one.requestedBy,
  ]);
  return table([head, ...rows], [4]);
}

async function show(id: string, options: AccessOptions): Promise<void> {
  const rest = new RestClient(await findAccess(options));
  tell(await rest.get<RefundView>(pathOf(id)), options);
}

async function ofOrder(orderId: string, options: AccessOptions): Promise<void> {
  const rest = new RestClient(await findAccess(options));
  tellOrder(await rest.get<OrderRefunds>(`/v1/orders/${encodeURIComponent(orderId)}/refunds`), options);
}

async function create(orderId: string, options: GiveOptions): Promise<void> {
  const { amountMinor, reason, to, bonusPercent, note } = options;
  const rest = new RestClient(await findAccess(options));
  const refund = await rest.post<RefundView>(`/v1/orders/${encodeURIComponent(orderId)}/refunds`, {
    amountMinor: wholeNumber("--amount-minor", amountMinor),
    reason,
    ...(to === undefined ? {} : { to }),
    ...(bonusPercent === undefined ? {} : { bonusPercent: wholeNumber("--bonus-percent", bonusPercent) }),
    ...(note === undefined ? {} : { note }),
  });
  tell(refund, options);
}

function confirm(id: string, { externalId, amountMinor, ...options }: ConfirmOptions): Promise<void> {
  const amount = amountMinor === undefined ? {} : { amountMinor: wholeNumber("--amount-minor", amountMinor) };
  return act(id, "/confirm", { externalRefundId: externalId, ...amount }, options);
}

async function act(id: string, action: string, body: unknown, options: AccessOptions): Promise<void> {
  const rest = new RestClient(await findAccess(options));
  tell(await rest.post<RefundView>(pathOf(id, action), body), options);
}

function tell(refund: RefundView, options: AccessOptions): void {
  if (options.json) {
    printJson(refund);
    return;
  }
  const amount = (minor: number) => `${minorText(minor, refund.currency)} ${refund.currency}`;
  const parts = [
    ["  payment provider", refund.paymentMinor],
    ["  store credit", refund.storeCreditMinor + refund.bonusMinor],
    [`  ${refund.channelName}`, refund.channelMinor],
    ["  exchange", refund.exchangeMinor],
  ] as const;
  print(
    [
      `${paint("bold", refund.id)}: ${refund.status}, ${refund.reason}, ${amount(refund.amountMinor)}`,
      table(parts.filter(([, minor]) => minor > 0).map(([who, minor]) => [who, amount(minor)])),
      ...(refund.failure === null ? [] : [paint("yellow", `  ${refund.failure}`)]),
    ].join("\n"),
  );
}

function tellOrder(refunds: OrderRefunds, options: AccessOptions): void {
  if (options.json) {
    printJson(refunds);
    return;
  }
  print(`${minorText(refunds.leftMinor, refunds.currency)} ${refunds.currency} can still go back.`);
  if (refunds.refunds.length > 0) print(rowsOf(refunds.refunds));
}
