/**
 * The parcel of a fulfillment order is packed: an RFID portal counted its units, or a person vouches for
 * them.
 *
 * Packing moves no stock: picking took the units off the shelf, and shipping takes them out of the
 * building. So one transaction holds every effect: verified quantities, ledger, stage, the timeline entry
 * `packed:<id>` and the saga's signal. Inserting the timeline entry is the mark that it happened. A count
 * that differs from what was picked changes nothing. What was picked short or is on hold can only be packed
 * by a person.
 *
 * Products without RFID tags cannot be counted by a portal: their units are taken as picked, and the
 * timeline says so; unless the product asks for a check, which only whoever packs can do
 * (`packing-check.ts`). A unit whose tag says that it was packed for another order is not packed again.
 */

import {
  checkPacking,
  type PackingFindings,
  scannedSerials,
} from "../../orders/fulfillment/packing-check.ts";
import { isHeldByPerson } from "../../orders/fulfillment-order.ts";
import { wholeUnits } from "../../orders/kit-units.ts";
import { adding } from "../../orders/line-ledger.ts";
import { unitsText } from "../../orders/units-text.ts";
import {
  lockUnits,
  recordPackedUnits,
  type TaggedUnit,
  unitsPackedElsewhere,
} from "../../store/floor/packed-units.ts";
import {
  lockForPacking,
  type PackState,
  packedKey,
  readPackState,
  recordPacked,
} from "../../store/floor/picking.ts";
import { packLoads } from "../../store/floor/robot-loads.ts";
import { changeOrder, type OrderProgress, readOrderProgress } from "../../store/orders/order-progress.ts";
import { recordEntry } from "../../store/orders/timeline.ts";
import { type DatabaseClient, inTransaction } from "../../store/sql/database.ts";
import type { FloorContext } from "../context.ts";
import { type Refusal, refuse } from "../refusal.ts";
import { tellOrderSaga } from "../tell-saga.ts";

/** Units of a SKU that were counted, and what their tags name them where it was tags that were counted. */
export type CountedUnits = {
  readonly sku: string;
  readonly quantity: number;
  readonly serials?: readonly string[];
};

type PackConfirmation = {
  readonly fulfillmentOrderId: string;
  /**
   * What was counted, by SKU; `by-person`: somebody vouches that the parcel holds what was picked;
   * `by-provider`: whoever runs the location has sent it and says so.
   */
  readonly verified: readonly CountedUnits[] | "by-person" | "by-provider";
  /** What a person scanned, weighed or counted of products without tags that ask for it. */
  readonly findings?: PackingFindings;
  /** `device:<id>` or `staff:<id>`. */
  readonly cause: string;
  /**
   * Idempotency key of this confirmation. A second one under another key is refused with `already_packed`.
   */
  readonly key: string;
};

type PackConfirmed = { readonly status: "done" };

export function confirmPack(
  context: FloorContext,
  input: PackConfirmation,
): Promise<PackConfirmed | Refusal> {
  return inTransaction(context.database, (client) => recordPack(client, input));
}

/** The same within the caller's transaction, which commits its own work whatever the answer is. */
export async function recordPack(
  client: DatabaseClient,
  input: PackConfirmation,
): Promise<PackConfirmed | Refusal> {
  const { fulfillmentOrderId } = input;
  const orderId = await lockForPacking(client, fulfillmentOrderId);
  if (orderId === undefined) return refuse("fulfillment_order_not_found", fulfillmentOrderId);
  const state = await readPackState(client, fulfillmentOrderId);
  if (state.packedUnder !== null) {
    return state.packedUnder === input.key
      ? { status: "done" }
      : refuse("already_packed", `${fulfillmentOrderId} was packed before`);
  }
  if (state.status === "closed" || state.status === "cancelled") {
    return refuse("fulfillment_order_closed", `${fulfillmentOrderId} is ${state.status}`);
  }
  const isVouchedFor = typeof input.verified === "string";
  const halted = input.verified === "by-provider" ? null : refuseHalted(fulfillmentOrderId, state);
  if (halted !== null) return halted;
  if (state.status === "on_hold" && !isVouchedFor) {
    return refuse("fulfillment_order_on_hold", `${fulfillmentOrderId} waits for a person`);
  }
  if (!state.isPicked) return refuse("not_picked", `${fulfillmentOrderId} has not been picked`);
  if (typeof input.verified !== "string") {
    const difference = differences(state.lines, input.verified);
    if (difference.length > 0) return refuse("verification_failed", difference.join(", "));
    if (state.lines.some((line) => line.picked < line.quantity)) {
      return refuse("picked_short", `${fulfillmentOrderId} was picked short: a person decides`);
    }
  }
  const unchecked = input.verified === "by-provider" ? null : refuseUnchecked(state.lines, input.findings);
  if (unchecked !== null) return unchecked;
  const units = [...taggedUnits(input.verified), ...scannedSerials(state.lines, input.findings ?? {})];
  await lockUnits(client, units);
  const elsewhere = await unitsPackedElsewhere(client, fulfillmentOrderId, units);
  if (elsewhere.length > 0) {
    const named = elsewhere.map((unit) => `${unit.sku} ${unit.serial} for ${unit.fulfillmentOrderId}`);
    return refuse("unit_packed_before", `packed before: ${named.join(", ")}`);
  }
  await recordPackedUnits(client, fulfillmentOrderId, units);
  await record(client, input, orderId, state.lines);
  return { status: "done" };
}

