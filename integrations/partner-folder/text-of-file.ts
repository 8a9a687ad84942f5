/** UTF-8 where it is that, else ISO 8859-1, which every sequence of bytes is. Without a byte order mark. */
export function textOfFile(content: Buffer): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(content);
  } catch {
    return content.toString("latin1");
  }
}
