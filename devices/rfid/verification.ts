/**
 * From a tote's passage through a portal to a verified parcel: the units that its tags name are compared with
 * what was picked (`confirmPack`).
 *
 * Radio sometimes misses a tag, and sometimes hears one from far away. So each passage is judged by itself,
 * and from the second one on also by what at least two passages agree on; reads are never added up. A tote
 * that does not come out right is sent round again `MOST_PASSAGES - 1` times, each time with an entry in its
 * timeline. Then the floor gives up (`verification_failed`, with what is missing or extra). Two totes side by
 * side cannot be told apart: both go round.
 *
 * If this memory is lost, no tote is: `tote-recovery.ts` sends round a tote that is stuck.
 */
import { setTimeout as delay } from "node:timers/promises";
import type { Logger } from "pino";
import { inOrderSpan } from "../../config/trace.ts";
import type { FloorContext } from "../../operations/context.ts";
import { confirmPack } from "../../operations/floor/confirm-pack.ts";
import { reportFloorException } from "../../operations/floor/report-floor-exception.ts";
import { toteLeftToPerson, toteNotVerified } from "../../operations/floor/tote-not-verified.ts";
import { plateInTag } from "../../orders/licence-plate.ts";
import { findTotes, skusOfGtins, type ToteOnTheFloor } from "../../store/floor/floor-tasks.ts";
import type { ToteRecovery } from "../conveyor/tote-recovery.ts";
import type { Device } from "../mqtt/device-registry.ts";
import type { Passage } from "./portal.ts";
import { countUnits, decodeTags, gtinsOf, readTwice } from "./tote-contents.ts";

const MOST_PASSAGES = 4;
/** How long a tote's earlier passages count. Milliseconds. */
const READ_WINDOW_MS = 120_000;
/**
 * The robot's report may still be under way when its tote is through: ask again so often, at this interval.
 */
const PICK_PATIENCE = { times: 60, everyMs: 100 };

/** Its tags are right; what has none is for whoever packs. */
const FOR_A_PERSON = "packing_check_needed";

/** Refusals that another passage may cure. */
const WORTH_ANOTHER_PASSAGE: ReadonlySet<string> = new Set(["verification_failed", "unit_packed_before"]);

const PACKED: ReadonlySet<string> = new Set(["packed", "labelled"]);

type Refusal = { readonly code: string; readonly detail: string };
type Passages = { readonly epcs: ReadonlySet<string>[]; at: number };

export class Verification {
  private readonly context: FloorContext;
  private readonly recovery: Pick<ToteRecovery, "recirculate">;
  private readonly ownPrefixes: readonly string[];
  private readonly logger: Logger;
  /** Passages that failed, by licence plate; in the order of their latest. */
  private readonly failed = new Map<string, Passages>();
  private stopping = false;

  constructor(options: {
    readonly context: FloorContext;
    readonly recovery: Pick<ToteRecovery, "recirculate">;
    readonly ownPrefixes: readonly string[];
    readonly logger: Logger;
  }) {
    this.context = options.context;
    this.recovery = options.recovery;
    this.ownPrefixes = options.ownPrefixes;
    this.logger = options.logger;
  }

  /** Ends the waiting. A tote that is not packed yet comes round again. */
  stop(): void {
    this.stopping = true;
  }

  async onPassage(device: Device, passage: Passage): Promise<void> {
    const totes = await this.totesIn(device, passage);
    const [tote] = totes;
    if (tote === undefined) {
      this.logger.info({ reader: device.row.id }, "a passage without a tote that is expected here");
    } else if (totes.length > 1) {
      const plates = totes.map((each) => each.handlingUnit).join(" and ");
      for (const each of totes.filter(({ stage }) => !PACKED.has(stage))) {
        this.remember(each, new Set());
        await this.tryAgain(device, passage, each, `totes ${plates} went through together`);
      }
    } else {
      await inOrderSpan(tote.orderId, "device pack", { "holdfast.device": device.row.id }, () =>
        this.verify(device, passage, tote),
      );
    }
  }

