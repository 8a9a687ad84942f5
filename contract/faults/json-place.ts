/**
 * Where a text stops being JSON (RFC 8259), for whoever wrote it. The language's own parser says so in some
 * cases only, and in others shows what is there, which is nobody's to repeat.
 */

const BLANK = /[ \t\n\r]*/y;
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what JSON does not let stand in a text
const TEXT = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9A-Fa-f]{4}))*"/y;
const OTHER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;

/** What is nested deeper is not gone through: the place where it gets so deep is told. */
const MOST_DEPTH = 500;

/**
 * @param text that is no JSON
 * @returns `line 3, column 7`, both from 1; `its end` where it ends too early
 */
export function placeOfJsonFault(text: string): string {
  const reader = new Reader(text);
  reader.value();
  reader.blank();
  // Whatever follows a whole value is too much.
  const at = reader.fault ?? reader.at;
  if (at >= text.length) return "its end";
  const lines = text.slice(0, at).split("\n");
  return `line ${lines.length}, column ${(lines.at(-1)?.length ?? 0) + 1}`;
}

class Reader {
  at = 0;
  /** Where it went wrong first; null: not yet. */
  fault: number | null = null;
  private depth = 0;
  private readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  value(): void {
    this.blank();
    if (this.depth > MOST_DEPTH) this.fail();
    this.depth += 1;
    if (this.take("{")) this.members("}", true);
    else if (this.take("[")) this.members("]", false);
    else if (!this.match(TEXT) && !this.match(OTHER)) this.fail();
    this.depth -= 1;
  }

  blank(): void {
    this.match(BLANK);
  }

  private members(end: string, isNamed: boolean): void {
    this.blank();
    if (this.take(end)) return;
    while (this.fault === null) {
      if (isNamed) {
        this.blank();
        if (!this.match(TEXT)) this.fail();
        this.blank();
        if (!this.take(":")) this.fail();
      }
      this.value();
      this.blank();
      if (this.take(end)) return;
      if (!this.take(",")) this.fail();
    }
  }

  private take(sign: string): boolean {
    if (this.fault !== null || this.text[this.at] !== sign) return false;
    this.at += 1;
    return true;
  }

  private match(pattern: RegExp): boolean {
    if (this.fault !== null) return false;
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text);
    if (found === null) return false;
    this.at += found[0].length;
    return true;
  }

  private fail(): void {
    // A text without its closing mark ends too early; it is not wrong where it begins.
    const isOpenText = this.text[this.at] === '"' && !this.text.slice(this.at + 1).includes('"');
    this.fault ??= isOpenText ? this.text.length : this.at;
  }
}
