import { MockActivityEnvironment } from "@temporalio/testing";
import { expect, test } from "vitest";
import { boundedAtOnce } from "./at-once.ts";

const locally = <Answer>(run: () => Promise<Answer>) =>
  new MockActivityEnvironment({ isLocal: true }).run(run);

test("calls that a slow vendor keeps waiting take a bounded share of the local steps, and free it again", async () => {
  const waiting: (() => void)[] = [];
  const steps = boundedAtOnce(
    {
      buyLabel: () => new Promise<string>((resolve) => waiting.push(() => resolve("bought"))),
      goOn: () => Promise.resolve("gone on"),
    },
    ["buyLabel"],
  );
  const under = Array.from({ length: 20 }, () => locally(steps.buyLabel));
  await expect(locally(steps.buyLabel)).rejects.toMatchObject({
    type: "too_many_calls",
    nonRetryable: false,
  });
  expect(await locally(steps.goOn)).toBe("gone on");
  // As a regular activity it has slots of its own.
  const regular = new MockActivityEnvironment({ isLocal: false }).run(steps.buyLabel);
  for (const answer of waiting.splice(0)) answer();
  expect(new Set(await Promise.all([...under, regular]))).toEqual(new Set(["bought"]));
  const next = locally(steps.buyLabel);
  for (const answer of waiting.splice(0)) answer();
  expect(await next).toBe("bought");
});
