/**
 * What we tell over files without a vendor: the same facts as CSV, a row a line, or as JSON lines, a document
 * each. docs/channels/files.md has the columns.
 */
import { decimalText } from "../../../orders/money.ts";
import type { OrderWord, StockLevel } from "../../../ports/channel-connection.ts";
import type { PartnerOrder, Written } from "../../partner-folder/partner-format.ts";
import { writeJson } from "../../vendor-kit/vendor-json.ts";

type Cell = string | number;
type Line = Readonly<Record<string, Cell>>;

/** @returns null: there is no file for it */
export function fileFor(
  word: OrderWord,
  { order }: PartnerOrder,
  kind: "csv" | "jsonl",
  nowMs: number,
): Written | null {
  const head = { id: word.order.externalId, order: word.order.orderId, at: new Date(nowMs).toISOString() };
  const units = (lines: readonly { externalLineId: string; channelSku: string; quantity: number }[]) =>
    lines.map(({ externalLineId, channelSku, quantity }) => ({
      lineId: externalLineId,
      lineSku: channelSku,
      quantity,
    }));
  switch (word.kind) {
    case "acknowledge":
      return fileOf("acknowledged", head, units(order.lines), kind);
    case "ship": {
      const { shipmentId: shipment, shippedAt, carrier, service, trackingNumber, trackingUrl } = word;
      const parcel = {
        shipment,
        shippedAt,
        carrier,
        service,
        trackingNumber,
        trackingUrl: trackingUrl ?? "",
      };
      return fileOf("shipped", { ...head, ...parcel }, units(word.lines), kind);
    }
    case "cancel": {
      const { reason, isWhole } = word;
      return fileOf("cancelled", { ...head, reason, whole: isWhole ? "yes" : "no" }, units(word.lines), kind);
    }
    case "hold":
      return fileOf("held", { ...head, reason: word.reason }, [], kind);
    case "release":
      return fileOf("released", head, [], kind);
    case "refund": {
      const { refundId: refund, reason, amount } = word;
      const sum = { currency: amount.currency, amount: decimalText(amount) };
      return fileOf("refunded", { ...head, refund, ...sum, reason }, [], kind);
    }
    case "invoice": {
      const { number, issuedAt, shipping, charges, tax, total } = word;
      const sums = {
        currency: order.currency,
        shipping: decimalText(shipping),
        charges: decimalText(charges),
        tax: decimalText(tax),
        total: decimalText(total),
      };
      const lines = units(word.lines).map((line, index) => ({
        ...line,
        amount: decimalText(word.lines[index]?.amount ?? total),
        lineTax: decimalText(word.lines[index]?.tax ?? tax),
      }));
      return fileOf("invoiced", { ...head, invoice: number, issuedAt, ...sums }, lines, kind);
    }
    default:
      return null;
  }
}

export function stockFile(levels: readonly StockLevel[], kind: "csv" | "jsonl", nowMs: number): Written {
  const at = new Date(nowMs).toISOString();
  const rows = levels.map(({ channelSku, quantity }) => ({ sku: channelSku, quantity, at }));
  return {
    type: "stock",
    content: kind === "csv" ? csvOf(rows) : rows.map((row) => `${writeJson(row)}\n`).join(""),
  };
}

function fileOf(type: string, head: Line, lines: readonly Line[], kind: "csv" | "jsonl"): Written {
  if (kind === "jsonl") {
    const document = lines.length === 0 ? head : { ...head, lines };
    return { type, content: `${writeJson(document)}\n` };
  }
  return { type, content: csvOf(lines.length === 0 ? [head] : lines.map((line) => ({ ...head, ...line }))) };
}

/** RFC 4180, with line feeds. */
function csvOf(rows: readonly Line[]): string {
  const names = Object.keys(rows[0] ?? {});
  const cell = (value: Cell) => {
    const text = String(value);
    return /[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return [names.join(","), ...rows.map((row) => names.map((name) => cell(row[name] ?? "")).join(","))]
    .map((line) => `${line}\n`)
    .join("");
}
