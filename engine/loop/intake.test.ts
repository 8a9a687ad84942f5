import { describe, expect, it } from "vitest";
import { receive } from "../../test-support/engine.ts";
import { EngineError } from "../errors.ts";
import { type ExecuteWork, sizeOf, type Work } from "../rounds/work.ts";
import { Intake, type IntakeLimits } from "./intake.ts";
import { RoundQueue } from "./round-queue.ts";

const LIMITS: IntakeLimits = { units: 1_000, bytes: 1_000_000, waitMs: 2_000, unitsAnyway: 50 };
const NOBODY = new Set<number>();

function work(commands: number, refused: EngineError[] = [], cause = "test"): ExecuteWork {
  return {
    kind: "execute",
    commands: Array.from({ length: commands }, (_, index) => ({
      ...receive("A", "east", 1, `c${index}`),
      cause,
    })),
    resolve: () => {},
    reject: (error) => refused.push(error),
  };
}

function newIntake() {
  const queue = new RoundQueue<Work>({ threads: 1, sizeOf, namesOf: () => [] });
  const intake = new Intake(queue, LIMITS);
  return {
    intake,
    push: (works: readonly Work[], uncommitted = 0, perMs: number | null = null) =>
      intake.push(
        works.map((piece) => ({ work: piece, threads: [0] })),
        uncommitted,
        perMs,
      ),
    take: (limit: number) => {
      const ready = intake.next(0, limit, NOBODY);
      queue.finished([0]);
      return ready?.works ?? [];
    },
  };
}

describe("the intake", () => {
  it("refuses work beyond its bound with a hint when to try again, and takes it once there is room", () => {
    const { push, take } = newIntake();
    const refused: EngineError[] = [];
    push([work(900)]);
    push([work(200, refused)]);
    expect(refused).toHaveLength(1);
    expect(refused[0]).toMatchObject({ code: "engine_overloaded", retryAfterMs: 100 });
    expect(take(100)).toHaveLength(1);
    push([work(200, refused)]);
    expect(refused).toHaveLength(1);
  });

  it("takes one caller's import however long, as long as nobody else waits and the engine is not behind", () => {
    const { push, take } = newIntake();
    const refused: EngineError[] = [];
    push(Array.from({ length: 10 }, () => work(200, refused)));
    expect(refused).toEqual([]);
    push([work(1, refused)]);
    expect(refused).toHaveLength(1);
    while (take(1_000).length > 0);
    push(
      Array.from({ length: 10 }, () => work(200, refused)),
      300,
      0.1,
    );
    expect(refused).toHaveLength(11);
  });

  it("bounds what waits by its bytes as well", () => {
    const { push } = newIntake();
    const refused: EngineError[] = [];
    push([work(1, refused, "x".repeat(700_000))]);
    push([work(1, refused, "x".repeat(400_000))]);
    expect(refused.map((error) => error.code)).toEqual(["engine_overloaded"]);
    push([work(1, refused, "x".repeat(200_000))]);
    expect(refused).toHaveLength(1);
  });

  it("takes no more than can be committed in time, and says when half of that will be done", () => {
    const { push } = newIntake();
    const refused: EngineError[] = [];
    // A tenth of a command a millisecond: 200 in the two seconds that anybody may be made to wait.
    push([work(100, refused)], 80, 0.1);
    expect(refused).toEqual([]);
    push([work(30, refused)], 80, 0.1);
    // 180 are pending, 80 of them too many for half of the bound: 800 ms at this rate.
    expect(refused[0]).toMatchObject({ code: "engine_overloaded", retryAfterMs: 800 });
    push([work(20, refused)], 80, 0.1);
    expect(refused).toHaveLength(1);
  });

  it("takes a commit's worth however slow the disk is, since without work no rate can be measured", () => {
    const { push } = newIntake();
    const refused: EngineError[] = [];
    push([work(20, refused)], 0, 0);
    push([work(20, refused)], 0, 0);
    expect(refused).toEqual([]);
    push([work(20, refused)], 0, 0);
    expect(refused[0]).toMatchObject({ code: "engine_overloaded", retryAfterMs: 10_000 });
  });

  it("hands work out in order and within the limit, and work that was put back first", () => {
    const { intake, push, take } = newIntake();
    const works = [work(3), work(3), work(3), work(9)];
    push(works);
    expect(take(7)).toEqual([works[0], works[1]]);
    intake.putBack([works[1] as ExecuteWork], [0]);
    expect(take(7)).toEqual([works[1], works[2]]);
    expect(take(7)).toEqual([works[3]]);
    expect(intake.isEmpty).toBe(true);
  });

  it("refuses everything while it is closed", () => {
    const { intake, push } = newIntake();
    const refused: EngineError[] = [];
    intake.closed = new EngineError("engine_stopped", "the engine has stopped");
    push([work(1, refused), work(1, refused)]);
    expect(refused.map((error) => error.code)).toEqual(["engine_stopped", "engine_stopped"]);
    expect(intake.isEmpty).toBe(true);
  });
});
