/**
 * What robots have in their totes, and what becomes of it where no fulfillment order has it: a tote is
 * lost, a person settles what was adrift.
 *
 * The stock is told by commands whose ids come from the load (`workflows/loads-apart.ts`). A person's word
 * is written down before the stock is told; a crash in between leaves it to `tellOfLoads`, which tells it
 * under the same id.
 */
import type { StockCommand } from "../../actors/commands.ts";
import { endingInWords, type LoadEnding } from "../../orders/fulfillment/robot-load.ts";
import { repeatFinishedTask, type ToteOnTheFloor } from "../../store/floor/floor-tasks.ts";
import { lockForPacking, readPickLines } from "../../store/floor/picking.ts";
import {
  type AdriftLoad,
  beginEnding,
  countLostTotes,
  loseLoads,
  type ReportedLoad,
  readAdriftLoad,
  readUntoldLoads,
  recordEnding,
  recordLoad,
  withdrawEnding,
} from "../../store/floor/robot-loads.ts";
import { recordEntry } from "../../store/orders/timeline.ts";
import { inTransaction } from "../../store/sql/database.ts";
import { ADRIFT_REASON, freeUnits, reviewLoads, setApart } from "../../workflows/loads-apart.ts";
import type { FloorContext } from "../context.ts";
import { type Refusal, refuse } from "../refusal.ts";

/** How often the units of one fulfillment order are picked again because their tote was lost. */
const MOST_LOST_TOTES = 2;

/** A robot says what it has taken. Known units change nothing. */
export function reportLoad(context: FloorContext, load: ReportedLoad): Promise<void> {
  return recordLoad(context.database, load);
}

/** Looks for loads that are adrift, and tells the stock what it is still to be told. @returns new ones */
export async function tellOfLoads(context: FloorContext): Promise<number> {
  const adrift = await inTransaction(context.database, (client) => reviewLoads(client, "all"));
  for (const load of await readUntoldLoads(context.database, null)) {
    if (load.ending === null) await setApart(context, load);
    else await endLoad(context, load);
  }
  return adrift;
}

/**
 * `picked_again`: a task for it is queued. `given_up`: a person has to look, `detail` says why.
 * `not_there`: no robot has set its tote down, or it is known that it is lost.
 */
type LostTote =
  | { readonly status: "picked_again" | "not_there" }
  | { readonly status: "given_up"; readonly detail: string };

/**
 * A tote behind the robots is lost. Its units are adrift, and others are picked in their place, where there
 * are any and it does not happen again and again.
 *
 * @param attempts how often the pick is given to robots at most
 */
export async function loseTote(
  context: FloorContext,
  lost: {
    readonly tote: ToteOnTheFloor;
    readonly why: string;
    readonly at: string | null;
    readonly attempts: number;
  },
): Promise<LostTote> {
  const { tote, why, at, attempts } = lost;
  const { fulfillmentOrderId, orderId } = tote;
  const missing = await notOnTheShelf(context, fulfillmentOrderId);
  return inTransaction(context.database, async (client) => {
    await lockForPacking(client, fulfillmentOrderId);
    const before = await countLostTotes(client, fulfillmentOrderId);
    const tries = missing === null && before < MOST_LOST_TOTES ? attempts : 0;
    const again = await repeatFinishedTask(client, fulfillmentOrderId, tries, why);
    if (again === null) return { status: "not_there" };
    const loads = await loseLoads(client, { ...again, at });
    const units = loads.map(({ sku, quantity }) => `${quantity} × ${sku}`).join(", ");
    await recordEntry(client, {
      orderId,
      key: `tote-lost:${again.taskId}:${again.attempt}`,
      type: "fulfillment.tote_lost",
      summary:
        `Tote ${tote.handlingUnit} is lost: ${why}. ` +
        `${units} ${again.isQueued ? "are picked again; the lost units are adrift" : "are adrift"}.`,
      cause: at === null ? "floor" : `device:${at}`,
      data: { fulfillmentOrderId, handlingUnit: tote.handlingUnit, loads: loads.map(({ id }) => id) },
    });
    if (again.isQueued) return { status: "picked_again" };
    const reason = missing ?? `${before + 1} totes of it were lost, or robots have tried ${attempts} times`;
    return { status: "given_up", detail: `Tote ${tote.handlingUnit} is lost: ${why}; ${reason}` };
  });
}

