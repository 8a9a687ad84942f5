/**
 * Whose message is worked on next. Work is bounded over all and for each lane
 * (a channel, or a caller), and lanes take turns, so a channel that sends a
 * thousand times as much as another does not make the other wait behind it.
 */
type Task = () => Promise<void>;

type Lane = {
  readonly name: string;
  /** Waiting tasks from `first` on; the array is cut once its head has been used up. */
  waiting: Task[];
  first: number;
  running: number;
  /** Whether the lane is in the rotation. */
  queued: boolean;
};

export class FairQueue {
  private readonly mostRunning: number;
  private readonly mostPerLane: number;
  private readonly lanes = new Map<string, Lane>();
  /** Lanes that have a task waiting and may start one. */
  private rotation: Lane[] = [];
  private running = 0;
  private waiting = 0;
  private idle: (() => void)[] = [];

  constructor(limits: { readonly running: number; readonly perLane: number }) {
    this.mostRunning = limits.running;
    this.mostPerLane = limits.perLane;
  }

  /** Tasks of one lane start in order. A task handles its own errors: it must not reject. */
  add(laneName: string, task: Task): void {
    let lane = this.lanes.get(laneName);
    if (lane === undefined) {
      lane = { name: laneName, waiting: [], first: 0, running: 0, queued: false };
      this.lanes.set(laneName, lane);
    }
    lane.waiting.push(task);
    this.waiting += 1;
    this.enqueue(lane);
    this.pump();
  }

  /** Resolves once nothing runs and nothing waits. */
  whenIdle(): Promise<void> {
    if (this.running === 0 && this.waiting === 0) return Promise.resolve();
    return new Promise((resolve) => this.idle.push(resolve));
  }

  private enqueue(lane: Lane): void {
    if (lane.queued || lane.first === lane.waiting.length || lane.running >= this.mostPerLane) return;
    lane.queued = true;
    this.rotation.push(lane);
  }

  private pump(): void {
    while (this.running < this.mostRunning) {
      const lane = this.rotation.shift();
      if (lane === undefined) return;
      lane.queued = false;
      const task = lane.waiting[lane.first];
      if (task === undefined) continue;
      lane.first += 1;
      if (lane.first === lane.waiting.length || lane.first >= 1_024) {
        lane.waiting = lane.waiting.slice(lane.first);
        lane.first = 0;
      }
      this.waiting -= 1;
      this.running += 1;
      lane.running += 1;
      this.enqueue(lane);
      void this.run(lane, task);
    }
  }

  private async run(lane: Lane, task: Task): Promise<void> {
    try {
      await task();
    } finally {
      this.running -= 1;
      lane.running -= 1;
      this.enqueue(lane);
      if (lane.running === 0 && lane.first === lane.waiting.length) this.lanes.delete(lane.name);
      this.pump();
      if (this.running === 0 && this.waiting === 0) {
        for (const resolve of this.idle.splice(0)) resolve();
      }
    }
  }
}
