import { expect, test } from "vitest";
import { captured, onlyOrder } from "../../../test-support/vendors/channel-orders.ts";
import { ownSample } from "../../../test-support/vendors/channel-samples.ts";
import { vendorExamples, vendorNote } from "../../../test-support/vendors/vendor-descriptions.ts";
import { x12Adapter } from "./adapter.ts";
import { readInterchange } from "./interchange.ts";

const sample = () => ownSample("x12", "order.edi");
const read = (change: (text: string) => string = (text) => text) => onlyOrder(x12Adapter, change(sample()));
const detailOf = (text: string) => {
  const [reading] = x12Adapter.read(text, null);
  return reading?.kind === "refused" ? reading.refusal.detail : "";
};

test("an 850 is an order: its number, its days, its parties, its lines and its amounts", () => {
  const order = read();
  expect(order).toMatchObject({
    externalId: "08292233294",
    placedAt: "2026-03-05T00:00:00.000Z",
    releaseOn: "2026-03-10",
    deliverOn: "2026-03-14",
    currency: "USD",
    total: { minor: 125_094, exponent: 2 },
    discount: { minor: 500 },
    charges: [{ kind: "fee", name: "Freight", amount: { minor: 799 } }],
    shippingService: "GROUND",
    shippingAddress: { name: "SAMPLE BUYER STORE 38", line1: "1 MAIN ST", line2: "SUITE 2", region: "TX" },
    customer: { name: "SAMPLE BUYER STORE 38", email: "jane@example.com", externalId: "ZZ:SAMPLEBUYER" },
    lines: [
      {
        externalLineId: "1",
        channelSku: "AB3542",
        title: "SMALL WIDGET",
        quantity: 120,
        attributes: { unit: "EA", pack: "4", "id:CB": "065322-117" },
      },
      {
        channelSku: "012345678905",
        quantity: 10,
        unitPrice: { minor: 13_795, exponent: 3 },
        attributes: { unit: "CA" },
      },
    ],
    externalIds: { interchange: "000003438", "ref:DP": "038" },
    holdReasons: [],
  });
  expect(captured(order).holds).not.toContain("sum_mismatch");
});

test.each([
  ["IEA*1*000003438", "IEA*1*000003439", "IEA02 is 000003439, and ISA13 is 000003438."],
  ["IEA*1*000003438", "IEA*1*3438", "IEA02 is 3438, and ISA13 is 000003438."],
  ["IEA*1*", "IEA*2*", "IEA01 is 2, and there are 1 groups."],
  ["GE*1*1421", "GE*1*1422", "GE02 is 1422, and GS06 is 1421."],
  ["GE*1*", "GE*3*", "GE01 is 3, and there are 1 transaction sets."],
  ["SE*23*0001", "SE*22*0001", "SE01 is 22, and there are 23 segments with ST and SE."],
  ["SE*23*0001", "SE*23*0002", "SE02 is 0002, and ST02 is 0001."],
  [
    "SAMPLEBUYER    *ZZ*HOLDFAST       *",
    "SAMPLEBUYER*ZZ*HOLDFAST*",
    "ISA06 has 11 characters instead of 15.",
  ],
  ["GE*1*1421~\n", "", "The group 1421 has no GE segment."],
  ["IEA*1*000003438~", "IEA*1*000003438", "The last segment has no end: the text is cut short."],
])("an envelope with %s as %s is refused, and says where", (was, is, detail) => {
  expect(sample()).toContain(was);
  expect(detailOf(sample().replace(was, is))).toContain(detail);
});

test("each fault of an envelope is named, not only the first", () => {
  const text = sample().replace("IEA*1*000003438", "IEA*2*9").replace("SE*23*", "SE*9*");
  expect(readInterchange(text).faults.length).toBe(3);
});

test("the delimiters are those of the ISA, and line breaks mean nothing", () => {
  const other = sample().replaceAll("*", "|").replaceAll("~\n", "'").replaceAll(">", ":");
  expect(onlyOrder(x12Adapter, other)).toEqual(read());
  expect(onlyOrder(x12Adapter, sample().replaceAll("\n", "\r\n"))).toEqual(read());
  expect(onlyOrder(x12Adapter, sample().replaceAll("~\n", "\n"))).toEqual(read());
});

test("an 850 that cancels ends its order; a test order waits for a person", () => {
  expect(x12Adapter.read(sample().replace("BEG*00", "BEG*01"), null)).toEqual([
    { kind: "cancellation", externalId: "08292233294", reason: "cancelled by the buyer's 850" },
  ]);
  expect(read((text) => text.replace("*0*P*>", "*0*T*>")).holdReasons).toMatchObject([
    { code: "held_by_rule" },
  ]);
});

test.each([
  ["PO1*1*120*EA*9.25*", "PO1*1*120*EA**", "price_missing"],
  ["CTT*2", "CTT*3", "lines_missing"],
])("%s as %s waits as %s", (was, is, code) => {
  const reasons = read((text) => text.replace(was, is)).holdReasons;
  expect(reasons.map((reason) => reason.code)).toEqual([code]);
});

test("a release of a blanket order is an order of its own", () => {
  expect(read((text) => text.replace("08292233294**", "08292233294*7*")).externalId).toBe("08292233294-7");
});

test("several orders of an interchange are read each for itself, and again from what is kept of them", () => {
  const lines = sample().trimEnd().split("\n");
  const set = lines.slice(2, 25);
  const second = set.map((line) =>
    line.replace("08292233294", "0829").replace("ST*850*0001", "ST*850*0002").replace("*0001~", "*0002~"),
  );
  const both = [...lines.slice(0, 2), ...set, ...second, "GE*2*1421~", "IEA*1*000003438~"].join("\n");
  const readings = x12Adapter.read(both, null);
  expect(readings.map((reading) => reading.kind === "order" && reading.order.externalId)).toEqual([
    "08292233294",
    "0829",
  ]);
  for (const reading of readings) {
    if (reading.kind !== "order") throw new Error("not an order");
    expect(onlyOrder(x12Adapter, reading.source ?? "")).toEqual(reading.order);
  }
});

test.each(["810", "855", "856", "997"])("a %s is not an order, and says what it is", (type) => {
  const text = sample().replace("ST*850", `ST*${type}`);
  expect(x12Adapter.read(text, null)).toMatchObject([{ kind: "refused", refusal: { code: "not_an_order" } }]);
  expect(detailOf(text)).toContain(type);
});

test(`of the public samples those with a whole envelope are read, the others refused with the fault${vendorNote("edi")}`, () => {
  for (const { file, text } of vendorExamples("edi").filter(({ text }) =>
    text.trimStart().startsWith("ISA"),
  )) {
    const { interchange, faults } = readInterchange(text);
    expect([file, (interchange === null) === faults.length > 0]).toEqual([file, true]);
    const readings = x12Adapter.read(text, null);
    expect([file, readings.length > 0]).toEqual([file, true]);
    if (interchange === null)
      expect(readings).toMatchObject([{ kind: "refused", refusal: { code: "malformed_payload" } }]);
  }
});