/** Which of its units the shelf does not have a second time; `null`: it has all. */
async function notOnTheShelf(context: FloorContext, fulfillmentOrderId: string): Promise<string | null> {
  const wanted = new Map<string, { readonly sku: string; readonly locationId: string; quantity: number }>();
  for (const { sku, locationId, quantity } of await readPickLines(context.database, fulfillmentOrderId)) {
    const line = wanted.get(sku) ?? { sku, locationId, quantity: 0 };
    line.quantity += quantity;
    wanted.set(sku, line);
  }
  for (const line of wanted.values()) {
    const free = await freeUnits(context, line);
    if (free < line.quantity) return `the shelf has ${free} × ${line.sku} that nobody was promised`;
  }
  return null;
}

/** A person says what became of a load that was adrift. Said twice, it happens once. */
export async function settleLoad(
  context: FloorContext,
  said: { readonly loadId: string; readonly as: LoadEnding; readonly by: string },
): Promise<{ readonly status: "done" } | Refusal> {
  const { loadId, as, by } = said;
  const { database } = context;
  let load = await readAdriftLoad(database, loadId);
  if (load === undefined) return refuse("load_not_found", `No load ${loadId} is or was adrift.`);
  // A try that is under way is finished first: what is set apart now has to come free again.
  if (load.isBeingSetApart) await setApart(context, load);
  await beginEnding(database, loadId, as, by);
  load = (await readAdriftLoad(database, loadId)) as AdriftLoad;
  if (load.ending === null) return refuse("load_busy", `${loadId} is being set apart; try again.`, 1_000);
  if (load.ending !== as) return refuse("load_settled", `${loadId} is ${load.ending}, said ${load.endedBy}.`);
  return load.isOver ? { status: "done" } : endLoad(context, load);
}

async function endLoad(
  context: FloorContext,
  load: AdriftLoad,
): Promise<{ readonly status: "done" } | Refusal> {
  const command = endingCommand(context, load);
  const [outcome] = command === null ? [] : await context.allocator.execute([command]);
  if (outcome?.status === "refused") {
    await withdrawEnding(context.database, load);
    return refuse(outcome.code, `${load.sku}: ${outcome.detail}`);
  }
  await inTransaction(context.database, async (client) => {
    if (!(await recordEnding(client, load))) return;
    await recordEntry(client, {
      orderId: load.orderId,
      key: `load-settled:${load.id}`,
      type: "fulfillment.load_settled",
      summary: endingInWords({ ...load, ending: load.ending as LoadEnding }),
      cause: load.endedBy ?? "floor",
      data: { fulfillmentOrderId: load.fulfillmentOrderId, loadId: load.id, as: load.ending },
    });
  });
  return { status: "done" };
}

/** `null`: the books are right already. */
function endingCommand(context: FloorContext, load: AdriftLoad): StockCommand | null {
  const { id, sku, locationId, quantity, serials, ending, endingTry, isSetApart, endedBy } = load;
  const shared = {
    sku,
    locationId,
    commandId: `load:${id}:end:${endingTry}`,
    atMs: context.now(),
    cause: endedBy ?? `load ${id}`,
    ...(serials.length === 0 ? {} : { serials }),
  };
  if (ending !== "written_off")
    return isSetApart ? { ...shared, type: "release-quarantine", quantity, reason: ADRIFT_REASON } : null;
  return {
    ...shared,
    type: "adjust",
    delta: -quantity,
    reason: "written off",
    ...(isSetApart ? { unavailableReason: ADRIFT_REASON } : {}),
  };
}
