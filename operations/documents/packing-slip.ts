/**
 * The packing slip: the page that goes into the parcel, and by which a person picks where no robot does.
 *
 * Several in one document follow each other, each from a page of its own on. Owns the drawing only; the caller
 * reads what is printed on it. Runs in the document pool, never on a thread
 * that serves sockets.
 */
import bwipjs from "bwip-js/node";
import { drawText, Typesetter } from "../../print/set-text.ts";
import {
  BODY,
  beginPdf,
  drawBlock,
  drawRow,
  HEADING,
  INK,
  MARGIN,
  MUTED,
  NOT_WHOLE,
  newPage,
  PAGE_HEIGHT,
  SMALL,
  WIDTH,
} from "./page.ts";

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

const COLUMNS = [
  { x: MARGIN, width: 50 },
  { x: MARGIN + 60, width: 120 },
  { x: MARGIN + 190, width: WIDTH - 190 },
] as const;

/** @returns the bytes of a PDF, A4, a page a slip or as many as its lines need. */
export async function drawPackingSlips(slips: readonly PackingSlip[]): Promise<Uint8Array> {
  const [first] = slips;
  if (first === undefined) throw new Error("no packing slip was asked for");
  const { pdf, made } = beginPdf({
    Title: slips.length === 1 ? `Packing slip ${first.fulfillmentOrderId}` : `${slips.length} packing slips`,
    Author: first.shopName,
  });
  for (const slip of slips) {
    pdf.addPage();
    await drawSlip(pdf, slip);
  }
  pdf.end();
  return made;
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
  y = drawRow(pdf, type, y, COLUMNS, ["Quantity", "SKU", "Item"], HEADING);
  for (const { quantity, sku, title, insteadOf } of slip.lines) {
    const item = insteadOf === null ? title : `${title}\nSent instead of ${insteadOf}`;
    y = drawRow(pdf, type, y, COLUMNS, [String(quantity), sku, item], BODY);
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
