/**
 * What it takes to make an order its next document: whether that is still possible, what becomes of each
 * line's ledger, and what stock it needs more or less.
 *
 * Pure. Whoever asks for the change (staff, channel, shopper) comes with the document as it is to be, priced
 * already (`order-edits.ts`, `capture.ts`). The plan is made twice: before the stock is asked for, and again
 * under the order's lock, in the commit that carries it out. Only the second one counts.
 *
 * Invariants: C1 a line's document quantity is what is wanted of it: ordered - cancelled. Units that are
 * given up are `cancelled`, units that come are `ordered`, so that no unit is ever forgotten. C2 what was
 * sent, and what is being picked, is never given up. C3 `lineAmounts` spreads a line's amounts so that the
 * units which are wanted are worth exactly what the document says.
 */

import { proportion } from "../apportion.ts";
import type { OwnFields } from "../custom-fields/custom-fields.ts";
import { pickupPlaceOf } from "../fulfillment/collection.ts";
import type { FloorStage, FulfillmentOrderStatus } from "../fulfillment-order.ts";
import { wholeUnits } from "../kit-units.ts";
import type { LedgerChange, LineLedger } from "../line-ledger.ts";
import { rescale } from "../money.ts";
import { isOurs, type OrderDocument, type OrderLine, type OrderStatus } from "../order.ts";
import { exponentOf, lineShares } from "../order-amounts.ts";
import { unitsText } from "../units-text.ts";

type LineUnits = { readonly lineId: string; readonly quantity: number };

/** A fulfillment order, as far as a change has to know it. */
export type PartFacts = {
  readonly id: string;
  readonly status: FulfillmentOrderStatus;
  readonly stage: FloorStage;
  readonly lines: readonly {
    readonly lineId: string;
    readonly sku: string;
    readonly quantity: number;
    readonly perUnit: number;
  }[];
};

export type ChangeFacts = {
  readonly orderId: string;
  readonly status: OrderStatus;
  readonly revision: number;
  readonly document: OrderDocument;
  /** Of the amounts of its lines. */
  readonly exponent: number;
  readonly lines: readonly (LineLedger & {
    readonly lineId: string;
    readonly title: string;
    /** Also where the document has none: it was mapped since. */
    readonly sku: string | null;
  })[];
  /** Fulfillment orders that have not ended and whose pick has begun: nothing of them can be taken back. */
  readonly begun: readonly PartFacts[];
};

export type ChangeRefusalCode =
  | "stale_revision"
  | "order_ended"
  | "change_too_late"
  | "change_not_supported"
  | "nothing_changes";

export type ChangePlan = {
  readonly status: "planned";
  readonly document: OrderDocument;
  /** Of the lines that the order has already. */
  readonly ledger: ReadonlyMap<string, LedgerChange>;
  /** Of `amounts`; never less than before. */
  readonly exponent: number;
  /** Of every line of the document. */
  readonly amounts: readonly LineAmounts[];
  readonly added: readonly OrderLine[];
  /** Units that are wanted no longer. */
  readonly less: readonly LineUnits[];
  /** Units that we have to find stock for. */
  readonly more: readonly (LineUnits & { readonly sku: string })[];
  /** Nothing of the order is wanted any more. */
  readonly isCancelled: boolean;
  readonly changes: readonly ChangedField[];
};

export type ChangeRefusal = {
  readonly status: "refused";
  readonly code: ChangeRefusalCode;
  readonly detail: string;
};

/**
 * @param revision that whoever asks has seen; absent: whichever there is
 */
