/**
 * A 4 x 6 inch shipping label as ZPL for label printers, as PDF for any other, and as PNG for screens. One
 * layout for outbound and return labels.
 *
 * Invariants (tests cite them): L1 text from an address never becomes a printer command; L2 every form
 * carries the whole tracking number as text and as Code 128; L3 the same label gives the same bytes; L4 the
 * PDF has every letter as it was given, in the fonts of packing slips; a label printer has Latin-1 alone, so
 * that the ZPL has others in Latin ones, and says so.
 */
import bwip from "bwip-js";
import PDFDocument from "pdfkit";
import { townLine } from "../../orders/address.ts";
import { latinText } from "../../print/latin.ts";
import { drawText, Typesetter } from "../../print/set-text.ts";

export type LabelAddress = {
  readonly name: string;
  readonly company: string;
  readonly street1: string;
  readonly street2: string;
  readonly city: string;
  readonly state: string;
  readonly zip: string;
  readonly country: string;
};

export type Label = {
  readonly carrier: string;
  readonly service: string;
  readonly trackingNumber: string;
  readonly from: LabelAddress;
  readonly to: LabelAddress;
  readonly ounces: number;
  /** The merchant's own text, e.g. the order id. */
  readonly reference: string;
  readonly isReturn: boolean;
  /** Customs description where the parcel crosses a border. */
  readonly contents: string;
  /** When the label was bought, ISO 8601. */
  readonly date: string;
  /** True: the label says that no carrier takes it. */
  readonly isSimulated: boolean;
};

/** Dots of a 203 dpi printer: 4 in wide, 6 in long. */
const DOTS_WIDE = 812;
const DOTS_LONG = 1_218;

/** What a label says on which a letter stands for another one. */
const REWRITTEN = "Some letters stand here as Latin ones. The PDF label has them as given.";

export function labelZpl(label: Label): string {
  const to = addressLines(label.to);
  const from = addressLines(label.from);
  const isRewritten = [...to, ...from, label.reference, label.contents].some(
    (given) => latinText(oneLine(given)).isRewritten,
  );
  const text = (x: number, y: number, size: number, value: string, most: number) =>
    `^FO${x},${y}^A0N,${size},${size}^FH^FD${zplText(value, most)}^FS`;
  return [
    "^XA",
    "^CI28",
    `^PW${DOTS_WIDE}`,
    `^LL${DOTS_LONG}`,
    "^LH0,0",
    "^FO0,0^GB812,150,150^FS",
    `^FO30,28^A0N,100,100^FR^FH^FD${zplText(label.carrier, 8)}^FS`,
    `^FO400,38^A0N,36,32^FR^FH^FD${zplText(serviceName(label.service), 24)}^FS`,
    ...(label.isReturn ? ["^FO400,88^A0N,40,40^FR^FDRETURN^FS"] : []),
    ...from.map((line, index) => text(30, 176 + index * 30, 26, line, 44)),
    text(590, 176, 28, `${(label.ounces / 16).toFixed(2)} lb`, 16),
    text(590, 210, 28, label.date.slice(0, 10), 16),
    text(590, 244, 28, label.to.country, 16),
    "^FO0,350^GB812,4,4^FS",
    text(30, 372, 28, label.isReturn ? "RETURN TO:" : "SHIP TO:", 20),
    ...to.map((line, index) => text(60, 412 + index * 50, isLong(to) ? 30 : 44, line, isLong(to) ? 50 : 34)),
    ...(label.contents === "" ? [] : [text(30, 724, 26, `Contents: ${label.contents}`, 56)]),
    "^FO0,760^GB812,4,4^FS",
    text(30, 780, 30, `${label.carrier.toUpperCase()} TRACKING #`, 40),
    `^FO60,826^BY3,3,220^BCN,220,N,N,N,A^FH^FD${zplText(label.trackingNumber, 40)}^FS`,
    text(60, 1_064, 40, spaced(label.trackingNumber), 60),
    "^FO0,1120^GB812,4,4^FS",
    text(30, 1_142, 30, label.reference, 40),
    ...(label.isSimulated ? [text(560, 1_146, 22, "SIMULATED LABEL", 30)] : []),
    ...(isRewritten ? [text(30, 1_184, 22, REWRITTEN, 80)] : []),
    "^XZ",
    "",
  ].join("\n");
}

