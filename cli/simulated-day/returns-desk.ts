/**
 * Shoppers who send something back, and the dock that receives it. A return is requested on the shopper's
 * tracking page, waits for its label, is scanned in and inspected over REST, in one piece or in several, and
 * ends with its refund or with what it is exchanged for.
 */
import type { Random } from "../../config/seeded-random.ts";
import type { OrderView, TrackingLink } from "../../contract/orders.ts";
import type { ReturnView } from "../../contract/returns.ts";
import type { TrackingView } from "../../contract/tracking.ts";
import type { RestClient } from "../client/rest.ts";
import { RequestRefused } from "../client/rest.ts";

const REASONS = ["too_small", "too_large", "changed_mind", "defective", "not_as_described"] as const;
const POLL_MS = 400;
/** Returns that are under way at a time. */
const CLERKS = 8;

/** For its money, in exchange for the same again, or in two parcels, of which one comes after the refund. */
export type ReturnManner = "at_once" | "exchanged" | "late_piece";

export type ReturnsDesk = {
  /** Queues a return of some units of a delivered order. */
  enqueue(orderId: string, manner: ReturnManner): void;
  readonly requested: number;
  readonly finished: number;
  readonly problems: readonly string[];
  /** Whether nothing is queued or under way. */
  idle(): boolean;
  /** Gives up: what still waits becomes a problem. */
  stop(): void;
};

type Queued = { readonly orderId: string; readonly manner: ReturnManner };

/**
 * The desk has no time limit of its own: a busy system may take long. The day decides whether it still makes
 * progress, and stops the desk if not.
 *
 * @param onExchange told of the orders that are made in exchange
 * @param asksAgain whether a shopper whose return is forgotten asks for it again
 */
export function openReturnsDesk(
  rest: RestClient,
  random: Random,
  onExchange: (orderId: string) => void,
  asksAgain = false,
): ReturnsDesk {
  const queue: Queued[] = [];
  const problems: string[] = [];
  const waiting = new Map<string, ReturnView>();
  let requested = 0;
  let finished = 0;
  let busy = 0;
  let stopped = false;

  const work = async ({ orderId, manner }: Queued): Promise<void> => {
    const order = await rest.get<OrderView>(`/v1/orders/${encodeURIComponent(orderId)}`);
    const { url } = await rest.get<TrackingLink>(`/v1/orders/${encodeURIComponent(orderId)}/tracking-link`);
    const token = new URL(url).pathname.split("/").at(-1) ?? "";
    const tracking = await rest.get<TrackingView>(`/v1/track/${token}`);
    const isInPieces = manner === "late_piece";
    const returnable = tracking.lines.filter((line) => line.returnable > (isInPieces ? 1 : 0));
    if (returnable.length === 0) return;
    const line = random.pick(returnable);
    requested += 1;
    const quantity = isInPieces ? 2 : random.integer(1, line.returnable);
    const asked = await rest.post<ReturnView>(`/v1/track/${token}/returns`, {
      lines: [{ lineId: line.lineId, quantity }],
      reason: random.pick(REASONS),
      comment: "Sent back in the simulation.",
    });
    const path = `/v1/returns/${encodeURIComponent(asked.id)}`;
    const sku = order.lines.find(({ lineId }) => lineId === line.lineId)?.sku;
    if (manner === "exchanged" && sku != null) {
      const exchanged = await rest.post<{ readonly orderId: string }>(`${path}/exchange`, {
        items: [{ sku, quantity }],
        paymentMethod: "pm_card_visa",
      });
      onExchange(exchanged.orderId);
    }
    const decided = await until(path, (view) => view.status !== "requested" || view.waitsForPerson);
    if (decided?.waitsForPerson === true) await rest.post(`${path}/approve`, {});
    const labelled = await until(path, (view) => view.status !== "requested" && view.shipment !== null);
    if (labelled === null) return;
    const pieces = isInPieces ? [1, 1] : [quantity];
    for (const [index, units] of pieces.entries()) {
      await rest.post(`${path}/receive`, { lines: [{ lineId: line.lineId, quantity: units }] });
      const lines = found(units).map((part) => ({ lineId: line.lineId, ...part }));
      await rest.post(`${path}/inspect`, { lines });
      const isLast = index === pieces.length - 1;
      const settled = isLast ? "refunded" : "partially_refunded";
      if ((await until(path, (view) => view.status === settled)) === null) return;
    }
    finished += 1;
  };

  /**
   * One in eight comes back damaged, and of several sometimes one is not sold again at once; all is refunded.
   */
  const found = (units: number): readonly { disposition: string; quantity: number }[] => {
    if (units > 1 && random.chance(0.3)) {
      return [
        { disposition: "quarantine", quantity: 1 },
        { disposition: "restocked", quantity: units - 1 },
      ];
    }
    return [{ disposition: random.chance(0.125) ? "damaged" : "restocked", quantity: units }];
  };

  const until = async (path: string, reached: (view: ReturnView) => boolean): Promise<ReturnView | null> => {
    while (!stopped) {
      const view = await rest.get<ReturnView>(path);
      waiting.delete(view.id);
      if (reached(view)) return view;
      if (view.status === "declined" || view.status === "cancelled") {
        problems.push(stays(view));
        return null;
      }
      waiting.set(view.id, view);
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
    return null;
  };

  const next = (): void => {
    while (!stopped && busy < CLERKS) {
      const queued = queue.shift();
      if (queued === undefined) return;
      busy += 1;
      work(queued)
        .catch((error: unknown) => {
          const what = error instanceof RequestRefused ? error.code : String(error);
          if (asksAgain && error instanceof RequestRefused && error.status === 404) queue.push(queued);
          else problems.push(`return of ${queued.orderId}: ${what}`);
        })
        .finally(() => {
          busy -= 1;
          next();
        });
    }
  };

  return {
    enqueue: (orderId, manner) => {
      queue.push({ orderId, manner });
      next();
    },
    get requested() {
      return requested;
    },
    get finished() {
      return finished;
    },
    problems,
    idle: () => queue.length === 0 && busy === 0,
    stop: () => {
      stopped = true;
      for (const view of waiting.values()) problems.push(stays(view));
    },
  };
}

function stays(view: ReturnView): string {
  return `${view.id} of ${view.orderId} stays ${view.status}`;
}
