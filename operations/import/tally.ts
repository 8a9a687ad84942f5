/** What was read, booked, skipped and refused: each row, unit and amount of the file is in one of the three. */
import type { ImportReport, Sums } from "../../contract/imports/imports.ts";
import type { Entry } from "../tables/entry.ts";

export type Came = "booked" | "skipped" | "refused";

type Counting = { -readonly [Key in keyof Sums]: number };

export class Tally {
  private readonly rows: Counting;
  private readonly units: Counting;
  private readonly money: Map<string, Counting>;
  private onHand: { before: number; after: number } | null;

  constructor(before: ImportReport) {
    this.rows = { ...before.rows };
    this.units = { ...before.units };
    this.money = new Map(Object.entries(before.money).map(([currency, sums]) => [currency, { ...sums }]));
    this.onHand = before.onHand === null ? null : { ...before.onHand };
  }

  add(entry: Entry, came: Came): void {
    count(this.rows, came, entry.rows);
    count(this.units, came, entry.units);
    if (entry.money === null) return;
    const { currency, minor } = entry.money;
    let sums = this.money.get(currency);
    if (sums === undefined) {
      sums = { read: 0, booked: 0, skipped: 0, refused: 0 };
      this.money.set(currency, sums);
    }
    count(sums, came, minor);
  }

  addOnHand(before: number, after: number): void {
    this.onHand ??= { before: 0, after: 0 };
    this.onHand.before += before;
    this.onHand.after += after;
  }

  report(): ImportReport {
    return { rows: this.rows, units: this.units, money: Object.fromEntries(this.money), onHand: this.onHand };
  }
}

function count(sums: Counting, came: Came, amount: number): void {
  sums.read += amount;
  sums[came] += amount;
}
