/** The day's report for a person. */
import { paint, seconds, table } from "../terminal.ts";
import type { DayReport } from "./run-day.ts";

export function renderReport(report: DayReport): string {
  const { orders, stock, happenings } = report;
  const zero = (value: number): string =>
    value === 0 ? paint("green", "0") : paint(["red", "bold"], String(value));
  const rows = [
    [
      "Orders in",
      `${orders.orders}`,
      `${orders.planned} planned, ${report.capturedPerSecond} captured a second`,
    ],
    ["Duplicates", `${orders.duplicatesRecognised}`, "sent twice, captured once"],
    ["Shipped", `${orders.shipped}`, `${orders.unitsShipped} units`],
    ["Delivered", `${orders.delivered}`, `${report.ordersPerSecond} orders a second from capture to door`],
    [
      "Cancelled",
      `${orders.cancelled}`,
      `${happenings.partlyCancelled} more in part, ${happenings.changed} orders changed`,
    ],
    [
      "Elsewhere",
      `${happenings.shippedByOthers}`,
      `shipped by marketplaces, ${happenings.collected} collected in the store, ${happenings.withoutParcel} without a parcel`,
    ],
    ["Short", `${happenings.fellShort}`, "sourced again, or done without"],
    ["At the door", `${happenings.paidAtTheDoor}`, "paid to who brought the parcel"],
    [
      "Returned",
      `${orders.returns}`,
      `${orders.returnsRefunded} refunded, ${happenings.inPieces} of them in pieces, ${happenings.exchanged} exchanged`,
    ],
    ...(report.held.length === 0 ? [["Held", "0", ""]] : []),
    ...report.held.map((held, index) => [
      index === 0 ? "Held" : "",
      `${held.orders}`,
      `${held.code}: ${shortened(held.example)}`,
    ]),
    ...(orders.refused > 0 ? [["Refused", `${orders.refused}`, ""]] : []),
    ...(orders.unfinished > 0 ? [["Unfinished", paint("red", `${orders.unfinished}`), ""]] : []),
    ["Oversold", zero(report.oversold), ""],
    ["Doubled", zero(report.doubled), "orders, charges, labels"],
    [
      "Stock",
      stock.reconciled ? paint("green", "reconciled") : paint("red", "does not add up"),
      `${stock.positions} positions: ${stock.units.received} received ${signed(stock.units.corrected)} corrected − ${stock.units.shipped} shipped + ${stock.units.returned} returned = ${stock.units.onHand} on hand`,
    ],
  ];
  const dollars = (minor: number): string => (minor / 100).toFixed(2);
  rows.push([
    "Money",
    report.money.reconciled ? paint("green", "reconciled") : paint("red", "does not add up"),
    `${dollars(report.money.takenMinor)} taken by us − ${dollars(report.money.refundedMinor)} refunded`,
  ]);
  const stages = report.stages.map((stage) => [
    `  ${stage.stage}`,
    seconds(stage.p50Ms),
    seconds(stage.p95Ms),
    `${stage.orders}`,
  ]);
  const dim = (text: string): string => paint("dim", text);
  return [
    "",
    `${paint("bold", `A day of ${orders.planned} orders`)} ${dim(`in ${seconds(report.seconds * 1000)}, seed ${report.seed}`)}`,
    table(rows.map(([name = "", value = "", remark = ""]) => [`  ${dim(name)}`, value, dim(remark)])),
    "",
    table([[dim("  time per stage"), dim("p50"), dim("p95"), dim("orders")], ...stages], [1, 2, 3]),
    ...(report.findings.length === 0
      ? []
      : ["", paint("red", "Findings"), ...report.findings.slice(0, 25).map((finding) => `  ${finding}`)]),
  ].join("\n");
}

function shortened(text: string): string {
  return text.length <= 110 ? text : `${text.slice(0, 107)}…`;
}

function signed(value: number): string {
  return value < 0 ? `− ${-value}` : `+ ${value}`;
}
