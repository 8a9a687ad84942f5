/**
 * A robot or a person has taken a fulfillment order's units off the shelves, or found fewer than were
 * allocated. What was found goes on. What was not found is a shortage, which `operations/settlement/`
 * settles.
 *
 * A crash between any two effects, followed by a repeat, gives each effect exactly once. First come the stock
 * commands, whose ids derive from the fulfillment order: a repeat gets the first outcome, and a correction of
 * a refused command has an id of its own. Then one transaction writes everything that PostgreSQL must know:
 * picked quantities, the timeline entry `picked:<id>` and, where units are short, the order's ledger and its
 * shortages. The timeline entry is the mark: the call that inserts it writes the rest.
 *
 * A kit is whole or not: where a component is missing, the other components of that kit go back on the shelf.
 */
import { createHash } from "node:crypto";
import type { StockCommand, StockOutcome } from "../../actors/commands.ts";
import { shortPickReason } from "../../config/short-pick-reasons.ts";
import { isEnded } from "../../orders/fulfillment-order.ts";
import { wholeUnits } from "../../orders/kit-units.ts";
import { shortPick, unitsOf } from "../../orders/line-ledger.ts";
import { unitsText } from "../../orders/units-text.ts";
import {
  beginPicking,
  keepWhatWasFound,
  lockForPacking,
  type PackState,
  type PickLine,
  pickedKey,
  readPackState,
  readPickLines,
  recordPicked,
} from "../../store/floor/picking.ts";
import { changeOrder, type OrderProgress, readOrderProgress } from "../../store/orders/order-progress.ts";
import { addShortages, takeOffHolds } from "../../store/orders/shortages.ts";
import { readEntryData, recordEntry } from "../../store/orders/timeline.ts";
import { type DatabaseClient, inTransaction } from "../../store/sql/database.ts";
import type { FloorContext } from "../context.ts";
import { type Refusal, refuse } from "../refusal.ts";
import { reportFewer } from "./picked-fewer.ts";

type PickConfirmation = {
  readonly fulfillmentOrderId: string;
  /** Units taken per hold; a hold that is left out counts as 0 taken. */
  readonly picked: readonly PickedUnits[];
  /**
   * Why fewer were taken than asked for, `not_found` if left out; config/short-pick-reasons.ts says what it
   * does to stock.
   */
  readonly shortReason?: string;
  /** Of the order, as whoever picks has seen it; with another one no unit is taken. Absent: whichever. */
  readonly revision?: number;
  /** `device:<id>` or `staff:<id>`. */
  readonly cause: string;
  /**
   * Idempotency key of this confirmation. A second one under another key is refused with `already_picked`.
   */
  readonly key: string;
};

export type PickedUnits = {
  readonly holdId: string;
  readonly quantity: number;
  /** Which units were taken, for a SKU that is tracked by serial number: one each. */
  readonly serials?: readonly string[];
  /**
   * Which units are missing: needed where the short pick's reason writes them off; where it sets them apart,
   * only if they are known.
   */
  readonly missingSerials?: readonly string[];
};

type PickConfirmed = { readonly status: "done"; readonly short: boolean };

type CountedLine = PickLine & {
  readonly picked: number;
  /** Found, but of a kit that is not whole: goes back on the shelf. */
  readonly spare: number;
  readonly serials: readonly string[];
  readonly missingSerials: readonly string[];
};

export async function confirmPick(
  context: FloorContext,
  input: PickConfirmation,
): Promise<PickConfirmed | Refusal> {
  const taken = await takePick(context, input);
  if (taken.status === "done") await reportFewer(context, input);
  if (taken.status !== "taken") return taken;
  return inTransaction(context.database, (client) => recordPick(client, input, taken.lines));
}

/** Units that have left the shelf, for `recordPick` to write down. */
type TakenPick = { readonly status: "taken"; readonly lines: readonly CountedLine[] };

/**
 * The first half, for a caller that writes more in the same transaction: takes the units off the shelf.
 * `done`: an earlier call under this key has written everything.
 */
