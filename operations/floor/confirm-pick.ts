/**
 * A robot or a person has taken a fulfillment order's units off the shelves (or found fewer than were allocated).
 *
 * Order of effects, so that a crash between any two of them followed by a repeat gives exactly one effect:
 * first the stock commands, whose ids derive from the fulfillment order (a repeat gets the first outcome, a correction of
 * what was refused has an id of its own), then one transaction with everything that PostgreSQL must know: picked quantities, ledger, timeline entry `picked:<id>` and,
 * where units are short, the outbox row for the saga. The timeline entry is the mark: whoever inserts it does the rest.
 */
import { createHash } from "node:crypto";
import type { StockCommand, StockOutcome } from "../../actors/commands.ts";
import { shortPickEffect } from "../../config/short-pick-effects.ts";
import { writeOutbox } from "../../store/outbox.ts";
import { type DatabaseClient, inTransaction } from "../../store/sql/database.ts";
import type { OrderMessage } from "../../workflows/messages.ts";
import type { OperationContext, Refusal } from "../context.ts";

export type PickConfirmation = {
  readonly fulfillmentOrderId: string;
  /** Units taken per hold; a hold that is left out counts as 0 taken. */
  readonly picked: readonly PickedUnits[];
  /** Why fewer were taken than asked for, `not_found` if left out; config/short-pick-effects.ts says what it does to stock. */
  readonly shortReason?: string;
  /** `device:<id>` or `staff:<id>`. */
  readonly cause: string;
  /** Idempotency key of this confirmation. A second one under another key is refused with `already_picked`. */
  readonly key: string;
};

export type PickedUnits = {
  readonly holdId: string;
  readonly quantity: number;
  /** Which units were taken, for a SKU that is tracked by serial number: one each. */
  readonly serials?: readonly string[];
  /** Which units are missing, where the short pick's reason writes them off; where it sets them apart, if it is known. */
  readonly missingSerials?: readonly string[];
};

export type PickConfirmed = { readonly status: "done"; readonly short: boolean };

type PickLine = {
  readonly orderId: string;
  readonly locationId: string;
  readonly status: string;
  readonly lineId: string;
  readonly holdId: string;
  readonly sku: string;
  readonly quantity: number;
  /** Tells the holds of one line apart: a kit's line has one a component. */
  readonly part: string;
};

type CountedLine = PickLine & {
  readonly picked: number;
  readonly serials: readonly string[];
  readonly missingSerials: readonly string[];
};

export async function confirmPick(
  context: OperationContext,
  input: PickConfirmation,
): Promise<PickConfirmed | Refusal> {
  const taken = await takePick(context, input);
  if (taken.status !== "taken") return taken;
  return inTransaction(context.database, (client) => recordPick(client, input, taken.lines));
}

/** Units that have left the shelf, for `recordPick` to write down. */
export type TakenPick = { readonly status: "taken"; readonly lines: readonly CountedLine[] };

/**
 * The first half, for whoever writes more down in the same transaction: takes the units off the shelf. `done`: an
 * earlier call under this key has written it all down.
 */
export async function takePick(
  context: OperationContext,
  input: PickConfirmation,
): Promise<TakenPick | PickConfirmed | Refusal> {
  const lines = await pickLines(context, input.fulfillmentOrderId);
  const head = lines[0];
  if (head === undefined) return refused("fulfillment_order_not_found", input.fulfillmentOrderId);

  const earlier = await earlierPick(context, head.orderId, input.fulfillmentOrderId);
  if (earlier !== null) {
    return earlier.key === input.key
      ? { status: "done", short: earlier.short }
      : refused("already_picked", `${input.fulfillmentOrderId} was picked before`);
  }
  // On hold included: what was taken off the shelf is a fact, whatever is being decided meanwhile.
  if (head.status === "closed" || head.status === "cancelled") {
    return refused("fulfillment_order_closed", `${input.fulfillmentOrderId} is ${head.status}`);
  }
  const counted = countLines(lines, input.picked);
  if (!Array.isArray(counted)) return counted;

  const taken = await takeFromStock(context, input, counted);
  if (!Array.isArray(taken)) return taken;
  return { status: "taken", lines: taken };
}

async function pickLines(
  context: OperationContext,
  fulfillmentOrderId: string,
): Promise<readonly PickLine[]> {
  const { rows } = await context.database.query<PickLine>(
    `select f.order_id as "orderId", f.location_id as "locationId", f.status, l.line_id as "lineId",
            l.hold_id as "holdId", l.sku, l.quantity,
            case when row_number() over part = 1 then l.line_id else l.line_id || '.' || row_number() over part end as part
     from fulfillment_order f join fulfillment_order_line l on l.fulfillment_order_id = f.id
     where f.id = $1 window part as (partition by l.line_id order by l.hold_id) order by l.hold_id`,
    [fulfillmentOrderId],
  );
  return rows;
}

