import fc from "fast-check";
import { expect, test } from "vitest";
import { isBesideTheProject, readBesideTheProject } from "../../../test-support/beside-the-project.ts";
import { onlyOrder } from "../../../test-support/vendors/channel-orders.ts";
import { ownSample } from "../../../test-support/vendors/channel-samples.ts";
import { openX12Structure, X12_STRUCTURE } from "../../../test-support/vendors/x12-structure.ts";
import { x12Adapter } from "./adapter.ts";
import { createX12Format } from "./format.ts";
import { readInterchange } from "./interchange.ts";
import { x12PartnerOf } from "./partner.ts";
import { x12Side } from "./simulator.ts";

const sample = () => ownSample("x12", "order.edi");
const format = createX12Format(x12PartnerOf(x12Side.account("/srv/acme")), () =>
  Date.parse("2026-03-06T10:20:00Z"),
);
const read = (text: string) => format.read(Buffer.from(text), "a.edi");
const answer = (text: string, isRepeat = false) =>
  read(text).map((exchange) => {
    const written = exchange.answer?.(9, isRepeat);
    const { interchange } = readInterchange(String(written?.content));
    const sets = interchange?.groups.flatMap((group) => group.sets) ?? [];
    return {
      type: written?.type,
      said: [...(interchange?.notices ?? []), ...sets.flatMap(({ segments }) => segments)].map((each) =>
        each.join("*"),
      ),
    };
  });

/** An interchange of the sample's envelope with other sets. */
function interchangeOf(...sets: readonly (readonly [type: string, ...segments: string[]])[]): string {
  const lines = sample().trimEnd().split("\n");
  const texts = sets.flatMap(([type, ...segments], index) => [
    `ST*${type}*000${index + 1}~`,
    ...segments.map((segment) => `${segment}~`),
    `SE*${segments.length + 2}*000${index + 1}~`,
  ]);
  return [...lines.slice(0, 2), ...texts, `GE*${sets.length}*1421~`, "IEA*1*000003438~", ""].join("\n");
}

const CHANGE = ["BCH*04*SA*08292233294**1*20260306*****20260307~"].map((each) => each.slice(0, -1));
const changed = (...segments: string[]) => {
  const change = interchangeOf(["860", ...CHANGE, ...segments]);
  const both = read(`${sample()}${change}`).flatMap(({ documents }) => documents);
  const payload = format.join(
    both.flatMap((document) => (document.kind === "answer" ? [] : [document.text])),
  );
  return onlyOrder(x12Adapter, payload);
};

test("what is whole is answered by a 997 that accepts it", () => {
  expect(answer(sample())).toEqual([
    { type: "997", said: ["AK1*PO*1421", "AK2*850*0001", "AK5*A", "AK9*A*1*1*1"] },
  ]);
});

test.each([
  ["SE*23*0001", "SE*22*0001", "997", ["AK1*PO*1421", "AK2*850*0001", "AK5*R*4", "AK9*R*1*1*0"]],
  ["SE*23*0001", "SE*23*0002", "997", ["AK1*PO*1421", "AK2*850*0001", "AK5*R*3", "AK9*R*1*1*0"]],
  ["SE*23*0001~\n", "", "997", ["AK1*PO*1421", "AK2*850*0001", "AK5*R*2", "AK9*R*1*1*0"]],
  ["GE*1*1421", "GE*2*1421", "997", ["AK1*PO*1421", "AK2*850*0001", "AK5*R", "AK9*R*2*1*0*5"]],
  ["GE*1*1421", "GE*1*9", "997", ["AK1*PO*1421", "AK2*850*0001", "AK5*R", "AK9*R*1*1*0*4"]],
  ["IEA*1*000003438", "IEA*1*000003439", "TA1", ["TA1*000003438*260305*2140*R*001"]],
  ["IEA*1*000003438", "IEA*4*000003438", "TA1", ["TA1*000003438*260305*2140*R*021"]],
  ["IEA*1*000003438~\n", "", "TA1", ["TA1*000003438*260305*2140*R*023"]],
])("%s as %s is answered by a %s that says where the fault is", (was, is, type, said) => {
  expect(answer(sample().replace(was, is))).toEqual([{ type, said }]);
});

