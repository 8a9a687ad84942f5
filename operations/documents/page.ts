/** What the pages that we print have in common: their margins, their types, blocks and rows of a table. */
import PDFDocument from "pdfkit";
import { drawText, type TextStyle, type Typesetter } from "../../print/set-text.ts";

export const MARGIN = 48;
export const WIDTH = 595 - 2 * MARGIN;
export const PAGE_HEIGHT = 842;
export const INK = "#1c2330";
export const MUTED = "#5b6577";
const RULE = "#d5dae3";

export const HEADING: TextStyle = { size: 8, colour: MUTED, weight: "bold" };
export const BODY: TextStyle = { size: 10, colour: INK };
export const SMALL: TextStyle = { size: 9, colour: MUTED };

/** What a page says on which a name or title could not be printed in its own letters. */
export const NOT_WHOLE =
  "Some letters are written in Latin ones, or as a question mark: this page has no font for them. The order has them.";

/** An A4 document without a page yet. `made` is all of its bytes, once it was ended. */
export function beginPdf(info: PDFKit.DocumentInfo): {
  readonly pdf: PDFKit.PDFDocument;
  readonly made: Promise<Uint8Array>;
} {
  const pdf = new PDFDocument({ size: "A4", margin: MARGIN, autoFirstPage: false, info });
  const chunks: Buffer[] = [];
  const made = new Promise<Uint8Array>((resolve, reject) => {
    pdf.on("data", (chunk: Buffer) => chunks.push(chunk));
    pdf.on("end", () => resolve(new Uint8Array(Buffer.concat(chunks))));
    pdf.on("error", reject);
  });
  return { pdf, made };
}

/** In one of three columns. @returns how high it is */
export function drawBlock(
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

/** Of a table: from where, and how wide. */
export type Column = { readonly x: number; readonly width: number };

/** On the next page where this one has no room left. @returns where the next row begins */
export function drawRow(
  pdf: PDFKit.PDFDocument,
  type: Typesetter,
  y: number,
  columns: readonly Column[],
  cells: readonly string[],
  style: TextStyle,
): number {
  const set = columns.map(({ width }, at) => type.set(cells[at] ?? "", width, style));
  const height = Math.max(...set.map((cell) => cell.height), 12) + 8;
  const top = y + height > PAGE_HEIGHT - MARGIN ? newPage(pdf) : y;
  for (const [at, cell] of set.entries()) {
    const column = columns[at];
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

/** @returns where it begins */
export function newPage(pdf: PDFKit.PDFDocument): number {
  pdf.addPage();
  return MARGIN;
}