export function planChange(
  facts: ChangeFacts,
  next: OrderDocument,
  revision?: number,
): ChangePlan | ChangeRefusal {
  const { document, status } = facts;
  if (revision !== undefined && revision !== facts.revision)
    return refuse("stale_revision", `The order is at revision ${facts.revision}, not at ${revision}.`);
  if (status === "cancelled" || status === "completed")
    return refuse("order_ended", `Order ${facts.orderId} is ${status}.`);
  const unsupported = refuseUnsupported(document, next);
  if (unsupported !== null) return unsupported;
  const changes = changesBetween(document, next);
  if (changes.length === 0) return refuse("nothing_changes", "The order is like that already.");
  const late = refuseLate(facts, next, changes);
  if (late !== null) return late;
  const wanted = new Map(next.lines.map((line) => [line.lineId, line.quantity]));
  const ledger = new Map<string, LedgerChange>();
  const less: LineUnits[] = [];
  const more: (LineUnits & { sku: string })[] = [];
  const refusals: string[] = [];
  for (const line of facts.lines) {
    const { lineId } = line;
    const change = (wanted.get(lineId) ?? 0) - (line.ordered - line.cancelled);
    if (change > 0) ledger.set(lineId, { ordered: change });
    if (change >= 0) continue;
    const free = line.ordered - line.cancelled - unitsKept(facts, lineId);
    if (-change > free)
      refusals.push(
        `of line ${lineId} (${line.title}), ${-change} were to be given up and ${Math.max(0, free)} can be`,
      );
    ledger.set(lineId, { cancelled: -change });
    less.push({ lineId, quantity: -change });
  }
  if (refusals.length > 0)
    return refuse("change_too_late", `It is sent or being picked: ${refusals.join("; ")}.`);
  const known = new Set(facts.lines.map(({ lineId }) => lineId));
  const added = next.lines.filter(({ lineId }) => !known.has(lineId));
  const exponent = Math.max(facts.exponent, exponentOf(next));
  for (const line of next.lines) {
    const { lineId } = line;
    const sku = line.sku ?? facts.lines.find((known) => known.lineId === lineId)?.sku ?? null;
    const { quantity: wanted, fulfilledElsewhere = 0 } = line;
    const quantity = known.has(lineId) ? (ledger.get(lineId)?.ordered ?? 0) : wanted - fulfilledElsewhere;
    if (quantity > 0 && sku !== null && isOurs(line)) more.push({ lineId, sku, quantity });
  }
  return {
    status: "planned",
    document: { ...next, revision: facts.revision + 1 },
    ledger,
    exponent,
    amounts: lineAmounts(next, exponent, (lineId) => orderedOf(facts, ledger, lineId)),
    added,
    less,
    more,
    isCancelled: next.lines.length === 0,
    changes,
  };
}

function orderedOf(facts: ChangeFacts, ledger: ReadonlyMap<string, LedgerChange>, lineId: string) {
  const line = facts.lines.find((candidate) => candidate.lineId === lineId);
  return line && line.ordered + (ledger.get(lineId)?.ordered ?? 0);
}

/** Units of the line that cannot be given up: they were handed over, or are being picked or packed. */
export function unitsKept(facts: Pick<ChangeFacts, "begun" | "lines">, lineId: string): number {
  const line = facts.lines.find((candidate) => candidate.lineId === lineId);
  return (line === undefined ? 0 : line.shipped + line.fulfilledElsewhere) + unitsBegun(facts, lineId);
}

/** Units of the line in parcels that are being picked or packed. */
function unitsBegun({ begun }: Pick<ChangeFacts, "begun">, lineId: string): number {
  const units = begun.flatMap((part) => wholeUnits(part.lines));
  return units.reduce((total, unit) => (unit.lineId === lineId ? total + unit.quantity : total), 0);
}

/** What an order is for its life: another currency or another way of delivery is another order. */
function refuseUnsupported(document: OrderDocument, next: OrderDocument): ChangeRefusal | null {
  if (next.currency !== document.currency)
    return refuse("change_not_supported", "The currency of an order cannot be changed.");
  if ((next.delivery?.method ?? "parcel") !== (document.delivery?.method ?? "parcel"))
    return refuse("change_not_supported", "How an order is delivered cannot be changed.");
  const store = pickupPlaceOf(document);
  if (store !== null && pickupPlaceOf(next) !== store)
    return refuse(
      "change_not_supported",
      `The order is kept for its customer at ${store}: where it is collected cannot be changed.`,
    );
  for (const line of next.lines) {
    const before = document.lines.find(({ lineId }) => lineId === line.lineId);
    if (before !== undefined && before.sku !== line.sku && before.sku !== null)
      return refuse("change_not_supported", `Line ${line.lineId} cannot become another product.`);
  }
  return null;
}

