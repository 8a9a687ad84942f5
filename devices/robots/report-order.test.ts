import { describe, expect, it } from "vitest";
import { ReportOrder } from "./report-order.ts";

const MOST = 2 ** 32 - 1;

describe("of a robot's states", () => {
  it.each<[what: string, states: readonly (readonly [headerId: number, atMs: number])[], taken: boolean]>([
    [
      "the next one counts",
      [
        [1, 10],
        [2, 11],
      ],
      true,
    ],
    [
      "one that was overtaken does not",
      [
        [2, 11],
        [1, 10],
      ],
      false,
    ],
    [
      "the same one does not count twice",
      [
        [2, 11],
        [2, 11],
      ],
      false,
    ],
    [
      "the next one counts where the clock was set back",
      [
        [1, 1_000],
        [2, 10],
      ],
      true,
    ],
    [
      "the next one counts where the counter begins again",
      [
        [900, 10],
        [0, 11],
      ],
      true,
    ],
    [
      "the counter may go round",
      [
        [MOST, 10],
        [0, 10],
      ],
      true,
    ],
    [
      "the counter decides where the clock stands still",
      [
        [8, 10],
        [7, 10],
      ],
      false,
    ],
    [
      "a counter that was never true decides nothing",
      [
        [70_000, 10],
        [7, 10],
      ],
      true,
    ],
    [
      "two that are older by both do not count",
      [
        [900, 99],
        [1, 10],
        [2, 11],
      ],
      false,
    ],
    [
      "three that count up do",
      [
        [900, 99],
        [1, 10],
        [2, 11],
        [3, 12],
      ],
      true,
    ],
    [
      "three that do not count up do not",
      [
        [900, 99],
        [3, 10],
        [2, 11],
        [1, 12],
      ],
      false,
    ],
  ])("%s", (_what, states, taken) => {
    const order = new ReportOrder();
    expect(states.map(([headerId, atMs]) => order.takes({ headerId, atMs })).at(-1)).toBe(taken);
  });

  it("the first after a connection counts, whatever came before", () => {
    const order = new ReportOrder();
    order.takes({ headerId: 900, atMs: 99 });
    order.beginsAnew();
    expect(order.takes({ headerId: 0, atMs: 1 })).toBe(true);
  });
});
