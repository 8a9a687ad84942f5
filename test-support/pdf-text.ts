/**
 * What a PDF that pdfkit has written says: the letters of its embedded fonts in the order in which they are
 * drawn, by the table that each font has for whoever copies text.
 */
import { inflateSync } from "node:zlib";

type PdfText = {
  /** Of all pages; pieces that were drawn one after the other, with a space between them. */
  readonly text: string;
  /** Glyphs that were drawn although their font has none for the letter (`.notdef`). */
  readonly missing: number;
  readonly pages: number;
};

export function readPdfText(bytes: Uint8Array): PdfText {
  const pdf = Buffer.from(bytes).toString("latin1");
  const objects = new Map(
    [...pdf.matchAll(/(\d+) 0 obj\n([\s\S]*?)\nendobj/g)].map(
      ([, id = "", body = ""]) => [id, body] as const,
    ),
  );
  const stream = (id: string | undefined): string => {
    const body = objects.get(id ?? "") ?? "";
    const content = /stream\n([\s\S]*?)\nendstream/.exec(body)?.[1] ?? "";
    const raw = Buffer.from(content, "latin1");
    return (/\/FlateDecode/.test(body) ? inflateSync(raw) : raw).toString("latin1");
  };
  const fonts = new Map<string, readonly string[]>();
  const pages = [...objects.values()].filter((body) => /\/Type \/Page\b/.test(body));
  let text = "";
  let missing = 0;
  for (const page of pages) {
    const resources = objects.get(/\/Resources (\d+) 0 R/.exec(page)?.[1] ?? "") ?? page;
    const names = /\/Font <<([\s\S]*?)>>/.exec(resources)?.[1] ?? "";
    for (const [, name = "", id] of names.matchAll(/\/(F\d+) (\d+) 0 R/g)) {
      const table = /\/ToUnicode (\d+) 0 R/.exec(objects.get(id ?? "") ?? "")?.[1];
      fonts.set(name, table === undefined ? [] : lettersOf(stream(table)));
    }
    let letters: readonly string[] = [];
    const drawn = stream(/\/Contents (\d+) 0 R/.exec(page)?.[1]);
    for (const [, font, glyphs] of drawn.matchAll(/\/(F\d+) [\d.]+ Tf|\[([^\]]*)\] TJ/g)) {
      if (font !== undefined) letters = fonts.get(font) ?? [];
      for (const [, hex = ""] of (glyphs ?? "").matchAll(/<([0-9a-f]*)>/g)) {
        for (const [glyph] of hex.matchAll(/.{4}/g)) {
          const at = Number.parseInt(glyph, 16);
          if (at === 0) missing += 1;
          text += letters[at] ?? "";
        }
      }
      if (glyphs !== undefined) text += " ";
    }
  }
  return { text, missing, pages: pages.length };
}

/** A font's letters by glyph, of pdfkit's `bfrange` lines. */
function lettersOf(table: string): readonly string[] {
  const letters: string[] = [];
  for (const [, first = "", list = ""] of table.matchAll(/<([0-9a-f]{4})> <[0-9a-f]{4}> \[([^\]]*)\]/g)) {
    for (const [at, [, units = ""]] of [...list.matchAll(/<([^>]*)>/g)].entries()) {
      const text = units
        .split(" ")
        .filter((unit) => unit !== "")
        .map((unit) => String.fromCharCode(Number.parseInt(unit, 16)))
        .join("");
      letters[Number.parseInt(first, 16) + at] = text;
    }
  }
  return letters;
}
