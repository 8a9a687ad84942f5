/**
 * An invoice as a page. Owns the drawing only: what it says, and in which words and digits, is the caller's.
 * The same invoice is the same bytes whenever it is drawn, so that a repeat of it is one to whoever gets it.
 */
import { drawText, Typesetter } from "../../print/set-text.ts";
import {
  BODY,
  beginPdf,
  type Column,
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

export type InvoicePage = {
  readonly number: string;
  /** RFC 3339, also the document's own time. */
  readonly issuedAt: string;
  /** As the buyer knows the order, and its day. */
  readonly orderNumber: string;
  readonly orderedOn: string;
  /** Of the buyer, ISO 3166-1 alpha-2: how Han letters are written. Null: unknown. */
  readonly country: string | null;
  readonly seller: readonly string[];
  readonly buyer: readonly string[];
  /** Where it was sent; empty: as the buyer. */
  readonly shipTo: readonly string[];
  /** Of the columns of amounts. */
  readonly currency: string;
  readonly lines: readonly {
    readonly quantity: string;
    readonly title: string;
    readonly net: string;
    /** Empty where no single rate is known. */
    readonly rate: string;
    readonly tax: string;
    readonly gross: string;
  }[];
  readonly net: string;
  readonly tax: string;
  readonly total: string;
};

/** Quantity, item, net, rate, tax, total. */
const TABLE: readonly Column[] = [
  { x: MARGIN, width: 30 },
  { x: MARGIN + 36, width: 199 },
  { x: MARGIN + 241, width: 62 },
  { x: MARGIN + 309, width: 40 },
  { x: MARGIN + 355, width: 62 },
  { x: MARGIN + 423, width: WIDTH - 423 },
];

/** @returns the bytes of a PDF, A4, as many pages as its lines need */
export async function drawInvoice(page: InvoicePage): Promise<Uint8Array> {
  const { pdf, made } = beginPdf({
    Title: `Invoice ${page.number}`,
    Author: page.seller[0] ?? "",
    CreationDate: new Date(page.issuedAt),
    ModDate: new Date(page.issuedAt),
  });
  pdf.addPage();
  const type = new Typesetter(page.country);
  const head = { x: MARGIN, width: WIDTH };
  const seller = type.set(page.seller[0] ?? "", head.width, { size: 20, colour: INK, weight: "bold" });
  drawText(pdf, seller, { ...head, y: MARGIN });
  const title = type.set("Invoice", head.width, { size: 10, colour: MUTED });
  drawText(pdf, title, { ...head, y: MARGIN + seller.height });

  const day = page.issuedAt.slice(0, 10);
  const top = MARGIN + seller.height + 40;
  const facts = [
    page.number,
    `Issued ${day}`,
    `Supplied ${day}`,
    `Order ${page.orderNumber}`,
    `Ordered ${page.orderedOn}`,
  ];
  const upper = [
    drawBlock(pdf, type, "Invoice", facts, 0, top),
    drawBlock(pdf, type, "Seller", page.seller, 1, top),
    drawBlock(pdf, type, "Buyer", page.buyer, 2, top),
  ];
  let y = top + Math.max(90, ...upper) + 12;
  if (page.shipTo.length > 0) y += drawBlock(pdf, type, "Delivered to", page.shipTo, 2, y) + 12;

  const { currency } = page;
  const heads = ["Qty", "Item", `Net ${currency}`, "VAT %", `VAT ${currency}`, `Total ${currency}`];
  y = drawRow(pdf, type, y, TABLE, heads, HEADING);
  for (const { quantity, title: item, net, rate, tax, gross } of page.lines)
    y = drawRow(pdf, type, y, TABLE, [quantity, item, net, rate, tax, gross], BODY);
  const sums = ["", "Total", page.net, "", page.tax, page.total];
  y = drawRow(pdf, type, y, TABLE, sums, { ...BODY, weight: "bold" });
  if (!type.isWhole) {
    const note = type.set(NOT_WHOLE, WIDTH, SMALL);
    if (y + note.height > PAGE_HEIGHT - MARGIN) y = newPage(pdf);
    drawText(pdf, note, { x: MARGIN, y: y + 4, width: WIDTH });
  }
  pdf.end();
  return made;
}
