/**
 * The actor that comes to mind first: a Map of actors, each with a queue of messages and a promise for each
 * message. Does the same as the shard core (check, decrement, hold with expiry, idempotency also for closed
 * holds), without a journal.
 */
type Hold = { readonly quantity: number; readonly expiresAtMs: number; open: boolean };

type Message =
  | {
      readonly type: "reserve";
      readonly id: string;
      readonly quantity: number;
      readonly expiresAtMs: number;
      readonly resolve: (applied: boolean) => void;
    }
  | { readonly type: "release"; readonly id: string; readonly resolve: (applied: boolean) => void };

class StockActor {
  private available: number;
  private readonly holds = new Map<string, Hold>();
  /** Ids of closed holds, oldest first: they are remembered for a while, as in the core. */
  private readonly closed: string[] = [];
  private readonly window: number;
  private readonly queue: Message[] = [];
  private running = false;

  constructor(available: number, window: number) {
    this.available = available;
    this.window = window;
  }

  reserve(id: string, quantity: number, expiresAtMs: number): Promise<boolean> {
    return new Promise((resolve) => this.post({ type: "reserve", id, quantity, expiresAtMs, resolve }));
  }

  release(id: string): Promise<boolean> {
    return new Promise((resolve) => this.post({ type: "release", id, resolve }));
  }

  private post(message: Message): void {
    this.queue.push(message);
    if (this.running) return;
    this.running = true;
    queueMicrotask(() => this.run());
  }

  private run(): void {
    for (const message of this.queue) message.resolve(this.handle(message));
    this.queue.length = 0;
    this.running = false;
  }

  private handle(message: Message): boolean {
    const known = this.holds.get(message.id);
    if (message.type === "reserve") {
      if (known !== undefined) return true;
      if (this.available < message.quantity) return false;
      this.available -= message.quantity;
      this.holds.set(message.id, {
        quantity: message.quantity,
        expiresAtMs: message.expiresAtMs,
        open: true,
      });
      return true;
    }
    if (known === undefined || !known.open) return true;
    this.available += known.quantity;
    known.open = false;
    this.closed.push(message.id);
    if (this.closed.length > this.window) this.forgetOldest();
    return true;
  }

  private forgetOldest(): void {
    const oldest = this.closed.shift();
    if (oldest !== undefined) this.holds.delete(oldest);
  }
}

export class StockActors {
  private readonly actors = new Map<string, StockActor>();
  private readonly initial: number;
  private readonly window: number;

  /** @param window closed holds that each actor remembers */
  constructor(initial: number, window: number) {
    this.initial = initial;
    this.window = window;
  }

  of(sku: string): StockActor {
    let actor = this.actors.get(sku);
    if (actor === undefined) {
      actor = new StockActor(this.initial, this.window);
      this.actors.set(sku, actor);
    }
    return actor;
  }
}