export function labelPdf(label: Label): Promise<Buffer> {
  const document = new PDFDocument({
    size: [288, 432],
    margin: 0,
    info: {
      Title: `${label.carrier} ${label.trackingNumber}`,
      CreationDate: new Date(label.date),
    },
  });
  const chunks: Buffer[] = [];
  document.on("data", (chunk: Buffer) => chunks.push(chunk));
  const done = new Promise<Buffer>((resolve, reject) => {
    document.on("end", () => resolve(Buffer.concat(chunks)));
    document.on("error", reject);
  });
  const type = new Typesetter(label.to.country);
  const text = (value: string, x: number, y: number, size: number, width: number, bold = false) => {
    const line = oneLine(value);
    if (!BUILT_IN.test(line)) return drawWhole(document, type, line, { x, y, size, width, bold });
    document
      .font(bold ? "Helvetica-Bold" : "Helvetica")
      .fontSize(size)
      .text(line, x, y, { width, height: size * 1.2, ellipsis: true, lineBreak: false });
  };

  document.rect(0, 0, 288, 54).fill("#000000").fillColor("#ffffff");
  text(label.carrier, 12, 13, 32, 110, true);
  document.font("Helvetica-Bold").fontSize(11);
  document.text(latinText(oneLine(serviceName(label.service))).text, 120, label.isReturn ? 13 : 21, {
    width: 156,
    height: 13,
    align: "right",
    ellipsis: true,
  });
  if (label.isReturn) document.text("RETURN", 120, 30, { width: 156, align: "right", lineBreak: false });
  document.fillColor("#000000");
  addressLines(label.from).forEach((line, index) => {
    text(line, 12, 61 + index * 10, 8, 180);
  });
  [`${(label.ounces / 16).toFixed(2)} lb`, label.date.slice(0, 10)].forEach((fact, index) => {
    document.font("Helvetica").fontSize(9);
    document.text(fact, 196, 62 + index * 11, { width: 80, align: "right", lineBreak: false });
  });
  rule(document, 124);
  text(label.isReturn ? "RETURN TO" : "SHIP TO", 12, 131, 8, 100, true);
  const to = addressLines(label.to);
  to.forEach((line, index) => {
    text(line, 24, 144 + index * 17, isLong(to) ? 10 : 14, 252, index === 0);
  });
  if (label.contents !== "") text(`Contents: ${label.contents}`, 12, 252, 8, 264);
  rule(document, 268);
  text(`${label.carrier.toUpperCase()} TRACKING #`, 12, 276, 10, 264, true);
  drawCode128(document, label.trackingNumber, { x: 16, y: 292, width: 256, height: 72 });
  document.font("Helvetica-Bold").fontSize(13);
  document.text(spaced(label.trackingNumber), 0, 371, { width: 288, align: "center", lineBreak: false });
  rule(document, 394);
  text(label.reference, 12, 401, 9, 190, true);
  if (label.isSimulated) text("Simulated label, not valid for carriage", 12, 415, 6.5, 190);
  drawDataMatrix(document, label.reference, { x: 248, y: 399, size: 28 });
  document.end();
  return done;
}

/** The barcode with its number: what a screen preview needs. */
export function labelPng(label: Label): Promise<Buffer> {
  return bwip.toBuffer({
    bcid: "code128",
    text: label.trackingNumber,
    alttext: spaced(label.trackingNumber),
    includetext: true,
    textxalign: "center",
    scale: 3,
    height: 20,
    padding: 8,
    backgroundcolor: "FFFFFF",
  });
}

/**
 * Text for a `^FH^FD` field: letters that the printer lacks in Latin ones; what would start a command (`^`,
 * `~`) or an escape (`_`) as hex. With `^CI28` the rest passes as UTF-8.
 */
