/** How much memory a value takes, roughly: for bounds on what may wait, not for exact sums. */

const OBJECT_BYTES = 32;
const VALUE_BYTES = 16;

/** Follows plain data as deep as it goes; a value that refers back to itself would never end. */
export function approximateBytes(value: unknown): number {
  if (typeof value === "string") return VALUE_BYTES + value.length;
  if (typeof value !== "object" || value === null) return VALUE_BYTES;
  if (ArrayBuffer.isView(value)) return OBJECT_BYTES + value.byteLength;
  let bytes = OBJECT_BYTES;
  if (Array.isArray(value)) {
    for (const item of value) bytes += approximateBytes(item);
    return bytes;
  }
  for (const item of Object.values(value)) bytes += approximateBytes(item);
  return bytes;
}