test("a document of another kind, and an 850 without its BEG, are rejected alone", () => {
  const text = interchangeOf(
    ["850", "BEG*00*SA*PO9**20260305", "PO1*1*1*EA*2**VN*A"],
    ["875", "G01*1"],
    ["850", "CTT*0"],
  );
  expect(answer(text)[0]?.said).toEqual([
    "AK1*PO*1421",
    "AK2*850*0001",
    "AK5*A",
    "AK2*875*0002",
    "AK5*R*1",
    "AK2*850*0003",
    "AK3*BEG*2**3",
    "AK5*R*5",
    "AK9*P*3*3*1",
  ]);
  const [exchange] = read(text);
  expect(exchange?.documents).toMatchObject([{ kind: "order", externalId: "PO9" }]);
  expect(exchange?.problems.map(({ place }) => place)).toEqual([
    "document 0002 (875)",
    "document 0003 (850)",
  ]);
});

test("a control number that came before with something else in it is answered by TA1 025", () => {
  expect(answer(sample(), true)).toEqual([{ type: "TA1", said: ["TA1*000003438*260305*2140*R*025"] }]);
});

test("a stranger's interchange is neither read nor answered", () => {
  const [exchange] = read(
    sample().replace("SAMPLEBUYER    *ZZ*HOLDFAST       ", "SOMEBODYELSE   *ZZ*HOLDFAST       "),
  );
  expect(exchange).toMatchObject({ documents: [], answer: null });
  expect(exchange?.problems[0]?.what).toContain("It is from ZZ:SOMEBODYELSE to ZZ:HOLDFAST");
});

test("their 997 is matched by the number of our group, and says in words what is wrong", () => {
  const text = interchangeOf(
    ["997", "AK1*SH*17", "AK2*856*0001", "AK3*REF*7**8", "AK4*2*127*7*XX", "AK5*R*5", "AK9*R*1*1*0"],
    ["997", "AK1*PR*18", "AK9*A*1*1*1"],
  ).replace("GS*PO*", "GS*FA*");
  const [exchange] = read(text);
  expect(exchange?.answer).toBeNull();
  expect(exchange?.documents).toEqual([
    {
      kind: "answer",
      number: 17,
      isAccepted: false,
      detail:
        'segment 7 (REF): has elements in error; element 2: has a code that is not known ("XX"); AK5 5: segments of it are in error',
    },
    { kind: "answer", number: 18, isAccepted: true, detail: "AK9 A" },
  ]);
});

test("a TA1 stands before the groups or alone, and a rejection in it is of our interchange", () => {
  const accepted = sample().replace("GS*PO", "TA1*000000041*260305*2140*A*000~\nGS*PO");
  expect(read(accepted)[0]?.documents.map(({ kind }) => kind)).toEqual(["order"]);
  const alone = `${sample().slice(0, 106)}\nTA1*000000042*260305*2140*R*025~\nIEA*0*000003438~\n`;
  const [exchange] = read(alone);
  expect(exchange).toMatchObject({
    problems: [],
    answer: null,
    documents: [
      {
        kind: "answer",
        number: 42,
        isAccepted: false,
        detail: "TA1 025: they had this control number before",
      },
    ],
  });
});

test("a file holds several interchanges, each answered for itself; ISA and IEA in a text are text", () => {
  const named = sample()
    .replace("SAMPLE BUYER STORE 38", "ISABELLA IEA STORE")
    .replaceAll("000003438", "000003440");
  const exchanges = read(`${sample()}\r\n${named}`);
  expect(exchanges.map(({ id, problems }) => [id, problems])).toEqual([
    ["ZZ:SAMPLEBUYER 000003438", []],
    ["ZZ:SAMPLEBUYER 000003440", []],
  ]);
});