export function zplText(text: string, most: number): string {
  return [...latinText(oneLine(text)).text]
    .slice(0, most)
    .map((character) =>
      /[\^~_\\]/.test(character)
        ? `_${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`
        : character,
    )
    .join("");
}

/** Letters of the fonts that every PDF reader has. Opening and embedding others takes a moment. */
const BUILT_IN = /^[\x20-\x7e\xa1-\xff]*$/;

/** One line in embedded fonts (L4), in as much smaller type as it takes for the line to fit. */
function drawWhole(
  document: PDFKit.PDFDocument,
  type: Typesetter,
  line: string,
  box: {
    readonly x: number;
    readonly y: number;
    readonly size: number;
    readonly width: number;
    readonly bold: boolean;
  },
): void {
  const weight = box.bold ? "bold" : "regular";
  const set = [1, 0.8, 0.6].map((part) =>
    type.set(line, box.width, { size: box.size * part, colour: "#000000", weight }),
  );
  const fitting = set.find(({ lines }) => lines.length <= 1) ?? set.at(-1);
  if (fitting === undefined) return;
  // It stands lower in its line than the built-in fonts do.
  const y = box.y - fitting.style.size * 0.2;
  drawText(document, { ...fitting, lines: fitting.lines.slice(0, 1) }, { x: box.x, y, width: box.width });
  document.fillColor("#000000");
}

function addressLines(address: LabelAddress): readonly string[] {
  const { name, company, street1, street2, city, state: region, zip: postalCode, country } = address;
  const town = townLine({ name, line1: street1, city, region, postalCode, country });
  return [name, company, street1, street2, town, country].filter((line) => line.trim() !== "");
}

/** Whether an address needs the smaller type: if its street were cut, the parcel would come back. */
function isLong(lines: readonly string[]): boolean {
  return lines.some((line) => line.length > 32);
}

/** `FEDEX_2_DAY` as people write it: `2 DAY`; `GroundAdvantage`: `GROUND ADVANTAGE`. */
function serviceName(service: string): string {
  return service
    .replace(/^FEDEX_/, "")
    .replaceAll("_", " ")
    .replace(/([a-z])([A-Z])/g, "$1 $2")
    .toUpperCase();
}

function spaced(trackingNumber: string): string {
  return trackingNumber.replace(/(.{4})(?=.)/g, "$1 ");
}

function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029]+/gu, " ").trim();
}

function rule(document: PDFKit.PDFDocument, y: number): void {
  document.moveTo(0, y).lineTo(288, y).lineWidth(1.5).stroke("#000000");
}

type Box = { readonly x: number; readonly y: number; readonly width: number; readonly height: number };

function drawCode128(document: PDFKit.PDFDocument, text: string, box: Box): void {
  const [symbol] = bwip.raw({ bcid: "code128", text });
  if (symbol === undefined || !("sbs" in symbol)) throw new Error("no Code 128 symbol was made");
  const widths: readonly number[] = symbol.sbs;
  const unit = box.width / widths.reduce((sum, width) => sum + width, 0);
  let x = box.x;
  widths.forEach((width, index) => {
    // Bars and spaces take turns, a bar first.
    if (index % 2 === 0) document.rect(x, box.y, width * unit, box.height);
    x += width * unit;
  });
  document.fill("#000000");
}

function drawDataMatrix(
  document: PDFKit.PDFDocument,
  text: string,
  box: { readonly x: number; readonly y: number; readonly size: number },
): void {
  if (text === "") return;
  const [symbol] = bwip.raw({ bcid: "datamatrix", text });
  if (symbol === undefined || !("pixs" in symbol)) throw new Error("no Data Matrix symbol was made");
  const unit = box.size / symbol.pixx;
  symbol.pixs.forEach((pixel, index) => {
    const column = index % symbol.pixx;
    const row = Math.floor(index / symbol.pixx);
    if (pixel === 1) document.rect(box.x + column * unit, box.y + row * unit, unit, unit);
  });
  document.fill("#000000");
}
