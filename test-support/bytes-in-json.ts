/** JSON in which bytes stand as `{"$bytes": "<hex>"}`. */
export function jsonWithBytes(value: unknown): string {
  return `${JSON.stringify(
    value,
    function (this: Readonly<Record<string, unknown>>, key, written) {
      const original = key === "" ? written : this[key];
      return original instanceof Uint8Array ? { $bytes: Buffer.from(original).toString("hex") } : written;
    },
    1,
  )}\n`;
}

export function fromJsonWithBytes(text: string): unknown {
  return JSON.parse(text, (_key, value: unknown) =>
    typeof value === "object" && value !== null && "$bytes" in value && typeof value.$bytes === "string"
      ? Buffer.from(value.$bytes, "hex")
      : value,
  );
}