/** What a person has halted, or put off, is not packed. What the floor has given up may be packed by hand. */
export function refuseHalted(
  id: string,
  { status, holdReasons }: Pick<PackState, "status" | "holdReasons">,
): Refusal | null {
  if (status === "scheduled") return refuse("action_not_supported", `${id} is put off to a later day`);
  return isHeldByPerson({ id, status }, holdReasons)
    ? refuse("fulfillment_order_on_hold", `${id} waits until a person lets it go on`)
    : null;
}

/** Of products without tags that ask for a check: it has not been made, or found other units. */
export function refuseUnchecked(lines: PackState["lines"], findings: PackingFindings = {}): Refusal | null {
  const verdict = checkPacking(lines, findings);
  if (verdict.status === "right") return null;
  return refuse(verdict.status === "to_do" ? "packing_check_needed" : "verification_failed", verdict.detail);
}

/** By their tags. */
function taggedUnits(verified: PackConfirmation["verified"]): readonly TaggedUnit[] {
  if (typeof verified === "string") return [];
  return verified.flatMap(({ sku, serials = [] }) => serials.map((serial) => ({ sku, serial })));
}

/** What is missing or extra, one phrase per SKU; empty where the count is what was picked. */
function differences(expected: PackState["lines"], counted: readonly CountedUnits[]): readonly string[] {
  const untagged = new Set(expected.filter(({ tagged }) => !tagged).map(({ sku }) => sku));
  const balance = new Map<string, number>();
  for (const { sku, quantity } of counted) balance.set(sku, (balance.get(sku) ?? 0) + quantity);
  for (const { sku, picked } of expected) balance.set(sku, (balance.get(sku) ?? 0) - picked);
  return [...balance]
    .filter(([sku, surplus]) => (untagged.has(sku) ? surplus > 0 : surplus !== 0))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([sku, surplus]) => (surplus < 0 ? `missing ${-surplus} × ${sku}` : `extra ${surplus} × ${sku}`));
}

async function record(
  client: DatabaseClient,
  input: PackConfirmation,
  orderId: string,
  lines: PackState["lines"],
): Promise<void> {
  const { fulfillmentOrderId } = input;
  const units = unitsOf(lines);
  const key = packedKey(fulfillmentOrderId);
  await recordEntry(client, {
    orderId,
    key,
    type: "fulfillment.packed",
    summary: packedInWords(input.verified, lines, units),
    cause: input.cause,
    data: { fulfillmentOrderId, key: input.key, units },
  });
  await recordPacked(client, fulfillmentOrderId);
  await packLoads(client, fulfillmentOrderId, input.cause);
  const order = (await readOrderProgress(client, orderId)) as OrderProgress;
  const whole = wholeUnits(lines.map((line) => ({ ...line, quantity: line.picked })));
  await changeOrder(client, order, { ledger: adding(whole, "fulfilled") });
  await tellOrderSaga(client, orderId, { key, type: "packed", fulfillmentOrderId });
}

function packedInWords(
  verified: PackConfirmation["verified"],
  lines: PackState["lines"],
  units: number,
): string {
  if (verified === "by-provider") return `Packed by whoever runs the location: ${unitsText(units)}`;
  return verified === "by-person" ? `Packed by hand: ${unitsText(units)}` : verifiedInWords(lines);
}

function verifiedInWords(lines: PackState["lines"]): string {
  const tagged = unitsOf(lines.filter((line) => line.tagged));
  const untagged = unitsOf(lines) - tagged;
  if (untagged === 0) return `Packed and verified by RFID: ${unitsText(tagged)}`;
  const asPicked = `${unitsText(untagged)} without ${untagged === 1 ? "a tag" : "tags"} taken as picked`;
  return tagged === 0
    ? `Packed: ${asPicked}`
    : `Packed and verified by RFID: ${unitsText(tagged)}; ${asPicked}`;
}

function unitsOf(lines: PackState["lines"]): number {
  return lines.reduce((sum, line) => sum + line.picked, 0);
}
