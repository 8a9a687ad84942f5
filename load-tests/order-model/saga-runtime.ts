/**
 * Takes the place of Temporal's workflow library while the order model runs: the sagas' own code runs in this
 * process, and their steps are plain calls of the activities. `register-saga-runtime.ts` puts it there.
 *
 * Owns what a workflow asks of Temporal: steps, waiting, signals, timers. Leaves durability to Temporal: a
 * saga here lives as long as the process. Timers do not run; `passTime` lets them fire.
 *
 * Faults of a step are played as Temporal plays them: an operating fault is repeated with the same arguments,
 * and a step whose answer was lost is done again.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { ApplicationFailure } from "@temporalio/common";

export { ActivityFailure, ApplicationFailure, rootCause, TemporalFailure } from "@temporalio/common";

type Step = (input: never) => Promise<unknown>;

type Waiting = {
  readonly isTrue: () => boolean;
  readonly go: (met: boolean) => void;
  readonly hasTimer: boolean;
};

/** Repeats of a step that keeps failing; a fault that lasts longer is a defect. */
const MAX_ATTEMPTS = 6;

/** One saga as it runs. */
export class SagaRun {
  readonly workflowId: string;
  /** How it ended; undefined while it runs. */
  outcome: { readonly result: unknown } | { readonly error: unknown } | undefined;
  private readonly steps: Readonly<Record<string, Step>>;
  /** Whether the answer of the step that is called now gets lost. */
  private readonly losesAnswer: () => boolean;
  private readonly handlers = new Map<string, (message: unknown) => void>();
  private waiting: Waiting[] = [];
  /** Names of the steps that are being done. */
  private readonly calls = new Map<Promise<unknown>, string>();

  constructor(workflowId: string, steps: Readonly<Record<string, Step>>, losesAnswer: () => boolean) {
    this.workflowId = workflowId;
    this.steps = steps;
    this.losesAnswer = losesAnswer;
  }

  start(workflow: (input: never) => Promise<unknown>, input: unknown): void {
    current.run(this, () => {
      workflow(input as never).then(
        (result) => {
          this.outcome = { result };
        },
        (error: unknown) => {
          this.outcome = { error };
        },
      );
    });
  }

  signal(name: string, message: unknown): void {
    this.handlers.get(name)?.(message);
    this.lookAgain();
  }

  /** Every timer that it waits for fires. */
  passTime(): void {
    const due = this.waiting.filter((waiting) => waiting.hasTimer);
    this.waiting = this.waiting.filter((waiting) => !waiting.hasTimer);
    for (const waiting of due) waiting.go(false);
  }

  /** Resolves when it has ended or waits for a message or a timer. */
  async settled(): Promise<void> {
    for (let quiet = 0; quiet < 2; ) {
      await Promise.allSettled([...this.calls.keys()]);
      await new Promise((resolve) => setImmediate(resolve));
      this.lookAgain();
      quiet = this.calls.size === 0 ? quiet + 1 : 0;
    }
  }

  /** What it is doing or waits for, for a person. */
  get standing(): string {
    if (this.outcome !== undefined) return JSON.stringify(this.outcome);
    return this.calls.size > 0
      ? `in ${[...this.calls.values()].join(", ")}`
      : `waits for ${this.waiting.map(({ isTrue }) => isTrue.toString()).join(", ")}`;
  }

  handle(name: string, handler: (message: unknown) => void): void {
    this.handlers.set(name, handler);
  }

  until(isTrue: () => boolean, hasTimer: boolean): Promise<boolean> {
    if (isTrue()) return Promise.resolve(true);
    return new Promise((go) => {
      this.waiting.push({ isTrue, go, hasTimer });
    });
  }

  /** @param attempts after so many the failure is the saga's */
  call(name: string, input: unknown, attempts: number): Promise<unknown> {
    const step = this.steps[name];
    if (step === undefined) throw new Error(`there is no step ${name}`);
    const isAnswerLost = this.losesAnswer();
    const call = (isAnswerLost ? repeated(step, input, attempts) : Promise.resolve())
      .then(() => {
        if (!isAnswerLost || attempts > 1) return repeated(step, input, attempts);
        throw ApplicationFailure.create({ message: `the answer of ${name} was lost` });
      })
      .finally(() => this.calls.delete(call));
    this.calls.set(call, name);
    return call;
  }

  private lookAgain(): void {
    const met = this.waiting.filter((waiting) => waiting.isTrue());
    if (met.length === 0) return;
    this.waiting = this.waiting.filter((waiting) => !met.includes(waiting));
    for (const waiting of met) waiting.go(true);
  }
}

async function repeated(step: Step, input: unknown, attempts: number): Promise<unknown> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await step(structuredClone(input) as never);
    } catch (error) {
      if (error instanceof ApplicationFailure && error.nonRetryable === true) throw error;
      if (attempt === attempts) throw error;
    }
  }
}

const current = new AsyncLocalStorage<SagaRun>();

function thisRun(): SagaRun {
  const run = current.getStore();
  if (run === undefined) throw new Error("called outside a saga");
  return run;
}

type SignalDefinition = { readonly name: string };

export function defineSignal(name: string): SignalDefinition {
  return { name };
}

export function setHandler(signal: SignalDefinition, handler: (message: unknown) => void): void {
  thisRun().handle(signal.name, handler);
}

export function condition(isTrue: () => boolean, timeout?: unknown): Promise<boolean> {
  return thisRun().until(isTrue, timeout !== undefined);
}

export async function sleep(_duration: unknown): Promise<void> {
  await thisRun().until(() => false, true);
}

type ActivityOptions = { readonly retry?: { readonly maximumAttempts?: number } };

/** Steps of a saga: `steps.name(input)` and `steps.name.executeWithOptions(options, [input])`. */
export function proxyActivities({ retry }: ActivityOptions): unknown {
  const attempts = retry?.maximumAttempts ?? MAX_ATTEMPTS;
  return new Proxy(
    {},
    {
      get: (_target, name) => {
        const call = (input: unknown) => thisRun().call(String(name), input, attempts);
        return Object.assign(call, {
          executeWithOptions: (_options: unknown, [input]: readonly unknown[]) => call(input),
        });
      },
    },
  );
}

export const proxyLocalActivities = proxyActivities;

/** Today's code, always: recorded histories are replayed elsewhere. */
export function patched(_id: string): boolean {
  return true;
}

export function setCurrentDetails(_details: string): void {}

export function upsertSearchAttributes(_attributes: unknown): void {}

export const CancellationScope = {
  current: () => ({ cancelRequested: new Promise<never>(() => {}) }),
  nonCancellable: <T>(run: () => Promise<T>): Promise<T> => run(),
};
