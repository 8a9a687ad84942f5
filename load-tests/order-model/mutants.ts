/** The planted bugs: each breaks one promise of orders, stock or money, in one place of the built program. */
import type { Mutant } from "../../engine/simulation/hunt/planted-program.ts";

export const MUTANTS: readonly Mutant[] = [
  {
    name: "a capture takes all that is authorised",
    breaks: "no more is captured than was shipped",
    file: "orders/payment/charging.js",
    search: "const amountMinor = wholeSteps(Math.min(toCapture, oldest.leftMinor), step);",
    replacement: "const amountMinor = wholeSteps(oldest.leftMinor, step);",
  },
  {
    name: "a part of a line bears nothing of its discount",
    breaks: "no more is captured than was shipped",
    file: "orders/line-value.js",
    search: "line.taxMinor - line.discountMinor + line.shareMinor",
    replacement: "line.taxMinor + line.shareMinor",
  },
  {
    name: "an order's discount is spread over nothing",
    breaks: "no more is captured than was shipped",
    file: "orders/line-value.js",
    search: "line.taxMinor - line.discountMinor + line.shareMinor",
    replacement: "line.taxMinor - line.discountMinor",
  },
  {
    name: "a capture whose answer was lost is made again",
    breaks: "our books say what the provider's say",
    file: "workflows/order/activities/payment.js",
    search: "idempotencyKey: call.key,\n                        reference,",
    replacement: "idempotencyKey: call.key + Math.random(),\n                        reference,",
  },
  {
    name: "a refund whose answer was lost is made again",
    breaks: "our books say what the provider's say",
    file: "workflows/refund/activities/refunds.js",
    search: "idempotencyKey: call.key,",
    replacement: "idempotencyKey: call.key + Math.random(),",
  },
  {
    name: "a refund does not look at what is left of the payment",
    breaks: "nobody asks the provider for more than there is",
    file: "orders/refund.js",
    search: "Math.max(0, Math.min(asked, from.left))",
    replacement: "Math.max(0, asked)",
  },
  {
    name: "a gift under one key is given twice",
    breaks: "no more is refunded than came back",
    file: "operations/refunds/request-refund.js",
    search: "shortened(input.key)",
    replacement: "shortened(input.key + Math.random())",
  },
  {
    name: "what was announced for return is refunded, whatever came",
    breaks: "no more is refunded than came back",
    file: "workflows/refund/activities/refunds.js",
    search: "const value = returned.valueMinor ?? valueReceived(order, returned);",
    replacement:
      "const value = returned.lines.reduce((sum, { lineId, requested }) => { const line = order.lines.find((one) => one.lineId === lineId); return sum + valueOfUnits(line, 0, requested, order.currency, order.exponent); }, 0);",
  },
  {
    name: "units from the queue are made firm once only",
    breaks: "every order can end",
    file: "workflows/order/activities/inventory.js",
    search: "randomUUID()",
    replacement: '"once"',
  },
  {
    name: "a cancelled fulfillment order keeps its units",
    breaks: "no unit is held that no order wants",
    file: "operations/change/write-change.js",
    search: "await giveUpUnits(client, orderId, changeId, [...freed.unplaced, ...taken]);",
    replacement:
      "if (ends === undefined) await giveUpUnits(client, orderId, changeId, [...freed.unplaced, ...taken]);",
  },
  {
    name: "what is done elsewhere stays reserved here",
    breaks: "nothing is held when all is over",
    file: "operations/fulfillment/mark-fulfilled-elsewhere.js",
    search: "await giveUpUnits(client, orderId, changeId, atPlaceOf(part));",
    replacement: "",
  },
  {
    name: "a fulfillment order that moves leaves its units behind",
    breaks: "nothing is held when all is over",
    file: "operations/fulfillment/move-part.js",
    search:
      "await giveUpUnits(client, order.orderId, changeId, part.lines.map((line) => ({ ...line, locationId: part.locationId })));",
    replacement: "",
  },
  {
    name: "a split gives the new one what the old one keeps",
    breaks: "every order can end",
    file: "operations/fulfillment/split-part.js",
    search: "await replaceFulfillmentOrderLines(client, part.id, picked(left));",
    replacement: "",
  },
  {
    name: "parcels of one hold leave the stock as if they were one",
    breaks: "stock is conserved",
    file: "workflows/order/activities/cut-parcels.js",
    search: "lines: lines.map((line) => ({ ...line, splitOff: true })),",
    replacement: "lines,",
  },
  {
    name: "a substitute is charged at its own higher price",
    breaks: "a substitute costs no more than what was ordered",
    file: "orders/change/substitution.js",
    search: "price === null || !isMore(line.unitPrice, price) ? null",
    replacement: "price === null ? null",
  },
  {
    name: "a short pick is not taken off the line",
    breaks: "every order can end",
    file: "orders/line-ledger.js",
    search: "return { allocated: -Math.min(missing, line.allocated) };",
    replacement: "return { allocated: 0 };",
  },
  {
    name: "what is written off goes back on the shelf",
    breaks: "stock is conserved",
    file: "workflows/return/activities/returns.js",
    search: 'write_off: "scrapped"',
    replacement: 'write_off: "restocked"',
  },
  {
    name: "a change is made again under its key",
    breaks: "a repeat is answered as before",
    file: "operations/change/revise-order.js",
    search: "if (earlier !== null)",
    replacement: "if (earlier === undefined)",
  },
];
