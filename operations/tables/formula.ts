/**
 * What a spreadsheet would take for a formula is told that it is text: an apostrophe goes before it where it is
 * written, and is taken off where it is read. Texts that had apostrophes of their own there get one more, so
 * that every text comes back as it was.
 */

/** Full-width signs count as well: some programs take them for the others. */
const WRITTEN = /^'*[=+\-@\t\r\n＝＋－＠]/;
const READ = /^'+[=+\-@\t\r\n＝＋－＠]/;

export function withoutFormula(text: string): string {
  return WRITTEN.test(text) ? `'${text}` : text;
}

export function asItWas(cell: string): string {
  return READ.test(cell) ? cell.slice(1) : cell;
}