/** Where a parcel goes, and with which service, is settled once it has its label. */
function refuseLate(
  { begun, lines }: ChangeFacts,
  next: OrderDocument,
  changes: readonly ChangedField[],
): ChangeRefusal | null {
  const concerned = changes.some(({ what }) => CONCERNS_PARCELS.has(what));
  if (!concerned) return null;
  const labelled = begun.filter(({ stage }) => stage === "labelled" || stage === "shipped");
  if (labelled.length > 0)
    return refuse("change_too_late", `The label of ${labelled.map(({ id }) => id).join(", ")} is printed.`);
  const isAllSent =
    lines.length > 0 &&
    lines.every((line) => line.shipped + line.fulfilledElsewhere + line.cancelled === line.ordered) &&
    next.lines.every(({ lineId }) => lines.some((line) => line.lineId === lineId));
  return isAllSent ? refuse("change_too_late", "Everything has been sent.") : null;
}

/**
 * What is worth a line in `order_line`: amounts of all units that were ever ordered, at the order's exponent.
 */
export type LineAmounts = {
  readonly lineId: string;
  readonly ordered: number;
  readonly unitPriceMinor: number;
  readonly discountMinor: number;
  /** On top of the price; 0 where prices contain it. */
  readonly taxMinor: number;
  readonly shareMinor: number;
};

/**
 * The amounts of the document's lines, for as many units as the ledger counts as ordered. Of a line of which
 * some units were cancelled, the document prices the others: their amounts are written up in proportion, so
 * that a value of the units which are wanted (`line-value.ts`) is the document's again, to the unit.
 *
 * @param orderedOf undefined for a line that the order does not have yet
 */
export function lineAmounts(
  document: OrderDocument,
  exponent: number,
  orderedOf: (lineId: string) => number | undefined,
): readonly LineAmounts[] {
  const shares = lineShares(document);
  const finer = 10 ** (exponent - exponentOf(document));
  return document.lines.map((line, index) => {
    const ordered = orderedOf(line.lineId) ?? line.quantity;
    const up = (amount: number) => proportion(amount, ordered, line.quantity);
    const discount = rescale(line.discount, exponent);
    const tax = document.taxesIncluded === true ? 0 : rescale(line.tax, exponent);
    const share = (shares[index] ?? 0) * finer;
    const [discountMinor, taxMinor] = [up(discount), up(tax)];
    return {
      lineId: line.lineId,
      ordered,
      unitPriceMinor: rescale(line.unitPrice, exponent),
      discountMinor,
      taxMinor,
      // Rounded together: three numbers rounded apart could be off by more than half a unit.
      shareMinor: up(tax - discount + share) - taxMinor + discountMinor,
    };
  });
}

/** One difference between two documents, for people and for the record. */
export type ChangedField = {
  readonly what:
    | "address"
    | "contact"
    | "shipping_service"
    | "delivery"
    | "quantity"
    | "line_added"
    | "line_removed"
    | "price"
    | "discount"
    | "charges"
    | "tax"
    | "total"
    | "note"
    | "tags"
    | "deliver_on"
    | "release_on"
    | "custom_fields"
    | "details";
  readonly lineId?: string;
  readonly from?: unknown;
  readonly to?: unknown;
};

const CONCERNS_PARCELS: ReadonlySet<ChangedField["what"]> = new Set([
  "address",
  "shipping_service",
  "delivery",
]);

