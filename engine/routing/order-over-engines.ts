/**
 * Reserves an order whose SKUs are at several engines. Runs in the process that has the order's home, and
 * so decides what is reserved for it; where all of its SKUs are there too, the engine does it in one round
 * as ever.
 *
 * 1. Planned against what all engines have committed.
 * 2. What is elsewhere is held there, by holds of names that no other attempt has, and that expire.
 * 3. Here, in one commit: the parts that are here, the home's memory of the order, the caller's record, and
 *    the confirmations (`store/journal/reservation-confirmations.ts`): what makes the holds elsewhere last.
 * 4. The confirmations are carried out, and then forgotten.
 *
 * O1 Whether the order is reserved is decided in step 3, by the home's shard alone: its memory answers a
 *    repeat with what was reserved first, and the epoch of its lease keeps a former owner from deciding.
 * O2 Before step 3 nothing lasts: whoever dies there leaves holds that expire. After it the confirmations
 *    are in the database, and any engine carries them out (`pending-confirmations.ts`).
 * O3 An attempt gives back by name what it held, and nothing of another attempt.
 * O4 A confirmation that comes when its hold is gone does nothing: the units went when the hold expired, or
 *    the order gave them back itself. Before a saga fulfils an order it makes each hold firm, and finds
 *    that out.
 */
import { randomBytes } from "node:crypto";
import type { StockCommand } from "../../actors/commands.ts";
import { inOrderSpan } from "../../config/trace.ts";
import { confirmingWriter } from "../../store/journal/reservation-confirmations.ts";
import type {
  AllocatorClient,
  CommitAttachment,
  OrderReservation,
  OrderReservationRequest,
  PlacedHold,
} from "../allocator-client.ts";
import { EngineError } from "../errors.ts";
import type { OwnEngine } from "../own-engine.ts";
import { componentSkus } from "../planning/kits.ts";
import { demandsOf, placementsOf, planReservation, withPromises } from "../planning/order-reservation.ts";
import type { StockOfSkus } from "../planning/stock-of-skus.ts";
import { demandCommand, placementCommand } from "../shard/shard-orders.ts";
import type { Placement } from "../shard/shard-request.ts";
import type { PendingConfirmations } from "./pending-confirmations.ts";

/**
 * How long a hold elsewhere lasts before it is confirmed: several times as long as it takes until another
 * process has the shards of one that died. Units of an attempt that died are not sold for as long.
 */
export const UNCONFIRMED_MS = 30_000;

/** Others take units of the same SKUs at the same time: a plan may come too late for its stock. */
const MAX_TRIES = 8;
const MOVED_RETRY_MS = 200;

type Reserved = Extract<OrderReservation, { readonly status: "reserved" }>;

/** All engines, this process's too: each is asked for what it has. */
type Engines = Pick<AllocatorClient, "execute"> &
  Pick<OwnEngine, "outlooks"> & {
    stockOf(skus: readonly string[], pool: string | undefined): Promise<StockOfSkus>;
  };

export class OrderOverEngines {
  private readonly own: OwnEngine;
  private readonly engines: Engines;
  private readonly pending: Pick<PendingConfirmations, "carryOut">;
  private readonly now: () => number;

  /** @param now milliseconds since the Unix epoch */
  constructor(
    own: OwnEngine,
    engines: Engines,
    pending: Pick<PendingConfirmations, "carryOut">,
    now: () => number = Date.now,
  ) {
    this.own = own;
    this.engines = engines;
    this.pending = pending;
    this.now = now;
  }

  /**
   * As `AllocatorClient.reserveOrder`. Rejects with `shard_elsewhere` where the order's home is not here,
   * and with `engine_overloaded` where others took the units of each plan.
   */
  async reserve<R>(
    request: OrderReservationRequest,
    attachment?: CommitAttachment<R>,
  ): Promise<OrderReservation> {
    const { own } = this;
    for (let tried = 0; tried < MAX_TRIES; tried += 1) {
      if (!own.has(orderOf(request)))
        throw new EngineError("shard_elsewhere", `another engine decides of order ${request.orderId}`);
      const skus = [...componentSkus(own.sourcingSetup().kits, request.lines)];
      if (skus.every((sku) => own.has(sku))) {
        try {
          return await own.reserveOrder(request, attachment);
        } catch (error) {
          // One of them has moved since: it is planned over several now.
          if (isElsewhere(error)) continue;
          throw error;
        }
      }
      const outcome = await this.attempt(request, skus, attachment);
      if (outcome !== "moved") return outcome;
    }
    throw new EngineError("engine_overloaded", `others took the units of order ${request.orderId}`, {
      retryAfterMs: MOVED_RETRY_MS,
    });
  }

