import fc from "fast-check";
import { expect, test } from "vitest";
import type { OrderWord } from "../../../ports/channel-connection.ts";
import { isBesideTheProject } from "../../../test-support/beside-the-project.ts";
import { onlyOrder } from "../../../test-support/vendors/channel-orders.ts";
import { ownSample } from "../../../test-support/vendors/channel-samples.ts";
import { openX12Structure, X12_STRUCTURE } from "../../../test-support/vendors/x12-structure.ts";
import { UnwritableDocument } from "../../partner-folder/partner-format.ts";
import { x12Adapter } from "./adapter.ts";
import { createX12Format } from "./format.ts";
import { readInterchange } from "./interchange.ts";
import { x12PartnerOf } from "./partner.ts";
import { x12Side } from "./simulator.ts";
import { writeInterchange } from "./write-interchange.ts";

const NOW = Date.parse("2026-03-06T10:20:00Z");
const partner = (more: Readonly<Record<string, string>> = {}) =>
  x12PartnerOf({ ...x12Side.account("/srv/partners/acme"), ...more });
const order = () => onlyOrder(x12Adapter, ownSample("x12", "order.edi"));

const usd = (minor: number) => ({ minor, currency: "USD", exponent: 2 });
const told = {
  key: "k",
  order: {
    orderId: "buyer-1",
    externalId: "08292233294",
    externalNumber: "",
    externalIds: {},
    currency: "USD",
  },
};
const lines = [
  { externalLineId: "1", channelSku: "AB3542", quantity: 20 },
  { externalLineId: "2", channelSku: "012345678905", quantity: 10 },
];
const WORDS: readonly OrderWord[] = [
  { ...told, kind: "acknowledge" },
  {
    ...told,
    kind: "ship",
    shipmentId: "SH-1",
    carrier: "UPS",
    service: "Ground",
    trackingNumber: "1Z999AA10123456784",
    trackingUrl: null,
    shippedAt: "2026-03-06T10:00:00.000Z",
    lines,
  },
  { ...told, kind: "cancel", lines: lines.slice(0, 1), isWhole: false, reason: "out_of_stock" },
  {
    ...told,
    kind: "invoice",
    number: "INV-77",
    shipmentId: null,
    issuedAt: "2026-03-06T10:00:00.000Z",
    lines: lines.map((line, index) => ({
      ...line,
      title: "Widget",
      unitPrice: usd(0),
      amount: usd([18_500, 13_795][index] ?? 0),
      tax: usd(0),
    })),
    shipping: usd(799),
    charges: usd(-500),
    tax: usd(0),
    total: usd(32_594),
    document: async () => new Uint8Array(),
  },
];

/** A parcel with an SSCC. */
const MARKED = { ...(WORDS[1] as OrderWord), sscc: "106141412345678908" } as OrderWord;

function written(word: OrderWord, settings = partner(), cancelled = new Map<string, number>()) {
  const document = createX12Format(settings, () => NOW).write(word, { order: order(), cancelled }, 42, NOW);
  const text = String(document?.content);
  const { interchange, faults } = readInterchange(text);
  expect([document?.type, faults]).toEqual([document?.type, []]);
  return { text, interchange, set: interchange?.groups[0]?.sets[0] };
}

const note = isBesideTheProject(X12_STRUCTURE) ? "" : ` (skipped: nothing in ../shared/${X12_STRUCTURE})`;

test.skipIf(note !== "")(`what we send is as 004010 has it${note}`, () => {
  const problemsOf = openX12Structure();
  for (const word of [...WORDS, MARKED]) {
    const { set } = written(word);
    expect([set?.type, problemsOf(set?.type ?? "", set?.segments ?? [])]).toEqual([set?.type, []]);
  }
  const stock = createX12Format(partner(), () => NOW).writeStock(
    [{ channelSku: "A", listing: {}, quantity: 3 }],
    7,
    NOW,
  );
  const set = readInterchange(String(stock.content)).interchange?.groups[0]?.sets[0];
  expect(problemsOf("846", set?.segments ?? [])).toEqual([]);
  const sample = readInterchange(ownSample("x12", "not-an-order-acknowledgement.edi")).interchange?.groups[0]
    ?.sets[0];
  expect(problemsOf("997", sample?.segments ?? [])).toEqual([]);
});

