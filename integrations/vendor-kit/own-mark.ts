/**
 * The mark by which we know our own parcels and refunds at a vendor that has no idempotency keys: our number
 * at the end of a text that people read there. `damaged on the way (Holdfast RF-12)`.
 */
const MARK = /\(Holdfast ([^()]+)\)$/;

/** @param id ours, without brackets */
export function withMark(text: string, id: string): string {
  return `${text.replace(/[()]/g, "")} (Holdfast ${id})`.trim();
}

/** Our number; null: the text is somebody else's. */
export function markIn(text: string): string | null {
  return MARK.exec(text.trim())?.[1] ?? null;
}