export async function takePick(
  context: FloorContext,
  input: PickConfirmation,
): Promise<TakenPick | PickConfirmed | Refusal> {
  const lines = await readPickLines(context.database, input.fulfillmentOrderId);
  const head = lines[0];
  if (head === undefined) return refuse("fulfillment_order_not_found", input.fulfillmentOrderId);

  const earlier = await readEntryData(context.database, head.orderId, pickedKey(input.fulfillmentOrderId));
  if (earlier !== null) {
    return earlier["key"] === input.key
      ? { status: "done", short: earlier["short"] === true }
      : refuse("already_picked", `${input.fulfillmentOrderId} was picked before`);
  }
  // Also on hold: that units left the shelf is a fact, whatever is being decided about the order.
  if (head.status === "closed" || head.status === "cancelled") {
    return refuse("fulfillment_order_closed", `${input.fulfillmentOrderId} is ${head.status}`);
  }
  const counted = countLines(lines, input.picked);
  if (!Array.isArray(counted)) return counted;

  // Of a pick and a change of the order, one is first: the change sees what has begun, or this sees the
  // change.
  const changed = await inTransaction(context.database, (client) => beginPick(client, input, counted));
  if (changed !== null) return changed;
  const taken = await takeFromStock(context, input, counted);
  if (!Array.isArray(taken)) return taken;
  return { status: "taken", lines: taken };
}

const NOTHING_TAKEN = { quantity: 0, serials: [], missingSerials: [] };

function countLines(lines: readonly PickLine[], picked: PickConfirmation["picked"]): CountedLine[] | Refusal {
  const byHold = new Map<string, Required<Omit<PickedUnits, "holdId">>>();
  for (const { holdId, quantity, serials = [], missingSerials = [] } of picked) {
    if (!Number.isSafeInteger(quantity) || quantity < 0) {
      return refuse("invalid_quantity", `${holdId}: ${quantity}`);
    }
    const before = byHold.get(holdId) ?? NOTHING_TAKEN;
    byHold.set(holdId, {
      quantity: before.quantity + quantity,
      serials: [...before.serials, ...serials],
      missingSerials: [...before.missingSerials, ...missingSerials],
    });
  }
  const counted: CountedLine[] = [];
  for (const line of lines) {
    const { quantity, serials, missingSerials } = byHold.get(line.holdId) ?? NOTHING_TAKEN;
    if (quantity > line.quantity) {
      return refuse("quantity_exceeds_line", `${line.sku}: ${quantity} picked, ${line.quantity} asked for`);
    }
    // A serial without its unit would be lost: no command of that hold would carry it.
    if (serials.length > quantity || missingSerials.length > line.quantity - quantity) {
      const counted = `${quantity} picked and ${line.quantity - quantity} missing`;
      const named = `${serials.length} and ${missingSerials.length} named`;
      return refuse("invalid_quantity", `${line.sku}: ${counted}, ${named}`);
    }
    byHold.delete(line.holdId);
    counted.push({ ...line, picked: quantity, spare: 0, serials, missingSerials });
  }
  const unknown = byHold.keys().next();
  return unknown.done === true
    ? withoutPartsOfKits(counted)
    : refuse("line_not_found", `no line for hold ${unknown.value}`);
}

/** Takes nothing of a kit of which a component is missing. */
function withoutPartsOfKits(lines: readonly CountedLine[]): CountedLine[] {
  const whole = wholeUnits(lines.map((line) => ({ ...line, quantity: line.picked })));
  const left = new Map<string, number>();
  return lines.map((line) => {
    const part = `${line.lineId} ${line.sku}`;
    const wanted = left.get(part) ?? unitsOf(whole, line.lineId) * line.perUnit;
    const picked = Math.min(line.picked, wanted);
    left.set(part, wanted - picked);
    return { ...line, picked, spare: line.picked - picked, serials: line.serials.slice(0, picked) };
  });
}

/**
 * Applies the picks to the stock. Returns the lines as the engine knows them, even where an earlier try said
 * something else: that try may have counted differently, so that its commands were other ones.
 */
