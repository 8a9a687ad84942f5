/**
 * What each kind of table does with its entries. First it is decided, by reading alone, what becomes of each;
 * then it is done. Both are asked again after a crash: with the same decisions, so that what was done the first
 * time is told from what was there before.
 */
import type { TableKind } from "../../contract/imports/table-kinds.ts";
import type { ChannelAdapter } from "../../ports/channels.ts";
import type { ImportStarter } from "../../store/imports/imports.ts";
import type { OperationContext } from "../context.ts";
import type { Refusal } from "../refusal.ts";
import type { Entry, Item } from "../tables/entry.ts";
import type { RowFault } from "../tables/read-rows.ts";

export type Plan = Readonly<Record<string, string | number | null>>;

/** Plain data: it is kept while it is carried out. */
export type Decision =
  /** `plan` says how, where that is not plain from the entry. */
  | { readonly do: "book"; readonly plan?: Plan }
  /** It is there already. */
  | { readonly do: "skip" }
  | { readonly do: "refuse"; readonly faults: readonly RowFault[] };

/** An entry that may be booked. */
export type Bookable<T extends Item> = Entry & { readonly item: T; readonly key: string };

export type ImportRun = {
  readonly context: OperationContext & { readonly channelAdapters: ReadonlyMap<string, ChannelAdapter> };
  readonly importId: string;
  readonly companyId: string;
  readonly starter: ImportStarter;
};

export type Booker<T extends Item> = {
  readonly kind: TableKind;
  /** One for each entry. Changes nothing. */
  decide(run: ImportRun, entries: readonly Bookable<T>[]): Promise<readonly Decision[]>;
  /**
   * Books what was decided to be booked. Repeating it does nothing twice.
   *
   * @returns of each entry whose booking was refused, why; null: it is booked
   */
  book(
    run: ImportRun,
    entries: readonly Bookable<T>[],
    plans: readonly Plan[],
  ): Promise<readonly (RowFault | null)[]>;
};

/** What an operation refused, as the fault of a row. */
export function faultOf(
  entry: Pick<Entry, "line">,
  { code, detail }: Pick<Refusal, "code" | "detail">,
): RowFault {
  return { line: entry.line, column: null, code, expected: detail };
}

export function turnedAway(
  entry: Pick<Entry, "line">,
  column: string | null,
  code: string,
  expected: string,
): Decision {
  return { do: "refuse", faults: [{ line: entry.line, column, code, expected }] };
}
