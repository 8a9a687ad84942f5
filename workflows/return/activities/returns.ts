/** Steps of a return inside Holdfast: whether it is approved, what becomes of the goods, how it ends. */
import type { StockCommand } from "../../../actors/commands.ts";
import { adding } from "../../../orders/line-ledger.ts";
import { readLineComponents } from "../../../store/floor/fulfillment.ts";
import { changeOrder, type OrderProgress } from "../../../store/orders/order-progress.ts";
import { recordEntry } from "../../../store/orders/timeline.ts";
import {
  lastDelivery,
  lockReturn,
  type ReturnRecord,
  readReturn,
  returnLocation,
  setReturnStatus,
} from "../../../store/returns/returns.ts";
import { inTransaction, type Queryable } from "../../../store/sql/database.ts";
import type { SagaDependencies } from "../../activities/dependencies.ts";
import { StepImpossible } from "../../activities/failures.ts";
import { mustLockOrder } from "../../order/activities/order-state.ts";
import { cancelExchange } from "../../refund/activities/exchange.ts";

type Ids = { readonly orderId: string; readonly returnId: string };

/** Days after the last delivery in which a shopper may announce a return. */
const RETURN_WINDOW_DAYS = 30;

const DAY_MS = 86_400_000;

export function createReturnActivities({ database, allocator, now }: SagaDependencies) {
  return {
    /** Approves a return that was announced in time. */
    async decideReturn({
      orderId,
      returnId,
    }: Ids): Promise<{ readonly status: "approved" | "declined"; readonly detail: string }> {
      return inTransaction(database, async (client) => {
        const order = await mustLockOrder(client, orderId);
        const returned = await mustLockReturn(client, returnId);
        const delivered = await lastDelivery(client, orderId);
        const late =
          delivered === null ||
          returned.requestedAt.getTime() - delivered.getTime() > RETURN_WINDOW_DAYS * DAY_MS;
        const decision = late
          ? ({
              status: "declined",
              detail:
                delivered === null
                  ? "Nothing of the order was delivered yet."
                  : `Announced more than ${RETURN_WINDOW_DAYS} days after the delivery.`,
            } as const)
          : ({ status: "approved", detail: "Announced in time." } as const);
        const fresh = await recordEntry(client, {
          orderId,
          key: `return-decided:${returnId}`,
          type: `return.${decision.status}`,
          summary: `Return ${returnId} ${decision.status}: ${decision.detail}`,
          cause: "saga:decide-return",
          data: { returnId },
        });
        if (fresh) {
          await setReturnStatus(client, returnId, decision.status);
          if (late) await withdraw(client, order, returned);
        }
        return decision;
      });
    },

    /** The return was withdrawn before the goods came back. */
    async cancelReturn({ orderId, returnId }: Ids): Promise<void> {
      await inTransaction(database, async (client) => {
        const order = await mustLockOrder(client, orderId);
        const returned = await mustLockReturn(client, returnId);
        const fresh = await recordEntry(client, {
          orderId,
          key: `return-cancelled:${returnId}`,
          type: "return.cancelled",
          summary: `Return ${returnId} was withdrawn.`,
          cause: "saga:cancel-return",
          data: { returnId },
        });
        if (!fresh) return;
        await setReturnStatus(client, returnId, "cancelled");
        await withdraw(client, order, returned);
      });
    },

    /** Inspected units go back into the stock, sellable or set apart. */
    async restockReturn({ orderId, returnId }: Ids): Promise<{ readonly status: "restocked" }> {
      const returned = await readReturn(database, returnId);
      const locationId = await returnLocation(database, orderId);
      if (returned === undefined || locationId === undefined)
        throw new StepImpossible("return_not_found", `Nothing is known of where ${returnId} goes.`);
      const back = returned.lines.filter((line) => line.received > 0 && line.disposition !== "missing");
      const components = await readLineComponents(database, orderId);
      const outcomes = await allocator.execute(
        back.flatMap((line) =>
          // What came as a kit goes back as its components.
          (components.get(line.lineId) ?? [{ sku: line.sku, perUnit: 1 }]).map(
            ({ sku, perUnit }, index): StockCommand => ({
              type: "return-receive",
              commandId: `${returnId}:${line.lineId}:restock${index === 0 ? "" : `:${index + 1}`}`,
              sku,
              locationId,
              quantity: line.received * perUnit,
              disposition: line.disposition === "damaged" ? "damaged" : "restocked",
              atMs: now(),
              cause: `return ${returnId}`,
            }),
          ),
        ),
      );
      const refusal = outcomes.find((outcome) => outcome.status === "refused");
      if (refusal?.status === "refused")
        throw new StepImpossible("stock_not_returned", `${refusal.code}: ${refusal.detail}`);
      await inTransaction(database, async (client) => {
        const order = await mustLockOrder(client, orderId);
        const units = back.reduce((sum, line) => sum + line.received, 0);
        const fresh = await recordEntry(client, {
          orderId,
          key: `restocked:${returnId}`,
          type: "return.restocked",
          summary: `${units} returned units taken in at ${locationId}.`,
          cause: "saga:restock-return",
          data: { returnId, locationId },
        });
        if (!fresh) return;
        const received = (line: ReturnRecord["lines"][number]) =>
          line.disposition === "missing" ? 0 : line.received;
        await changeOrder(client, order, {
          ledger: ({ lineId }) => {
            const line = returned.lines.find((each) => each.lineId === lineId);
            return line === undefined
              ? {}
              : { returnReceived: received(line), returnDismissed: line.requested - received(line) };
          },
        });
      });
      return { status: "restocked" };
    },

    /** A step of the return was refused and waits for somebody. */
    async reportReturnStopped(
      input: Ids & { readonly step: string; readonly attempt: number; readonly detail: string },
    ): Promise<void> {
      await recordEntry(database, {
        orderId: input.orderId,
        key: `return-stopped:${input.returnId}:${input.step}:${input.attempt}`,
        type: "return.stopped",
        summary: `Return ${input.returnId} waits for a person: ${input.detail}`,
        cause: `saga:${input.step}`,
        data: { returnId: input.returnId },
      });
    },
  };
}

/** Units that will not come back after all can be announced again; nothing is sent in exchange for them. */
async function withdraw(client: Queryable, order: OrderProgress, returned: ReturnRecord): Promise<void> {
  const units = returned.lines.map((line) => ({ lineId: line.lineId, quantity: -line.requested }));
  await changeOrder(client, order, { ledger: adding(units, "returnRequested") });
  await cancelExchange(client, order, returned.returnId, `return:${returned.returnId}`);
}

async function mustLockReturn(client: Queryable, returnId: string): Promise<ReturnRecord> {
  const returned = await lockReturn(client, returnId);
  if (returned === undefined) throw new StepImpossible("return_not_found", `There is no return ${returnId}.`);
  return returned;
}