async function takeFromStock(
  context: FloorContext,
  input: PickConfirmation,
  lines: readonly CountedLine[],
): Promise<CountedLine[] | Refusal> {
  const standing = new Set<string>();
  let gone: Refusal | null = null;
  // What an earlier try said otherwise. If that try was refused (a misread serial, for example), this one
  // corrects it, under an id of its own.
  const corrections: PickCommand[] = [];
  const commands = lines.flatMap((line) => commandsFor(context, input, line));
  for (const [index, outcome] of (await context.allocator.execute(commands)).entries()) {
    const command = commands[index];
    if (outcome.status === "applied" || command === undefined) continue;
    if (outcome.code === "command_id_reused")
      corrections.push({ ...command, commandId: `${command.commandId}:${digestOf(command)}` });
    else if (TAKEN_BEFORE.has(outcome.code)) {
      standing.add(command.holdId);
      gone ??= stockRefused(command, outcome);
    } else return stockRefused(command, outcome);
  }
  for (const [index, outcome] of (await context.allocator.execute(corrections)).entries()) {
    const command = corrections[index];
    if (outcome.status === "applied" || command === undefined) continue;
    if (!TAKEN_BEFORE.has(outcome.code)) return stockRefused(command, outcome);
    standing.add(command.holdId);
  }
  if (standing.size === 0) return [...lines];

  // Nothing is allocated any more: what the stock has picked counts, whoever said so.
  const known = await Promise.all(
    lines.map(async (line) => (standing.has(line.holdId) ? asTheStockHasIt(context, line) : line)),
  );
  const isNothingTaken = corrections.length === 0 && known.every(({ picked }) => picked === 0);
  return isNothingTaken && gone !== null ? gone : known;
}

type PickCommand = Extract<StockCommand, { type: "pick" | "short-pick" | "deallocate" }>;

/** Refusals of a command whose units have already left the shelf or the hold. */
const TAKEN_BEFORE: ReadonlySet<string> = new Set([
  "hold_not_allocated",
  "hold_not_found",
  "quantity_exceeds_hold",
]);

function digestOf(command: PickCommand): string {
  const body =
    command.type === "short-pick"
      ? [[command.missing, command.reason], command.serials ?? []]
      : [[command.quantity], command.type === "pick" ? (command.serials ?? []) : []];
  return createHash("sha256")
    .update(JSON.stringify([command.type, ...body]))
    .digest("hex")
    .slice(0, 16);
}

function commandsFor(context: FloorContext, input: PickConfirmation, line: CountedLine): PickCommand[] {
  const shared = {
    sku: line.sku,
    locationId: line.locationId,
    holdId: line.holdId,
    atMs: context.now(),
    cause: input.cause,
  };
  const missing = line.quantity - line.picked - line.spare;
  const reason = reasonOf(input);
  const commands: PickCommand[] = [];
  if (line.spare > 0) {
    commands.push({
      ...shared,
      type: "deallocate",
      commandId: `spare:${input.fulfillmentOrderId}:${line.part}`,
      quantity: line.spare,
    });
  }
  if (missing > 0) {
    commands.push({
      ...shared,
      type: "short-pick",
      commandId: `short:${input.fulfillmentOrderId}:${line.part}`,
      missing,
      reason,
      effect: shortPickReason(reason).effect,
      ...named(line.missingSerials),
    });
  }
  if (line.picked > 0) {
    commands.push({
      ...shared,
      type: "pick",
      commandId: `pick:${input.fulfillmentOrderId}:${line.part}`,
      quantity: line.picked,
      ...named(line.serials),
    });
  }
  return commands;
}

function reasonOf({ shortReason = "not_found" }: PickConfirmation): string {
  return shortReason;
}

/** Absent where no serial is named, so that a SKU that is not tracked is not asked for serials. */
function named(serials: readonly string[]): { readonly serials?: readonly string[] } {
  return serials.length === 0 ? {} : { serials };
}

function stockRefused(command: StockCommand, outcome: StockOutcome & { status: "refused" }): Refusal {
  return refuse(outcome.code, `${command.sku}: ${outcome.detail}`);
}

async function asTheStockHasIt(context: FloorContext, line: CountedLine): Promise<CountedLine> {
  const holds = await context.allocator.holds({ sku: line.sku, locationId: line.locationId });
  const ofHold = holds.filter(({ holdId, state }) => holdId === line.holdId && state === "picked");
  const units = ofHold.reduce((sum, { quantity }) => sum + quantity, 0) - line.pickedByOthers;
  return { ...line, picked: Math.max(0, Math.min(units, line.quantity)), spare: 0 };
}

async function beginPick(
  client: DatabaseClient,
  { fulfillmentOrderId, revision }: PickConfirmation,
  lines: readonly CountedLine[],
): Promise<Refusal | null> {
  await lockForPacking(client, fulfillmentOrderId);
  const stale = refuseStale(await readPackState(client, fulfillmentOrderId), revision);
  if (stale !== null) return stale;
  const isAsked = isAsCounted(lines, await readPickLines(client, fulfillmentOrderId));
  if (!isAsked) return changedMeanwhile(fulfillmentOrderId);
  await beginPicking(client, fulfillmentOrderId);
  return null;
}

