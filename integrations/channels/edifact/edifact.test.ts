import fc from "fast-check";
import { expect, test } from "vitest";
import type { OrderWord } from "../../../ports/channel-connection.ts";
import { isBesideTheProject } from "../../../test-support/beside-the-project.ts";
import { captured, onlyOrder } from "../../../test-support/vendors/channel-orders.ts";
import { ownSample } from "../../../test-support/vendors/channel-samples.ts";
import { EDIFACT_STRUCTURES, edifactProblems } from "../../../test-support/vendors/edifact-structure.ts";
import { vendorExamples, vendorNote } from "../../../test-support/vendors/vendor-descriptions.ts";
import { UnwritableDocument } from "../../partner-folder/partner-format.ts";
import { edifactAdapter } from "./adapter.ts";
import { createEdifactFormat } from "./format.ts";
import { at, readEdifact } from "./interchange.ts";
import { edifactPartnerOf } from "./partner.ts";
import { edifactSide } from "./simulator.ts";
import { writeEdifact } from "./write-interchange.ts";

const NOW = Date.parse("2026-03-06T10:20:00Z");
/** With a number that has to be released. */
const sample = () => ownSample("edifact", "order.edi").replace("PO4711", "PO?+4711");
const partner = (more: Readonly<Record<string, string>> = {}) =>
  edifactPartnerOf({ ...edifactSide.account("/srv/acme"), ...more });
const formatOf = (more: Readonly<Record<string, string>> = {}) =>
  createEdifactFormat(partner(more), () => NOW);
const format = formatOf();
const read = (text: string) => format.read(Buffer.from(text), "a.edi");
const texts = (content: Buffer | string) =>
  readEdifact(content.toString("latin1")).interchange?.messages.map(({ type, version, segments }) => ({
    type: `${type}:${version}`,
    said: segments.map(({ tag, elements }) => [tag, ...elements.map((parts) => parts.join(":"))].join("+")),
  }));
const answer = (text: string, isRepeat = false) =>
  read(text).flatMap((exchange) => texts(String(exchange.answer?.(9, isRepeat).content ?? "")) ?? []);

test("an ORDERS is an order: its number, its days, its parties, its lines and its amounts", () => {
  const order = onlyOrder(edifactAdapter, sample());
  expect(order).toMatchObject({
    externalId: "PO+4711",
    placedAt: "2026-03-05T00:00:00.000Z",
    deliverOn: "2026-03-14",
    releaseOn: "2026-03-10",
    currency: "EUR",
    total: { minor: 123_799, exponent: 2 },
    discount: { minor: 500 },
    charges: [{ kind: "fee", name: "Freight", amount: { minor: 799 } }],
    shippingService: "PARCEL",
    shippingAddress: {
      name: "Filiale 38",
      company: "Wareneingang",
      line1: "Hauptstraße 1",
      line2: "Tor 2",
      city: "Köln",
      postalCode: "50667",
      country: "DE",
    },
    customer: { name: "SAMPLE BUYER GMBH", email: "einkauf@example.com", phone: "+49301234567" },
    lines: [
      {
        externalLineId: "1",
        channelSku: "AB3542",
        title: "Was ist das?",
        quantity: 120,
        unitPrice: { minor: 925 },
        attributes: { unit: "PCE", "id:EN": "4000000000006", "id:IN": "065322-117" },
      },
      // 12,50 for a hundred.
      {
        channelSku: "4000000000013",
        title: "Schrauben 100er",
        quantity: 1000,
        unitPrice: { minor: 125, exponent: 3 },
      },
    ],
    externalIds: { "nad:DP": "9520000000038::9", "ref:CT": "C-88" },
    holdReasons: [],
  });
  expect(captured(order).holds).not.toContain("sum_mismatch");
});

test.each([
  ["UNT+31+1", "UNT+30+1", "UNT01 is 30, and there are 31 segments with UNH and UNT.", "29"],
  ["UNT+31+1", "UNT+31+2", "UNT02 is 2, and UNH01 is 1.", "28"],
  ["UNT+31+1'\n", "", "The message 1 has no UNT segment.", "29"],
  ["UNZ+1+", "UNZ+2+", "UNZ01 is 2, and there are 1 messages.", "29"],
  ["UNZ+1+REF3438", "UNZ+1+REF3439", "UNZ02 is REF3439, and UNB05 is REF3438.", "28"],
  ["UNH+1+ORDERS", "UNX+1+ORDERS", "A UNX segment stands where a UNH segment has to.", "18"],
])("%s as %s is refused, and our CONTRL says code", (was, is, fault, code) => {
  const text = sample().replace(was, is);
  const { interchange, faults } = readEdifact(text);
  expect(interchange).toBeNull();
  expect(faults.map((each) => each.text)).toContain(fault);
  expect(answer(text)).toEqual([
    { type: "CONTRL:D:3:UN", said: [`UCI+REF3438+9520000000014:14+9520000000021:14+4+${code}`] },
  ]);
});

