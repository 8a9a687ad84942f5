import { expect, it } from "vitest";
import { receive } from "../test-support/engine.ts";
import { EngineError } from "./errors.ts";
import { type ExecuteWork, Intake } from "./intake.ts";

function work(commands: number, refused: EngineError[] = []): ExecuteWork {
  return {
    kind: "execute",
    commands: Array.from({ length: commands }, (_, index) => receive("A", "east", 1, `c${index}`)),
    resolve: () => {},
    reject: (error) => refused.push(error),
  };
}

it("refuses work beyond its bound with a hint when to try again, and takes it once there is room", () => {
  const intake = new Intake();
  const refused: EngineError[] = [];
  intake.push([work(60_000)]);
  intake.push([work(6_000, refused)]);
  expect(refused).toHaveLength(1);
  expect(refused[0]).toMatchObject({ code: "engine_overloaded", retryAfterMs: expect.any(Number) });
  expect(intake.take(4096)).toHaveLength(1);
  intake.push([work(6_000, refused)]);
  expect(refused).toHaveLength(1);
});

it("takes one caller's import however long, as long as nobody else waits", () => {
  const intake = new Intake();
  const refused: EngineError[] = [];
  intake.push(Array.from({ length: 50 }, () => work(2048, refused)));
  expect(refused).toEqual([]);
  intake.push([work(1, refused)]);
  expect(refused).toHaveLength(1);
});

it("hands work out in order and within the limit, and work that was put back first", () => {
  const intake = new Intake();
  const works = [work(3), work(3), work(3), work(9)];
  intake.push(works);
  expect(intake.take(7)).toEqual([works[0], works[1]]);
  intake.putBack([works[1] as ExecuteWork]);
  expect(intake.take(7)).toEqual([works[1], works[2]]);
  expect(intake.take(7)).toEqual([works[3]]);
  expect(intake.isEmpty).toBe(true);
});

it("refuses everything while it is closed", () => {
  const intake = new Intake();
  const refused: EngineError[] = [];
  intake.closed = new EngineError("engine_stopped", "the engine has stopped");
  intake.push([work(1, refused), work(1, refused)]);
  expect(refused.map((error) => error.code)).toEqual(["engine_stopped", "engine_stopped"]);
  expect(intake.isEmpty).toBe(true);
});