/** The order has changed since whoever packs has seen it, and there is something left to pack. */
export function refuseStale(state: PackState | undefined, seen: number | undefined): Refusal | null {
  if (state === undefined || seen === undefined || seen === state.revision) return null;
  if (state.packedUnder !== null || isEnded(state.status)) return null;
  return refuse("stale_revision", `The order is at revision ${state.revision}, not at ${seen}.`);
}

function changedMeanwhile(fulfillmentOrderId: string): Refusal {
  return refuse(
    "fulfillment_order_changed",
    `${fulfillmentOrderId} was changed while it was being picked: put everything back, and look again`,
  );
}

/** The second half: writes what PostgreSQL must know, unless it is written already. */
export async function recordPick(
  client: DatabaseClient,
  input: PickConfirmation,
  lines: readonly CountedLine[],
): Promise<PickConfirmed | Refusal> {
  const { fulfillmentOrderId } = input;
  const orderId = (await lockForPacking(client, fulfillmentOrderId)) ?? "";
  const { status } = await readPackState(client, fulfillmentOrderId);
  const units = lines.reduce((sum, line) => sum + line.picked, 0);
  const missing = lines.filter((line) => line.picked < line.quantity);
  const shortage = missing
    .map((line) => `${line.quantity - line.picked} of ${line.quantity} × ${line.sku} missing`)
    .join(", ");
  const short = missing.length > 0;
  // Whoever ended it meanwhile gives back what its holds have, picked or not.
  if (isEnded(status)) return refuse("fulfillment_order_closed", `${fulfillmentOrderId} is ${status}`);
  const isKnown = (await readEntryData(client, orderId, pickedKey(fulfillmentOrderId))) !== null;
  if (!isKnown && !isAsCounted(lines, await readPickLines(client, fulfillmentOrderId)))
    return changedMeanwhile(fulfillmentOrderId);
  const isNew = await recordEntry(client, {
    orderId,
    key: pickedKey(fulfillmentOrderId),
    type: short ? "fulfillment.picked_short" : "fulfillment.picked",
    summary: short ? `Picked short: ${shortage}` : `Picked ${unitsText(units)}`,
    cause: input.cause,
    data: {
      fulfillmentOrderId,
      key: input.key,
      short,
      lines: lines.map(({ sku, quantity, picked }) => ({ sku, quantity, picked })),
    },
  });
  if (!isNew) return { status: "done", short };
  if (short) await recordShortage(client, orderId, input, lines);
  if (units > 0) await recordPicked(client, fulfillmentOrderId, lines);
  return { status: "done", short };
}

/** Whether the fulfillment order still asks for what was counted. */
function isAsCounted(counted: readonly PickLine[], lines: readonly PickLine[]): boolean {
  const asked = new Map(lines.map(({ holdId, quantity }) => [holdId, quantity]));
  return (
    counted.length === lines.length && counted.every(({ holdId, quantity }) => asked.get(holdId) === quantity)
  );
}

/** A kit's line loses as many units as there are kits that are no longer whole. */
async function recordShortage(
  client: DatabaseClient,
  orderId: string,
  input: PickConfirmation,
  lines: readonly CountedLine[],
): Promise<void> {
  const { fulfillmentOrderId } = input;
  const allocated = wholeUnits(lines);
  const picked = wholeUnits(lines.map((line) => ({ ...line, quantity: line.picked })));
  const missing = allocated.map(({ lineId, quantity }) => ({
    lineId,
    quantity: quantity - unitsOf(picked, lineId),
  }));
  const order = (await readOrderProgress(client, orderId)) as OrderProgress;
  await changeOrder(client, order, { ledger: (line) => shortPick(line, unitsOf(missing, line.lineId)) });
  await takeOffHolds(
    client,
    orderId,
    lines.map((line) => ({ ...line, quantity: line.quantity - line.picked })),
  );
  await addShortages(
    client,
    missing
      .filter(({ quantity }) => quantity > 0)
      .map((units) => ({
        ...units,
        orderId,
        fulfillmentOrderId,
        locationId: lines[0]?.locationId ?? "",
        reason: reasonOf(input),
      })),
  );
  await keepWhatWasFound(client, fulfillmentOrderId, lines);
}
