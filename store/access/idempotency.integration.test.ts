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

test("requests of one moment are each told their own: of those with one key one runs", async () => {
  const kindsOf = async (...claims: readonly ReturnType<typeof claim>[]) =>
    (await Promise.all(claims.map((each) => claimIdempotencyKey(world.database, each)))).map(
      ({ kind }) => kind,
    );
  expect(await kindsOf(claim("z"), claim("y"), claim("z"), claim("z", "another"), claim("x"))).toEqual([
    "claimed",
    "claimed",
    "in_flight",
    "reused",
    "claimed",
  ]);
  await Promise.all(
    ["y", "z"].map((key) =>
      storeIdempotentReply(world.database, claim(key), { status: 201, body: { order: key } }),
    ),
  );
  expect(
    await Promise.all(
      [claim("z"), claim("w"), claim("y")].map((each) => claimIdempotencyKey(world.database, each)),
    ),
  ).toEqual([
    { kind: "replay", reply: { status: 201, body: { order: "z" } } },
    { kind: "claimed" },
    { kind: "replay", reply: { status: 201, body: { order: "y" } } },
  ]);
});

test("claims and replies that meet in any order wait for each other and for nothing else", async () => {
  const keys = Array.from({ length: 40 }, (_, index) => `meeting ${index}`);
  for (const key of keys) await claimIdempotencyKey(world.database, claim(key));
  const repeats = keys.map((key) => claimIdempotencyKey(world.database, claim(key)));
  const replies = [...keys]
    .reverse()
    .map((key) => storeIdempotentReply(world.database, claim(key), { status: 200, body: key }));
  const again = [...keys]
    .sort(() => 0.5 - Math.random())
    .map((key) => claimIdempotencyKey(world.database, claim(key)));
  await Promise.all(replies);
  for (const { kind } of await Promise.all([...repeats, ...again]))
    expect(["in_flight", "replay"]).toContain(kind);
  for (const key of keys) expect((await claimIdempotencyKey(world.database, claim(key))).kind).toBe("replay");
});
