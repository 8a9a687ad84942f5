import { expect, test } from "vitest";
import { PROOF_AGES, requireProof } from "./proof.ts";

const session = (provedAgoMs: number) => ({ session: { id: "s", provedAgoMs, lacksSecondFactor: false } });

test.each(["recent", "own"] as const)("a session proves itself for as long as its kind says: %s", (kind) => {
  expect(() => requireProof(session(PROOF_AGES[kind]), kind)).not.toThrow();
  expect(() => requireProof(session(PROOF_AGES[kind] + 1), kind)).toThrow(
    expect.objectContaining({ code: "reauthentication_needed" }),
  );
});

test("how one signs in asks for a younger proof than what is the company's", () => {
  expect(PROOF_AGES.own).toBeLessThan(PROOF_AGES.recent);
});

test("an API key is its own proof", () => {
  expect(() => requireProof({ session: null }, "own")).not.toThrow();
});
