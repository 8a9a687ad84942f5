/**
 * Text that every store can hold. A JavaScript string, and JSON by its escapes, may have a NUL and halves of
 * surrogate pairs. PostgreSQL's `text` and `jsonb` refuse a NUL, and UTF-8 has no form of a half. All text
 * that comes from outside, or is cut, passes through here first.
 */
const UNSTORABLE = /[\0\p{Cs}]/gu;

/** `text` with U+FFFD for each character that cannot be kept. */
export function storableText(text: string): string {
  return text.replace(UNSTORABLE, "\uFFFD");
}

/**
 * At most `longest` UTF-16 units from the start of `text`. A cut may go through a pair; what is left of it is
 * replaced.
 */
export function clippedText(text: string, longest: number): string {
  return storableText(text.slice(0, longest));
}