test("what was read is received, message by message; a repeat under the same reference is a duplicate", () => {
  expect(answer(sample())).toEqual([
    {
      type: "CONTRL:D:3:UN",
      said: ["UCI+REF3438+9520000000014:14+9520000000021:14+8", "UCM+1+ORDERS:D:96A:UN:EAN008+7"],
    },
  ]);
  expect(answer(sample(), true)[0]?.said).toEqual(["UCI+REF3438+9520000000014:14+9520000000021:14+4+26"]);
});

test("their CONTRL is matched by our reference and never answered", () => {
  const control = `UNB+UNOC:3+9520000000014:14+9520000000021:14+260306:0900+C1'UNH+1+CONTRL:D:3:UN'UCI+17+9520000000021:14+9520000000014:14+8'UCM+17+DESADV:D:96A:UN+4+12'UNT+4+1'UNZ+1+C1'`;
  expect(read(control)).toEqual([
    {
      id: "9520000000014:14 C1",
      problems: [],
      answer: null,
      documents: [{ kind: "answer", number: 17, isAccepted: false, detail: "UCM 12: a value is invalid" }],
    },
  ]);
});

test.each([
  ["a question mark at the end of a text", "IMD+F++:::A????'", "A??"],
  ["three of them", "IMD+F++:::A??????'", "A???"],
  ["a released apostrophe", "IMD+F++:::O?'Neill'", "O'Neill"],
  ["an address of the web", "IMD+F++:::http?://a.example/t??ref=1'", "http://a.example/t?ref=1"],
  ["UNA, UNB and UNZ in a text", "IMD+F++:::UNA?+ UNB1234 UNZ?+1'", "UNA+ UNB1234 UNZ+1"],
])("%s is read as it was meant", (_what, segment, title) => {
  const text = sample().replace("IMD+F++:::Was ist das??'", segment);
  expect(onlyOrder(edifactAdapter, text).lines[0]?.title).toBe(title);
  expect(read(text).length).toBe(1);
});

test("signs are those of the UNA, with a decimal comma; without a UNA those of the standard; line breaks mean nothing", () => {
  const whole = onlyOrder(edifactAdapter, sample());
  const other = sample()
    .replace("UNA:+.? '", "UNA|^,! ~")
    .replaceAll("??", "?")
    .replaceAll("?+", "\u0001")
    .replaceAll("!", "!!")
    .replaceAll(/(?<=\d)\.(?=\d)/g, ",")
    .replaceAll(":", "|")
    .replaceAll("+", "^")
    .replaceAll("'", "~")
    .replaceAll("\u0001", "+")
    .replace("UNA||,!", "UNA|^,!");
  expect(onlyOrder(edifactAdapter, other.replace(/^UNA.*/, "UNA|^,! ~"))).toEqual(whole);
  expect(onlyOrder(edifactAdapter, sample().replace("UNA:+.? '\n", ""))).toEqual(whole);
  expect(onlyOrder(edifactAdapter, sample().replaceAll("\n", "\r\n  "))).toEqual(whole);
  expect(onlyOrder(edifactAdapter, sample().replaceAll("\n", ""))).toEqual(whole);
});

test("an ORDERS that replaces is the order from then on, one that cancels ends it, a copy changes nothing", () => {
  const join = (...all: string[]) =>
    onlyOrder(
      edifactAdapter,
      format.join(
        all.flatMap((text) =>
          read(text).flatMap(({ documents }) =>
            documents.flatMap((each) => (each.kind === "answer" ? [] : [each.text])),
          ),
        ),
      ),
    );
  const as = (code: string) =>
    sample()
      .replace("BGM+220+PO?+4711+9", `BGM+220+PO?+4711+${code}`)
      .replace("QTY+21:120", "QTY+21:7")
      .replaceAll("REF3438", `REF${code}`);
  expect(join(sample(), as("7")).lines[0]?.quantity).toBe(120);
  const replaced = join(sample(), as("5"), as("31"));
  expect(replaced.lines[0]?.quantity).toBe(7);
  expect(replaced.updatedAt > replaced.placedAt).toBe(true);
  expect(join(sample(), as("1")).holdReasons.map(({ code }) => code)).toEqual(["cancelled_at_channel"]);
});

