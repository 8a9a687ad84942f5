import { expect, test } from "vitest";
import { isDatabasePlain, isLoopback, passwordWeakness, weaknessOf } from "./production.ts";

test.each([
  ["a", "too short"],
  ["short-but-random", null],
  ["changeme-changeme-changeme", "placeholder"],
  ["whsec_…", "placeholder"],
  ["<your secret here>", "placeholder"],
  ["sandbox-sandbox-sandbox", "placeholder"],
  ["aaaaaaaaaaaaaaaaaaaaaaaa", "guessed"],
  ["xxxxxxxxxxxxxxxxxxxx", "placeholder"],
  ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", null],
  ["sk_live_51J8Qz2eZvKYlo2C0aBcDeFgH", null],
])("%s as a secret: %s", (secret, problem) => {
  const found = weaknessOf(secret);
  if (problem === null) expect(found).toBeNull();
  else expect(found).toContain(problem);
});

test.each([
  ["postgres://holdfast:holdfast@db/holdfast", true],
  ["postgres://holdfast:Password123456@db/holdfast", true],
  ["postgres://holdfast@db/holdfast", false],
  ["postgres://holdfast:short@localhost/holdfast", false],
  ["postgres://holdfast:dR7%2Fq9LmZx2Kp@db/holdfast", false],
])("the password of %s is weak: %s", (url, weak) => {
  expect(passwordWeakness(url) !== null).toBe(weak);
});

test.each([
  ["postgres://db/h", true],
  ["postgres://db/h?sslmode=disable", true],
  ["postgres://db/h?sslmode=prefer", true],
  ["postgres://db/h?sslmode=no-verify", true],
  ["postgres://db/h?sslmode=verify-full", false],
  ["postgres://db/h?ssl=true", false],
  ["postgres://127.0.0.1/h", false],
  ["postgres://[::1]/h", false],
  ["postgres:///h?host=/var/run/postgresql", false],
  ["postgres:///h?host=db", true],
])("%s is plain: %s", (url, plain) => {
  expect(isDatabasePlain(url)).toBe(plain);
});

test.each([
  ["127.0.0.1", true],
  ["127.8.9.1", true],
  ["localhost", true],
  ["[::1]", true],
  ["10.0.0.1", false],
  ["127.0.0.1.evil.example", false],
  ["localhost.evil.example", false],
])("%s is this machine alone: %s", (host, own) => {
  expect(isLoopback(host)).toBe(own);
});
