/** What may go wrong between a service and its caller, by chance but repeatable from a seed. */
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

export type Fate = "answered" | "request-lost" | "reply-lost" | "unavailable";

export const NO_FAULTS: FaultRates = { dropRequestRate: 0, dropReplyRate: 0, errorRate: 0, delayMs: 0 };

export type Faults = {
  rates: FaultRates;
  seed(value: number): void;
  /** Decides about one call. */
  draw(): Fate;
};

export function createFaults(): Faults {
  let state = 1;
  // Mulberry32: small, and the same on every machine.
  const random = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
  return {
    rates: NO_FAULTS,
    seed(value) {
      state = value | 0;
    },
    draw() {
      const point = random();
      const { dropRequestRate, dropReplyRate, errorRate } = this.rates;
      if (point < dropRequestRate) return "request-lost";
      if (point < dropRequestRate + dropReplyRate) return "reply-lost";
      if (point < dropRequestRate + dropReplyRate + errorRate) return "unavailable";
      return "answered";
    },
  };
}
