/** A shop's orders as a table, one file each. */
import {
  type ChannelWriter,
  decimal,
  type PlannedOrder,
  taxOf,
  totals,
} from "../../simulator-kit/planned-order.ts";

export const filesWriter: ChannelWriter = {
  write: (order, random) => {
    const externalId = `F${random.digits(8)}`;
    return { externalId, payload: tableOf(externalId, order), topic: null };
  },
  cancel: ({ externalId }) => ({
    externalId,
    payload: `${JSON.stringify({ id: externalId, cancelled: true })}\n`,
    topic: null,
  }),
};

/** @param quantities of the lines, where they are others by now; a line of 0 is left out */
export function tableOf(id: string, order: PlannedOrder, quantities: readonly number[] = []): string {
  const { shopper } = order;
  const name = `${shopper.firstName} ${shopper.lastName}`;
  const rows = order.lines.flatMap((line, index) => {
    const quantity = quantities[index] ?? line.quantity;
    const tax = taxOf(order, { ...line, quantity });
    const isFirst = index === 0;
    return quantity === 0
      ? []
      : [
          {
            id,
            placedAt: order.placedAt.toISOString(),
            currency: "USD",
            customerName: name,
            customerEmail: shopper.email,
            customerPhone: shopper.phone,
            shippingLine1: shopper.line1,
            shippingLine2: shopper.line2,
            shippingCity: shopper.city,
            shippingRegion: shopper.region,
            shippingPostalCode: shopper.postalCode,
            shippingCountry: "US",
            shippingPrice: decimal(order.shippingMinor),
            shippingService: order.service,
            total: isFirst && quantities.length === 0 ? decimal(totals(order).total) : "",
            lineId: String(index + 1),
            lineSku: line.channelSku,
            lineTitle: line.title,
            lineQuantity: String(quantity),
            linePrice: decimal(line.priceMinor),
            lineTax: tax === 0 ? "" : decimal(tax),
          },
        ];
  });
  const names = Object.keys(rows[0] ?? {}) as (keyof (typeof rows)[number])[];
  const cell = (text: string) => `"${text.replaceAll('"', '""')}"`;
  return [names.join(","), ...rows.map((row) => names.map((each) => cell(row[each])).join(",")), ""].join(
    "\n",
  );
}
