/** The simulated floor's time: waits in milliseconds at demo pace, divided by the speed of that moment. */
import { setMaxListeners } from "node:events";
import { setTimeout as delay } from "node:timers/promises";

export class Pace {
  speed: number;
  private readonly stopping = new AbortController();

  constructor(speed: number) {
    this.speed = speed;
    // Every device that waits listens.
    setMaxListeners(0, this.stopping.signal);
  }

  /** Rejects with an AbortError once the fleet has stopped. */
  async wait(ms: number): Promise<void> {
    await delay(ms / this.speed, undefined, { signal: this.stopping.signal });
  }

  stop(): void {
    this.stopping.abort();
  }

  get stopped(): boolean {
    return this.stopping.signal.aborted;
  }
}
