/**
 * Steps that move stock. First the engine is told, by commands whose ids derive from the hold, so that a
 * repeat gets the first outcome, or which may be repeated without harm. Then one transaction writes what the
 * order must show; its timeline entry is the mark.
 */
import { randomUUID } from "node:crypto";
import { ANY_LOCATION, type StockCommand } from "../../../actors/commands.ts";
import { giveBack, type HeldUnits } from "../../../actors/give-back.ts";
import { mayShareParcel } from "../../../orders/fulfillment/combined-parcel.ts";
import { queuePlaceMs } from "../../../orders/fulfillment/pick-priority.ts";
import { isHeldByPerson, isPacked } from "../../../orders/fulfillment-order.ts";
import { wholeUnits } from "../../../orders/kit-units.ts";
import { adding } from "../../../orders/line-ledger.ts";
import { isOurs } from "../../../orders/order.ts";
import { unitsText } from "../../../orders/units-text.ts";
import type { TrackingStatus } from "../../../ports/carriers.ts";
import { parcelLimitOf } from "../../../ports/parcel-limit.ts";
import { progressOf } from "../../../ports/parcel-progress.ts";
import { askProviders } from "../../../store/channels/provider-requests.ts";
import { waitForCompanions } from "../../../store/floor/combined-parcels.ts";
import {
  cancelFulfillmentOrders,
  closeFulfillmentOrder,
  createFulfillmentOrders,
  type OrderHold,
  readFulfillmentOrders,
  readOrderHolds,
  readUnsourced,
  releaseToFloor,
} from "../../../store/floor/fulfillment.ts";
import { lockParts } from "../../../store/floor/fulfillment-changes.ts";
import {
  markShipped,
  readShipment,
  readTrackingReports,
  recordProgress,
} from "../../../store/floor/shipments.ts";
import { beginStockErrands, markErrandsDone } from "../../../store/floor/stock-errands.ts";
import { queueMails } from "../../../store/orders/notices.ts";
import { changeOrder, type OrderProgress } from "../../../store/orders/order-progress.ts";
import { withdrawShortages } from "../../../store/orders/shortages.ts";
import { recordEntry } from "../../../store/orders/timeline.ts";
import { sealersOf } from "../../../store/personal-data/vault.ts";
import { inTransaction } from "../../../store/sql/database.ts";
import { readQueuedDemand, readUntoldFills } from "../../../store/stock/demand-fills.ts";
import type { SagaDependencies } from "../../activities/dependencies.ts";
import { StepImpossible } from "../../activities/failures.ts";
import { holdBackLoads } from "../../loads-apart.ts";
import type { StepRefusal } from "../../saga/step-refusal.ts";
import { cutParcels } from "./cut-parcels.ts";
import { existing, mustLockOrder, mustReadOrder } from "./order-state.ts";

type OrderId = { readonly orderId: string };

type Sourced = { readonly status: "allocated"; readonly fulfillmentOrders: readonly string[] };