test("what has no price, another count of lines or an allowance by percent waits for a person", () => {
  const codes = (was: string, is: string) =>
    onlyOrder(edifactAdapter, sample().replace(was, is)).holdReasons.map(({ code }) => code);
  expect(codes("PRI+AAA:9.25'", "PRI+AAA:'")).toEqual(["price_missing"]);
  expect(codes("CNT+2:2", "CNT+2:3")).toEqual(["lines_missing"]);
  expect(codes("MOA+8:5.00'", "PCD+1:5.00'")).toEqual(["price_missing"]);
  expect(codes("+REF3438'\nUNH", "+REF3438++++++1'\nUNH")).toEqual(["held_by_rule"]);
});

const eur = (minor: number) => ({ minor, currency: "EUR", exponent: 2 });
const told = {
  key: "k",
  order: { orderId: "buyer-1", externalId: "PO+4711", externalNumber: "", externalIds: {}, currency: "EUR" },
};
const lines = [{ externalLineId: "1", channelSku: "AB3542", quantity: 20 }];
const WORDS: readonly OrderWord[] = [
  { ...told, kind: "acknowledge" },
  { ...told, kind: "cancel", lines, isWhole: false, reason: "out_of_stock" },
  {
    ...told,
    kind: "ship",
    shipmentId: "SH-1",
    carrier: "DHL",
    service: "Paket",
    trackingNumber: "00340434161094015902",
    trackingUrl: null,
    shippedAt: "2026-03-06T10:00:00.000Z",
    lines,
  },
  {
    ...told,
    kind: "invoice",
    number: "RE-77",
    shipmentId: null,
    issuedAt: "2026-03-06T10:00:00.000Z",
    lines: [
      {
        ...lines[0],
        externalLineId: "1",
        channelSku: "AB3542",
        quantity: 20,
        title: "Was ist das?",
        unitPrice: eur(925),
        amount: eur(22_015),
        tax: eur(3_515),
      },
    ],
    shipping: eur(951),
    charges: eur(-500),
    tax: eur(3_667),
    total: eur(22_466),
    document: async () => new Uint8Array(),
  },
];
/** A parcel with an SSCC. */
const MARKED = { ...(WORDS[2] as OrderWord), sscc: "106141412345678908" } as OrderWord;
const write = (word: OrderWord, more: Readonly<Record<string, string>> = {}) =>
  formatOf(more).write(
    word,
    { order: onlyOrder(edifactAdapter, sample()), cancelled: new Map([["1", 30]]) },
    42,
    NOW,
  );

const note = isBesideTheProject(EDIFACT_STRUCTURES)
  ? ""
  : ` (skipped: nothing in ../shared/${EDIFACT_STRUCTURES})`;

test.skipIf(note !== "")(`what we send stands in the order of D.96A${note}`, () => {
  const all = [
    ...[...WORDS, MARKED].map((word) => write(word)),
    format.writeStock([{ channelSku: "A", listing: {}, quantity: 3 }], 7, NOW),
  ];
  for (const document of all) {
    const { interchange, faults } = readEdifact(String(document?.content ?? ""));
    const tags = interchange?.messages[0]?.segments.map(({ tag }) => tag) ?? [];
    expect([document?.type, faults]).toEqual([document?.type, []]);
    expect([document?.type, edifactProblems(document?.type ?? "", ["UNH", ...tags, "UNT"])]).toEqual([
      document?.type,
      [],
    ]);
  }
  const own = readEdifact(sample()).interchange?.messages[0]?.segments.map(({ tag }) => tag) ?? [];
  expect(edifactProblems("ORDERS", ["UNH", ...own, "UNT"])).toEqual([]);
});

