/**
 * Two gateways, each a process of its own, over a real Redis: what one caller may send counts at both
 * together.
 */
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { hasRedis } from "../../../test-support/servers/redis.ts";
import { CoreServer } from "../core-server.ts";
import { DatabaseServer } from "../database-server.ts";
import { RedisServer } from "./redis-server.ts";

const MINUTE = 60_000;
/** So few that a busy machine can send a multiple of it. */
const PER_SECOND = 40;
const SECONDS = 4;
/** Gateways count each other once a second, and Redis for away after one and a half. */
const KNOWN_AFTER_MS = 2_500;

let folder: string;
let database: DatabaseServer;
let redis: RedisServer;
let gateways: readonly { readonly server: CoreServer; readonly url: string; readonly key: string }[] = [];

describe.skipIf(!hasRedis)(
  `the limit of requests at two gateways${hasRedis ? "" : " (skipped: install redis-server)"}`,
  () => {
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), "holdfast-limits-"));
      await mkdir(join(folder, "database"));
      database = await DatabaseServer.start(join(folder, "database"));
      redis = await RedisServer.start();
      const first = await start("one");
      gateways = [first, await start("two", first.key)];
      await pause(KNOWN_AFTER_MS);
    }, 2 * MINUTE);

    afterAll(async () => {
      await Promise.all(gateways.map(({ server }) => server.kill()));
      await redis?.kill();
      await database?.stop();
      await rm(folder, { recursive: true, force: true });
    });

    test(
      "one caller at both has one allowance, and one at one of them has all of it",
      async () => {
        const both = await flood(gateways.map(({ url }) => url));
        expect(both.given).toBeGreaterThan(0.7 * both.allowance);
        // Each of them alone would have given as much again.
        expect(both.given).toBeLessThan(1.35 * both.allowance);
        expect(both.refused).toBeGreaterThan(both.allowance);
        await pause(2_500);
        const one = await flood([gateways[0]?.url ?? ""]);
        expect(one.given).toBeGreaterThan(0.8 * one.allowance);
        expect(one.given).toBeLessThan(1.2 * one.allowance);
      },
      MINUTE,
    );

    test(
      "while Redis is away each gateway gives its half, and once it is back both count together again",
      async () => {
        await pause(2_500);
        await redis.kill();
        await pause(KNOWN_AFTER_MS);
        const one = await flood([gateways[0]?.url ?? ""]);
        expect(one.given).toBeGreaterThan(0.35 * one.allowance);
        expect(one.given).toBeLessThan(0.65 * one.allowance);
        const both = await flood(gateways.map(({ url }) => url));
        expect(both.given).toBeLessThan(1.2 * both.allowance);
        await redis.start();
        await pause(2 * KNOWN_AFTER_MS);
        const again = await flood([gateways[1]?.url ?? ""]);
        expect(again.given).toBeGreaterThan(0.8 * again.allowance);
      },
      MINUTE,
    );
  },
);

async function start(name: string, key?: string) {
  const server = await CoreServer.spawn({
    databaseUrl: database.url(),
    logFile: join(folder, `${name}.log`),
    snapshotEveryRows: 1_000,
    requestsPerSecond: PER_SECOND,
    node: { name, redisUrl: `redis://127.0.0.1:${redis.port}` },
    ...(key === undefined ? {} : { key }),
  });
  const ready = await server.ready();
  if (ready === null) throw new Error(await server.complaint());
  return { server, url: `http://127.0.0.1:${ready.port}`, key: ready.key };
}

/**
 * Asks as fast as it is answered. @returns what was given and refused, and what one allowance was meanwhile
 */
async function flood(urls: readonly string[]) {
  const counts = { given: 0, refused: 0 };
  const beganAt = performance.now();
  const worker = async (url: string): Promise<void> => {
    while (performance.now() - beganAt < SECONDS * 1_000) {
      const response = await fetch(`${url}/v1/orders?limit=1`, {
        headers: { authorization: `Bearer ${gateways[0]?.key}` },
      });
      const text = await response.text();
      if (response.status === 200) counts.given += 1;
      else if (response.status === 429) {
        expect(JSON.parse(text)).toMatchObject({ code: "rate_limited", retryAfterMs: expect.any(Number) });
        counts.refused += 1;
      } else throw new Error(`${response.status}: ${text}`);
    }
  };
  await Promise.all(urls.flatMap((url) => Array.from({ length: 6 }, () => worker(url))));
  const seconds = (performance.now() - beganAt) / 1_000;
  return { ...counts, allowance: PER_SECOND * (1 + seconds) };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
