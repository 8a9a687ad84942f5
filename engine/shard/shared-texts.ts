/**
 * Keeps one text for all equal ones, among those seen lately.
 *
 * Each text that is read from bytes is a new one, and a million holds name the same few causes, pools and
 * line numbers. Bounded, because clients choose what they write there.
 */
const KNOWN = 256;

export class SharedTexts {
  private readonly known = new Map<string, string>();

  share(text: string): string {
    if (text === "") return text;
    const known = this.known.get(text);
    if (known !== undefined) return known;
    if (this.known.size === KNOWN) this.known.clear();
    this.known.set(text, text);
    return text;
  }
}
