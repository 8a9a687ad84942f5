/** A buyer's ORDERS in an interchange of its own. */
import { type ChannelWriter, decimal, taxOf, totals } from "../../simulator-kit/planned-order.ts";
import { released } from "./write-interchange.ts";

/** GLNs of GS1's range for examples. */
export const SAMPLE_BUYER = "9520000000014";
export const SAMPLE_SUPPLIER = "9520000000021";

export const edifactWriter: ChannelWriter = {
  write: (order, random) => {
    const number = `PO${random.digits(8)}`;
    const { tax, total } = totals(order);
    const { shopper } = order;
    const taxed = order.lines.reduce((sum, line) => sum + taxOf(order, line), 0);
    const text = (value: string) => released(value.replace(/\p{Cc}/gu, " ").slice(0, 35));
    const name = text(`${shopper.firstName} ${shopper.lastName}`);
    const segments = [
      `BGM+220+${number}+9`,
      `DTM+137:${order.placedAt.toISOString().replace(/\D/g, "").slice(0, 12)}:203`,
      `NAD+BY+${SAMPLE_BUYER}::9`,
      `CTA+OC+:${name}`,
      `COM+${released(shopper.email)}:EM`,
      `COM+${released(shopper.phone)}:TE`,
      `NAD+SU+${SAMPLE_SUPPLIER}::9`,
      `NAD+DP+++${name}+${text(shopper.line1)}:${text(shopper.line2)}+${text(shopper.city)}+${shopper.region}+${shopper.postalCode}+US`,
      "CUX+2:USD:9",
      `TDT+20++30++:::${order.service === "expedited" ? "EXPRESS" : "GROUND"}`,
      "ALC+C++++FC:::Freight",
      `MOA+23:${decimal(order.shippingMinor)}`,
      ...(taxed === 0 ? [] : ["ALC+C++++TX:::Tax", `MOA+23:${decimal(tax)}`]),
      ...order.lines.flatMap((line, index) => [
        `LIN+${index + 1}++${released(line.channelSku)}:SA`,
        `IMD+F++:::${text(line.title)}`,
        `QTY+21:${line.quantity}:PCE`,
        `PRI+AAA:${decimal(line.priceMinor)}`,
      ]),
      "UNS+S",
      `MOA+86:${decimal(total)}`,
      `CNT+2:${order.lines.length}`,
    ];
    return { externalId: number, payload: sampleInterchange(segments, random.digits(9)), topic: null };
  },
  cancel: ({ externalId, payload }) => ({
    externalId,
    payload: payload.replace(/^(BGM\+220\+.*)\+9'$/m, "$1+1'"),
    topic: null,
  }),
};

/** @param segments of one ORDERS, without their ends */
export function sampleInterchange(segments: readonly string[], reference: string): string {
  const all = [
    `UNB+UNOC:3+${SAMPLE_BUYER}:14+${SAMPLE_SUPPLIER}:14+260305:0900+${reference}`,
    "UNH+1+ORDERS:D:96A:UN",
    ...segments,
    `UNT+${segments.length + 2}+1`,
    `UNZ+1+${reference}`,
  ];
  return `UNA:+.? '\n${all.map((segment) => `${segment}'\n`).join("")}`;
}
