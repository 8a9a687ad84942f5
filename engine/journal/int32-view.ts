/** The bytes as words, copied only where they do not lie on a word's boundary. */
export function int32View(bytes: Uint8Array): Int32Array {
  // Not `slice`: that of a Buffer copies nothing.
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : new Uint8Array(bytes);
  return new Int32Array(aligned.buffer, aligned.byteOffset, Math.floor(aligned.byteLength / 4));
}
