import { expect, test } from "vitest";
import { hashPassword, isOutdated, verifyPassword } from "./passwords.ts";

/** Of a former version: `correct horse battery staple`. */
const SCRYPT = "scrypt$15$8$3$AAECAwQFBgcICQoLDA0ODw$ZwXboEbK-6uo3pibyojgA4zgNULQwM2WqPlWpy-G7mc";

test("a password is kept as Argon2id with its cost, and known again", async () => {
  const hash = await hashPassword("correct horse battery staple");
  expect(hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
  expect(await verifyPassword("correct horse battery staple", hash)).toBe(true);
  expect(await verifyPassword("correct horse battery stapler", hash)).toBe(false);
  expect(isOutdated(hash)).toBe(false);
  expect(await hashPassword("correct horse battery staple")).not.toBe(hash);
});

test("a password typed on another keyboard is the same", async () => {
  expect(await verifyPassword("u\u0308berall", await hashPassword("\u00fcberall"))).toBe(true);
});

test("a hash of a former version is known, and to be made anew", async () => {
  expect(await verifyPassword("correct horse battery staple", SCRYPT)).toBe(true);
  expect(await verifyPassword("another", SCRYPT)).toBe(false);
  expect(isOutdated(SCRYPT)).toBe(true);
});

test.each(["", "plain", "$argon2id$v=19$broken", "scrypt$x$y$z", "bcrypt$15$8$3$aa$bb"])(
  "%j is the hash of nothing",
  async (stored) => {
    expect(await verifyPassword("plain", stored)).toBe(false);
  },
);

test("a weaker Argon2id than ours is to be made anew", () => {
  expect(isOutdated("$argon2id$v=19$m=4096,t=3,p=1$c2FsdHNhbHQ$aGFzaA")).toBe(true);
});