test("each message speaks of the buyer's own numbers", () => {
  const said = WORDS.map((word) => texts(write(word)?.content ?? "")?.[0]?.said ?? []);
  expect(said[0]).toEqual(
    expect.arrayContaining([
      "BGM+231+buyer-1+29",
      "RFF+ON:PO+4711",
      "LIN+1+3+4000000000006:EN",
      "PIA+1+AB3542:SA+065322-117:IN",
    ]),
  );
  expect(said[1]).toEqual(expect.arrayContaining(["BGM+231+buyer-1+4", "QTY+21:120:PCE", "QTY+113:70:PCE"]));
  expect(said[2]).toEqual(
    expect.arrayContaining([
      "BGM+351+SH-1+9",
      "DTM+11:202603061000:203",
      "TDT+20++++:::DHL Paket",
      "QTY+12:20:PCE",
      "RFF+ON:PO+4711:1",
      "RFF+CN:00340434161094015902",
      "NAD+DP+9520000000038::9++Filiale 38+Hauptstraße 1:Tor 2+Köln++50667+DE",
    ]),
  );
  // 185.00 + 7.99 - 5.00 and 36.67 of taxes.
  expect(said[3]).toEqual(
    expect.arrayContaining([
      "BGM+380+RE-77+9",
      "MOA+23:7.99",
      "MOA+204:5.00",
      "MOA+203:185.00",
      "PRI+AAA:9.25",
      "MOA+77:224.66",
      "MOA+79:185.00",
      "MOA+125:187.99",
      "MOA+176:36.67",
    ]),
  );
});

test("UNOA has capitals only, and a number that it cannot hold is not written", () => {
  const content = String(write(WORDS[2] as OrderWord, { EDIFACT_CHARSET: "UNOA" })?.content);
  expect(content).toContain("UNB+UNOA:1+");
  expect(content).toContain("HAUPTSTRASSE 1");
  expect(content).toMatch(/^[\n -_]*$/);
  const small = sample().replace("AB3542:SA", "ab3542:SA");
  expect(() =>
    formatOf({ EDIFACT_CHARSET: "UNOA" }).write(
      WORDS[0] as OrderWord,
      { order: onlyOrder(edifactAdapter, small), cancelled: new Map() },
      1,
      NOW,
    ),
  ).toThrow(UnwritableDocument);
});

test("whatever stands in an element, it is read again as it was", () => {
  fc.assert(
    fc.property(
      fc.array(fc.array(fc.stringMatching(/^[ -~À-ÿ]*$/), { minLength: 1, maxLength: 4 }), {
        minLength: 1,
        maxLength: 5,
      }),
      (elements) => {
        const trimmed = elements.map((parts) => parts.map((part) => part.replace(/ {2,}/g, " ").trim()));
        const content = writeEdifact(partner(), 3, NOW, {
          type: "ORDRSP",
          segments: [["FTX", ...trimmed, ["end"]]],
        });
        const segment = readEdifact(content.toString("latin1")).interchange?.messages[0]?.segments[0];
        trimmed.forEach((parts, element) => {
          parts.forEach((part, component) => {
            expect(at(segment, element, component)).toBe(part);
          });
        });
      },
    ),
  );
});

test("no text makes the reader throw, and what it refuses it explains", { timeout: 60_000 }, () => {
  const text = sample();
  const position = fc.nat({ max: text.length - 1 });
  const broken = fc.oneof(
    fc.tuple(position, position).map(([from, to]) => text.slice(0, from) + text.slice(Math.max(from, to))),
    fc
      .tuple(position, fc.string({ unit: "binary", maxLength: 4 }))
      .map(([place, piece]) => text.slice(0, place) + piece + text.slice(place)),
    position.map((place) => text.slice(0, place)),
    fc.constantFrom("+", "'", ":", "?", "\n").map((sign) => text.replaceAll(sign, "")),
    fc.string({ unit: "binary" }),
  );
  fc.assert(
    fc.property(broken, (each) => {
      for (const exchange of read(each)) {
        expect(exchange.documents.length + exchange.problems.length).toBeGreaterThan(0);
        const written = exchange.answer?.(1, false);
        if (written !== undefined) expect(readEdifact(written.content.toString("latin1")).faults).toEqual([]);
      }
      format.isWhole(Buffer.from(each));
    }),
    { numRuns: 400 },
  );
});

test("a file is whole once its last segment is there, and may hold several interchanges", () => {
  const text = sample().trimEnd();
  for (const length of [0, 3, 11, 40, 200, text.length - 1])
    expect([length, format.isWhole(Buffer.from(text.slice(0, length)))]).toEqual([length, false]);
  expect(format.isWhole(Buffer.from(text))).toBe(true);
  expect(format.isWhole(Buffer.from("hello"))).toBe(true);
  expect(read(`${sample()}${sample().replaceAll("REF3438", "REF3440")}`).map(({ id }) => id)).toEqual([
    "9520000000014:14 REF3438",
    "9520000000014:14 REF3440",
  ]);
});

