/** Bytes of a message for a person: as text with what cannot be read marked, or as rows of hexadecimal. */

const BYTES_OF_A_ROW = 16;

export function bytesOf(base64: string): Uint8Array {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

/** Control characters, but line breaks and tabs, are shown as the sign for what cannot be read. */
export function asText(bytes: Uint8Array): string {
  const text = new TextDecoder().decode(bytes);
  return [...text].map((character) => (/[^\P{Cc}\n\r\t]/u.test(character) ? "\uFFFD" : character)).join("");
}

/** `0000  7b 22 …`, 16 bytes a row. */
export function asHex(bytes: Uint8Array): string {
  const rows: string[] = [];
  for (let from = 0; from < bytes.length; from += BYTES_OF_A_ROW) {
    const row = [...bytes.subarray(from, from + BYTES_OF_A_ROW)];
    const pairs = row.map((byte) => byte.toString(16).padStart(2, "0"));
    rows.push(`${from.toString(16).padStart(4, "0")}  ${pairs.join(" ")}`);
  }
  return rows.join("\n");
}