test("a ship notice says of each line which parcel it is in, under the buyer's own numbers", () => {
  const { set } = written(WORDS[1] as OrderWord);
  const text = set?.segments.map((segment) => segment.join("*")) ?? [];
  expect(text).toEqual(
    expect.arrayContaining([
      "BSN*00*SH-1*20260306*1000*0001",
      "TD5**2*UPSN**UPS Ground",
      "N1*ST*SAMPLE BUYER STORE 38*92*0038",
      "PRF*08292233294***20260305",
      "HL*3*2*P*1",
      "MAN*CP*1Z999AA10123456784",
      "HL*5*3*I*0",
      "LIN*1*CB*065322-117*VN*AB3542",
      "SN1*1*20*EA**120*EA",
      "REF*2I*1Z999AA10123456784",
      "CTT*5",
    ]),
  );
});

test("a ship notice says the SSCC of its parcel where it has one, as its barcode does", () => {
  const said = (word: OrderWord) => (written(word).set?.segments ?? []).map((segment) => segment.join("*"));
  const marked = said(MARKED);
  const place = marked.indexOf("HL*3*2*P*1");
  expect(marked.slice(place + 1, place + 3)).toEqual([
    "MAN*GM*00106141412345678908",
    "MAN*CP*1Z999AA10123456784",
  ]);
  expect(said(WORDS[1] as OrderWord).join(" ")).not.toContain("GM");
});

test("an invoice's lines, freight and allowance add up to TDS01, which has two decimals that are not written", () => {
  const { set } = written(WORDS[3] as OrderWord);
  const sums = (set?.segments ?? []).reduce((sum, [tag, first, second, , price, fifth]) => {
    if (tag === "IT1") return sum + Math.round(Number(second) * Number(price) * 100);
    return tag === "SAC" ? sum + Number(fifth) * (first === "C" ? 1 : -1) : sum;
  }, 0);
  expect(set?.segments.find(([tag]) => tag === "TDS")).toEqual(["TDS", "32594"]);
  expect(sums).toBe(32_594);
});

test("units that are not coming are rejected, and what is left counts those of before", () => {
  const { set } = written(WORDS[2] as OrderWord, partner(), new Map([["1", 30]]));
  expect(set?.segments.filter(([tag]) => tag === "ACK")).toEqual([
    ["ACK", "IR", "20", "EA"],
    ["ACK", "IQ", "70", "EA"],
  ]);
});

test("a number that the separators would break is not written, and the settings that would do are named", () => {
  const format = createX12Format(partner({ X12_SEPARATORS: "-:~" }), () => NOW);
  expect(() => format.write(WORDS[0] as OrderWord, { order: order(), cancelled: new Map() }, 1, NOW)).toThrow(
    UnwritableDocument,
  );
});

test("version 005010 has its own ISA11 and ISA12, a test is marked as one", () => {
  const { text, interchange } = written(
    WORDS[0] as OrderWord,
    partner({ X12_VERSION: "005010", X12_TEST: "yes" }),
  );
  expect(text.slice(0, 106)).toContain("*^*00501*000000042*0*T*>~");
  expect(interchange).toMatchObject({ isTest: true, groups: [{ version: "005010", control: "42" }] });
});

test("whatever stands in an element, the interchange is read again with as many segments and elements", () => {
  fc.assert(
    fc.property(
      fc.array(fc.array(fc.string({ unit: "binary" }), { minLength: 1, maxLength: 6 }), { maxLength: 8 }),
      fc.constantFrom("*>~", "|:'", "+>\\n", "!<~"),
      (sets, separators) => {
        const segments = sets.map((elements) => ["REF", ...elements, "end"]);
        const text = writeInterchange(partner({ X12_SEPARATORS: separators }), 3, NOW, [
          { type: "850", segments },
        ]);
        const { interchange, faults } = readInterchange(text);
        expect(faults).toEqual([]);
        const read = interchange?.groups[0]?.sets[0]?.segments ?? [];
        expect(read.map((segment) => segment.length)).toEqual(segments.map((segment) => segment.length));
      },
    ),
  );
});