/** What is different in `next`; empty where nothing is. When a channel last changed it is no difference. */
export function changesBetween(before: OrderDocument, next: OrderDocument): readonly ChangedField[] {
  const changes: ChangedField[] = [];
  const compare = (what: ChangedField["what"], from: unknown, to: unknown, lineId?: string) => {
    if (canonical(from) === canonical(to)) return;
    changes.push({
      what,
      ...(lineId === undefined ? {} : { lineId }),
      ...(from === undefined ? {} : { from }),
      ...(to === undefined ? {} : { to }),
    });
  };
  compare("address", before.shippingAddress, next.shippingAddress);
  compare("contact", before.customer, next.customer);
  compare("shipping_service", before.shippingService, next.shippingService);
  compare("delivery", before.delivery, next.delivery);
  for (const line of before.lines) {
    const { lineId } = line;
    const after = next.lines.find((candidate) => candidate.lineId === lineId);
    if (after === undefined) {
      changes.push({ what: "line_removed", lineId, from: line.quantity });
      continue;
    }
    compare("quantity", line.quantity, after.quantity, lineId);
    compare("price", line.unitPrice, after.unitPrice, lineId);
    compare("discount", line.discount, after.discount, lineId);
    compare("tax", [line.tax, line.taxes], [after.tax, after.taxes], lineId);
    compare("charges", line.charges, after.charges, lineId);
    compare("details", detailsOf(line), detailsOf(after), lineId);
    compare("custom_fields", ownFieldsOf(line), ownFieldsOf(after), lineId);
  }
  for (const line of next.lines)
    if (before.lines.every(({ lineId }) => lineId !== line.lineId))
      changes.push({ what: "line_added", lineId: line.lineId, to: line.quantity });
  compare("price", before.shippingPrice, next.shippingPrice);
  compare("discount", before.discount, next.discount);
  compare("charges", before.charges, next.charges);
  compare("tax", before.tax, next.tax);
  compare("total", before.total, next.total);
  compare("note", before.note, next.note);
  compare("tags", before.tags, next.tags);
  compare("deliver_on", before.deliverOn, next.deliverOn);
  compare("release_on", before.releaseOn, next.releaseOn);
  compare("custom_fields", ownFieldsOf(before), ownFieldsOf(next));
  return changes;
}

function detailsOf({ sku, title, kind, fulfilledBy, attributes, allowSubstitutes }: OrderLine): unknown {
  return { sku, title, kind, fulfilledBy, attributes, allowSubstitutes };
}

function ownFieldsOf({ customFields, personalFields }: OwnFields): OwnFields | undefined {
  if (customFields === undefined && personalFields === undefined) return undefined;
  return {
    ...(customFields === undefined ? {} : { customFields }),
    ...(personalFields === undefined ? {} : { personalFields }),
  };
}

/** JSON without the order of its keys: PostgreSQL keeps none. */
export function canonical(value: unknown): string | undefined {
  return JSON.stringify(value, (_, part: unknown) =>
    part !== null && typeof part === "object" && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}

/** The changes in words, for the timeline: `quantity of line 1 from 2 to 1, address`. */
export function changesText(changes: readonly ChangedField[]): string {
  const seen = new Set<string>();
  for (const { what, lineId, from, to } of changes) {
    // Taxes and totals only follow.
    if ((what === "tax" || what === "total") && changes.length > 1) continue;
    const name = what.replaceAll("_", " ");
    const line = lineId === undefined ? "" : ` of line ${lineId}`;
    if (what === "quantity") seen.add(`quantity${line} from ${from} to ${to}`);
    else if (what === "line_added") seen.add(`line ${lineId} added, ${unitsText(Number(to))}`);
    else if (what === "line_removed") seen.add(`line ${lineId} removed`);
    else seen.add(`${name}${line}`);
  }
  return [...seen].join(", ");
}

function refuse(code: ChangeRefusalCode, detail: string): ChangeRefusal {
  return { status: "refused", code, detail };
}
