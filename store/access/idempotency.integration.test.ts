import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../test-support/servers/postgres.ts";
import { claimIdempotencyKey, releaseIdempotencyKey, storeIdempotentReply } from "./idempotency.ts";

let world: TestDatabase;
beforeAll(async () => {
  world = await createTestDatabase();
});
afterAll(() => world.close());

const claim = (key: string, fingerprint = "request") => ({
  scope: "api-key:a POST /v1/orders",
  key,
  fingerprint: Buffer.from(fingerprint),
});

test.each<[string, unknown]>([
  ["a NUL", { detail: "a\0b" }],
  ["half a surrogate pair", { detail: "\ud83d" }],
  ["fields in the sender's order", { zebra: 1, ant: { b: 1, a: 2 } }],
  ["nothing", null],
])("a reply that holds %s is repeated as it was sent", async (name, body) => {
  expect(await claimIdempotencyKey(world.database, claim(name))).toEqual({ kind: "claimed" });
  await storeIdempotentReply(world.database, claim(name), { status: 422, body });
  const again = await claimIdempotencyKey(world.database, claim(name));
  if (again.kind !== "replay") throw new Error(again.kind);
  expect(again.reply.status).toBe(422);
  expect(JSON.stringify(again.reply.body)).toBe(JSON.stringify(body));
});

test("of two requests with one key the second is told what became of the first", async () => {
  expect((await claimIdempotencyKey(world.database, claim("k"))).kind).toBe("claimed");
  expect((await claimIdempotencyKey(world.database, claim("k"))).kind).toBe("in_flight");
  expect((await claimIdempotencyKey(world.database, claim("k", "another"))).kind).toBe("reused");
  await releaseIdempotencyKey(world.database, claim("k"));
  expect((await claimIdempotencyKey(world.database, claim("k"))).kind).toBe("claimed");
});
