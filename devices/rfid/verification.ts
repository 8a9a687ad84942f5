/**
 * From a tote's passage through a portal to a verified parcel: the tags' serialised GTINs are counted by SKU
 * and held against what was picked (`confirmPack`).
 *
 * Radio misses a tag now and then: the reads of a tote's passages add up, and a tote that does not come out
 * right is sent round again `MOST_PASSAGES - 1` times before the floor gives up (`verification_failed`, with
 * what is missing or extra). Nothing is lost with this memory: a tote that got stuck is sent round by
 * `tote-recovery.ts`.
 */
import { setTimeout as delay } from "node:timers/promises";
import type { Logger } from "pino";
import type { OperationContext } from "../../operations/context.ts";
import { confirmPack } from "../../operations/floor/confirm-pack.ts";
import { reportFloorException } from "../../operations/floor/report-floor-exception.ts";
import { decodeEpc } from "../../orders/epc/epc.ts";
import { findTote, type ToteOnTheFloor, toteGtins } from "../../store/floor/floor-tasks.ts";
import type { ToteRecovery } from "../conveyor/tote-recovery.ts";
import type { Device } from "../mqtt/device-registry.ts";
import type { Passage } from "./portal.ts";

const MOST_PASSAGES = 3;
/** How long the reads of one tote add up. Milliseconds. */
const READ_WINDOW_MS = 120_000;
/** The robot's report may still be under way when its tote is through: ask again, so often, so far apart. */
const PICK_PATIENCE = { times: 60, everyMs: 100 };

type ReadSet = { readonly epcs: Set<string>; passages: number; at: number };

export class Verification {
  private readonly context: OperationContext;
  private readonly recovery: Pick<ToteRecovery, "recirculate">;
  private readonly logger: Logger;
  private readonly readSets = new Map<string, ReadSet>();
  private stopping = false;

  constructor(options: {
    readonly context: OperationContext;
    readonly recovery: Pick<ToteRecovery, "recirculate">;
    readonly logger: Logger;
  }) {
    this.context = options.context;
    this.recovery = options.recovery;
    this.logger = options.logger;
  }

  /** No more waiting; a tote that is not packed yet comes round again. */
  stop(): void {
    this.stopping = true;
  }

  async onPassage(device: Device, passage: Passage): Promise<void> {
    const tags = passage.epcs.map(decodeEpc);
    const plates = new Set(tags.flatMap((tag) => (tag?.encoding === "sscc-96" ? [tag.sscc] : [])));
    const [lpn] = plates;
    if (lpn === undefined || plates.size > 1) {
      this.logger.info({ reader: device.row.id, plates: plates.size }, "a passage that is not one tote");
      return;
    }
    const tote = await findTote(this.context.database, lpn);
    if (tote === undefined || tote.locationId !== device.row.locationId) {
      this.logger.info({ reader: device.row.id, lpn }, "a tote that is not expected here");
      return;
    }
    const readSet = this.addReads(lpn, passage);
    const refusal = await this.pack(device, tote, readSet);
    if (refusal === null) {
      this.readSets.delete(lpn);
    } else if (refusal.code === "verification_failed") {
      await this.tryAgain(device, tote, readSet, refusal.detail);
    } else {
      this.logger.info({ lpn, ...refusal }, "tote not packed");
    }
  }

  private async tryAgain(
    device: Device,
    tote: ToteOnTheFloor,
    readSet: ReadSet,
    detail: string,
  ): Promise<void> {
    if (readSet.passages < MOST_PASSAGES) {
      this.logger.info({ lpn: tote.handlingUnit, detail }, "tote sent round to be read again");
      await this.recovery.recirculate(tote.locationId, tote.handlingUnit);
      return;
    }
    this.readSets.delete(tote.handlingUnit);
    await reportFloorException(this.context, {
      fulfillmentOrderId: tote.fulfillmentOrderId,
      code: "verification_failed",
      detail,
      cause: `device:${device.row.id}`,
    });
  }

  private async pack(
    device: Device,
    tote: ToteOnTheFloor,
    readSet: ReadSet,
  ): Promise<{ readonly code: string; readonly detail: string } | null> {
    const verified = countBySku(
      readSet.epcs,
      await toteGtins(this.context.database, tote.fulfillmentOrderId),
    );
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

  private addReads(lpn: string, passage: Passage): ReadSet {
    const now = performance.now();
    for (const [key, { at }] of this.readSets) {
      if (now - at <= READ_WINDOW_MS) break;
      this.readSets.delete(key);
    }
    const readSet = this.readSets.get(lpn) ?? { epcs: new Set<string>(), passages: 0, at: now };
    for (const epc of passage.epcs) readSet.epcs.add(epc);
    readSet.passages += 1;
    readSet.at = now;
    // To the end: the map stays in the order of `at`.
    this.readSets.delete(lpn);
    this.readSets.set(lpn, readSet);
    return readSet;
  }
}

/**
 * Units by SKU; a unit of ours that does not belong into the tote counts under its GTIN. Foreign tags do not
 * count.
 */
export function countBySku(
  epcs: Iterable<string>,
  skuByGtin: ReadonlyMap<string, string>,
): { sku: string; quantity: number }[] {
  const counts = new Map<string, number>();
  for (const epc of epcs) {
    const tag = decodeEpc(epc);
    if (tag === undefined || !("gtin" in tag)) continue;
    const sku = skuByGtin.get(tag.gtin) ?? `GTIN ${tag.gtin}`;
    counts.set(sku, (counts.get(sku) ?? 0) + 1);
  }
  return [...counts].map(([sku, quantity]) => ({ sku, quantity }));
}
