/** What is between two locations, and what was counted, as the journal tells it: each unit arrives once. */
import type { StockEvent } from "../../../actors/position/events.ts";
import { REMEMBERED_MS } from "./remembered.ts";
import { Violation } from "./violation.ts";

export class TransitBook {
  /** Units under way, by SKU and transfer. */
  private readonly underWay = new Map<string, number>();
  /** Units that were sent and not yet announced where they go. */
  private unannounced = 0;
  /** When each count was told, and whether it is booked. One that waits for approval is booked later. */
  private readonly counts = new Map<string, { readonly toldAtMs: number; booked: boolean }>();

  post(event: StockEvent, nowMs: number): void {
    const key = `${event.sku} ${event.more?.reference ?? ""}`;
    switch (event.type) {
      case "transfer-sent":
        this.unannounced -= event.onHand;
        return;
      case "transfer-announced":
        this.unannounced -= event.incoming;
        this.underWay.set(key, (this.underWay.get(key) ?? 0) + event.incoming);
        return;
      case "transfer-received":
        this.arrive(key, event);
        if (event.onHand !== -event.incoming) {
          throw new Violation(
            "conservation",
            `${event.onHand} of ${-event.incoming} units of ${key} arrived`,
          );
        }
        return;
      case "transfer-discrepancy":
        this.arrive(key, event);
        return;
      case "count-pending":
        if (!this.isRemembered(key, nowMs)) this.counts.set(key, { toldAtMs: nowMs, booked: false });
        return;
      case "stock-counted":
        this.book(key, nowMs);
        return;
      default:
        return;
    }
  }

  /** After a batch: all that left is on its way. */
  check(): void {
    if (this.unannounced !== 0)
      throw new Violation("conservation", `${this.unannounced} units left for nowhere`);
  }

  private book(key: string, nowMs: number): void {
    const count = this.counts.get(key);
    if (count !== undefined && !count.booked) {
      count.booked = true;
      return;
    }
    if (this.isRemembered(key, nowMs))
      throw new Violation("exactly one effect per key", `count ${key} was booked twice`);
    this.counts.set(key, { toldAtMs: nowMs, booked: true });
  }

  /** The time runs from the command, not from its approval: a repeat that comes later is another count. */
  private isRemembered(key: string, nowMs: number): boolean {
    const count = this.counts.get(key);
    return count !== undefined && nowMs - count.toldAtMs <= REMEMBERED_MS;
  }

  private arrive(key: string, event: StockEvent): void {
    const left = (this.underWay.get(key) ?? 0) + event.incoming;
    if (left < 0)
      throw new Violation("exactly one effect per key", `${-left} units of transfer ${key} arrived twice`);
    this.underWay.set(key, left);
  }
}