  private async attempt<R>(
    request: OrderReservationRequest,
    skus: readonly string[],
    attachment: CommitAttachment<R> | undefined,
  ): Promise<OrderReservation | "moved"> {
    const { own } = this;
    const setup = own.sourcingSetup();
    const stock = await this.engines.stockOf(skus, request.pool);
    const seen = new Map(stock.map(([sku, locations]) => [sku, new Map(locations)]));
    const planned = planReservation(request, seen, setup);
    const outlooks =
      planned.short.length === 0
        ? []
        : await this.engines.outlooks([...componentSkus(setup.kits, planned.short)]);
    const bySku = new Map(outlooks.map((outlook) => [outlook.sku, outlook]));
    const outcome = withPromises(planned, request, bySku, setup.kits, request.atMs, false);
    if (outcome.status === "refused") return this.refuse(request, outcome, attachment);
    const attempt = randomBytes(4).toString("hex");
    const holds = outcome.holds.map((hold) =>
      own.has(hold.sku) ? hold : { ...hold, holdId: `${hold.holdId}~${attempt}` },
    );
    return this.place(request, { ...outcome, holds }, attempt, attachment);
  }

  /** A refusal is decided at the home too: the order may have been reserved before. */
  private async refuse<R>(
    request: OrderReservationRequest,
    refused: OrderReservation,
    attachment: CommitAttachment<R> | undefined,
  ): Promise<OrderReservation | "moved"> {
    return this.own.reserveShare(request, { reservation: refused, placements: [], queue: [] }, attachment);
  }

  private async place<R>(
    request: OrderReservationRequest,
    reservation: Reserved,
    attempt: string,
    attachment: CommitAttachment<R> | undefined,
  ): Promise<OrderReservation | "moved"> {
    const { own } = this;
    const placements = placementsOf(request, reservation.holds);
    const queue = demandsOf(request, reservation.queued ?? []);
    const elsewhere = placements.filter(({ sku }) => !own.has(sku));
    const confirmation = {
      id: `${request.orderId}~${attempt}`,
      commands: [
        ...elsewhere.map(confirmed),
        ...queue
          .filter(({ sku }) => !own.has(sku))
          .map((demand) => demandCommand(demand, `${demand.holdId}:confirm`)),
      ],
    };
    const share = {
      reservation,
      placements: placements.filter(({ sku }) => own.has(sku)),
      queue: queue.filter(({ sku }) => own.has(sku)),
    };
    let outcome: OrderReservation | "moved" = "moved";
    try {
      const about = { "holdfast.holds": elsewhere.length };
      if (await inOrderSpan(orderOf(request), "engine hold elsewhere", about, () => this.hold(elsewhere))) {
        outcome = await own.reserveShare(request, share, {
          writer: confirmingWriter(attachment?.writer),
          record: (decided) => ({
            record: attachment?.record(decided) ?? null,
            // A repeat is answered with what was reserved first, whose confirmation is written already.
            confirmation: decided === reservation ? confirmation : null,
          }),
        });
      }
    } catch (error) {
      if (!isUnknown(error)) this.release(elsewhere);
      throw error;
    }
    if (outcome !== reservation) this.release(elsewhere);
    else
      void inOrderSpan(orderOf(request), "engine confirm elsewhere", {}, () =>
        this.pending.carryOut(confirmation),
      );
    return outcome;
  }

  /** What does not come through is not needed either: the holds expire. */
  private release(placements: readonly Placement[]): void {
    if (placements.length > 0) void this.engines.execute(placements.map(released)).catch(() => {});
  }

  /** @returns whether all of them are held now */
  private async hold(placements: readonly Placement[]): Promise<boolean> {
    if (placements.length === 0) return true;
    const expiresAtMs = this.now() + UNCONFIRMED_MS;
    const outcomes = await this.engines.execute(
      placements.map((placement) => placementCommand({ ...placement, expiresAtMs })),
    );
    return outcomes.every(({ status }) => status === "applied");
  }
}

/** What is reserved may be a part of an order, with an id of its own. */
function orderOf({ ofOrder, orderId }: OrderReservationRequest): string {
  return ofOrder ?? orderId;
}

/** Makes a hold last as long as it was asked for. */
function confirmed(placement: Placement): StockCommand {
  const { holdId, expiresAtMs } = placement;
  return { type: "extend", commandId: `${holdId}:confirm`, ...about(placement), expiresAtMs };
}

function released(placement: Placement): StockCommand {
  return { type: "release", commandId: `${placement.holdId}:drop`, ...about(placement) };
}

function about({ holdId, sku, locationId, atMs, cause }: PlacedHold & Pick<Placement, "atMs" | "cause">) {
  return { holdId, sku, locationId, atMs, cause };
}

function isUnknown(error: unknown): boolean {
  return error instanceof EngineError && error.code === "commit_outcome_unknown";
}

function isElsewhere(error: unknown): boolean {
  return error instanceof EngineError && error.code === "shard_elsewhere";
}
