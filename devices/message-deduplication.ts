/**
 * Takes each message of a device's boot once and in order, however often and in whatever order they arrive.
 *
 * D1 a message's effect and its mark (`device_message`) commit together
 * D2 a message is taken when its turn comes: the one after the last taken, or the first that the device still has
 * D3 a message ahead of its turn waits here, unacknowledged, and is taken when the gap closes; if it is lost here the
 *    device, which has had no acknowledgement, sends it again
 *
 * `taken` and `repeat` are to be acknowledged (`repeat`: an earlier acknowledgement may have been lost), `early` not.
 */
import { type Database, type DatabaseClient, inTransaction } from "../store/database.ts";
import { acceptedSequence, markAccepted } from "../store/devices.ts";
import type { Sequenced } from "./conveyor-messages.ts";

export type Delivery<E extends Sequenced> = { readonly event: E; readonly outcome: "taken" | "repeat" };

/** A device that is this far ahead of a gap is asked for nothing; it repeats what is not acknowledged. */
const MOST_WAITING = 256;
/** Boots remembered in memory; older ones are looked up again. */
const MOST_BOOTS = 1000;

type Boot<E> = { accepted: number; readonly waiting: Map<number, E> };

export class MessageSequencer<E extends Sequenced> {
  readonly #database: Database;
  readonly #apply: (client: DatabaseClient, deviceId: string, event: E) => Promise<void>;
  readonly #boots = new Map<string, Boot<E>>();

  /** @param apply the effect, inside the transaction that also marks the message */
  constructor(
    database: Database,
    apply: (client: DatabaseClient, deviceId: string, event: E) => Promise<void>,
  ) {
    this.#database = database;
    this.#apply = apply;
  }

  /**
   * Must not run twice at once for one device. Returns what is now to be acknowledged: nothing for a message ahead of
   * its turn, several where this one closed a gap.
   */
  async take(deviceId: string, event: E): Promise<readonly Delivery<E>[]> {
    const boot = await this.#boot(deviceId, event.bootId);
    if (event.seq <= boot.accepted) return [{ event, outcome: "repeat" }];
    if (boot.waiting.size < MOST_WAITING) boot.waiting.set(event.seq, event);
    const deliveries: Delivery<E>[] = [];
    // Below `from` the device has nothing any more: no gap to wait for.
    let turn = Math.max(boot.accepted + 1, event.from);
    for (let next = boot.waiting.get(turn); next !== undefined; next = boot.waiting.get(turn)) {
      deliveries.push({ event: next, outcome: await this.#applyOnce(deviceId, next) });
      boot.accepted = turn;
      boot.waiting.delete(turn);
      turn += 1;
    }
    for (const seq of boot.waiting.keys()) if (seq <= boot.accepted) boot.waiting.delete(seq);
    return deliveries;
  }

  /** Passes over a message whose effect keeps failing; it is a dead letter now. */
  async skip(deviceId: string, event: E): Promise<void> {
    const boot = await this.#boot(deviceId, event.bootId);
    await markAccepted(this.#database, { deviceId, bootId: event.bootId, sequence: event.seq });
    boot.accepted = Math.max(boot.accepted, event.seq);
    boot.waiting.delete(event.seq);
  }

  async #applyOnce(deviceId: string, event: E): Promise<"taken" | "repeat"> {
    return inTransaction(this.#database, async (client) => {
      const mark = { deviceId, bootId: event.bootId, sequence: event.seq };
      if (!(await markAccepted(client, mark))) return "repeat";
      await this.#apply(client, deviceId, event);
      return "taken";
    });
  }

  async #boot(deviceId: string, bootId: string): Promise<Boot<E>> {
    const key = `${deviceId} ${bootId}`;
    const known = this.#boots.get(key);
    if (known !== undefined) return known;
    const boot: Boot<E> = {
      accepted: await acceptedSequence(this.#database, deviceId, bootId),
      waiting: new Map(),
    };
    this.#boots.set(key, boot);
    if (this.#boots.size > MOST_BOOTS) {
      const [oldest] = this.#boots.keys();
      if (oldest !== undefined) this.#boots.delete(oldest);
    }
    return boot;
  }
}
