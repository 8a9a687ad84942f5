/**
 * The pace: so many messages a second, over all wild devices. A message that was not sent in its time is not
 * made up for, so that a stall does not become a flood.
 */
import type { Random } from "../../../config/seeded-random.ts";
import type { Tally } from "./tally.ts";
import type { WildFloor } from "./wild-floor.ts";

/** Of the messages; the rest are the portals'. */
const FROM_CONVEYORS = 0.5;
const FROM_ROBOTS = 0.3;
const TICK_MS = 5;
const SWEEP_MS = 50;
/** Not made up for beyond this. */
const LONGEST_DEBT_MS = 100;

export class Traffic {
  private readonly floor: WildFloor;
  private readonly tally: Tally;
  private readonly random: Random;
  private readonly ratePerSecond: number;
  private readonly most: number;
  private turns = { conveyors: 0, robots: 0, portals: 0 };
  private timers: NodeJS.Timeout[] = [];
  private from = { at: 0, messages: 0 };

  constructor(
    floor: WildFloor,
    tally: Tally,
    random: Random,
    pace: { readonly ratePerSecond: number; readonly messages: number },
  ) {
    this.floor = floor;
    this.tally = tally;
    this.random = random;
    this.ratePerSecond = pace.ratePerSecond;
    this.most = pace.messages;
  }

  start(): void {
    this.from = { at: performance.now(), messages: this.tally.messages };
    this.timers = [
      setInterval(() => this.tick(performance.now()), TICK_MS),
      setInterval(() => {
        const now = performance.now();
        for (const conveyor of this.floor.conveyors) conveyor.sweep(now);
      }, SWEEP_MS),
    ];
  }

  /** Nothing new is said; what is not acknowledged is still repeated. */
  calm(): void {
    clearInterval(this.timers[0]);
  }

  stop(): void {
    for (const timer of this.timers) clearInterval(timer);
  }

  get outstanding(): number {
    return this.floor.conveyors.reduce((sum, conveyor) => sum + conveyor.outstanding, 0);
  }

  private tick(now: number): void {
    if (this.tally.messages >= this.most) return;
    const due = this.from.messages + ((now - this.from.at) * this.ratePerSecond) / 1_000;
    const most = (LONGEST_DEBT_MS * this.ratePerSecond) / 1_000;
    if (due - this.tally.messages > most) this.from = { at: now, messages: this.tally.messages + most };
    // A conveyor whose outbox is full says nothing.
    for (let tries = 0; this.tally.messages < due && tries < 2 * most; tries += 1) this.one(now);
  }

  private one(now: number): void {
    const { conveyors, robots, portals } = this.floor;
    const chosen = this.random.next();
    if (chosen < FROM_CONVEYORS) conveyors[this.turns.conveyors++ % conveyors.length]?.act(now);
    else if (chosen < FROM_CONVEYORS + FROM_ROBOTS) robots[this.turns.robots++ % robots.length]?.act();
    else portals[this.turns.portals++ % portals.length]?.act();
  }
}
