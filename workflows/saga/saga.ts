/**
 * The step runner of all sagas.
 *
 * S1. An undo is registered before its step runs: a step that took effect although its answer was lost is
 *     undone too. Every undo therefore succeeds where its step never happened.
 * S2. Undos run in reverse order and cannot be cancelled.
 * S3. An undo that fails is told to a person and tried again; the undos before it wait for it. None is
 *     skipped.
 */
import { CancellationScope, sleep } from "@temporalio/workflow";

type Undo = {
  /** Also its identity: registering a name twice keeps the first. */
  readonly name: string;
  run(): Promise<void>;
};

const FIRST_RETRY_MS = 60_000;
const LONGEST_RETRY_MS = 3_600_000;

export class Saga {
  private readonly undos: Undo[] = [];
  private readonly reportFailedUndo: (undo: Undo, error: unknown, attempt: number) => Promise<void>;

  constructor(reportFailedUndo: (undo: Undo, error: unknown, attempt: number) => Promise<void>) {
    this.reportFailedUndo = reportFailedUndo;
  }

  /** Registers the undo of something that happened before the saga began. */
  undoWith(undo: Undo): void {
    if (!this.undos.some(({ name }) => name === undo.name)) this.undos.push(undo);
  }

  async step<T>(undo: Undo, run: () => Promise<T>): Promise<T> {
    this.undoWith(undo);
    return await run();
  }

  /** The point of no return: what was done so far stays done. */
  settle(): void {
    this.undos.length = 0;
  }

  async unwind(): Promise<void> {
    await CancellationScope.nonCancellable(async () => {
      for (let undo = this.undos.at(-1); undo !== undefined; undo = this.undos.at(-1)) {
        await this.runUntilDone(undo);
        this.undos.pop();
      }
    });
  }

  private async runUntilDone(undo: Undo): Promise<void> {
    let delayMs = FIRST_RETRY_MS;
    for (let attempt = 1; ; attempt += 1) {
      try {
        await undo.run();
        return;
      } catch (error) {
        await this.reportFailedUndo(undo, error, attempt);
        await sleep(delayMs);
        delayMs = Math.min(delayMs * 2, LONGEST_RETRY_MS);
      }
    }
  }
}
