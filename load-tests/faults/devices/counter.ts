/**
 * How a small controller numbers its messages: a counter of few bits that wraps, to 0 or to 1, and begins
 * anew when the controller does; its boot id may be the same each time.
 */
import type { Random } from "../../../config/seeded-random.ts";
import type { Tally } from "./tally.ts";

const BITS = [8, 16, 32] as const;

export class Counter {
  readonly bits: (typeof BITS)[number];
  bootId: string;
  private readonly deviceId: string;
  private readonly first: number;
  private readonly tally: Tally;
  private readonly random: Random;
  private value: number;

  constructor(deviceId: string, nth: number, random: Random, tally: Tally) {
    this.bits = BITS[nth % BITS.length] ?? 8;
    this.deviceId = deviceId;
    this.first = nth % 2;
    this.random = random;
    this.tally = tally;
    this.bootId = `${deviceId}-plc`;
    // So close to its end that it wraps within the campaign.
    this.value = 2 ** this.bits - 1 - random.below(100);
  }

  /** The number that comes next. */
  get ahead(): number {
    return this.value;
  }

  next(): number {
    const value = this.value;
    if (value === 2 ** this.bits - 1) {
      this.value = this.first;
      this.tally.wraps += 1;
    } else {
      this.value += 1;
    }
    return value;
  }

  /** The controller has begun anew. */
  restart(): void {
    this.value = this.first;
    this.tally.restarts += 1;
    if (this.random.chance(0.5)) this.tally.reusedBootIds += 1;
    else this.bootId = `${this.deviceId}-${this.random.digits(6)}`;
  }
}
