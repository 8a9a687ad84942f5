/**
 * Array parameters in PostgreSQL's own notation. The driver makes the same text, but with several calls for
 * each element, and the projection sends tens of thousands of elements a second.
 */

export function numberArray<T>(rows: readonly T[], of: (row: T) => number): string {
  let literal = "{";
  for (const row of rows) literal += literal.length === 1 ? of(row) : `,${of(row)}`;
  return `${literal}}`;
}

export function textArray<T>(rows: readonly T[], of: (row: T) => string | null): string {
  let literal = "{";
  for (const row of rows) literal += literal.length === 1 ? quoted(of(row)) : `,${quoted(of(row))}`;
  return `${literal}}`;
}

function quoted(text: string | null): string {
  if (text === null) return "NULL";
  return `"${/["\\]/.test(text) ? text.replace(/["\\]/g, "\\$&") : text}"`;
}
