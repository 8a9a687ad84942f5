/** The simulated floor's time: waits in milliseconds at demo pace, divided by the speed of that moment. */
import { setMaxListeners } from "node:events";
import { setTimeout as delay } from "node:timers/promises";

export class Pace {
  speed: number;
  readonly #stop = new AbortController();

  constructor(speed: number) {
    this.speed = speed;
    // Every device that waits listens.
    setMaxListeners(0, this.#stop.signal);
  }

  /** Rejects with an AbortError once the fleet has stopped. */
  async wait(ms: number): Promise<void> {
    await delay(ms / this.speed, undefined, { signal: this.#stop.signal });
  }

  stop(): void {
    this.#stop.abort();
  }

  get stopped(): boolean {
    return this.#stop.signal.aborted;
  }
}
