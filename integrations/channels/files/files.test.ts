import fc from "fast-check";
import { expect, test } from "vitest";
import { captured } from "../../../test-support/vendors/channel-orders.ts";
import { ownSample } from "../../../test-support/vendors/channel-samples.ts";
import { holdfastAdapter } from "../holdfast/adapter.ts";
import { createFilesAdapter } from "./adapter.ts";
import { createFilesFormat } from "./format.ts";
import { readRows } from "./rows.ts";

const csv = () => ownSample("files", "table.csv");
const jsonl = () => ownSample("files", "orders.jsonl");
const filesAdapter = createFilesAdapter(holdfastAdapter);
const format = createFilesFormat(filesAdapter, "csv");
const orders = (text: string) =>
  filesAdapter.read(text, null).flatMap((reading) => (reading.kind === "order" ? [reading.order] : []));
const problems = (text: string) =>
  format
    .read(Buffer.from(text), "a.csv")
    .flatMap((exchange) => exchange.problems.map(({ place, what }) => `${place}: ${what}`));

test("rows with one id are one order, whatever the columns are spelt like", () => {
  const [first, second] = orders(csv());
  expect(first).toMatchObject({
    externalId: "F-1001",
    currency: "USD",
    total: { minor: 3_696 },
    shippingAddress: { name: "Ann Able", city: "Seattle", country: "US" },
    customer: { name: "Ann Able", email: "ann@example.com" },
    lines: [
      {
        externalLineId: "1",
        channelSku: "MUG",
        title: "Mug, blue",
        quantity: 2,
        unitPrice: { minor: 1_299 },
      },
      { externalLineId: "2", channelSku: "POT", quantity: 1 },
    ],
  });
  expect(second).toMatchObject({ externalId: "F-1002", lines: [{ quantity: 6 }] });
  if (first === undefined) throw new Error("no order");
  expect(captured(first).holds).not.toContain("sum_mismatch");
});

test("semicolons with decimal commas, tabs and a byte order mark are read as well", () => {
  const plain = "id,currency,customerName,lineSku,lineQuantity,linePrice\nA-1,EUR,Ann,MUG,2,12.50\n";
  const whole = orders(plain);
  expect(orders(`\uFEFF${plain.replaceAll(",", ";").replace("12.50", "12,50")}`)).toEqual(whole);
  expect(orders(plain.replaceAll(",", "\t").replaceAll("\n", "\r\n"))).toEqual(whole);
  expect(whole[0]?.lines[0]?.unitPrice).toMatchObject({ minor: 1_250 });
});

test("JSON lines are orders as POST /v1/orders takes them, each for itself", () => {
  expect(orders(jsonl()).map(({ externalId }) => externalId)).toEqual(["J-1", "J-2"]);
  const broken = jsonl().replace('{"id":"J-1"', '{"id":"J-1",').replace('"quantity":1', '"quantity":"one"');
  expect(problems(broken).map((each) => each.slice(0, 24))).toEqual([
    "line 1: It is no JSON.",
    expect.stringContaining("line 2: "),
  ]);
});

test("each fault is said with its line, and the other orders of the file are taken", () => {
  const text = [
    "id,currency,customerName,lineSku,lineQuantity,linePrice",
    "A-1,EUR,Ann,MUG,two,12.50",
    "A-2,EUR,Bob,,1,1.00",
    "A-3,EUR,Cat,MUG,1,1.299,50",
    "A-4,EUR,Dan,4.00001E+12,1,1.00",
    "A-5,EUR,Eve,MUG,3,1.00",
    ",,,POT,-1,",
    "A-6,EUR,Fay,MUG,3,1.00",
    "",
  ].join("\n");
  expect(problems(text)).toEqual([
    "line 4: The line has 7 cells, and the header 6.",
    'line 2: lineQuantity: "two" is no count',
    "line 3: lineSku: is empty",
    'line 5: lineSku: "4.00001E+12" is what a spreadsheet makes of a long number',
    "line 7: linePrice: is empty",
    'line 7: lineQuantity: "-1" is no count',
  ]);
  const [exchange] = format.read(Buffer.from(text), "a.csv");
  expect(exchange?.documents).toMatchObject([{ kind: "order", externalId: "A-6", place: "line 8" }]);
});

test("a table without a needed column, or with one twice, is named by its first line", () => {
  expect(problems("id,currency\nA,EUR\n")[0]).toContain("line 1: There is no column customerName, lineSku");
  expect(problems(csv().replace("line title", "Line-SKU"))[0]).toBe("line 1: There are two columns lineSku.");
});

test("what comes later takes the place of what came before, and a cancellation ends it", () => {
  const later = jsonl().split("\n")[0]?.replace('"quantity":2', '"quantity":1') ?? "";
  const first = jsonl().split("\n")[0] ?? "";
  const [order] = orders(format.join([first, later]));
  expect(order?.lines[0]?.quantity).toBe(1);
  const [ended] = orders(format.join([first, '{"id":"J-1","cancelled":true}']));
  expect(ended?.holdReasons.map(({ code }) => code)).toEqual(["cancelled_at_channel"]);
  expect(filesAdapter.read('{"id":"J-1","cancelled":true}', null)).toMatchObject([
    { kind: "cancellation", externalId: "J-1" },
  ]);
  const row = `${csv().split("\n")[0]},cancelled\nF-1001${",".repeat(17)},2026-03-06`;
  expect(readRows(row).orders).toMatchObject([{ externalId: "F-1001", document: { cancelled: true } }]);
});

test("what we write is read by any table's reader, and by ours where it is the same", () => {
  const [order] = orders(csv());
  if (order === undefined) throw new Error("no order");
  const told = {
    orderId: "shop-F-1001",
    externalId: "F-1001",
    externalNumber: "",
    externalIds: {},
    currency: "USD",
  };
  const word = {
    key: "k",
    kind: "ship",
    order: told,
    shipmentId: "SH-1",
    carrier: "UPS, Inc.",
    service: "Ground",
    trackingNumber: "1Z",
    trackingUrl: null,
    shippedAt: "2026-03-06T10:00:00.000Z",
    lines: [{ externalLineId: "1", channelSku: 'MUG "XL"', quantity: 2 }],
  } as const;
  const write = (kind: "csv" | "jsonl") =>
    String(createFilesFormat(filesAdapter, kind).write(word, { order, cancelled: new Map() }, 1, 0)?.content);
  expect(write("csv")).toBe(
    'id,order,at,shipment,shippedAt,carrier,service,trackingNumber,trackingUrl,lineId,lineSku,quantity\nF-1001,shop-F-1001,1970-01-01T00:00:00.000Z,SH-1,2026-03-06T10:00:00.000Z,"UPS, Inc.",Ground,1Z,,1,"MUG ""XL""",2\n',
  );
  expect(JSON.parse(write("jsonl"))).toMatchObject({ id: "F-1001", lines: [{ lineId: "1", quantity: 2 }] });
});

test("no text makes the reader throw, and nothing of a file is passed over in silence", () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string({ unit: "binary" }),
        fc.nat({ max: 700 }).map((at) => csv().slice(0, at) + csv().slice(at + 3)),
      ),
      (text) => {
        const [exchange] = format.read(Buffer.from(text), "a.csv");
        if (text.trim() !== "")
          expect((exchange?.documents.length ?? 0) + (exchange?.problems.length ?? 0)).toBeGreaterThan(0);
        filesAdapter.read(text, null);
      },
    ),
  );
});
