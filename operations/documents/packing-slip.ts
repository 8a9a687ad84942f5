/**
 * The packing slip: the page that goes into the parcel, and by which a person picks where no robot does.
 *
 * Several in one document follow each other, each from a page of its own on. Owns the drawing only; the caller
 * reads what is printed on it. Runs in the document pool, never on a thread
 * that serves sockets.
 */
import bwipjs from "bwip-js/node";
import PDFDocument from "pdfkit";
import { drawText, type TextStyle, Typesetter } from "../../print/set-text.ts";

export type PackingSlip = {
  readonly shopName: string;
  readonly orderId: string;
  readonly externalNumber: string;
  readonly fulfillmentOrderId: string;
  /** SSCC-18 of the tote or carton, or null before the release to the floor. */
  readonly handlingUnit: string | null;
  readonly placedOn: string;
  /** Where the parcel goes, ISO 3166-1 alpha-2: Han letters are written as they are there. Null: unknown. */
  readonly country: string | null;
  readonly from: readonly string[];
  readonly to: readonly string[];
  readonly lines: readonly {
    readonly sku: string;
    readonly title: string;
    /** What was ordered, where this is sent in its place. */
    readonly insteadOf: string | null;
    readonly quantity: number;
  }[];
};

const MARGIN = 48;
const WIDTH = 595 - 2 * MARGIN;
const INK = "#1c2330";
const MUTED = "#5b6577";
const RULE = "#d5dae3";
const PAGE_HEIGHT = 842;

const HEADING: TextStyle = { size: 8, colour: MUTED, weight: "bold" };
const BODY: TextStyle = { size: 10, colour: INK };
const SMALL: TextStyle = { size: 9, colour: MUTED };

/** What a page says on which a name or title could not be printed in its own letters. */
const NOT_WHOLE =
  "Some letters are written in Latin ones, or as a question mark: this page has no font for them. The order has them.";

/** @returns the bytes of a PDF, A4, a page a slip or as many as its lines need. */
export async function drawPackingSlips(slips: readonly PackingSlip[]): Promise<Uint8Array> {
  const [first] = slips;
  if (first === undefined) throw new Error("no packing slip was asked for");
  const pdf = new PDFDocument({
    size: "A4",
    margin: MARGIN,
    autoFirstPage: false,
    info: {
      Title:
        slips.length === 1 ? `Packing slip ${first.fulfillmentOrderId}` : `${slips.length} packing slips`,
      Author: first.shopName,
    },
  });
  const bytes = collect(pdf);
  for (const slip of slips) {
    pdf.addPage();
    await drawSlip(pdf, slip);
  }
  pdf.end();
  return bytes;
}

/** On the page that was begun for it, and those that follow. */
async function drawSlip(pdf: PDFKit.PDFDocument, slip: PackingSlip): Promise<void> {
  const barcode = await bwipjs.toBuffer({
    bcid: slip.handlingUnit === null ? "code128" : "gs1-128",
    text: slip.handlingUnit === null ? slip.fulfillmentOrderId : `(00)${slip.handlingUnit}`,
    height: 12,
    includetext: true,
    textxalign: "center",
  });
  const type = new Typesetter(slip.country);
  const left = { x: MARGIN, width: WIDTH - 230 };

  const shop = type.set(slip.shopName, left.width, { size: 20, colour: INK, weight: "bold" });
  drawText(pdf, shop, { ...left, y: MARGIN });
  drawText(pdf, type.set("Packing slip", left.width, { size: 10, colour: MUTED }), {
    ...left,
    y: MARGIN + shop.height,
  });
  pdf.image(barcode, MARGIN + WIDTH - 210, MARGIN, { fit: [210, 56], align: "right" });

  const blockTop = MARGIN + Math.max(76, shop.height + 34);
  const order = [slip.externalNumber, slip.orderId, `Placed ${slip.placedOn}`];
  const heights = [
    drawBlock(pdf, type, "Order", order, 0, blockTop),
    drawBlock(pdf, type, "Ships from", slip.from, 1, blockTop),
    drawBlock(pdf, type, "Ships to", slip.to, 2, blockTop),
  ];

  let y = blockTop + Math.max(90, ...heights) + 14;
  y = drawRow(pdf, type, y, ["Quantity", "SKU", "Item"], HEADING);
  for (const { quantity, sku, title, insteadOf } of slip.lines) {
    const item = insteadOf === null ? title : `${title}\nSent instead of ${insteadOf}`;
    y = drawRow(pdf, type, y, [String(quantity), sku, item], BODY);
  }
  const units = slip.lines.reduce((sum, line) => sum + line.quantity, 0);
  const foot = [
    `${units} ${units === 1 ? "unit" : "units"} in this parcel.`,
    ...(type.isWhole ? [] : [NOT_WHOLE]),
  ];
  const closing = type.set(foot.join("\n"), WIDTH, SMALL);
  if (y + closing.height > PAGE_HEIGHT - MARGIN) y = newPage(pdf);
  drawText(pdf, closing, { x: MARGIN, y: y + 4, width: WIDTH });
}

function collect(pdf: PDFKit.PDFDocument): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  return new Promise((resolve, reject) => {
    pdf.on("data", (chunk: Buffer) => chunks.push(chunk));
    pdf.on("end", () => resolve(new Uint8Array(Buffer.concat(chunks))));
    pdf.on("error", reject);
  });
}

/** @returns how high it is */
function drawBlock(
  pdf: PDFKit.PDFDocument,
  type: Typesetter,
  title: string,
  lines: readonly string[],
  column: number,
  top: number,
): number {
  const place = { x: MARGIN + column * (WIDTH / 3), width: WIDTH / 3 - 12 };
  drawText(pdf, type.set(title.toUpperCase(), place.width, HEADING), { ...place, y: top });
  const body = type.set(lines.join("\n"), place.width, BODY);
  drawText(pdf, body, { ...place, y: top + 14 });
  return 14 + body.height;
}

const COLUMNS = [
  { x: MARGIN, width: 50 },
  { x: MARGIN + 60, width: 120 },
  { x: MARGIN + 190, width: WIDTH - 190 },
] as const;

/** @returns where the next row begins */
function drawRow(
  pdf: PDFKit.PDFDocument,
  type: Typesetter,
  y: number,
  cells: readonly [quantity: string, sku: string, item: string],
  style: TextStyle,
): number {
  const set = COLUMNS.map(({ width }, at) => type.set(cells[at] ?? "", width, style));
  const height = Math.max(...set.map((cell) => cell.height), 12) + 8;
  const top = y + height > PAGE_HEIGHT - MARGIN ? newPage(pdf) : y;
  for (const [at, cell] of set.entries()) {
    const column = COLUMNS[at];
    if (column !== undefined) drawText(pdf, cell, { ...column, y: top });
  }
  pdf
    .moveTo(MARGIN, top + height - 4)
    .lineTo(MARGIN + WIDTH, top + height - 4)
    .lineWidth(0.5)
    .strokeColor(RULE)
    .stroke();
  return top + height;
}

function newPage(pdf: PDFKit.PDFDocument): number {
  pdf.addPage();
  return MARGIN;
}
