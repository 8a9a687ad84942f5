/**
 * A robot or a person has taken a fulfillment order's units off the shelves (or found fewer than were allocated).
 *
 * Order of effects, so that a crash between any two of them followed by a repeat gives exactly one effect:
 * first the stock commands, whose ids derive from the fulfillment order (a repeat gets the first outcome), then one
 * transaction with everything that PostgreSQL must know: picked quantities, ledger, timeline entry `picked:<id>` and,
 * where units are short, the outbox row for the saga. The timeline entry is the mark: whoever inserts it does the rest.
 */
import type { StockCommand, StockOutcome } from "../actors/commands.ts";
import { shortPickEffect } from "../config/short-pick-effects.ts";
import { type DatabaseClient, inTransaction } from "../store/database.ts";
import { writeOutbox } from "../store/outbox.ts";
import type { OrderMessage } from "../workflows/messages.ts";
import type { OperationContext, Refusal } from "./context.ts";

export type PickConfirmation = {
  readonly fulfillmentOrderId: string;
  /** Units taken per hold; a hold that is left out counts as 0 taken. */
  readonly picked: readonly { readonly holdId: string; readonly quantity: number }[];
  /** Why fewer were taken than asked for, `not_found` if left out; config/short-pick-effects.ts says what it does to stock. */
  readonly shortReason?: string;
  /** `device:<id>` or `staff:<id>`. */
  readonly cause: string;
  /** Idempotency key of this confirmation. A second one under another key is refused with `already_picked`. */
  readonly key: string;
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

type CountedLine = PickLine & { readonly picked: number };

export async function confirmPick(
  context: OperationContext,
  input: PickConfirmation,
): Promise<PickConfirmed | Refusal> {
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
  return record(context, input, taken);
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

function countLines(lines: readonly PickLine[], picked: PickConfirmation["picked"]): CountedLine[] | Refusal {
  const quantities = new Map<string, number>();
  for (const { holdId, quantity } of picked) {
    if (!Number.isSafeInteger(quantity) || quantity < 0) {
      return refused("invalid_quantity", `${holdId}: ${quantity}`);
    }
    quantities.set(holdId, (quantities.get(holdId) ?? 0) + quantity);
  }
  const counted: CountedLine[] = [];
  for (const line of lines) {
    const taken = quantities.get(line.holdId) ?? 0;
    if (taken > line.quantity) {
      return refused("quantity_exceeds_line", `${line.sku}: ${taken} picked, ${line.quantity} asked for`);
    }
    quantities.delete(line.holdId);
    counted.push({ ...line, picked: taken });
  }
  const unknown = quantities.keys().next();
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
  const reused = new Set<string>();
  for (const [index, outcome] of outcomes.entries()) {
    const command = commands[index];
    if (outcome.status === "applied" || command === undefined || !("holdId" in command)) continue;
    if (outcome.code !== "command_id_reused") return stockRefused(command, outcome);
    reused.add(command.holdId);
  }
  // An earlier try got as far as the stock and counted otherwise: what the stock says stands.
  return Promise.all(
    lines.map(async (line) => (reused.has(line.holdId) ? asTheStockHasIt(context, line) : line)),
  );
}

function commandsFor(context: OperationContext, input: PickConfirmation, line: CountedLine): StockCommand[] {
  const shared = {
    sku: line.sku,
    locationId: line.locationId,
    holdId: line.holdId,
    atMs: context.now(),
    cause: input.cause,
  };
  const missing = line.quantity - line.picked;
  const reason = input.shortReason ?? "not_found";
  const commands: StockCommand[] = [];
  if (missing > 0) {
    commands.push({
      ...shared,
      type: "short-pick",
      commandId: `short:${input.fulfillmentOrderId}:${line.part}`,
      missing,
      reason,
      effect: shortPickEffect(reason),
    });
  }
  if (line.picked > 0) {
    commands.push({
      ...shared,
      type: "pick",
      commandId: `pick:${input.fulfillmentOrderId}:${line.part}`,
      quantity: line.picked,
    });
  }
  return commands;
}

function stockRefused(command: StockCommand, outcome: StockOutcome & { status: "refused" }): Refusal {
  return refused(outcome.code, `${command.sku}: ${outcome.detail}`);
}

async function asTheStockHasIt(context: OperationContext, line: CountedLine): Promise<CountedLine> {
  const holds = await context.allocator.holds({ sku: line.sku, locationId: line.locationId });
  const hold = holds.find((each) => each.holdId === line.holdId);
  return { ...line, picked: hold?.state === "picked" ? hold.quantity : 0 };
}

async function record(
  context: OperationContext,
  input: PickConfirmation,
  lines: readonly CountedLine[],
): Promise<PickConfirmed> {
  const units = lines.reduce((sum, line) => sum + line.picked, 0);
  const missing = lines.filter((line) => line.picked < line.quantity);
  const shortage = missing
    .map((line) => `${line.quantity - line.picked} of ${line.quantity} × ${line.sku} missing`)
    .join(", ");
  const orderId = lines[0]?.orderId ?? "";
  return inTransaction(context.database, async (client) => {
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
  });
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