test("a file is whole once its last segment is there", () => {
  const text = sample().trimEnd();
  for (const length of [0, 3, 50, 105, 106, 200, text.length - 1])
    expect([length, format.isWhole(Buffer.from(text.slice(0, length)))]).toEqual([length, false]);
  expect(format.isWhole(Buffer.from(text))).toBe(true);
  // What is wrong does not become right by waiting.
  expect(format.isWhole(Buffer.from("PK\u0003\u0004 not an interchange"))).toBe(true);
  expect(format.isWhole(Buffer.from(text.replace("SE*23", "SE*9")))).toBe(true);
});

test("an 860 changes the order's own lines: fewer, more, another price, one less, one more", () => {
  const order = changed(
    "POC*1*QD*100**EA",
    "POC*2*DI",
    "POC*3*AI*5**EA*2.50**VN*NEW-1",
    "PID*F****NEW THING",
    "CTT*3",
  );
  expect(
    order.lines.map(({ externalLineId, channelSku, quantity, unitPrice }) => [
      externalLineId,
      channelSku,
      quantity,
      unitPrice.minor,
    ]),
  ).toEqual([
    ["1", "AB3542", 100, 925],
    ["3", "NEW-1", 5, 250],
  ]);
  expect(order.holdReasons).toEqual([]);
  expect(order.total).toMatchObject({ minor: 100 * 925 + 5 * 250 - 500 + 799 });
  expect(Date.parse(order.updatedAt)).toBeGreaterThan(Date.parse("2026-03-06T23:59:59Z"));
  expect(changed("POC*1*PC***EA*8.75").lines[0]).toMatchObject({ quantity: 120, unitPrice: { minor: 875 } });
});

test("an 860's dates and places take the place of the order's; what it does not say stays", () => {
  const order = changed("DTM*002*20260320", "N1*ST*STORE 40*92*0040", "N3*9 ELM ST", "N4*DALLAS*TX*75201*US");
  expect(order).toMatchObject({
    deliverOn: "2026-03-20",
    releaseOn: "2026-03-10",
    shippingAddress: { name: "STORE 40", city: "DALLAS" },
    customer: { email: "jane@example.com" },
    externalIds: { "n1:ST": "92:0040", "n1:BY": "92:1", "ref:DP": "038" },
  });
  expect(order.lines.length).toBe(2);
});

test("a code that is not known here changes nothing, and a person looks at it", () => {
  const order = changed("POC*1*RE*7**EA", "POC*9*QI*7**EA", "POC*2*TI");
  expect(order.holdReasons.map(({ code, detail }) => [code, detail.slice(0, 30)])).toEqual([
    ["changed_at_channel", "The 860 says QI of line 9, whi"],
    ["changed_at_channel", "The 860 says TI of line 2, and"],
  ]);
});

test("an 860 that cancels ends the order; a copy of the 850 does not take back a change", () => {
  const cancel = interchangeOf(["860", "BCH*01*SA*08292233294**2*20260308"]);
  const join = (...texts: string[]) =>
    onlyOrder(
      x12Adapter,
      format.join(
        texts.flatMap((text) =>
          read(text).flatMap(({ documents }) =>
            documents.flatMap((each) => (each.kind === "answer" ? [] : [each.text])),
          ),
        ),
      ),
    );
  expect(join(sample(), cancel).holdReasons.map(({ code }) => code)).toEqual(["cancelled_at_channel"]);
  const fewer = interchangeOf(["860", ...CHANGE, "POC*1*QD*7**EA"]);
  expect(join(sample(), fewer, sample().replace("BEG*00", "BEG*07")).lines[0]?.quantity).toBe(7);
  expect(join(sample(), fewer, sample().replace("BEG*00", "BEG*05")).lines[0]?.quantity).toBe(120);
});

