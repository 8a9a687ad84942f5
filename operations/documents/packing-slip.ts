/**
 * The packing slip: the page that goes into the parcel, and by which a person picks where no robot does.
 *
 * Owns the drawing only; the caller reads what is printed on it. Runs in the document pool, never on a thread
 * that serves sockets.
 */
import bwipjs from "bwip-js/node";
import PDFDocument from "pdfkit";
import { printable } from "./printable.ts";

export type PackingSlip = {
  readonly shopName: string;
  readonly orderId: string;
  readonly externalNumber: string;
  readonly fulfillmentOrderId: string;
  /** SSCC-18 of the tote or carton, or null before the release to the floor. */
  readonly handlingUnit: string | null;
  readonly placedOn: string;
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

/** What a page says on which a name or title could not be printed whole. */
const NOT_WHOLE = "A question mark stands for a letter that this page cannot print; the order has it.";

/** @returns the bytes of a PDF, A4, one page or as many as the lines need. */
export async function drawPackingSlip(asked: PackingSlip): Promise<Uint8Array> {
  const { slip, isWhole } = printableSlip(asked);
  const barcode = await bwipjs.toBuffer({
    bcid: slip.handlingUnit === null ? "code128" : "gs1-128",
    text: slip.handlingUnit === null ? slip.fulfillmentOrderId : `(00)${slip.handlingUnit}`,
    height: 12,
    includetext: true,
    textxalign: "center",
  });
  const pdf = new PDFDocument({
    size: "A4",
    margin: MARGIN,
    info: { Title: `Packing slip ${slip.fulfillmentOrderId}`, Author: slip.shopName },
  });
  const bytes = collect(pdf);

  pdf.font("Helvetica-Bold").fontSize(20).fillColor(INK).text(slip.shopName, MARGIN, MARGIN);
  pdf
    .font("Helvetica")
    .fontSize(10)
    .fillColor(MUTED)
    .text("Packing slip", MARGIN, MARGIN + 26);
  pdf.image(barcode, MARGIN + WIDTH - 210, MARGIN, { fit: [210, 56], align: "right" });

  const blockTop = MARGIN + 84;
  drawBlock(pdf, "Order", [slip.externalNumber, slip.orderId, `Placed ${slip.placedOn}`], 0, blockTop);
  drawBlock(pdf, "Ships from", slip.from, 1, blockTop);
  drawBlock(pdf, "Ships to", slip.to, 2, blockTop);

  pdf.y = blockTop + 104;
  drawRow(pdf, "Quantity", "SKU", "Item", true);
  for (const { quantity, sku, title, insteadOf } of slip.lines) {
    const item = insteadOf === null ? title : `${title}\nSent instead of ${insteadOf}`;
    drawRow(pdf, String(quantity), sku, item, false);
  }
  const units = slip.lines.reduce((sum, line) => sum + line.quantity, 0);
  pdf.moveDown(0.6).font("Helvetica").fontSize(9).fillColor(MUTED);
  pdf.text(`${units} ${units === 1 ? "unit" : "units"} in this parcel.`, MARGIN);
  if (!isWhole) pdf.text(NOT_WHOLE, MARGIN);
  pdf.end();
  return bytes;
}

/** The slip as the page's fonts can show it, and whether that is all of it. */
export function printableSlip(slip: PackingSlip): { readonly slip: PackingSlip; readonly isWhole: boolean } {
  let isWhole = true;
  const print = (text: string): string => {
    const printed = printable(text);
    isWhole &&= printed.isWhole;
    return printed.text;
  };
  const printed: PackingSlip = {
    ...slip,
    shopName: print(slip.shopName),
    orderId: print(slip.orderId),
    externalNumber: print(slip.externalNumber),
    from: slip.from.map(print),
    to: slip.to.map(print),
    lines: slip.lines.map(({ sku, title, insteadOf, quantity }) => ({
      sku: print(sku),
      title: print(title),
      insteadOf: insteadOf === null ? null : print(insteadOf),
      quantity,
    })),
  };
  return { slip: printed, isWhole };
}

function collect(pdf: PDFKit.PDFDocument): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  return new Promise((resolve, reject) => {
    pdf.on("data", (chunk: Buffer) => chunks.push(chunk));
    pdf.on("end", () => resolve(new Uint8Array(Buffer.concat(chunks))));
    pdf.on("error", reject);
  });
}

function drawBlock(
  pdf: PDFKit.PDFDocument,
  title: string,
  lines: readonly string[],
  column: number,
  top: number,
): void {
  const width = WIDTH / 3 - 12;
  const left = MARGIN + column * (WIDTH / 3);
  pdf.font("Helvetica").fontSize(8).fillColor(MUTED).text(title.toUpperCase(), left, top, { width });
  pdf
    .font("Helvetica")
    .fontSize(10)
    .fillColor(INK)
    .text(lines.join("\n"), left, top + 14, { width });
}

function drawRow(
  pdf: PDFKit.PDFDocument,
  quantity: string,
  sku: string,
  item: string,
  heading: boolean,
): void {
  pdf.font(heading ? "Helvetica-Bold" : "Helvetica").fontSize(heading ? 8 : 10);
  const height = Math.max(pdf.heightOfString(item, { width: WIDTH - 190 }), 12) + 10;
  if (pdf.y + height > 842 - MARGIN) pdf.addPage();
  const top = pdf.y;
  pdf.fillColor(heading ? MUTED : INK);
  pdf.text(quantity, MARGIN, top, { width: 50 });
  pdf.text(sku, MARGIN + 60, top, { width: 120 });
  pdf.text(item, MARGIN + 190, top, { width: WIDTH - 190 });
  pdf
    .moveTo(MARGIN, top + height - 5)
    .lineTo(MARGIN + WIDTH, top + height - 5)
    .lineWidth(0.5)
    .strokeColor(RULE)
    .stroke();
  pdf.y = top + height;
}
