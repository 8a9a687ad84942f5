import { Random } from "../../config/seeded-random.ts";

/** What may go wrong between a service and its caller: by chance, and repeatable from a seed. */
export type FaultRates = {
  /** Share of calls whose connection breaks before the service has seen them. */
  readonly dropRequestRate: number;
  /** Share of calls whose connection breaks after they took effect: the reply is lost. */
  readonly dropReplyRate: number;
  /** Share of calls answered with 503 before they take effect. */
  readonly errorRate: number;
  /** Added to every reply, milliseconds. */
  readonly delayMs: number;
};

type Fate = "answered" | "request-lost" | "reply-lost" | "unavailable";

export const NO_FAULTS: FaultRates = { dropRequestRate: 0, dropReplyRate: 0, errorRate: 0, delayMs: 0 };

type Faults = {
  rates: FaultRates;
  seed(value: number): void;
  /** Decides about one call. */
  draw(): Fate;
};

export function createFaults(): Faults {
  let random = new Random(1);
  return {
    rates: NO_FAULTS,
    seed(value) {
      random = new Random(value);
    },
    draw() {
      const point = random.next();
      const { dropRequestRate, dropReplyRate, errorRate } = this.rates;
      if (point < dropRequestRate) return "request-lost";
      if (point < dropRequestRate + dropReplyRate) return "reply-lost";
      if (point < dropRequestRate + dropReplyRate + errorRate) return "unavailable";
      return "answered";
    },
  };
}

/** How a channel's API misbehaves beyond a broken connection. Rates are shares of calls, drawn from a seed. */
export type ServerFaults = {
  rates: FaultRates & {
    /** Answered 429 with the vendor's own word about when to come again. */
    readonly throttleRate: number;
    /** Share of webhooks that never come; come twice; come behind later ones. */
    readonly webhookLossRate: number;
    readonly webhookRepeatRate: number;
    readonly webhookDelayMs: number;
  };
  seed(value: number): void;
  /** Befalls the next call that changes something, once, whatever the rates say. Null: nothing is due. */
  nextWrite: Exclude<ServerFate, "answered"> | null;
};

export type ServerFate = Fate | "throttled";

export const NO_SERVER_FAULTS: ServerFaults["rates"] = {
  ...NO_FAULTS,
  throttleRate: 0,
  webhookLossRate: 0,
  webhookRepeatRate: 0,
  webhookDelayMs: 0,
};

export type DrawnServerFaults = ServerFaults & {
  /** Decides about one call. */
  draw(isWrite: boolean): ServerFate;
  /** How often one webhook comes, and how late. */
  drawWebhook(): { readonly times: 0 | 1 | 2; readonly delayMs: number };
};

export function createServerFaults(): DrawnServerFaults {
  let random = new Random(1);
  return {
    rates: NO_SERVER_FAULTS,
    nextWrite: null,
    seed(value) {
      random = new Random(value);
    },
    draw(isWrite) {
      if (isWrite && this.nextWrite !== null) {
        const due = this.nextWrite;
        this.nextWrite = null;
        return due;
      }
      const fates: readonly (readonly [ServerFate, number])[] = [
        ["request-lost", this.rates.dropRequestRate],
        ["reply-lost", this.rates.dropReplyRate],
        ["unavailable", this.rates.errorRate],
        ["throttled", this.rates.throttleRate],
      ];
      let point = random.next();
      for (const [fate, rate] of fates) {
        if (point < rate) return fate;
        point -= rate;
      }
      return "answered";
    },
    drawWebhook() {
      const point = random.next();
      const { webhookLossRate, webhookRepeatRate, webhookDelayMs } = this.rates;
      const times = point < webhookLossRate ? 0 : point < webhookLossRate + webhookRepeatRate ? 2 : 1;
      return { times, delayMs: webhookDelayMs === 0 ? 0 : random.below(webhookDelayMs + 1) };
    },
  };
}