test("an 860 that stands before its order counts, one that comes again changes nothing, and of no unit a line goes", () => {
  const texts = (...sets: string[]) =>
    sets.flatMap((text) =>
      read(text).flatMap(({ documents }) =>
        documents.flatMap((each) => (each.kind === "answer" ? [] : [each.text])),
      ),
    );
  const fewer = interchangeOf(["860", ...CHANGE, "POC*1*QD*7**EA"]);
  const of = (...sets: string[]) => onlyOrder(x12Adapter, format.join(texts(...sets)));
  expect(of(fewer, sample()).lines).toEqual(of(sample(), fewer).lines);
  expect(of(sample(), fewer, fewer).lines).toEqual(of(sample(), fewer).lines);
  const cancel = interchangeOf(["860", "BCH*01*SA*08292233294**2*20260308"]);
  expect(of(cancel, sample()).holdReasons.map(({ code }) => code)).toEqual(["cancelled_at_channel"]);
  expect(changed("POC*1*QD*0**EA").lines.map(({ externalLineId }) => externalLineId)).not.toContain("1");
  expect(changed("POC*1*PC*0**EA*8.75").lines[0]).toMatchObject({ externalLineId: "1" });
});

test("an 860 alone says that its order is missing", () => {
  const [reading] = x12Adapter.read(interchangeOf(["860", ...CHANGE]), null);
  expect(reading).toMatchObject({
    kind: "refused",
    refusal: { code: "not_an_order", externalId: "08292233294" },
  });
});

test("no text makes the reader throw, and what it refuses it explains", { timeout: 60_000 }, () => {
  const text = sample();
  const position = fc.nat({ max: text.length - 1 });
  const broken = fc.oneof(
    fc.tuple(position, position).map(([from, to]) => text.slice(0, from) + text.slice(Math.max(from, to))),
    fc
      .tuple(position, fc.string({ unit: "binary", maxLength: 4 }))
      .map(([at, piece]) => text.slice(0, at) + piece + text.slice(at)),
    position.map((at) => text.slice(0, at)),
    fc.constantFrom("*", "~", ">", "\n").map((sign) => text.replaceAll(sign, "")),
    fc.string({ unit: "binary" }),
  );
  fc.assert(
    fc.property(broken, (each) => {
      for (const exchange of read(each)) {
        const isKnown = exchange.documents.length > 0 || exchange.problems.length > 0;
        expect(isKnown).toBe(true);
        for (const problem of exchange.problems)
          expect(problem.what.length * problem.advice.length).toBeGreaterThan(0);
        const written = exchange.answer?.(1, false);
        if (written !== undefined) expect(readInterchange(String(written.content)).faults).toEqual([]);
      }
      format.isWhole(Buffer.from(each));
    }),
    { numRuns: 400 },
  );
});

const SAMPLES = "data/backoffice/edi-x12/samples.tsv";
const note = isBesideTheProject(SAMPLES) ? "" : ` (skipped: nothing in ../shared/${SAMPLES})`;

test.skipIf(note !== "")(
  `public samples: those that are whole are answered A or by kind, the others with codes${note}`,
  () => {
    const problemsOf = isBesideTheProject(X12_STRUCTURE) ? openX12Structure() : null;
    const [, ...rows] = readBesideTheProject(SAMPLES).trim().split("\n");
    for (const row of rows) {
      const [file = "", check = ""] = row.split("\t");
      const text = readBesideTheProject(`data/backoffice/edi-x12/samples/${file}`);
      if (!text.trimStart().startsWith("ISA")) continue;
      const isa = text.trimStart().slice(0, 106).split(text.trimStart().charAt(3));
      const settings = x12PartnerOf({
        ...x12Side.account("/srv/acme"),
        X12_OUR_QUALIFIER: isa[7] ?? "",
        X12_OUR_ID: isa[8]?.trim() ?? "",
        X12_PARTNER_QUALIFIER: isa[5] ?? "",
        X12_PARTNER_ID: isa[6]?.trim() ?? "",
      });
      const exchanges = createX12Format(settings, () => 0).read(Buffer.from(text), file);
      const faults = exchanges
        .flatMap(({ problems }) => problems)
        .filter(({ place }) => /^segment|^file/.test(place));
      expect([file, faults.length === 0]).toEqual([file, check === "ok"]);
      for (const { answer: say } of exchanges) {
        const said = say === null ? null : readInterchange(String(say(1, false).content)).interchange;
        for (const set of said?.groups.flatMap(({ sets }) => sets) ?? [])
          if (problemsOf !== null) expect([file, problemsOf("997", set.segments)]).toEqual([file, []]);
      }
    }
  },
);