test(`public examples are read or refused with the fault${vendorNote("edi")}`, () => {
  for (const { file, text } of vendorExamples("edi").filter((each) =>
    /^UN[AB]/.test(each.text.trimStart()),
  )) {
    const { interchange, faults } = readEdifact(text);
    expect([file, interchange === null]).toEqual([file, faults.length > 0]);
    expect([file, edifactAdapter.read(text, null)[0]?.kind]).toEqual([file, "refused"]);
  }
});

/** An ORDCHG of the sample's order, in an interchange of its own. */
const orderChange = (purpose: string, segments: readonly string[], reference = "CHG1") => {
  const said = [
    `BGM+230+${reference}+${purpose}`,
    "DTM+137:20260307:102",
    "RFF+ON:PO?+4711",
    "NAD+BY+9520000000014::9",
    ...segments,
  ];
  return [
    `UNB+UNOC:3+9520000000014:14+9520000000021:14+260307:0900+${reference}`,
    "UNH+1+ORDCHG:D:96A:UN",
    ...said,
    `UNT+${said.length + 2}+1`,
    `UNZ+1+${reference}`,
  ]
    .map((segment) => `${segment}'`)
    .join("\n");
};
const changedBy = (...changes: readonly string[]) =>
  onlyOrder(edifactAdapter, format.join([sample(), ...changes]));

test("an ORDCHG changes lines by their numbers, adds some and takes some off; what it is silent on stays", () => {
  const order = changedBy(
    orderChange("4", [
      "DTM+2:20260320:102",
      "LIN+1+3",
      "QTY+21:60:PCE",
      "LIN+2+2",
      "LIN+3+1+4000000000020:EN",
      "QTY+21:5:PCE",
      "PRI+AAA:10.00",
      "UNS+S",
    ]),
  );
  expect(
    order.lines.map(({ externalLineId, quantity, unitPrice }) => [externalLineId, quantity, unitPrice.minor]),
  ).toEqual([
    ["1", 60, 925],
    ["3", 5, 1_000],
  ]);
  expect(order).toMatchObject({
    externalId: "PO+4711",
    placedAt: "2026-03-05T00:00:00.000Z",
    updatedAt: "2026-03-07T00:00:00.001Z",
    deliverOn: "2026-03-20",
    releaseOn: "2026-03-10",
    shippingAddress: { name: "Filiale 38" },
    lines: [{ channelSku: "AB3542", title: "Was ist das?" }, { channelSku: "4000000000020" }],
    holdReasons: [],
  });
});

test("changes come one after the other; a price, another place, and a replacement of all lines", () => {
  const first = orderChange("4", ["LIN+1+3", "PRI+AAA:9.00", "UNS+S"]);
  const place = orderChange(
    "4",
    ["NAD+DP+9520000000045::9++Filiale 45+Ring 2+Bonn++53111+DE", "LIN+1+4", "UNS+S"],
    "CHG2",
  );
  expect(changedBy(first, place)).toMatchObject({
    lines: [{ quantity: 120, unitPrice: { minor: 900 } }, { quantity: 1_000 }],
    shippingAddress: { name: "Filiale 45", city: "Bonn" },
    externalIds: { "nad:DP": "9520000000045::9" },
    updatedAt: "2026-03-07T00:00:00.002Z",
  });
  const all = orderChange("5", [
    "LIN+1++4000000000006:EN",
    "QTY+21:7:PCE",
    "PRI+AAA:9.25",
    "UNS+S",
    "CNT+2:1",
  ]);
  expect(changedBy(all).lines).toMatchObject([{ externalLineId: "1", quantity: 7 }]);
  // The same one again changes nothing more.
  expect(changedBy(first).lines).toEqual(changedBy(first, sample()).lines);
});

test("an ORDCHG that ends the order ends it, also before the order has come", () => {
  const end = orderChange("1", []);
  expect(changedBy(end).holdReasons).toMatchObject([
    { code: "cancelled_at_channel", detail: "EDIFACT: cancelled by the buyer's ORDCHG." },
  ]);
  expect(edifactAdapter.read(end, null)).toEqual([
    { kind: "cancellation", externalId: "PO+4711", reason: "cancelled by the buyer's ORDCHG" },
  ]);
});

