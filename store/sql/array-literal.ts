/**
 * Array parameters in PostgreSQL's own notation. The driver makes the same text of an array, but one element
 * after the other through several calls each; the ledger sends tens of thousands of them a second.
 */

export function numberArray<T>(rows: readonly T[], of: (row: T) => number): string {
  let literal = "{";
  for (const row of rows) literal += literal.length === 1 ? of(row) : `,${of(row)}`;
  return `${literal}}`;
}

export function textArray<T>(rows: readonly T[], of: (row: T) => string): string {
  let literal = "{";
  for (const row of rows) literal += literal.length === 1 ? quoted(of(row)) : `,${quoted(of(row))}`;
  return `${literal}}`;
}

function quoted(text: string): string {
  return `"${/["\\]/.test(text) ? text.replace(/["\\]/g, "\\$&") : text}"`;
}
