/** A buyer's 850 in an interchange of its own. */
import { type ChannelWriter, decimal, taxOf, totals } from "../../simulator-kit/planned-order.ts";

export const x12Writer: ChannelWriter = {
  write: (order, random) => {
    const number = `PO${random.digits(8)}`;
    const { tax, total } = totals(order);
    const { shopper } = order;
    const control = random.digits(9);
    const day = order.placedAt.toISOString().slice(0, 10).replaceAll("-", "");
    const taxed = order.lines.reduce((sum, line) => sum + taxOf(order, line), 0);
    const set: readonly (readonly string[])[] = [
      ["BEG", "00", "SA", number, "", day],
      ["CUR", "BY", "USD"],
      [
        "PER",
        "BD",
        clean(`${shopper.firstName} ${shopper.lastName}`),
        "TE",
        shopper.phone,
        "EM",
        shopper.email,
      ],
      ["SAC", "C", "D240", "", "", String(order.shippingMinor), ...blanks(9), "Freight"],
      ...(taxed === 0 ? [] : [["SAC", "C", "H750", "", "", String(tax), ...blanks(9), "Tax"]]),
      ["TD5", "", "", "", "", order.service === "expedited" ? "EXPRESS" : "GROUND"],
      ["N1", "ST", clean(`${shopper.firstName} ${shopper.lastName}`), "92", random.digits(6)],
      ["N3", clean(shopper.line1), ...(shopper.line2 === "" ? [] : [clean(shopper.line2)])],
      ["N4", clean(shopper.city), shopper.region, shopper.postalCode, "US"],
      ...order.lines.flatMap((line, index) => [
        [
          "PO1",
          String(index + 1),
          String(line.quantity),
          "EA",
          decimal(line.priceMinor),
          "",
          "VN",
          line.channelSku,
        ],
        ["PID", "F", "", "", "", clean(line.title)],
      ]),
      ["CTT", String(order.lines.length)],
      ["AMT", "TT", decimal(total)],
    ];
    const blank = " ".repeat(10);
    const segments: readonly (readonly string[])[] = [
      ["ISA", "00", blank, "00", blank, "ZZ", "SAMPLEBUYER".padEnd(15), "ZZ", "HOLDFAST".padEnd(15)].concat([
        day.slice(2),
        "0900",
        "U",
        "00401",
        control,
        "0",
        "P",
        ">",
      ]),
      ["GS", "PO", "SAMPLEBUYER", "HOLDFAST", day, "0900", "1", "X", "004010"],
      ["ST", "850", "0001"],
      ...set,
      ["SE", String(set.length + 2), "0001"],
      ["GE", "1", "1"],
      ["IEA", "1", control],
    ];
    const payload = `${segments.map((segment) => `${segment.join("*")}~`).join("\n")}\n`;
    return { externalId: number, payload, topic: null };
  },
  cancel: ({ externalId, payload }) => ({
    externalId,
    payload: payload.replace("BEG*00*", "BEG*01*"),
    topic: null,
  }),
};

function blanks(count: number): readonly string[] {
  return Array.from({ length: count }, () => "");
}

/** Without the signs that X12 means something by. */
function clean(text: string): string {
  return text.replace(/[*~>\r\n]/g, " ");
}
