import { once } from "node:events";
import { pino } from "pino";
import { afterEach, describe, expect, test } from "vitest";
import { hasRedis, startRedis } from "../../test-support/servers/redis.ts";
import { GatewayCount } from "./gateway-count.ts";
import { SharedAllowance } from "./shared-allowance.ts";
import { connectRedis } from "./shared-token-buckets.ts";

const logger = pino({ level: "silent" });
const rate = { size: 20, perSecond: 10 };
const undone: (() => unknown)[] = [];

afterEach(async () => {
  for (const undo of undone.splice(0).reverse()) await undo();
});

async function gateway(url: string, limit = rate) {
  const redis = connectRedis(url, { company: "acme", logger, ca: null });
  undone.push(() => redis.disconnect());
  await once(redis, "ready");
  const count = new GatewayCount(redis);
  const allowance = new SharedAllowance(redis, "test", limit, 100, count);
  undone.push(() => count.stop());
  undone.push(() => allowance.stop());
  await until(() => count.isTogether());
  return { count, allowance, redis };
}

describe.skipIf(!hasRedis)(
  `allowances counted in Redis${hasRedis ? "" : " (skipped: install redis-server)"}`,
  () => {
    test("what one gateway gave is missing at the other within moments", async () => {
      const server = await startRedis();
      undone.push(() => server.kill());
      // It fills so slowly that a busy machine is in time to see it.
      const slow = { size: 20, perSecond: 0.5 };
      const [one, other] = [await gateway(server.url, slow), await gateway(server.url, slow)];
      for (let nth = 0; nth < 15; nth += 1) expect(one.allowance.take("key", Date.now())).toBe(0);
      // The other asks after a bucket that it knows to be half full where it takes from it: not before Redis
      // was told of the first.
      await until(async () => Number((await one.redis.hget("limit:test:key", "tokens")) ?? 20) < 10);
      expect(other.allowance.take("key", Date.now())).toBe(0);
      await until(() => other.allowance.look("key", Date.now()).left < 10);
      expect(other.allowance.look("else", Date.now()).left).toBe(20);
    });

    test("what two gave too early is paid back before either gives more", async () => {
      const server = await startRedis();
      undone.push(() => server.kill());
      const both = [await gateway(server.url), await gateway(server.url)];
      for (const { allowance } of both)
        for (let nth = 0; nth < 20; nth += 1) expect(allowance.take("key", Date.now())).toBe(0);
      await pause(300);
      // 40 were given of 20: the debt is two seconds' worth, and waits as long.
      for (const { allowance } of both) expect(allowance.take("key", Date.now())).toBeGreaterThan(1_000);
    });

    test("each gateway knows how many there are, also of one that ended without a word", async () => {
      const server = await startRedis();
      undone.push(() => server.kill());
      const [one, other] = [await gateway(server.url), await gateway(server.url)];
      await until(() => one.count.known() === 2 && other.count.known() === 2, 3_000);
      other.redis.disconnect();
      await until(() => one.count.known() === 1, 9_000);
      expect(other.count.isTogether()).toBe(false);
      // Alone it gives the half that it knows to be its own.
      expect(other.allowance.quota).toBe(10);
    }, 20_000);

    test("a Redis that stands still holds nobody up, and what was given meanwhile is no debt", async () => {
      const server = await startRedis();
      undone.push(() => server.kill());
      const { allowance, count } = await gateway(server.url);
      server.pause();
      await until(() => !count.isTogether(), 5_000);
      const began = performance.now();
      for (let nth = 0; nth < 20; nth += 1) allowance.take("key", Date.now());
      expect(performance.now() - began).toBeLessThan(50);
      server.resume();
      await until(() => count.isTogether(), 5_000);
      await pause(2_200);
      expect(allowance.take("key", Date.now())).toBe(0);
      await pause(300);
      expect(allowance.look("key", Date.now()).left).toBeGreaterThan(15);
    }, 20_000);

    test("who asks on while refused is not kept waiting longer for it, and nothing in Redis is for ever", async () => {
      const server = await startRedis();
      undone.push(() => server.kill());
      const { allowance, redis } = await gateway(server.url);
      const beganAt = performance.now();
      let given = 0;
      while (performance.now() - beganAt < 3_000) {
        if (allowance.take("key", Date.now()) === 0) given += 1;
        await pause(2);
      }
      // 20 at once, and 10 a second.
      expect(given).toBeGreaterThan(40);
      expect(given).toBeLessThan(62);
      const keys = (await redis.keys("*")).map((key) => key.replace("holdfast:acme:", ""));
      expect(keys.length).toBeGreaterThan(1);
      for (const key of keys) {
        const ms = await redis.pttl(key);
        expect(ms, key).toBeGreaterThan(0);
        expect(ms, key).toBeLessThan(10_000);
      }
    }, 20_000);

    test("a Redis that was started anew forgives, and counts on", async () => {
      const server = await startRedis();
      undone.push(() => server.kill());
      const { allowance, count } = await gateway(server.url);
      for (let nth = 0; nth < 20; nth += 1) allowance.take("key", Date.now());
      await pause(300);
      await server.startAgain();
      await until(() => count.isTogether(), 5_000);
      await pause(200);
      allowance.take("key", Date.now());
      await pause(300);
      expect(allowance.look("key", Date.now()).left).toBeGreaterThan(15);
    }, 20_000);
  },
);

async function until(isSo: () => boolean | Promise<boolean>, mostMs = 2_000): Promise<void> {
  const end = performance.now() + mostMs;
  while (!(await isSo())) {
    if (performance.now() > end) throw new Error("it did not come to that");
    await pause(20);
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
