import { expect, test } from "vitest";
import { watchTakeOver } from "./take-over.ts";

const never = new Promise<void>(() => {});

test("stock that another process has ends the watch; a database that is away does not", async () => {
  let looks = 0;
  const watch = watchTakeOver(
    async () => {
      looks += 1;
      if (looks === 2) throw new Error("the database is away");
      return looks === 3;
    },
    never,
    1,
  );
  expect(await watch.taken).toBe("the stock");
  expect(looks).toBe(3);
});

test("a bridge of another process ends it, too", async () => {
  const watch = watchTakeOver(async () => false, Promise.resolve(), 1);
  expect(await watch.taken).toBe("the devices' bridge");
  watch.stop();
});
