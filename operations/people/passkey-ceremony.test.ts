/**
 * The specification's own vectors are the judge: of answers that are to be taken, and of those that are not.
 */
import { expect, test } from "vitest";
import type { NewPasskeyAnswer, PasskeyAnswer } from "../../contract/sign-in/passkeys.ts";
import { challengeOf, readNewPasskey, readPasskeyAnswer, relyingPartyOf } from "./passkey-ceremony.ts";
import vectors from "./passkey-vectors.json" with { type: "json" };

const party = { id: vectors.rpId, origin: vectors.origin };
const text = (hex: string) => Buffer.from(hex, "hex").toString("base64url");
const bytes = (hex: string) => Buffer.from(hex, "hex");

function vector(id: string) {
  const found = vectors.cases.find((each) => each.id === id);
  if (found === undefined) throw new Error(`there is no vector ${id}`);
  const { registration, authentication } = found;
  const common = {
    id: text(registration.credential_id),
    rawId: text(registration.credential_id),
    type: "public-key" as const,
    clientExtensionResults: {},
  };
  const made: NewPasskeyAnswer = {
    ...common,
    response: {
      clientDataJSON: text(registration.clientDataJSON),
      attestationObject: text(registration.attestationObject),
    },
  };
  const answer: PasskeyAnswer = {
    ...common,
    response: {
      clientDataJSON: text(authentication.clientDataJSON),
      authenticatorData: text(authentication.authenticatorData),
      signature: text(authentication.signature),
    },
  };
  return {
    made,
    answer,
    madeFor: bytes(registration.challenge),
    answeredTo: bytes(authentication.challenge),
  };
}

test.each(["packed-self-es256", "packed-es256", "packed-es512"])(
  "a passkey that verified its person is taken: %s",
  async (id) => {
    const { made, madeFor } = vector(id);
    expect(challengeOf(made)?.equals(madeFor)).toBe(true);
    expect(await readNewPasskey(party, madeFor, made)).toMatchObject({
      credentialId: Buffer.from(made.id, "base64url"),
      signCount: 0,
    });
  },
);

test("the answer of a passkey that was taken is taken, and nothing that differs from it", async () => {
  const { made, madeFor, answer, answeredTo } = vector("packed-es256");
  const taken = await readNewPasskey(party, madeFor, made);
  if ("status" in taken) throw new Error(taken.detail);
  const read = (change: Partial<typeof party>, challenge = answeredTo, given = answer) =>
    readPasskeyAnswer({ ...party, ...change }, challenge, given, taken.publicKey);
  expect(await read({})).toEqual({ signCount: expect.any(Number) });

  const signature = Buffer.from(answer.response.signature, "base64url");
  signature.writeUInt8(signature.readUInt8(signature.length - 1) ^ 1, signature.length - 1);
  const altered = { ...answer, response: { ...answer.response, signature: signature.toString("base64url") } };
  for (const reply of [
    await read({ origin: "https://evil.example" }),
    await read({ id: "evil.example" }),
    await read({}, madeFor),
    await read({}, answeredTo, altered),
    await read({}, answeredTo, { ...answer, response: { ...answer.response, authenticatorData: "AAAA" } }),
  ])
    expect(reply).toMatchObject({ status: "refused", code: "passkey_refused" });
});

test("a passkey that did not verify its person is refused", async () => {
  const { made, madeFor } = vector("none-es256");
  expect(await readNewPasskey(party, madeFor, made)).toMatchObject({ code: "passkey_refused" });
  const verified = vector("packed-self-es256");
  const taken = await readNewPasskey(party, verified.madeFor, verified.made);
  if ("status" in taken) throw new Error(taken.detail);
  expect(await readPasskeyAnswer(party, verified.answeredTo, verified.answer, taken.publicKey)).toMatchObject(
    { code: "passkey_refused" },
  );
});

test("an answer that was made within a page of another site is refused", async () => {
  const { made, madeFor } = vector("none-es256-topOrigin");
  expect(await readNewPasskey(party, madeFor, made)).toMatchObject({ code: "passkey_refused" });
});

test("what cannot be read has no challenge", () => {
  const { answer } = vector("packed-es256");
  for (const data of ["", "null", "[]", '{"challenge":7}', "{", "\u0000"]) {
    const clientDataJSON = Buffer.from(data).toString("base64url");
    expect(challengeOf({ ...answer, response: { ...answer.response, clientDataJSON } })).toBeNull();
  }
});

test.each([
  ["https://shop.example", { id: "shop.example", origin: "https://shop.example" }],
  ["https://shop.example:8443", { id: "shop.example", origin: "https://shop.example:8443" }],
  ["http://localhost:7400", { id: "localhost", origin: "http://localhost:7400" }],
  ["http://127.0.0.1:7400", { id: "localhost", origin: "http://localhost:7400" }],
  ["http://[::1]:7400", { id: "localhost", origin: "http://localhost:7400" }],
  ["https://192.0.2.7", null],
  ["https://[2001:db8::7]", null],
])("passkeys of %s are of %o", (publicUrl, expected) => {
  expect(relyingPartyOf(publicUrl)).toEqual(expected);
});