async function earlierPick(
  context: OperationContext,
  orderId: string,
  fulfillmentOrderId: string,
): Promise<{ readonly key: string; readonly short: boolean } | null> {
  const { rows } = await context.database.query<{ key: string; short: boolean }>(
    `select data->>'key' as key, (data->>'short')::boolean as short from order_event
     where order_id = $1 and key = $2`,
    [orderId, entryKey(fulfillmentOrderId)],
  );
  return rows[0] ?? null;
}

const NOTHING_TAKEN = { quantity: 0, serials: [], missingSerials: [] };

function countLines(lines: readonly PickLine[], picked: PickConfirmation["picked"]): CountedLine[] | Refusal {
  const byHold = new Map<string, Required<Omit<PickedUnits, "holdId">>>();
  for (const { holdId, quantity, serials = [], missingSerials = [] } of picked) {
    if (!Number.isSafeInteger(quantity) || quantity < 0) {
      return refused("invalid_quantity", `${holdId}: ${quantity}`);
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
      return refused("quantity_exceeds_line", `${line.sku}: ${quantity} picked, ${line.quantity} asked for`);
    }
    // A serial without the unit that it names would go unnoticed: no command of that hold carries it.
    if (serials.length > quantity || missingSerials.length > line.quantity - quantity) {
      return refused(
        "invalid_quantity",
        `${line.sku}: ${quantity} picked and ${line.quantity - quantity} missing, ${serials.length} and ${missingSerials.length} named`,
      );
    }
    byHold.delete(line.holdId);
    counted.push({ ...line, picked: quantity, serials, missingSerials });
  }
  const unknown = byHold.keys().next();
  return unknown.done === true ? counted : refused("line_not_found", `no line for hold ${unknown.value}`);
}

/** Applies the picks to the stock. Returns the lines as the engine has them, also where an earlier try said otherwise. */
async function takeFromStock(
  context: OperationContext,
  input: PickConfirmation,
  lines: readonly CountedLine[],
): Promise<CountedLine[] | Refusal> {
  const commands = lines.flatMap((line) => commandsFor(context, input, line));
  const outcomes = await context.allocator.execute(commands);
  const otherwise: PickCommand[] = [];
  for (const [index, outcome] of outcomes.entries()) {
    const command = commands[index];
    if (outcome.status === "applied" || command === undefined) continue;
    if (outcome.code !== "command_id_reused") return stockRefused(command, outcome);
    otherwise.push(command);
  }
  if (otherwise.length === 0) return [...lines];

  // An earlier try said otherwise. Where it was refused (a serial misread, say) this one is its correction, under an id
  // of its own; where it got as far as the stock nothing is allocated any more, and what the stock says stands.
  const corrections = otherwise.map((command) => ({
    ...command,
    commandId: `${command.commandId}:${digestOf(command)}`,
  }));
  const standing = new Set<string>();
  for (const [index, outcome] of (await context.allocator.execute(corrections)).entries()) {
    const command = corrections[index];
    if (outcome.status === "applied" || command === undefined) continue;
    if (!TAKEN_BEFORE.has(outcome.code)) return stockRefused(command, outcome);
    standing.add(command.holdId);
  }
  return Promise.all(
    lines.map(async (line) => (standing.has(line.holdId) ? asTheStockHasIt(context, line) : line)),
  );
}

type PickCommand = Extract<StockCommand, { type: "pick" | "short-pick" }>;

/** What a command is refused with whose units have left the shelf, or the hold, already. */
const TAKEN_BEFORE: ReadonlySet<string> = new Set([
  "hold_not_allocated",
  "hold_not_found",
  "quantity_exceeds_hold",
]);

function digestOf(command: PickCommand): string {
  const { type, serials = [] } = command;
  const body = type === "pick" ? [command.quantity] : [command.missing, command.reason];
  return createHash("sha256")
    .update(JSON.stringify([type, body, serials]))
    .digest("hex")
    .slice(0, 16);
}

