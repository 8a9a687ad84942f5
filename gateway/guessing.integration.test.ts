/** Guessed passwords, from many addresses behind a proxy: slowed, and nobody is kept out by somebody else. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { type GatewayWorld, STAFF_PASSWORD, startGatewayWorld } from "../test-support/gateway.ts";

let world: GatewayWorld;
beforeAll(async () => {
  world = await startGatewayWorld();
});
afterAll(() => world.close());

const OFFICE = "198.51.100.7";

const signIn = (person: string, password: string, from: string) =>
  world.call("POST", "/v1/sessions", {
    anonymous: true,
    json: { email: `${person}@acme.example`, password },
    headers: { "x-forwarded-for": from },
  });

test("where somebody signed in from is the client's address, not the proxy's", async () => {
  // Whoever is the client may have written what stands before.
  await signIn("finance", STAFF_PASSWORD, `203.0.113.1, ${OFFICE}`);
  const { items } = (await world.call("GET", "/v1/audit?act=session.opened&by=staff:finance")).json;
  expect(items).toMatchObject([{ address: OFFICE }]);
});

test("a stranger who guesses from everywhere is slowed, and does not keep the owner out", async () => {
  expect((await signIn("service", STAFF_PASSWORD, OFFICE)).status).toBe(201);
  const guesses: number[] = [];
  for (let from = 1; from <= 30; from += 1)
    guesses.push((await signIn("service", "guess", `203.0.113.${from}`)).status);
  expect(guesses.filter((status) => status === 401).length).toBeLessThanOrEqual(12);
  expect(guesses).toContain(429);
  expect((await signIn("service", STAFF_PASSWORD, OFFICE)).status).toBe(201);
});

test("an address that guesses at everybody's accounts does not keep its own people out", async () => {
  expect((await signIn("warehouse", STAFF_PASSWORD, OFFICE)).status).toBe(201);
  const guesses = await Promise.all(
    Array.from({ length: 80 }, (_, at) => signIn(`nobody-${at}`, "guess", OFFICE)),
  );
  expect(guesses.map(({ status }) => status)).toContain(429);
  expect((await signIn("warehouse", STAFF_PASSWORD, OFFICE)).status).toBe(201);
}, 60_000);

test("wrong passwords from one address wait ever longer, and the right one is asked to wait, too", async () => {
  const home = "192.0.2.44";
  for (let wrong = 0; wrong < 5; wrong += 1) expect((await signIn("store", "guess", home)).status).toBe(401);
  const slowed = await signIn("store", STAFF_PASSWORD, home);
  expect([slowed.status, slowed.json.code]).toEqual([429, "rate_limited"]);
  expect(slowed.json.retryAfterMs).toBeGreaterThan(0);
  expect(slowed.json.retryAfterMs).toBeLessThanOrEqual(1_000);
  const { items } = (await world.call("GET", "/v1/audit?act=session.slowed&subject=staff:store")).json;
  expect(items).toMatchObject([{ address: home }]);
  // From elsewhere nothing is slowed.
  expect((await signIn("store", STAFF_PASSWORD, "192.0.2.45")).status).toBe(201);
});
