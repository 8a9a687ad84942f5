/**
 * Messages that are owed a reply, and what is told of those for which none comes in time: PostgreSQL or another
 * engine may be silent for far longer than anybody waits.
 *
 * Owns when a message's time is up. What it is told then, and that what it asked for may still be done, is its
 * owner's.
 *
 * L1 Every message is settled once: by its reply, or by its deadline.
 */
export class ReplyDeadlines<Message extends object> {
  private readonly withinMs: number;
  private readonly late: (message: Message) => void;
  /** In the order in which they came, and so in that of their deadlines. */
  private readonly owed = new Map<Message, number>();
  private timer: NodeJS.Timeout | null = null;

  constructor(withinMs: number, late: (message: Message) => void) {
    this.withinMs = withinMs;
    this.late = late;
  }

  owe(message: Message): void {
    this.owed.set(message, performance.now() + this.withinMs);
    if (this.timer === null) this.wait(this.withinMs);
  }

  isOwed(message: Message): boolean {
    return this.owed.has(message);
  }

  /** @returns false: it has had its reply */
  settle(message: Message): boolean {
    return this.owed.delete(message);
  }

  stop(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    this.owed.clear();
  }

  /** One timer for all: most messages are answered long before it runs. */
  private wait(ms: number): void {
    this.timer = setTimeout(() => this.look(), ms);
  }

  private look(): void {
    this.timer = null;
    for (const [message, until] of this.owed) {
      const leftMs = until - performance.now();
      // Timers may run a little early.
      if (leftMs > 1) {
        this.wait(leftMs);
        return;
      }
      this.owed.delete(message);
      this.late(message);
    }
  }
}
