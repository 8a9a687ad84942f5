/** The reservations of all lanes as the journal tells them: each number is taken once and given back once. */
import type { BookedPosition } from "./booked-position.ts";
import { Violation } from "./violation.ts";

type LaneReservation = {
  readonly position: BookedPosition;
  readonly quantity: number;
  expiresAtMs: number;
  isOpen: boolean;
};

export class LaneBook {
  private readonly reservations = new Map<string, LaneReservation>();

  find(lane: string, number: number): LaneReservation | undefined {
    return this.reservations.get(`${lane}/${number}`);
  }

  /** The reservation that a read shows as a hold under this id. */
  ofHold(holdId: string): LaneReservation | undefined {
    return this.reservations.get(holdId);
  }

  all(): Iterable<[string, LaneReservation]> {
    return this.reservations;
  }

  reserve(name: string, position: BookedPosition, quantity: number, expiresAtMs: number): void {
    if (this.reservations.has(name)) {
      throw new Violation("exactly one effect per key", `reservation ${name} was taken again`);
    }
    if (quantity > position.available) {
      throw new Violation(
        "no oversell",
        `${quantity} of ${position.name} were reserved as ${name} where ${position.available} could be ` +
          "promised",
      );
    }
    position.reserved += quantity;
    this.reservations.set(name, { position, quantity, expiresAtMs, isOpen: true });
  }

  extend(name: string, expiresAtMs: number): void {
    this.openOne(name, "extended").expiresAtMs = expiresAtMs;
  }

  giveBack(name: string, position: BookedPosition, quantity: number): void {
    const reservation = this.openOne(name, "given back");
    if (reservation.position !== position || reservation.quantity !== quantity) {
      throw new Violation(
        "conservation",
        `${quantity} of ${position.name} came back for reservation ${name}`,
      );
    }
    reservation.isOpen = false;
    position.reserved -= quantity;
  }

  expire(name: string, position: BookedPosition, quantity: number, nowMs: number): void {
    const { expiresAtMs } = this.openOne(name, "expired");
    if (expiresAtMs === 0 || expiresAtMs > nowMs) {
      throw new Violation("expiry", `reservation ${name} expired ${expiresAtMs - nowMs} ms too early`);
    }
    this.giveBack(name, position, quantity);
  }

  /** Its units go on under the name of a hold. */
  claim(name: string, position: BookedPosition, quantity: number): void {
    const reservation = this.openOne(name, "claimed");
    if (reservation.position !== position || reservation.quantity !== quantity) {
      throw new Violation("conservation", `the claim of reservation ${name} is not of what it held`);
    }
    reservation.isOpen = false;
  }

  private openOne(name: string, what: string): LaneReservation {
    const reservation = this.reservations.get(name);
    if (reservation?.isOpen === true) return reservation;
    throw new Violation("conservation", `reservation ${name} was ${what} and is not open`);
  }
}
