/**
 * A shopper, a member of staff or another system announces a return. The announced units are counted at once,
 * under the order's lock, so that no unit is announced twice. Whether the return is approved is for its saga
 * to decide, by the channel's rules.
 */
import { adding, returnable } from "../../orders/line-ledger.ts";
import type { ReturnMethod, ReturnReason } from "../../orders/return-authorization.ts";
import type { WantedWay } from "../../orders/returns/refund-way.ts";
import { unitsText } from "../../orders/units-text.ts";
import { changeOrder, lockOrder, type OrderProgress } from "../../store/orders/order-progress.ts";
import { readEntryData, recordEntry } from "../../store/orders/timeline.ts";
import { addReturn, readReturnRules, usableLocations } from "../../store/returns/returns.ts";
import { type DatabaseClient, inTransaction } from "../../store/sql/database.ts";
import type { OperationContext } from "../context.ts";
import { type Refusal, refuse } from "../refusal.ts";
import { startSaga } from "../tell-saga.ts";
import { type ChosenWay, chooseRefundWay, writeRefundWay } from "./choose-refund-way.ts";

type ReturnRequestInput = WantedWay & {
  readonly orderId: string;
  readonly lines: readonly { readonly lineId: string; readonly quantity: number }[];
  readonly reason: ReturnReason;
  readonly comment?: string;
  /** How the goods come back. Default: with a label. */
  readonly method?: ReturnMethod;
  /** Where to: the store that they are brought to, or the place that they are sent to. Default: as always. */
  readonly locationId?: string;
  /** Who asks: `shopper` or `staff:<id>`. */
  readonly by: string;
  /** Repeating a request with the same key returns the first return. Absent: every request is new. */
  readonly key?: string;
};

type ReturnRequested = { readonly status: "done"; readonly returnId: string };

type ReturnedLine = { readonly lineId: string; readonly sku: string; readonly quantity: number };

export async function requestReturn(
  context: OperationContext,
  input: ReturnRequestInput,
): Promise<ReturnRequested | Refusal> {
  return inTransaction(context.database, async (client) => {
    const order = await lockOrder(client, input.orderId);
    if (order === undefined) return refuse("order_not_found", `There is no order ${input.orderId}.`);
    const earlier = await earlierReturn(client, input);
    if (earlier !== null) return { status: "done", returnId: earlier };
    const lines = returnedLines(order, input.lines);
    if (!Array.isArray(lines)) return lines;
    const refusal = await refusedWay(client, order, input);
    if (refusal !== null) return refusal;
    const way = await chooseRefundWay(client, order, input);
    if (way !== null && "code" in way) return way;
    return { status: "done", returnId: await announce(client, order, input, lines, way) };
  });
}

async function earlierReturn(client: DatabaseClient, input: ReturnRequestInput): Promise<string | null> {
  if (input.key === undefined) return null;
  const data = await readEntryData(client, input.orderId, requestKey(input.key));
  return data === null ? null : String(data["returnId"]);
}

/** The announced units of each line, checked against what the shopper has. */
function returnedLines(order: OrderProgress, asked: ReturnRequestInput["lines"]): ReturnedLine[] | Refusal {
  const quantities = new Map<string, number>();
  for (const { lineId, quantity } of asked) {
    if (!Number.isSafeInteger(quantity) || quantity < 1)
      return refuse("invalid_quantity", `Line ${lineId}: ${quantity} is not a number of units.`);
    quantities.set(lineId, (quantities.get(lineId) ?? 0) + quantity);
  }
  if (quantities.size === 0) return refuse("nothing_to_return", "No line was chosen.");
  const lines: ReturnedLine[] = [];
  for (const [lineId, quantity] of quantities) {
    const line = order.lines.find((candidate) => candidate.lineId === lineId);
    if (line === undefined || line.sku === null)
      return refuse("line_not_found", `The order has no line ${lineId}.`);
    const possible = returnable(line);
    if (quantity > possible)
      return refuse("not_returnable", `Of "${line.title}", ${possible} can be returned, not ${quantity}.`);
    lines.push({ lineId, sku: line.sku, quantity });
  }
  return lines;
}

/** A shopper has what the channel's rules offer; staff may do otherwise. */
async function refusedWay(
  client: DatabaseClient,
  order: OrderProgress,
  { method = "label", locationId, by }: ReturnRequestInput,
): Promise<Refusal | null> {
  const { methods } = await readReturnRules(client, order.channelId);
  if (by === "shopper" && !methods.includes(method))
    return refuse("return_method_unavailable", `Returns of this shop come back by: ${methods.join(", ")}.`);
  if (order.document.shippingAddress === null && (method === "label" || method === "qr_code"))
    return refuse("return_method_unavailable", "The order has no address that a label could start from.");
  if (locationId === undefined)
    return method === "store" ? refuse("location_not_usable", "Say which store it is brought to.") : null;
  const usable = await usableLocations(client, order.document.companyId, [locationId]);
  const kind = usable.get(locationId);
  if (kind === undefined || (method === "store" && kind !== "store"))
    return refuse("location_not_usable", `Returned goods cannot go to ${locationId}.`);
  return null;
}

async function announce(
  client: DatabaseClient,
  order: OrderProgress,
  input: ReturnRequestInput,
  lines: readonly ReturnedLine[],
  way: ChosenWay | null,
): Promise<string> {
  const { orderId } = order;
  const returnId = await addReturn(client, {
    orderId,
    reason: input.reason,
    comment: input.comment ?? "",
    currency: order.currency,
    method: input.method ?? "label",
    locationId: input.locationId ?? null,
    requestedBy: input.by,
    lines,
  });
  await writeRefundWay(client, order, { returnId, refundTo: "original" }, way, input.by);
  await changeOrder(client, order, { ledger: adding(lines, "returnRequested") });
  const units = lines.reduce((sum, line) => sum + line.quantity, 0);
  await recordEntry(client, {
    orderId,
    key: requestKey(input.key ?? returnId),
    type: "return.requested",
    summary: `Return ${returnId} of ${unitsText(units)} requested: ${input.reason.replaceAll("_", " ")}.`,
    cause: input.by,
    data: { returnId },
  });
  await startSaga(client, {
    workflow: "returnAuthorization",
    workflowId: returnId,
    args: [{ returnId, orderId, channelId: order.channelId }],
  });
  return returnId;
}

function requestKey(key: string): string {
  return `return-requested:${key}`;
}
