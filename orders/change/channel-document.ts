/**
 * What a channel's newer version of an order makes of ours: a merge of three documents.
 *
 * `base` is the version of the channel that ours was made from, `next` its newer one, `ours` the order as it
 * stands, with what was changed here since. What the channel has changed is taken from the channel; what it
 * has left alone stays as it is here. So a channel that does not know of our changes does not undo them.
 *
 * The channel does not know of substitutes: what it takes off a line it takes off what is sent in its place
 * first, as far as that can still be given up, and off the line itself before it is too late for all of it.
 *
 * Invariant: where nothing was changed here, the result is the channel's document, amounts and all.
 */
import { mergedFields, withFields } from "../custom-fields/custom-fields.ts";
import type { OrderDocument, OrderLine } from "../order.ts";
import { canonical } from "./order-change.ts";
import { repriced, resized } from "./order-edits.ts";

export type Versions = {
  readonly base: OrderDocument;
  readonly next: OrderDocument;
  readonly ours: OrderDocument;
  /** Above the number of every line that the order ever had. */
  readonly nextLineNumber: number;
  /** Units of a line of ours that cannot be given up any more. */
  readonly keptOf: (lineId: string) => number;
};

/** Taken as a whole from the channel where it has changed them. */
const FIELDS = [
  "shippingAddress",
  "billingAddress",
  "customer",
  "shippingService",
  "shippingPrice",
  "discount",
  "charges",
  "delivery",
  "deliverOn",
  "releaseOn",
  "tags",
  "language",
  "note",
  "attributes",
  "externalNumber",
  "externalIds",
] as const satisfies readonly (keyof OrderDocument)[];

export function channelDocument(versions: Versions): OrderDocument {
  const { base, next, ours } = versions;
  const merged: Record<string, unknown> = { ...ours };
  for (const field of FIELDS) {
    // A later message may say less; that takes nothing away.
    const says = field === "shippingAddress" ? next[field] !== null : true;
    if (!says || canonical(base[field]) === canonical(next[field])) continue;
    if (next[field] === undefined) delete merged[field];
    else merged[field] = next[field];
  }
  if (next.channelUpdatedAt !== undefined) merged["channelUpdatedAt"] = next.channelUpdatedAt;
  const lines = next.lines.length === 0 ? ours.lines : mergedLines(versions);
  return repriced(next.lines.length === 0 ? ours : next, {
    ...withFields(merged as OrderDocument, mergedFields(base, next, ours)),
    lines,
    tax: next.lines.length === 0 ? ours.tax : next.tax,
    total: next.lines.length === 0 ? ours.total : next.total,
  });
}

function mergedLines(versions: Versions): readonly OrderLine[] {
  const { base, next, ours, nextLineNumber } = versions;
  const [was, is] = [byKey(base.lines), byKey(next.lines)];
  let number = nextLineNumber;
  const shared = unitsWithSubstitutes(versions, was, is);
  const kept = ours.lines.flatMap((line): readonly OrderLine[] => {
    if (line.substituteFor !== undefined) {
      const quantity = shared.get(line.lineId) ?? line.quantity;
      if (quantity === line.quantity) return [line];
      return quantity === 0 ? [] : [resized(line, quantity)];
    }
    const key = keyOf(line);
    const [before, after] = [was.get(key), is.get(key)];
    // A line of our own.
    if (before === undefined && after === undefined) return [line];
    if (after === undefined) return [];
    if (before !== undefined && canonical(before) === canonical(after)) return [line];
    const quantity =
      shared.get(line.lineId) ?? quantityOf(line.quantity, before?.quantity ?? line.quantity, after.quantity);
    if (quantity === 0) return [];
    const { lineId, sku } = line;
    const fields = mergedFields(before ?? {}, after, line);
    const taken = withFields({ ...after, lineId, sku: after.sku ?? sku }, fields);
    return [quantity === after.quantity ? taken : resized(taken, quantity)];
  });
  const known = new Set(ours.lines.map(keyOf));
  const added = next.lines.flatMap((line): readonly OrderLine[] => {
    const before = was.get(keyOf(line));
    if (known.has(keyOf(line))) return [];
    // We have given it up; the channel may want more of it again.
    const quantity = before === undefined ? line.quantity : line.quantity - before.quantity;
    if (quantity <= 0) return [];
    const lineId = String(number);
    number += 1;
    return [{ ...(quantity === line.quantity ? line : resized(line, quantity)), lineId }];
  });
  return [...kept, ...added];
}

/**
 * Of each line of ours whose units the channel has made fewer and of which some are sent as something else,
 * and of what is sent in its place: the units that are still wanted.
 */
function unitsWithSubstitutes(
  versions: Versions,
  was: ReadonlyMap<string, OrderLine>,
  is: ReadonlyMap<string, OrderLine>,
): ReadonlyMap<string, number> {
  const { ours, keptOf } = versions;
  const wanted = new Map<string, number>();
  const sent = ours.lines.filter(({ substituteFor }) => substituteFor !== undefined);
  for (const key of new Set(sent.map((line) => orderedKey(versions, line)))) {
    if (key === null) continue;
    const units = is.get(key)?.quantity ?? 0;
    if (units >= (was.get(key)?.quantity ?? 0)) continue;
    const substitutes = sent.filter((line) => orderedKey(versions, line) === key);
    const ordered = ours.lines.filter((line) => line.substituteFor === undefined && keyOf(line) === key);
    const lines = [...substitutes.toReversed(), ...ordered];
    let tooMany = lines.reduce((sum, { quantity }) => sum + quantity, 0) - units;
    // What cannot be given up is asked for last: whoever plans the change says that it is too late.
    for (const isKept of [true, false])
      for (const { lineId, quantity } of lines) {
        const left = wanted.get(lineId) ?? quantity;
        const given = Math.max(0, Math.min(tooMany, left - (isKept ? keptOf(lineId) : 0)));
        wanted.set(lineId, left - given);
        tooMany -= given;
      }
  }
  return wanted;
}

/** The channel's line in whose place a line is sent; `null`: the channel has none. */
function orderedKey({ base, ours }: Versions, sent: OrderLine): string | null {
  const ordered =
    ours.lines.find(({ lineId }) => lineId === sent.substituteFor) ??
    base.lines.find(
      (line) =>
        line.externalLineId === sent.externalLineId &&
        ours.lines.every((other) => keyOf(other) !== keyOf(line)),
    );
  return ordered === undefined ? null : keyOf(ordered);
}

/** What is wanted of a line of which we may have given up units that the channel still counts. */
function quantityOf(ours: number, was: number, is: number): number {
  return is < was ? Math.min(ours, is) : ours + (is - was);
}

function byKey(lines: readonly OrderLine[]): ReadonlyMap<string, OrderLine> {
  return new Map(lines.map((line) => [keyOf(line), { ...line, lineId: "" }]));
}

/** Another product under the same id is another line. */
function keyOf({ externalLineId, channelSku }: OrderLine): string {
  return `${externalLineId}\n${channelSku}`;
}