export function createInventoryActivities({ database, allocator, carriers, now }: SagaDependencies) {
  const parcelLimit = parcelLimitOf(carriers);

  const commandFor = (hold: HeldUnits, orderId: string, step: string) => ({
    commandId: commandIdFor(hold, step),
    holdId: hold.holdId,
    sku: hold.sku,
    locationId: hold.locationId,
    atMs: now(),
    cause: `order ${orderId}`,
  });

  /**
   * Executes one command for each hold and returns the refusals. The engine remembers a refusal under its
   * command's id, so each attempt of the saga has ids of its own. A hold whose command was applied by an
   * earlier attempt is left alone.
   */
  const executeOnce = async <H extends { readonly holdId: string }>(
    holds: readonly H[],
    attempt: number,
    commandOf: (hold: H, suffix: string) => StockCommand,
  ): Promise<readonly { readonly hold: H; readonly detail: string }[]> => {
    let open = holds.map((hold) => ({ hold, detail: "" }));
    for (let number = 1; number <= attempt && open.length > 0; number += 1) {
      const suffix = number === 1 ? "" : String(number);
      const outcomes = await allocator.execute(open.map(({ hold }) => commandOf(hold, suffix)));
      open = open.flatMap(({ hold }, index) => {
        const outcome = outcomes[index];
        return outcome?.status === "refused" ? [{ hold, detail: `${outcome.code}: ${outcome.detail}` }] : [];
      });
    }
    return open;
  };

  /**
   * The order leaves the demand queue; what it still waited for goes to others. It keeps what it was given
   * until then, also what it has not been told of yet.
   */
  const withdrawDemand = async (orderId: string): Promise<void> => {
    const queued = await readQueuedDemand(database, orderId);
    if (queued.length === 0) return;
    await allocator.execute(
      queued.map(({ holdId, sku }) => ({
        type: "cancel-demand",
        commandId: `${holdId}:withdraw`,
        holdId,
        sku,
        locationId: ANY_LOCATION,
        atMs: now(),
        cause: `order ${orderId}`,
      })),
    );
  };

  /** Does what changes of fulfillment orders have left to tell the stock. */
  const tellStock = async (orderId: string, which: "due" | "all"): Promise<void> => {
    const errands = await beginStockErrands(database, orderId, which);
    if (errands.length === 0) return;
    const outcomes = await allocator.execute(
      errands.map(({ kind, quantity, ofPicked, ...errand }) => ({
        type: kind,
        ...errand,
        atMs: now(),
        cause: `order ${orderId}`,
        ...(kind === "deallocate" && quantity !== null ? { quantity } : {}),
        ...(kind === "deallocate" && ofPicked === true ? { of: "picked" as const } : {}),
      })),
    );
    await inTransaction(database, async (client) => {
      for (const [index, errand] of errands.entries()) {
        const { commandId, sku, locationId, holdId, quantity, ofPicked } = errand;
        const outcome = outcomes[index];
        // Units that were taken off the shelf in the same moment: a person puts them back.
        if (outcome?.status === "refused" && outcome.code !== "hold_not_reserved")
          await recordEntry(client, {
            orderId,
            key: `stock-refused:${commandId}`,
            type: "stock.change_refused",
            summary: `${sku} at ${locationId} is not as the order has it: ${outcome.detail}.`,
            cause: "saga:run-stock-errands",
            data: { commandId, code: outcome.code, holdId, sku, locationId, quantity, ofPicked },
          });
      }
      await markErrandsDone(
        client,
        errands.map(({ commandId }) => commandId),
      );
    });
  };

  /**
   * Whether an earlier run has made this hold firm. The allocate command only found it no longer reserved.
   */
  const isFirm = async (hold: OrderHold): Promise<boolean> =>
    (await allocator.holds({ sku: hold.sku, locationId: hold.locationId })).some(
      ({ holdId, state }) => holdId === hold.holdId && state !== "reserved",
    );

  /** What the order holds and is in no fulfillment order becomes firm and gets one, at each location. */
  const source = async (orderId: string): Promise<Sourced | StepRefusal> => {
    const units = await readUnsourced(database, orderId);
    const outcomes = await allocator.execute(
      units.map((hold) => ({
        type: "allocate",
        // Of its own each time: a hold that waits in the queue grows again and again, and a command that is
        // known would do nothing. Whatever is firm already stays so.
        ...commandFor(hold, orderId, `allocate:${randomUUID()}`),
      })),
    );
    for (const [index, hold] of units.entries()) {
      const outcome = outcomes[index];
      if (outcome?.status === "refused" && !(await isFirm(hold)))
        return shortage(`The reservation of ${hold.sku} is gone: ${outcome.code}: ${outcome.detail}.`);
    }
    return inTransaction(database, async (client): Promise<Sourced> => {
      const order = await mustLockOrder(client, orderId);
      // What came meanwhile is not firm, and what is gone is not to be fulfilled: the next look sees both.
      const held = await readUnsourced(client, orderId);
      const firm = held.filter((hold) => units.some((unit) => isSameHold(unit, hold)));
      const fulfillmentOrders = (await readFulfillmentOrders(client, orderId)).map(({ id }) => id);
      if (firm.length > 0) {
        const releaseOn = releaseDay(order, now());
        const ids = await createFulfillmentOrders(client, orderId, firm, releaseOn, fulfillmentOrders);
        // What replaces missing units has waited long enough.
        if (fulfillmentOrders.length === 0 && mayShareParcel(order.document))
          await waitForCompanions(client, ids);
        await recordEntry(client, {
          orderId,
          key: `allocated:${ids[0]}`,
          type: "order.sourced",
          summary: `Stock allocated at ${[...new Set(firm.map((hold) => hold.locationId))].join(", ")}.`,
          cause: "saga:allocate-stock",
          data: { fulfillmentOrders: ids },
        });
        await changeOrder(client, order, { ledger: adding(wholeUnits(firm), "allocated") });
        fulfillmentOrders.push(...ids);
      }
      return { status: "allocated", fulfillmentOrders };
    });
  };

  return {
    /**
     * Makes the order's reservations firm and puts them into fulfillment orders. Only reserved units are ever
     * fulfilled: an order that is to leave whole and whose holds do not cover its lines is refused.
     */
    async allocateStock({ orderId }: OrderId): Promise<Sourced | StepRefusal> {
      const order = await mustReadOrder(database, orderId);
      const holds = await readOrderHolds(database, orderId);
      for (const line of order.lines.filter(isOurs)) {
        const held = sum(wholeUnits(holds.filter((hold) => hold.lineId === line.lineId)));
        const wanted = line.ordered - line.cancelled - line.fulfilledElsewhere;
        if (held < wanted && !order.shipsParts)
          return shortage(
            `Of line ${line.lineId} (${line.title}), only ${unitsText(held)} of ${wanted} reserved.`,
          );
      }
      return source(orderId);
    },

    /** The same for what was reserved since: the rest of an order, or what replaces missing units. */
    async sourceHeld({ orderId }: OrderId): Promise<Sourced | StepRefusal> {
      return source(orderId);
    },

    /** Undo of the reservation and of `allocateStock`: every unit that the order holds becomes free again. */
    async releaseStock({ orderId }: OrderId): Promise<void> {
      // First, so that nothing is reserved for the order after its holds were read.
      await withdrawShortages(database, orderId);
      await cancelFulfillmentOrders(database, orderId);
      await tellStock(orderId, "all");
      await holdBackLoads({ database, allocator, now }, orderId);
      await withdrawDemand(orderId);
      const holds = [
        ...(await readOrderHolds(database, orderId)),
        ...(await readUntoldFills(database, orderId)),
      ];
      const outcomes = await allocator.execute(
        giveBack(holds, {
          type: "deallocate",
          commandId: (hold) => commandIdFor(hold, "deallocate"),
          cause: `order ${orderId}`,
          atMs: now(),
        }),
      );
      const refusal = outcomes.find((outcome) => outcome.status === "refused");
      if (refusal?.status === "refused")
        throw new StepImpossible("stock_not_released", `${refusal.code}: ${refusal.detail}`);
      if (holds.length === 0) return;
      await recordEntry(database, {
        orderId,
        key: "stock-released",
        type: "stock.released",
        summary: `Gave back ${unitsText(sum(holds))}.`,
        cause: "saga:release-stock",
      });
    },

    /**
     * Hands fulfillment orders to robots or people, as many as their weight needs parcels. Those that are
     * there already stay where they are, and so do those that a person has halted since the saga looked:
     * whoever releases them has the saga look again.
     */
    async releaseToFloor(
      input: OrderId & { readonly fulfillmentOrders: readonly string[] },
    ): Promise<{ readonly status: "released" }> {
      await inTransaction(database, async (client) => {
        // A hold takes the order first, too: of the two, the second sees what the first has done.
        const locked = existing(await lockParts(client, input.orderId), input.orderId);
        const { document, shipBy, holdReasons } = locked.order;
        const queueAt = new Date(queuePlaceMs({ ...document, shipBy }, now()));
        const halted = locked.parts.filter((part) => isHeldByPerson(part, holdReasons)).map(({ id }) => id);
        const free = input.fulfillmentOrders.filter((id) => !halted.includes(id));
        const ids = await cutParcels(client, locked, free, parcelLimit(document));
        const released = await releaseToFloor(client, ids, queueAt);
        const asked = await askProviders(
          client,
          released.map(({ id }) => id),
        );
        for (const { id, locationId, stage, round, byRobot } of released)
          await recordEntry(client, {
            orderId: input.orderId,
            key: `released:${id}:${round}`,
            type: "fulfillment.released",
            summary: isPacked(stage)
              ? `${id} goes on: it is packed at ${locationId}.`
              : asked.includes(id)
                ? `${id} is to be sent by whoever runs ${locationId}.`
                : `${id} waits for a ${byRobot ? "robot" : "person to pack it"} at ${locationId}.`,
            cause: "saga:release-to-floor",
            data: { fulfillmentOrderId: id, locationId },
          });
      });
      return { status: "released" };
    },

    /** Tells the stock of changes that were committed before. */
    async runStockErrands({ orderId }: OrderId): Promise<void> {
      await tellStock(orderId, "due");
    },

    /** Undo of `releaseToFloor`: nobody works on the order any longer. */
    async recallFromFloor({ orderId }: OrderId): Promise<void> {
      await cancelFulfillmentOrders(database, orderId);
    },

    /**
     * Before anything is undone: the order is recalled, unless something of it leaves in this moment. Under
     * its lock, as a parcel that it shares is sent by the saga of another order.
     */
    async recallUnlessLeaving({ orderId }: OrderId): Promise<{ readonly status: "recalled" | "leaving" }> {
      return inTransaction(database, async (client) => {
        const order = await mustLockOrder(client, orderId);
        // Somebody else has handed it over between the request and now: it is to be paid for.
        if (order.lines.some((line) => line.fulfilledElsewhere > 0)) return { status: "leaving" };
        const parts = await readFulfillmentOrders(client, orderId);
        if (parts.some(({ status, stage }) => stage === "shipped" && status !== "cancelled"))
          return { status: "leaving" };
        await cancelFulfillmentOrders(client, orderId);
        return { status: "recalled" };
      });
    },

    /** The parcel leaves: its picked units leave the stock. */
    async shipStock(
      input: OrderId & {
        readonly fulfillmentOrderId: string;
        readonly shipmentId: string;
        readonly attempt: number;
        /** Whether the shopper is told of it here; else by the saga. */
        readonly tells?: boolean;
      },
    ): Promise<{ readonly status: "shipped"; readonly reported: readonly TrackingStatus[] }> {
      const { orderId, fulfillmentOrderId, shipmentId } = input;
      const fulfillmentOrder = (await readFulfillmentOrders(database, orderId)).find(
        ({ id }) => id === fulfillmentOrderId,
      );
      const lines = (fulfillmentOrder?.lines ?? []).filter((line) => line.picked > 0);
      if (fulfillmentOrder === undefined || lines.length === 0)
        throw new StepImpossible("nothing_picked", `Nothing of ${fulfillmentOrderId} was picked.`);
      const { locationId } = fulfillmentOrder;
      const [refusal] = await executeOnce(lines, input.attempt, (line, suffix) => ({
        type: "ship",
        ...commandFor(
          { ...line, locationId },
          orderId,
          `ship${line.splitOff ? `:${fulfillmentOrderId}` : ""}${suffix}`,
        ),
        quantity: line.picked,
      }));
      if (refusal !== undefined) throw new StepImpossible("stock_not_shipped", refusal.detail);
      // With components of which nothing was picked: a kit only counts where it is whole.
      const units = wholeUnits(
        (fulfillmentOrder?.lines ?? []).map((line) => ({ ...line, quantity: line.picked })),
      );
      const picked = lines.reduce((total, line) => total + line.picked, 0);
      return inTransaction(database, async (client) => {
        const order = await mustLockOrder(client, orderId);
        const shipment = await readShipment(client, shipmentId);
        if (shipment === undefined)
          throw new StepImpossible("shipment_not_found", `There is no shipment ${shipmentId}.`);
        // What the carrier has reported before this was written comes after it, and no message tells of it.
        const reports = await readTrackingReports(client, shipment.trackingNumber);
        const early = progressOf("pre_transit", reports);
        const reported = early.map(({ status }) => status);
        const fresh = await recordEntry(client, {
          orderId,
          key: `shipped:${shipmentId}`,
          type: "shipment.shipped",
          summary: `${unitsText(picked)} left ${locationId} with ${shipment.carrier}, ${shipment.trackingNumber}.`,
          cause: "saga:ship-stock",
          data: { shipmentId, fulfillmentOrderId, trackingNumber: shipment.trackingNumber },
        });
        if (!fresh) return { status: "shipped", reported };
        if (early.length > 0)
          await recordProgress(client, [{ shipment, reports: early }], await sealersOf(client, [orderId]));
        await markShipped(client, shipmentId);
        await closeFulfillmentOrder(client, fulfillmentOrderId);
        // What a customer collects is handed over here: no carrier reports it.
        const isThere = shipment.deliveredAt !== null || reported.includes("delivered");
        const ledger = isThere ? adding(units, "shipped", "delivered") : adding(units, "shipped");
        await changeOrder(client, order, { ledger });
        if (input.tells === true) {
          const told = reported.includes("out_for_delivery")
            ? (["shipped", "out_for_delivery"] as const)
            : (["shipped"] as const);
          await queueMails(
            client,
            told.map((kind) => ({ orderId, kind, about: shipmentId })),
          );
        }
        return { status: "shipped", reported };
      });
    },
  };
}

function commandIdFor({ holdId, locationId }: HeldUnits, step: string): string {
  // Units that came from the demand queue have one hold id at all locations.
  return holdId.includes(`:${locationId}`) ? `${holdId}:${step}` : `${holdId}:${locationId}:${step}`;
}

/** The day before which the order is not to leave; `null`: that is no question any more. */
function releaseDay({ document }: OrderProgress, nowMs: number): string | null {
  const { releaseOn } = document;
  const today = new Date(nowMs).toISOString().slice(0, 10);
  return releaseOn !== undefined && releaseOn > today ? releaseOn : null;
}

function isSameHold(a: OrderHold, b: OrderHold): boolean {
  return a.holdId === b.holdId && a.locationId === b.locationId && a.quantity === b.quantity;
}

function shortage(detail: string): StepRefusal {
  return { status: "refused", holdCode: "insufficient_stock", detail };
}

function sum(parts: readonly { readonly quantity: number }[]): number {
  return parts.reduce((total, part) => total + part.quantity, 0);
}
