/**
 * Units that a robot has taken from the shelf for a fulfillment order, and when they are that order's no
 * longer. Pure.
 *
 * A load that its fulfillment order has is carried, and in the end packed. Any other is adrift: the robot
 * had to stop, another robot does the work again, the tote is lost. Then the books must not promise its
 * units, and a person says what became of them.
 */
import type { FloorStage, FulfillmentOrderStatus } from "../fulfillment-order.ts";
import { isEnded, isPacked } from "../fulfillment-order.ts";
import { unitsText } from "../units-text.ts";

export const LOAD_STATUSES = ["carried", "adrift", "packed", "put_back", "written_off"] as const;
export type LoadStatus = (typeof LOAD_STATUSES)[number];

/** `packed`: they went into the parcel after all. */
export const LOAD_ENDINGS = ["put_back", "packed", "written_off"] as const;
export type LoadEnding = (typeof LOAD_ENDINGS)[number];

/**
 * `cancelled`: nobody wants it any more. `given_away`: another attempt is made, or another tote was packed.
 * `stopped`: the robot was told to stop, or has failed. `tote_lost`: its tote is not where it should be.
 */
export const ADRIFT_CAUSES = ["cancelled", "given_away", "stopped", "tote_lost"] as const;
export type AdriftCause = (typeof ADRIFT_CAUSES)[number];

/** What the floor knows of a load that is carried. */
export type CarriedLoad = {
  readonly attempt: number;
  readonly deviceId: string | null;
  /** The task's own attempt and device, which may have gone on. */
  readonly taskAttempt: number;
  readonly taskDeviceId: string | null;
  readonly taskStatus: "queued" | "assigned" | "finished" | "failed" | "cancelled";
  readonly fulfillmentStatus: FulfillmentOrderStatus;
  readonly stage: FloorStage;
  /** The picks of the fulfillment order are booked: what the robot has in its tote is what was picked. */
  readonly isPicked: boolean;
};

/** Why the load is not its fulfillment order's any more; `null`: it is. */
export function adriftBecause(load: CarriedLoad): AdriftCause | null {
  // Packing makes the loads that are in the parcel `packed`: what is still carried was not in it.
  if (isPacked(load.stage)) return "given_away";
  if (isEnded(load.fulfillmentStatus)) return "cancelled";
  if (load.attempt !== load.taskAttempt) return "given_away";
  if (load.taskDeviceId !== null && load.deviceId !== load.taskDeviceId) return "given_away";
  const isStopped = load.taskStatus === "failed" || load.taskStatus === "cancelled";
  return isStopped && !load.isPicked ? "stopped" : null;
}

type Whereabouts = {
  readonly fulfillmentOrderId: string;
  readonly cause: AdriftCause;
  readonly deviceName: string | null;
  readonly lostAt: string | null;
  readonly isSetDown: boolean;
  /** It was in its parcel before it was cancelled. */
  readonly isPacked: boolean;
};

/** Where a person looks for it. */
export function loadPlace(load: Whereabouts): string {
  if (load.cause === "tote_lost") return `tote lost at ${load.lostAt ?? "the conveyor"}`;
  if (load.isPacked && load.cause === "cancelled") return `parcel of ${load.fulfillmentOrderId}`;
  if (!load.isSetDown) return `on ${load.deviceName ?? "a robot"}`;
  return load.cause === "given_away"
    ? `second tote of ${load.fulfillmentOrderId}`
    : `tote of ${load.fulfillmentOrderId}`;
}

const BECAUSE: Readonly<Record<AdriftCause, string>> = {
  cancelled: "nobody wants it any more",
  given_away: "it is picked again",
  stopped: "its robot has stopped",
  tote_lost: "its tote is lost",
};

/** One sentence for the timeline. */
export function adriftInWords(
  load: Whereabouts & { readonly sku: string; readonly quantity: number },
): string {
  const units = `${unitsText(load.quantity)} of ${load.sku}`;
  return `${units} adrift, ${loadPlace(load)}: ${BECAUSE[load.cause]}.`;
}

const ENDED: Readonly<Record<LoadEnding, string>> = {
  put_back: "back on the shelf",
  packed: "packed after all",
  written_off: "written off",
};

export function endingInWords(load: {
  readonly sku: string;
  readonly quantity: number;
  readonly ending: LoadEnding;
}): string {
  return `${unitsText(load.quantity)} of ${load.sku} that were adrift: ${ENDED[load.ending]}.`;
}
