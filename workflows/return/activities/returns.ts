/** Steps of a return inside Holdfast: what the rules say, what becomes of the goods, how it ends. */
import type { StockCommand } from "../../../actors/commands.ts";
import { valueOfUnits } from "../../../orders/line-value.ts";
import {
  hasBegun,
  type InspectionResult,
  nextReturnStep,
  type ReturnInspection,
  type ReturnPiece,
  type ReturnStep,
} from "../../../orders/return-authorization.ts";
import { decideReturnRequest, type ReturnDecision } from "../../../orders/returns/return-rules.ts";
import { readLineComponents } from "../../../store/floor/fulfillment.ts";
import type { OrderProgress } from "../../../store/orders/order-progress.ts";
import { recordEntry, recordQuote } from "../../../store/orders/timeline.ts";
import {
  dismissRest,
  recordInspection,
  settleStatus,
  withdrawReturn,
} from "../../../store/returns/return-progress.ts";
import {
  countReturnsOfCustomer,
  lastDelivery,
  lockReturn,
  markInspection,
  markPiecesStocked,
  type ReturnRecord,
  readReturn,
  readReturnRules,
  returnLocation,
  setDecision,
} from "../../../store/returns/returns.ts";
import { type DatabaseClient, inTransaction } from "../../../store/sql/database.ts";
import type { SagaDependencies } from "../../activities/dependencies.ts";
import { StepImpossible } from "../../activities/failures.ts";
import { mustLockOrder } from "../../order/activities/order-state.ts";
import { cancelExchange } from "../../refund/activities/exchange.ts";

type Ids = { readonly orderId: string; readonly returnId: string };

type InspectionIds = Ids & { readonly inspectionId: string };

type LineComponents = Awaited<ReturnType<typeof readLineComponents>>;

const DAY_MS = 86_400_000;

