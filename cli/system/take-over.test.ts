import { expect, test } from "vitest";
import { watchTakeOver } from "./take-over.ts";

test("stock that another process has ends the watch; a database that is away does not", async () => {
  let looks = 0;
  const watch = watchTakeOver(async () => {
    looks += 1;
    if (looks === 2) throw new Error("the database is away");
    return looks === 3;
  }, 1);
  expect(await watch.taken).toBe("the stock");
  expect(looks).toBe(3);
});
