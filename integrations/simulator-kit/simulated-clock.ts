/** Timers that run `speed` times as fast as the wall clock. A new speed also counts for running timers. */
export type SimulatedClock = {
  readonly speed: number;
  /** Changes the pace of all timers, including those that run. */
  setSpeed(speed: number): void;
  /** Runs `action` after `ms` at speed 1. @returns what cancels it. */
  after(ms: number, action: () => void): () => void;
  /** Cancels everything; what is asked for afterwards never runs. */
  stop(): void;
};

type Timer = { dueAt: number; readonly action: () => void; handle: NodeJS.Timeout };

export function createSimulatedClock(): SimulatedClock {
  let speed = 1;
  let base = 0;
  let baseAt = performance.now();
  let stopped = false;
  const timers = new Set<Timer>();

  const now = () => base + (performance.now() - baseAt) * speed;
  const arm = (timer: Timer) => {
    timer.handle = setTimeout(
      () => {
        timers.delete(timer);
        timer.action();
      },
      Math.max(0, (timer.dueAt - now()) / speed),
    );
  };

  return {
    get speed() {
      return speed;
    },
    setSpeed(next) {
      base = now();
      baseAt = performance.now();
      speed = next;
      for (const timer of timers) {
        clearTimeout(timer.handle);
        arm(timer);
      }
    },
    after(ms, action) {
      const timer = { dueAt: now() + ms, action } as Timer;
      if (!stopped) {
        timers.add(timer);
        arm(timer);
      }
      return () => {
        clearTimeout(timer.handle);
        timers.delete(timer);
      };
    },
    stop() {
      stopped = true;
      for (const timer of timers) clearTimeout(timer.handle);
      timers.clear();
    },
  };
}