export function createReturnActivities({ database, allocator, now }: SagaDependencies) {
  /** Runs stock commands of some pieces and writes down which of them the stock has taken. */
  const takeIn = async (returned: ReturnRecord, inspection: ReturnInspection): Promise<string | null> => {
    const commands = await commandsOf(returned, inspection);
    const outcomes = await allocator.execute(commands.map(({ command }) => command));
    const refused = commands.filter((_command, index) => outcomes[index]?.status === "refused");
    const taken = inspection.pieces.filter(
      ({ pieceId }) =>
        commands.some((one) => one.pieceId === pieceId) && !refused.some((one) => one.pieceId === pieceId),
    );
    await markPiecesStocked(
      database,
      taken.map(({ pieceId }) => pieceId),
    );
    const refusal = outcomes.find((outcome) => outcome.status === "refused");
    return refusal?.status === "refused" ? `${refusal.code}: ${refusal.detail}` : null;
  };

  const commandsOf = async (returned: ReturnRecord, { pieces }: ReturnInspection) => {
    const stocked = pieces.filter(({ disposition }) => RETURN_AS[disposition] !== null);
    if (stocked.length === 0) return [];
    const components = await readLineComponents(database, returned.orderId);
    const locationId = await mustReadLocation(returned);
    return stocked.flatMap((piece) =>
      partsOf(piece, components).map(({ sku, quantity, idSuffix }) => ({
        pieceId: piece.pieceId,
        command: {
          type: "return-receive",
          commandId: `${piece.pieceId}:restock${idSuffix}`,
          sku,
          locationId: piece.locationId ?? locationId,
          quantity,
          disposition: RETURN_AS[piece.disposition] ?? "scrapped",
          ...namesOf(piece),
          ...(piece.lotExpiresAtMs === null ? {} : { lotExpiresAtMs: piece.lotExpiresAtMs }),
          atMs: now(),
          cause: `return ${returned.returnId}`,
        } satisfies StockCommand,
      })),
    );
  };

  const mustReadLocation = async (returned: ReturnRecord): Promise<string> => {
    const { returnId, orderId } = returned;
    const locationId = await returnLocation(database, orderId, returned.locationId);
    if (locationId === undefined)
      throw new StepImpossible("return_not_found", `Nothing is known of where ${returnId} goes.`);
    return locationId;
  };

  const mustReadInspection = async ({ returnId, inspectionId }: InspectionIds) => {
    const returned = await readReturn(database, returnId);
    const inspection = returned?.inspections.find((one) => one.inspectionId === inspectionId);
    if (returned === undefined || inspection === undefined)
      throw new StepImpossible("inspection_not_found", `There is no inspection ${inspectionId}.`);
    return { returned, inspection };
  };

  const stockInspection = async (ids: InspectionIds): Promise<{ readonly status: "stocked" }> => {
    const { returned, inspection } = await mustReadInspection(ids);
    if (inspection.isStocked) return { status: "stocked" };
    const refusal = await takeIn(returned, inspection);
    await inTransaction(database, async (client) => {
      await mustLockOrder(client, ids.orderId);
      const { inspections } = await mustLockReturn(client, ids.returnId);
      const isReopened = inspections.some((one) => one.inspectionId === ids.inspectionId && one.isReopened);
      // What the stock refused of a reopened inspection need not come out of it again.
      if (refusal !== null && !isReopened) throw new StepImpossible("stock_not_returned", refusal);
      await markInspection(client, ids.inspectionId, "stocked_at");
      await settleStatus(client, ids.returnId);
      const units = inspection.pieces
        .filter(({ disposition }) => RETURN_AS[disposition] !== null)
        .reduce((sum, { quantity }) => sum + quantity, 0);
      if (units > 0 && refusal === null)
        await recordEntry(client, {
          orderId: ids.orderId,
          key: `restocked:${ids.inspectionId}`,
          type: "return.restocked",
          summary: `${units === 1 ? "1 returned unit" : `${units} returned units`} taken in.`,
          cause: "saga:restock-return",
          data: { returnId: ids.returnId, inspectionId: ids.inspectionId },
        });
    });
    return { status: "stocked" };
  };

  return {
    /** What is to be done next, and how long the rest is awaited. */
    async askNextStep({ returnId }: Ids): Promise<{
      readonly step: ReturnStep;
      readonly status: ReturnRecord["status"];
      readonly patienceMs: number;
    }> {
      const returned = await readReturn(database, returnId);
      if (returned === undefined)
        throw new StepImpossible("return_not_found", `There is no return ${returnId}.`);
      const { waitDays } = await readReturnRules(database, returned.channelId);
      const patienceMs = Math.max(1_000, returned.movedAt.getTime() + waitDays * DAY_MS - now());
      return { step: nextReturnStep(returned), status: returned.status, patienceMs };
    },

    /** Asks the channel's rules. What they leave to a person goes on when that person has decided. */
    async decideReturn({ orderId, returnId }: Ids): Promise<ReturnDecision> {
      return inTransaction(database, async (client) => {
        const order = await mustLockOrder(client, orderId);
        const returned = await mustLockReturn(client, returnId);
        const decision = await decisionOf(client, order, returned);
        if (returned.status !== "requested" || returned.waitsForPerson) return decision;
        const fresh = await recordEntry(client, {
          orderId,
          key: `return-decided:${returnId}`,
          type: decision.status === "asked" ? "return.waits_for_decision" : `return.${decision.status}`,
          summary:
            decision.status === "asked"
              ? `A person decides about return ${returnId}: ${decision.detail}`
              : `Return ${returnId} ${decision.status === "kept" ? "is not sent back" : decision.status}: ${decision.detail}`,
          cause: "saga:decide-return",
          data: { returnId },
        });
        if (!fresh) return decision;
        await setDecision(client, returnId, {
          status: STATUS_AFTER[decision.status],
          detail: decision.detail,
          waitsForPerson: decision.status === "asked",
        });
        if (decision.status === "declined") await withdrawReturn(client, order, returned, "declined");
        if (decision.status === "kept") await keep(client, order, returnId);
        return decision;
      });
    },

    /** The return was withdrawn before anything of it came back. */
    async cancelReturn({ orderId, returnId }: Ids): Promise<void> {
      await inTransaction(database, async (client) => {
        const order = await mustLockOrder(client, orderId);
        const returned = await mustLockReturn(client, returnId);
        if (hasBegun(returned) || returned.status === "cancelled" || returned.status === "declined") return;
        await withdrawReturn(client, order, returned, "cancelled");
        await recordEntry(client, {
          orderId,
          key: `return-cancelled:${returnId}`,
          type: "return.cancelled",
          summary: `Return ${returnId} was withdrawn.`,
          cause: "saga:cancel-return",
          data: { returnId },
        });
      });
    },

    /** The return ended and brought nothing: what was to be sent in exchange for it is not sent. */
    async cancelExchangeOf({ orderId, returnId }: Ids): Promise<void> {
      await inTransaction(database, async (client) => {
        const order = await mustLockOrder(client, orderId);
        await cancelExchange(client, order, returnId, `return:${returnId}`);
      });
    },

    /** What has not come is no longer awaited, because the time for it is over. */
    async giveUpRest({ orderId, returnId }: Ids): Promise<void> {
      await inTransaction(database, async (client) => {
        const order = await mustLockOrder(client, orderId);
        const returned = await mustLockReturn(client, returnId);
        const { waitDays } = await readReturnRules(client, returned.channelId);
        // Something may have come while the timer went off.
        if (returned.movedAt.getTime() + waitDays * DAY_MS > now()) return;
        await dismissRest(client, order, returned);
        await recordEntry(client, {
          orderId,
          key: `return-given-up:${returnId}:${order.version}`,
          type: "return.closed",
          summary: `What has not come of return ${returnId} is no longer awaited, after ${waitDays} days.`,
          cause: "saga:give-up-rest",
          data: { returnId },
        });
      });
    },

    /** Takes the goods of an inspection into the stock, each piece as it was found. */
    stockInspection,

    /** Takes the goods of a reopened inspection out of the stock again. */
    async undoInspection(ids: InspectionIds): Promise<{ readonly status: "undone" }> {
      const { returned, inspection } = await mustReadInspection(ids);
      if (inspection.isUndone) return { status: "undone" };
      const stocked = inspection.pieces.filter(({ isStocked }) => isStocked);
      const components = await readLineComponents(database, ids.orderId);
      const locationId = stocked.length === 0 ? "" : await mustReadLocation(returned);
      const outcomes = await allocator.execute(
        stocked
          .filter(({ disposition }) => RETURN_AS[disposition] !== "scrapped")
          .flatMap((piece) =>
            partsOf(piece, components).map(({ sku, quantity, idSuffix }): StockCommand => {
              const as = RETURN_AS[piece.disposition];
              return {
                type: "adjust",
                commandId: `${piece.pieceId}:undo${idSuffix}`,
                sku,
                locationId: piece.locationId ?? locationId,
                delta: -quantity,
                reason: "return inspection corrected",
                ...(as === "restocked" || as === null ? {} : { unavailableReason: as }),
                ...namesOf(piece),
                atMs: now(),
                cause: `return ${returned.returnId}`,
              };
            }),
          ),
      );
      const refusal = outcomes.find((outcome) => outcome.status === "refused");
      if (refusal?.status === "refused")
        throw new StepImpossible("stock_not_corrected", `${refusal.code}: ${refusal.detail}`);
      await inTransaction(database, async (client) => {
        await mustLockOrder(client, ids.orderId);
        await mustLockReturn(client, ids.returnId);
        await markInspection(client, ids.inspectionId, "undone_at");
        await settleStatus(client, ids.returnId);
        await recordEntry(client, {
          orderId: ids.orderId,
          key: `restock-undone:${ids.inspectionId}`,
          type: "return.restock_undone",
          summary: `The goods of inspection ${ids.inspectionId} were taken out of the stock again.`,
          cause: "saga:undo-inspection",
          data: { returnId: ids.returnId, inspectionId: ids.inspectionId },
        });
      });
      return { status: "undone" };
    },

    /** Takes in all that was inspected: the step of sagas of the former version. */
    async restockReturn(ids: Ids): Promise<{ readonly status: "restocked" }> {
      const returned = await readReturn(database, ids.returnId);
      for (const { inspectionId, isReopened } of returned?.inspections ?? [])
        if (!isReopened) await stockInspection({ ...ids, inspectionId });
      return { status: "restocked" };
    },

    /** A step of the return was refused and waits for somebody. */
    async reportReturnStopped(
      input: Ids & { readonly step: string; readonly attempt: number; readonly detail: string },
    ): Promise<void> {
      await recordQuote(database, {
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

/** What the stock makes of a unit; null: it brings nothing into the building. */
const RETURN_AS: Readonly<
  Record<InspectionResult, Extract<StockCommand, { type: "return-receive" }>["disposition"] | null>
> = {
  restocked: "restocked",
  damaged: "damaged",
  refurbish: "refurbish",
  quarantine: "quarantine",
  write_off: "scrapped",
  missing: null,
  kept: null,
};

const STATUS_AFTER = {
  approved: "approved",
  kept: "approved",
  declined: "declined",
  asked: "requested",
} as const satisfies Readonly<Record<ReturnDecision["status"], ReturnRecord["status"]>>;

/** What came as a kit goes back as its components. */
function partsOf(piece: ReturnPiece, components: LineComponents) {
  return (components.get(piece.lineId) ?? [{ sku: piece.sku, perUnit: 1 }]).map(
    ({ sku, perUnit }, index) => ({
      sku,
      quantity: piece.quantity * perUnit,
      idSuffix: index === 0 ? "" : `:${index + 1}`,
    }),
  );
}

function namesOf({ lot, serials }: ReturnPiece) {
  return {
    ...(lot === null ? {} : { lot }),
    ...(serials.length === 0 ? {} : { serials }),
  };
}

async function decisionOf(
  client: DatabaseClient,
  order: OrderProgress,
  returned: ReturnRecord,
): Promise<ReturnDecision> {
  const delivered = await lastDelivery(client, order.orderId);
  return decideReturnRequest(await readReturnRules(client, order.channelId), {
    requestedAtMs: returned.requestedAt.getTime(),
    deliveredAtMs: delivered?.getTime() ?? null,
    reason: returned.reason,
    skus: returned.lines.map(({ sku }) => sku),
    valueMinor: returned.lines.reduce((sum, { lineId, requested }) => {
      const line = order.lines.find((one) => one.lineId === lineId);
      return line === undefined
        ? sum
        : sum + valueOfUnits(line, 0, requested, order.currency, order.exponent);
    }, 0),
    currency: order.currency,
    exponent: order.exponent,
    returnsOfCustomer: await countReturnsOfCustomer(client, order.orderId),
  });
}

/** Refunded and not sent back: as if a person had looked at it. */
async function keep(client: DatabaseClient, order: OrderProgress, returnId: string): Promise<void> {
  const returned = await mustLockReturn(client, returnId);
  await recordInspection(client, order, returned, {
    key: "kept",
    by: "saga:decide-return",
    note: "",
    pieces: returned.lines.map(({ lineId, sku, requested }) => ({
      lineId,
      sku,
      quantity: requested,
      disposition: "kept",
    })),
    moves: returned.lines.map(({ lineId, requested }) => ({ lineId, received: requested })),
  });
}

async function mustLockReturn(client: DatabaseClient, returnId: string): Promise<ReturnRecord> {
  const returned = await lockReturn(client, returnId);
  if (returned === undefined) throw new StepImpossible("return_not_found", `There is no return ${returnId}.`);
  return returned;
}