test("an ORDCHG that comes again takes nothing back and adds nothing, and one that stands before its order counts", () => {
  const more = orderChange("4", ["LIN+3+1+4000000000020:EN", "QTY+21:5:PCE", "PRI+AAA:10.00", "UNS+S"]);
  const again = more
    .replaceAll("+260307:0900+CHG1'", "+260307:0930+CHG9'")
    .replace("UNZ+1+CHG1", "UNZ+1+CHG9");
  const fewer = orderChange("4", ["LIN+3+3", "QTY+21:4:PCE", "UNS+S"], "CHG2");
  expect(changedBy(more, fewer, again)).toEqual(changedBy(more, fewer));
  expect(changedBy(more, fewer, again).holdReasons).toEqual([]);
  const ahead = onlyOrder(edifactAdapter, format.join([more, sample()]));
  expect(ahead.lines).toEqual(changedBy(more).lines);
  const ended = onlyOrder(edifactAdapter, format.join([orderChange("1", []), sample()]));
  expect(ended.holdReasons).toMatchObject([{ code: "cancelled_at_channel" }]);
});

test.each(["UNA1234", "UNB1234", "UNZ+1"])(
  "an interchange whose reference looks like a segment (%s) is read",
  (reference) => {
    const text = sample().replaceAll("+REF3438", `+${reference.replace("+", "?+")}`);
    expect(text).not.toContain("REF3438");
    expect(onlyOrder(edifactAdapter, text).externalIds).toMatchObject({ interchange: reference });
  },
);

test("a line that an ORDCHG changes to no units goes", () => {
  const none = (quantity: string) =>
    changedBy(orderChange("4", ["LIN+1+3", `QTY+21:${quantity}:PCE`, "UNS+S"])).lines;
  for (const quantity of ["0", "0,00"])
    expect(none(quantity).map(({ externalLineId }) => externalLineId)).toEqual(["2"]);
  expect(none("10").map(({ quantity }) => quantity)).toEqual([10, 1_000]);
});

test("what an ORDCHG means that is not known here waits for a person, and the order stays as it was", () => {
  const order = changedBy(
    orderChange("4", ["CUX+2:USD:9", "ALC+A", "MOA+8:5.00", "LIN+1+99", "LIN+9+3", "QTY+21:1:PCE", "UNS+S"]),
  );
  expect(order.lines).toEqual(onlyOrder(edifactAdapter, sample()).lines);
  expect(order.holdReasons.map(({ code }) => code)).toEqual(Array(4).fill("changed_at_channel"));
  expect(order.holdReasons.map(({ detail }) => detail).join(" ")).toMatch(
    /allowances or charges.*in USD.*says 99 of line 1.*3 of line 9, which the order does not have/,
  );
});

test("an ORDCHG is a change of an order that is known, and received as such; without its order's number it is in error", () => {
  const change = orderChange("4", ["LIN+1+3", "QTY+21:60:PCE", "UNS+S"]);
  expect(read(change)).toMatchObject([
    { problems: [], documents: [{ kind: "change", externalId: "PO+4711" }] },
  ]);
  expect(answer(change)).toEqual([
    {
      type: "CONTRL:D:3:UN",
      said: ["UCI+CHG1+9520000000014:14+9520000000021:14+8", "UCM+1+ORDCHG:D:96A:UN+7"],
    },
  ]);
  const nameless = change.replace("RFF+ON:PO?+4711'\n", "").replace("UNT+9+", "UNT+8+");
  expect(read(nameless)).toMatchObject([{ documents: [], problems: [{ place: "message 1 (ORDCHG)" }] }]);
  expect(answer(nameless)[0]?.said).toContain("UCM+1+ORDCHG:D:96A:UN+4+13");
});

test("a despatch advice says the SSCC of its parcel where it has one", () => {
  const said = (word: OrderWord) => texts(write(word)?.content ?? "")?.[0]?.said ?? [];
  const marked = said(MARKED);
  const place = marked.indexOf("PAC+1");
  expect(marked.slice(place, place + 3)).toEqual(["PAC+1", "PCI+33E", "GIN+BJ+106141412345678908"]);
  expect(said(WORDS[2] as OrderWord).join(" ")).not.toContain("GIN");
});
