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
};
