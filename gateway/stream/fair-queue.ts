/**
 * Whose message is worked on next. Work is bounded in total and for each sender (a channel, or a caller), and
 * senders take turns: one that sends a thousand times as much as another does not delay it.
 */
type Task = () => Promise<void>;

type Sender = {
  readonly name: string;
  /** Waiting tasks from `first` on. The array is cut once all before `first` is used up. */
  waiting: Task[];
  first: number;
  running: number;
  /** Whether the sender is in the rotation. */
  queued: boolean;
};

export class FairQueue {
  private readonly mostRunning: number;
  private readonly mostPerSender: number;
  private readonly senders = new Map<string, Sender>();
  /** Senders that have a task waiting and may start one. */
  private rotation: Sender[] = [];
  private running = 0;
  private waiting = 0;
  private idle: (() => void)[] = [];

  constructor(limits: { readonly running: number; readonly perSender: number }) {
    this.mostRunning = limits.running;
    this.mostPerSender = limits.perSender;
  }

  /** Tasks of one sender start in order. A task handles its own errors: it must not reject. */
  add(name: string, task: Task): void {
    let sender = this.senders.get(name);
    if (sender === undefined) {
      sender = { name, waiting: [], first: 0, running: 0, queued: false };
      this.senders.set(name, sender);
    }
    sender.waiting.push(task);
    this.waiting += 1;
    this.enqueue(sender);
    this.pump();
  }

  /** Resolves once nothing runs and nothing waits. */
  whenIdle(): Promise<void> {
    if (this.running === 0 && this.waiting === 0) return Promise.resolve();
    return new Promise((resolve) => this.idle.push(resolve));
  }

  private enqueue(sender: Sender): void {
    if (sender.queued || sender.first === sender.waiting.length || sender.running >= this.mostPerSender)
      return;
    sender.queued = true;
    this.rotation.push(sender);
  }

  private pump(): void {
    while (this.running < this.mostRunning) {
      const sender = this.rotation.shift();
      if (sender === undefined) return;
      sender.queued = false;
      const task = sender.waiting[sender.first];
      if (task === undefined) continue;
      sender.first += 1;
      if (sender.first === sender.waiting.length || sender.first >= 1_024) {
        sender.waiting = sender.waiting.slice(sender.first);
        sender.first = 0;
      }
      this.waiting -= 1;
      this.running += 1;
      sender.running += 1;
      this.enqueue(sender);
      void this.run(sender, task);
    }
  }

  private async run(sender: Sender, task: Task): Promise<void> {
    try {
      await task();
    } finally {
      this.running -= 1;
      sender.running -= 1;
      this.enqueue(sender);
      if (sender.running === 0 && sender.first === sender.waiting.length) this.senders.delete(sender.name);
      this.pump();
      if (this.running === 0 && this.waiting === 0) {
        for (const resolve of this.idle.splice(0)) resolve();
      }
    }
  }
}
