/**
 * Sends planned orders over the stream, as channels do, and remembers when each was sent and what became of
 * it. Two ways: so many under way at a time, or by a schedule.
 */
import type { StreamClient } from "../../../cli/client/stream.ts";
import { sandboxCatalog } from "../../../cli/sandbox/catalog.ts";
import { type PlannedSending, planDay } from "../../../cli/simulated-day/day-plan.ts";

export type SentOrder = {
  readonly orderId: string;
  /** When it was due by its schedule, or was sent where it has none; milliseconds since 1970. */
  readonly dueMs: number;
  readonly answeredMs: number;
  readonly totalMinor: number;
};

/** Three orders of five of a day are plain. */
const PLANNED_FOR_A_PLAIN_ONE = 1.7;
const DAY_MS = 86_400_000;

export type Orders = {
  readonly sendings: readonly PlannedSending[];
  readonly demand: ReadonlyMap<string, number>;
};

/** Plain orders of all five channels, 1 to 5 lines, best sellers more often than others. */
export function plainOrders(count: number): Orders {
  const plan = planDay(sandboxCatalog(), {
    orders: Math.ceil(count * PLANNED_FOR_A_PLAIN_ONE),
    seed: "bench",
    startsAt: new Date(Date.now() - DAY_MS),
  });
  const sendings = plan.sendings.filter(({ story }) => story === null).slice(0, count);
  if (sendings.length < count) throw new Error(`only ${sendings.length} of ${count} orders are plain`);
  return { sendings, demand: plan.demand };
}

export class OrderSender {
  readonly sent: SentOrder[] = [];
  /** What was refused, in sentences. */
  readonly problems: string[] = [];
  private readonly stream: StreamClient;
  private readonly sendings: readonly PlannedSending[];
  private readonly underWay = new Set<Promise<void>>();
  private next = 0;

  constructor(stream: StreamClient, sendings: readonly PlannedSending[]) {
    this.stream = stream;
    this.sendings = sendings;
  }

  get sentCount(): number {
    return this.next;
  }

  /** Sends one order now. @returns it, once it is acknowledged; undefined where it was refused */
  async sendOne(): Promise<SentOrder | undefined> {
    const before = this.sent.length;
    await this.send(Date.now());
    return this.sent.slice(before).at(-1);
  }

  /** Sends on until `unfinished` of all that were sent have neither `ended` nor been refused. */
  fill(unfinished: number, ended: number): void {
    const missing = unfinished - (this.next - ended - this.problems.length);
    for (let index = 0; index < missing; index += 1) this.begin(Date.now());
  }

  /** Sends `count` orders, `perMinute` of them a minute, evenly, whatever becomes of them. */
  async atRate(perMinute: number, count: number): Promise<readonly SentOrder[]> {
    const before = this.sent.length;
    const beganMs = Date.now();
    for (let index = 0; index < count; index += 1) {
      const dueMs = beganMs + (index * 60_000) / perMinute;
      const early = dueMs - Date.now();
      if (early > 0) await new Promise((resolve) => setTimeout(resolve, early));
      this.begin(dueMs);
    }
    await this.settled();
    return this.sent.slice(before);
  }

  /** Once everything that was sent is answered. */
  async settled(): Promise<void> {
    await Promise.all(this.underWay);
  }

  private begin(dueMs: number): void {
    const work: Promise<void> = this.send(dueMs)
      .catch((error: unknown) => {
        this.problems.push(String(error));
      })
      .finally(() => this.underWay.delete(work));
    this.underWay.add(work);
  }

  private async send(dueMs: number): Promise<void> {
    const sending = this.sendings[this.next];
    if (sending === undefined) throw new Error(`all ${this.next} planned orders are sent`);
    this.next += 1;
    const { channel, order, totalMinor } = sending;
    const reply = await this.stream.request({
      type: "order.capture",
      channel,
      payload: order.payload,
      ...(order.topic === null ? {} : { topic: order.topic }),
    });
    const result = reply.type === "order.captured" ? reply.results[0] : undefined;
    if (result?.order == null) {
      this.problems.push(`${channel} ${order.externalId} was not taken: ${JSON.stringify(reply)}`);
      return;
    }
    this.sent.push({ orderId: result.order, dueMs, answeredMs: Date.now(), totalMinor });
  }
}