function commandsFor(context: OperationContext, input: PickConfirmation, line: CountedLine): PickCommand[] {
  const shared = {
    sku: line.sku,
    locationId: line.locationId,
    holdId: line.holdId,
    atMs: context.now(),
    cause: input.cause,
  };
  const missing = line.quantity - line.picked;
  const reason = input.shortReason ?? "not_found";
  const commands: PickCommand[] = [];
  if (missing > 0) {
    commands.push({
      ...shared,
      type: "short-pick",
      commandId: `short:${input.fulfillmentOrderId}:${line.part}`,
      missing,
      reason,
      effect: shortPickEffect(reason),
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

/** Absent where nothing is named, so that a SKU that is not tracked is asked for no serials. */
function named(serials: readonly string[]): { readonly serials?: readonly string[] } {
  return serials.length === 0 ? {} : { serials };
}

function stockRefused(command: StockCommand, outcome: StockOutcome & { status: "refused" }): Refusal {
  return refused(outcome.code, `${command.sku}: ${outcome.detail}`);
}

async function asTheStockHasIt(context: OperationContext, line: CountedLine): Promise<CountedLine> {
  const holds = await context.allocator.holds({ sku: line.sku, locationId: line.locationId });
  const hold = holds.find((each) => each.holdId === line.holdId);
  return { ...line, picked: hold?.state === "picked" ? hold.quantity : 0 };
}

/** The second half: everything that PostgreSQL must know, unless it knows already. */
export async function recordPick(
  client: DatabaseClient,
  input: PickConfirmation,
  lines: readonly CountedLine[],
): Promise<PickConfirmed> {
  const units = lines.reduce((sum, line) => sum + line.picked, 0);
  const missing = lines.filter((line) => line.picked < line.quantity);
  const shortage = missing
    .map((line) => `${line.quantity - line.picked} of ${line.quantity} × ${line.sku} missing`)
    .join(", ");
  const orderId = lines[0]?.orderId ?? "";
  const first = await client.query(
    `insert into order_event (order_id, key, type, summary, cause, data)
     values ($1, $2, $3, $4, $5, $6) on conflict do nothing returning key`,
    [
      orderId,
      entryKey(input.fulfillmentOrderId),
      missing.length === 0 ? "fulfillment.picked" : "fulfillment.picked_short",
      missing.length === 0
        ? `Picked ${units} ${units === 1 ? "unit" : "units"}`
        : `Picked short: ${shortage}`,
      input.cause,
      JSON.stringify({
        fulfillmentOrderId: input.fulfillmentOrderId,
        key: input.key,
        short: missing.length > 0,
        lines: lines.map(({ sku, quantity, picked }) => ({ sku, quantity, picked })),
      }),
    ],
  );
  if (first.rowCount === 0) return { status: "done", short: missing.length > 0 };
  await recordQuantities(client, input.fulfillmentOrderId, lines);
  if (missing.length > 0) {
    const key = `short:${input.fulfillmentOrderId}`;
    const message: OrderMessage = {
      key,
      type: "floor-exception",
      fulfillmentOrderId: input.fulfillmentOrderId,
      code: "short_pick",
      detail: shortage,
    };
    await writeOutbox(client, [
      { key, topic: "workflow.signal", payload: { workflowId: orderId, signal: "orderMessage", message } },
    ]);
  }
  return { status: "done", short: missing.length > 0 };
}

async function recordQuantities(
  client: DatabaseClient,
  fulfillmentOrderId: string,
  lines: readonly CountedLine[],
): Promise<void> {
  await client.query(
    `with counted as (
       select * from unnest($2::text[], $3::text[], $4::integer[], $5::integer[])
         as c(hold_id, line_id, picked, missing)
     ), picked_lines as (
       update fulfillment_order_line l set picked = c.picked
       from counted c where l.fulfillment_order_id = $1 and l.hold_id = c.hold_id
     ), ledger as (
       update order_line o set allocated = greatest(0, o.allocated - s.missing)
       from (select line_id, sum(missing)::integer as missing from counted group by line_id) s,
            fulfillment_order f
       where f.id = $1 and o.order_id = f.order_id and o.line_id = s.line_id and s.missing > 0
     )
     update fulfillment_order
     set stage = case when stage in ('waiting', 'picking') then 'picked' else stage end,
         status = case when status = 'open' then 'in_progress' else status end,
         updated_at = now()
     where id = $1`,
    [
      fulfillmentOrderId,
      lines.map((line) => line.holdId),
      lines.map((line) => line.lineId),
      lines.map((line) => line.picked),
      lines.map((line) => line.quantity - line.picked),
    ],
  );
}

function entryKey(fulfillmentOrderId: string): string {
  return `picked:${fulfillmentOrderId}`;
}

function refused(code: string, detail: string): Refusal {
  return { status: "refused", code, detail };
}