  /** Totes of ours at this site whose plates were read, except those that have left. */
  private async totesIn(device: Device, passage: Passage): Promise<readonly ToteOnTheFloor[]> {
    const plates = decodeTags(passage.epcs).flatMap((tag) => plateInTag(tag) ?? []);
    const totes = await findTotes(this.context.database, plates);
    return totes.filter(
      ({ locationId, status }) =>
        locationId === device.row.locationId && status !== "closed" && status !== "cancelled",
    );
  }

  private async verify(device: Device, passage: Passage, tote: ToteOnTheFloor): Promise<void> {
    const passages = this.remember(tote, new Set(passage.epcs));
    let refusal = await this.pack(device, tote, passage.epcs);
    if (refusal !== null && WORTH_ANOTHER_PASSAGE.has(refusal.code) && passages.length > 1) {
      refusal = await this.pack(device, tote, readTwice(passages));
    }
    if (refusal === null) {
      this.failed.delete(tote.handlingUnit);
    } else if (WORTH_ANOTHER_PASSAGE.has(refusal.code)) {
      await this.tryAgain(device, passage, tote, refusal.detail);
    } else if (refusal.code === FOR_A_PERSON) {
      this.failed.delete(tote.handlingUnit);
      await toteLeftToPerson(this.context, {
        ...tote,
        detail: refusal.detail,
        cause: `device:${device.row.id}`,
      });
    } else {
      this.failed.delete(tote.handlingUnit);
      this.logger.info({ lpn: tote.handlingUnit, ...refusal }, "tote not packed");
    }
  }

  private async tryAgain(
    device: Device,
    passage: Passage,
    tote: ToteOnTheFloor,
    detail: string,
  ): Promise<void> {
    const { fulfillmentOrderId, handlingUnit, orderId } = tote;
    const cause = `device:${device.row.id}`;
    const passages = this.failed.get(handlingUnit)?.epcs.length ?? 0;
    if (passages < MOST_PASSAGES) {
      await toteNotVerified(this.context, {
        orderId,
        fulfillmentOrderId,
        passage: `${device.row.id}:${passage.enteredAtMs}`,
        detail,
        isSentRound: await this.recovery.recirculate(tote.locationId, handlingUnit),
        cause,
      });
      return;
    }
    this.failed.delete(handlingUnit);
    await reportFloorException(this.context, {
      fulfillmentOrderId,
      code: "verification_failed",
      detail,
      cause,
    });
  }

  private async pack(device: Device, tote: ToteOnTheFloor, epcs: Iterable<string>): Promise<Refusal | null> {
    const tags = decodeTags(epcs);
    const skus = await skusOfGtins(this.context.database, tote.fulfillmentOrderId, gtinsOf(tags));
    const verified = countUnits(tags, skus, this.ownPrefixes);
    for (let time = 1; ; time += 1) {
      const result = await confirmPack(this.context, {
        fulfillmentOrderId: tote.fulfillmentOrderId,
        verified,
        cause: `device:${device.row.id}`,
        key: `pack:${tote.fulfillmentOrderId}`,
      });
      if (result.status === "done" || result.code === "already_packed") return null;
      if (result.code !== "not_picked" || time >= PICK_PATIENCE.times || this.stopping) return result;
      await delay(PICK_PATIENCE.everyMs);
    }
  }

  /** Adds a passage to the tote's others. They count until one succeeds. */
  private remember(tote: ToteOnTheFloor, epcs: ReadonlySet<string>): readonly ReadonlySet<string>[] {
    const now = performance.now();
    for (const [plate, { at }] of this.failed) {
      if (now - at <= READ_WINDOW_MS) break;
      this.failed.delete(plate);
    }
    const passages = this.failed.get(tote.handlingUnit) ?? { epcs: [], at: now };
    passages.epcs.push(epcs);
    passages.at = now;
    // Removed and added again, so that the map stays in the order of `at`.
    this.failed.delete(tote.handlingUnit);
    this.failed.set(tote.handlingUnit, passages);
    return passages.epcs;
  }
}
