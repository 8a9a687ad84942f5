/**
 * Takes each message of a device's boot once and in order, however often and in whatever order they arrive.
 *
 * D1 a message's effect and its mark (`device_message`) commit together
 * D2 a message is taken when its turn comes: it is the one after the last taken, or the first that the device
 *    still has
 * D3 a message ahead of its turn waits here, unacknowledged, and is taken when the gap closes. If it is lost
 *    here, the device sends it again, since it has had no acknowledgement
 *
 * `taken` and `repeat` are to be acknowledged (`repeat`: an earlier acknowledgement may have been lost),
 * `early` is not.
 */
import { acceptedSequence, lockAcceptedSequence, markAccepted } from "../../store/floor/devices.ts";
import { type Database, type DatabaseClient, inTransaction } from "../../store/sql/database.ts";

/** What every message of a device that keeps an outbox carries. */
export type Sequenced = {
  /** The device's start that this message belongs to: sequences begin anew with each boot. */
  readonly bootId: string;
  /** 1, 2, … within the boot. */
  readonly seq: number;
  /** Lowest sequence still in the device's outbox. */
  readonly from: number;
};

type Delivery<E extends Sequenced> = { readonly event: E; readonly outcome: "taken" | "repeat" };

/** So many messages ahead of a gap are kept. The device repeats the others: they are not acknowledged. */
const MOST_WAITING = 256;
/** Boots remembered in memory; older ones are looked up again. */
const MOST_BOOTS = 1000;

type Boot<E> = {
  accepted: number;
  /** Lowest sequence that the device still has, as far as it has said. */
  oldest: number;
  readonly waiting: Map<number, E>;
};

export class MessageSequencer<E extends Sequenced> {
  private readonly database: Database;
  private readonly effect: (client: DatabaseClient, deviceId: string, event: E) => Promise<void>;
  private readonly boots = new Map<string, Boot<E>>();

  /** @param effect what a message does, inside the transaction that also marks the message */
  constructor(
    database: Database,
    effect: (client: DatabaseClient, deviceId: string, event: E) => Promise<void>,
  ) {
    this.database = database;
    this.effect = effect;
  }

  /**
   * Takes the messages whose turn it is, in one transaction per boot. Must not run twice at once for one
   * device. Returns what is now to be acknowledged: nothing for messages ahead of their turn, more than came
   * in where a gap was closed.
   */
  async take(deviceId: string, events: readonly E[]): Promise<readonly Delivery<E>[]> {
    const deliveries: Delivery<E>[] = [];
    const touched = new Set<Boot<E>>();
    for (const event of events) {
      const boot = await this.boot(deviceId, event.bootId);
      if (event.seq <= boot.accepted) {
        deliveries.push({ event, outcome: "repeat" });
      } else if (boot.waiting.size < MOST_WAITING || event.seq === boot.accepted + 1) {
        boot.waiting.set(event.seq, event);
        // The device has nothing below `from` any more: there is no gap to wait for.
        boot.oldest = Math.max(boot.oldest, event.from);
        touched.add(boot);
      }
    }
    for (const boot of touched) {
      const turn = inTurn(boot);
      const last = turn.at(-1);
      if (last === undefined) continue;
      deliveries.push(...(await this.apply(deviceId, turn, last)));
      boot.accepted = last.seq;
      for (const seq of boot.waiting.keys()) if (seq <= boot.accepted) boot.waiting.delete(seq);
    }
    return deliveries;
  }

  /** Passes over a message whose effect keeps failing. It is a dead letter now. */
  async skip(deviceId: string, event: E): Promise<void> {
    const boot = await this.boot(deviceId, event.bootId);
    await markAccepted(this.database, { deviceId, bootId: event.bootId, sequence: event.seq });
    boot.accepted = Math.max(boot.accepted, event.seq);
    boot.waiting.delete(event.seq);
  }

  private apply(deviceId: string, events: readonly E[], last: E): Promise<readonly Delivery<E>[]> {
    return inTransaction(this.database, async (client) => {
      const accepted = await lockAcceptedSequence(client, deviceId, last.bootId);
      const deliveries: Delivery<E>[] = [];
      for (const event of events) {
        const isNew = event.seq > accepted;
        if (isNew) await this.effect(client, deviceId, event);
        deliveries.push({ event, outcome: isNew ? "taken" : "repeat" });
      }
      await markAccepted(client, { deviceId, bootId: last.bootId, sequence: last.seq });
      return deliveries;
    });
  }

  private async boot(deviceId: string, bootId: string): Promise<Boot<E>> {
    const key = `${deviceId} ${bootId}`;
    const known = this.boots.get(key);
    if (known !== undefined) return known;
    const boot: Boot<E> = {
      accepted: await acceptedSequence(this.database, deviceId, bootId),
      oldest: 1,
      waiting: new Map(),
    };
    this.boots.set(key, boot);
    if (this.boots.size > MOST_BOOTS) {
      const [oldest] = this.boots.keys();
      if (oldest !== undefined) this.boots.delete(oldest);
    }
    return boot;
  }
}

/** The waiting messages that follow the last taken one without a gap. */
function inTurn<E extends Sequenced>(boot: Boot<E>): readonly E[] {
  const run: E[] = [];
  let turn = Math.max(boot.accepted + 1, boot.oldest);
  for (let next = boot.waiting.get(turn); next !== undefined; next = boot.waiting.get(turn)) {
    run.push(next);
    turn += 1;
  }
  return run;
}
