/**
 * Rows of cells out of CSV (RFC 4180), character by character, as a file comes in pieces. A quote in the midst of
 * a cell is a sign of inches; where a cell goes on after its closing quote, all of its quotes are part of it.
 *
 * C1 No more than one row is kept, and of a row that is too long nothing: it is passed over to its end.
 * C2 Pieces may end anywhere: between the two characters of a line break, or of a doubled quote.
 * C3 Every row is told with the line on which it begins, one that cannot be read as well.
 */

/** What bounds a row. */
export type RowLimits = {
  /** Delimiters and quotes included. */
  readonly characters: number;
  readonly columns: number;
};

/** Why a row could not be read. */
export type RowProblem =
  /** `quoteLine`: where the quote was opened that made it so long; null: none did. */
  | { readonly why: "too-long"; readonly quoteLine: number | null; readonly endLine: number }
  | { readonly why: "too-many-columns" }
  /** The file ends within a quote: nothing after it can be told apart. */
  | { readonly why: "quote-open"; readonly quoteLine: number; readonly endLine: number };

export type CsvRow =
  | { readonly line: number; readonly cells: readonly string[] }
  | { readonly line: number; readonly problem: RowProblem };

/** Where in a cell the next character is. */
type Place =
  | "start"
  | "plain"
  | "quoted"
  /** Behind a quote within quotes: the next character says whether it is doubled, or closes them. */
  | "quote";

export class CsvRows {
  private readonly delimiter: string;
  private readonly limits: RowLimits;
  private place: Place = "start";
  private cells: string[] = [];
  /** Of the cell that the next character is in, without what of it is in the piece. */
  private cell = "";
  private columns = 0;
  private length = 0;
  private line = 1;
  private rowLine = 1;
  /** Of the cell that is in quotes. */
  private quoteLine = 0;
  /** Of the quotes within which the row became too long. */
  private longQuoteLine: number | null = null;
  private isTooLong = false;
  /** The last character was a carriage return: a line feed behind it is part of the same break. */
  private isAfterReturn = false;
  private isAtBeginning = true;

  /** @param delimiter one character */
  constructor(delimiter: string, limits: RowLimits) {
    this.delimiter = delimiter;
    this.limits = limits;
  }

  /** @returns the rows that end within the piece, as they are read */
  *read(piece: string): Generator<CsvRow> {
    let text = piece;
    if (this.isAtBeginning && text !== "") {
      this.isAtBeginning = false;
      if (text.startsWith("\ufeff")) text = text.slice(1);
    }
    // What of the cell is in this piece and not in `cell` yet.
    let from = 0;
    for (let at = 0; at < text.length; at += 1) {
      const sign = text[at] as string;
      const isBreak = sign === "\n" || sign === "\r";
      if (sign === "\n" && this.isAfterReturn) {
        // The second half of a line break: of the cell's text where it is within quotes, else of nothing.
        this.isAfterReturn = false;
        if (this.place !== "quoted") from = at + 1;
        else this.lengthen(1);
        continue;
      }
      this.isAfterReturn = sign === "\r";
      if (isBreak) this.line += 1;
      if (this.place === "quoted") {
        this.lengthen(1);
        if (sign === '"') {
          this.keep(text.slice(from, at));
          from = at + 1;
          this.place = "quote";
        }
        continue;
      }
      if (this.place === "quote") {
        if (sign === '"') {
          // Doubled: one of the two is the cell's.
          this.lengthen(1);
          this.place = "quoted";
          from = at;
          continue;
        }
        if (sign !== this.delimiter && !isBreak) {
          // It goes on behind its closing quote, so they are no quotes around it.
          if (!this.isTooLong) this.cell = `"${this.cell}"`;
          this.place = "plain";
          from = at;
        }
      }
      if (isBreak) {
        this.endCell(text, from, at);
        yield this.endRow(this.line - 1);
        from = at + 1;
        continue;
      }
      this.lengthen(1);
      if (sign === this.delimiter) {
        this.endCell(text, from, at);
        from = at + 1;
      } else if (sign === '"' && this.place === "start") {
        this.place = "quoted";
        this.quoteLine = this.line;
        from = at + 1;
      } else if (this.place === "start") {
        this.place = "plain";
        from = at;
      }
    }
    if (this.place !== "quote" && this.place !== "start") this.keep(text.slice(from));
  }

  /** @returns the last row, where no line break ends it; null: it had one */
  end(): CsvRow | null {
    if (this.place === "quoted") {
      const problem = { why: "quote-open", quoteLine: this.quoteLine, endLine: this.line } as const;
      return { line: this.rowLine, problem };
    }
    if (this.length === 0) return null;
    this.endCell("", 0, 0);
    return this.endRow(this.line);
  }

  private lengthen(by: number): void {
    this.length += by;
    if (this.isTooLong || this.length <= this.limits.characters) return;
    this.isTooLong = true;
    this.longQuoteLine = this.place === "quoted" || this.place === "quote" ? this.quoteLine : null;
    this.cells = [];
    this.cell = "";
  }

  private keep(text: string): void {
    if (!this.isTooLong) this.cell += text;
  }

  private endCell(text: string, from: number, at: number): void {
    if (this.place === "plain") this.keep(text.slice(from, at));
    this.columns += 1;
    if (!this.isTooLong && this.columns <= this.limits.columns) this.cells.push(this.cell);
    this.cell = "";
    this.place = "start";
  }

  private endRow(endLine: number): CsvRow {
    const { rowLine: line, cells } = this;
    const problem: RowProblem | null = this.isTooLong
      ? { why: "too-long", quoteLine: this.longQuoteLine, endLine }
      : this.columns > this.limits.columns
        ? { why: "too-many-columns" }
        : null;
    this.cells = [];
    this.columns = 0;
    this.length = 0;
    this.isTooLong = false;
    this.longQuoteLine = null;
    this.rowLine = this.line;
    return problem === null ? { line, cells } : { line, problem };
  }
}
