/**
 * Text of any script on a page of a PDF: line by line, in embedded fonts, each piece where it stands on
 * paper. pdfkit shapes a piece; it neither breaks lines of these scripts nor puts directions in order.
 */
import { type Line, type Piece, setLines } from "./bidi-line.ts";
import { type FontFile, fontFor, hasLetters, openFont, type Weight } from "./fonts.ts";
import { inLatin } from "./latin.ts";

export type TextStyle = {
  /** In points. */
  readonly size: number;
  readonly colour: string;
  readonly weight?: Weight;
};

export type Place = { readonly x: number; readonly y: number; readonly width: number };

/** Lines of a text of the width that was asked for, and how high they are together, in points. */
export type SetText = {
  readonly lines: readonly Line<FontFile>[];
  readonly height: number;
  readonly style: TextStyle;
};

/** Of the size of the letters: Devanagari and Thai have marks above and below. */
const LEADING = 1.4;

/** Sets the texts of one page, and knows afterwards whether it could print them in their own letters. */
export class Typesetter {
  private readonly country: string | null;
  private readonly standIns = new Map<string, string>();
  /** Of pieces that were measured, in units of their font: lines are tried word by word. */
  private readonly widths = new Map<FontFile, Map<string, number>>();
  private readonly fonts = {
    regular: new Map<string, FontFile | null>(),
    bold: new Map<string, FontFile | null>(),
  };

  /** @param country whose way to write Han letters is chosen, ISO 3166-1 alpha-2; null: unknown */
  constructor(country: string | null) {
    this.country = country;
  }

  /** Whether every letter was printed as it is. */
  get isWhole(): boolean {
    return this.standIns.size === 0;
  }

  /** @param text paragraphs, with line ends between them; other control characters are spaces */
  set(text: string, width: number, style: TextStyle): SetText {
    const weight = style.weight ?? "regular";
    const lines = text
      .normalize("NFC")
      .replace(/\r\n?/g, "\n")
      .split("\n")
      .flatMap((paragraph) =>
        setLines(this.printable(paragraph.replace(/[\p{Cc}\u2028\u2029]/gu, " "), weight), width, {
          fontOf: (cluster: string, before: FontFile | null): FontFile =>
            this.fontOf(cluster, weight, before),
          widthOf: (piece) => this.widthOf(piece) * style.size,
        }),
      );
    return { lines, height: lines.length * style.size * LEADING, style };
  }

  /** A letter that no font has is written in Latin ones. */
  private printable(text: string, weight: Weight): string {
    return Array.from(new Intl.Segmenter("und", { granularity: "grapheme" }).segment(text), ({ segment }) => {
      if (/^\s+$/u.test(segment) || this.firstFont(segment, weight) !== null) return segment;
      const latin = inLatin(segment);
      this.standIns.set(segment, latin);
      return latin;
    }).join("");
  }

  private fontOf(cluster: string, weight: Weight, before: FontFile | null): FontFile {
    const font = before !== null && hasLetters(before, cluster) ? before : this.firstFont(cluster, weight);
    if (font === null) throw new Error("a letter without a font was let through");
    return font;
  }

  private firstFont(cluster: string, weight: Weight): FontFile | null {
    const known = this.fonts[weight].get(cluster);
    if (known !== undefined) return known;
    const font = fontFor(cluster, this.country, weight);
    this.fonts[weight].set(cluster, font);
    return font;
  }

  /** Of the size of its letters. */
  private widthOf({ font: file, text }: Piece<FontFile>): number {
    const known = this.widths.get(file) ?? new Map<string, number>();
    this.widths.set(file, known);
    const font = openFont(file);
    const width = known.get(text) ?? font.layout(text).advanceWidth / font.unitsPerEm;
    known.set(text, width);
    return width;
  }
}

/** Draws lines from their upper left corner on; those that run from right to left end at the right. */
export function drawText(pdf: PDFKit.PDFDocument, { lines, style }: SetText, { x, y, width }: Place): void {
  const { size, colour } = style;
  pdf.fontSize(size).fillColor(colour);
  for (const [at, { pieces, isRightToLeft }] of lines.entries()) {
    const baseline = y + at * size * LEADING + size;
    const widths = pieces.map((piece) => {
      useFont(pdf, piece.font);
      return pdf.widthOfString(piece.text);
    });
    const whole = widths.reduce((sum, each) => sum + each, 0);
    let left = isRightToLeft ? x + width - whole : x;
    for (const [index, piece] of pieces.entries()) {
      if (piece.text.trim() !== "") {
        useFont(pdf, piece.font);
        // By the baseline, which letters of several fonts share.
        pdf.text(piece.text, left, baseline, { lineBreak: false, baseline: "alphabetic" });
      }
      left += widths[index] ?? 0;
    }
  }
}

/** Under its path, so that a page has each font once. */
function useFont(pdf: PDFKit.PDFDocument, file: FontFile): void {
  // Its typings lack that it takes an open font.
  pdf.registerFont(file.path, openFont(file) as unknown as PDFKit.Mixins.PDFFontSource);
  pdf.font(file.path);
}
