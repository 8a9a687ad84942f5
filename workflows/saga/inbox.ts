/**
 * A saga's mailbox: signals come in whenever they like, the saga takes them one at a time where it can act on
 * them.
 *
 * The relay delivers at least once; a message whose key was seen before is dropped here, and nowhere else.
 */
import { condition } from "@temporalio/workflow";

type Keyed = { readonly key: string; readonly type: string };

export class Inbox<M extends Keyed> {
  private readonly seen = new Set<string>();
  private readonly waiting: M[] = [];

  deliver(message: M): void {
    if (this.seen.has(message.key)) return;
    this.seen.add(message.key);
    this.waiting.push(message);
  }

  /** Waits for the oldest message of one of these types; the others stay for later. */
  async take<T extends M["type"]>(...types: readonly T[]): Promise<Extract<M, { type: T }>> {
    const wanted = (message: M) => (types as readonly string[]).includes(message.type);
    await condition(() => this.waiting.some(wanted));
    const [message] = this.waiting.splice(this.waiting.findIndex(wanted), 1);
    return message as Extract<M, { type: T }>;
  }

  /** The same, for so long at most; then there is none. */
  async takeWithin<T extends M["type"]>(
    milliseconds: number,
    ...types: readonly T[]
  ): Promise<Extract<M, { type: T }> | undefined> {
    const wanted = (message: M) => (types as readonly string[]).includes(message.type);
    if (!(await condition(() => this.waiting.some(wanted), milliseconds))) return undefined;
    return this.take(...types);
  }

  /** Drops what nobody took. @returns whether there was anything */
  drain(): boolean {
    return this.waiting.splice(0).length > 0;
  }

  /** The oldest message of this type that is already there. */
  takeWaiting<T extends M["type"]>(type: T): Extract<M, { type: T }> | undefined {
    const index = this.waiting.findIndex((message) => message.type === type);
    return index === -1 ? undefined : (this.waiting.splice(index, 1)[0] as Extract<M, { type: T }>);
  }
}
