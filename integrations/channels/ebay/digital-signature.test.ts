import { createHash, createPublicKey, verify } from "node:crypto";
import { expect, test } from "vitest";
import { readSigningKey, signatureHeaders, signBase } from "./digital-signature.ts";

/** RFC 9421, appendix B.1.4: `test-key-ed25519`. */
const PRIVATE = "MC4CAQAwBQYDK2VwBCIEIJ+DYvh6SEqVTm50DFtMDoQikTmiCqirVv9mWG9qfSnF";
const PUBLIC = "MCowBQYDK2VwAyEAJrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=";
const key = readSigningKey(PRIVATE);

test("a signature base is signed as RFC 9421 has it in its appendix B.2.6", () => {
  const base = [
    '"date": Tue, 20 Apr 2021 02:07:55 GMT',
    '"@method": POST',
    '"@path": /foo',
    '"@authority": example.com',
    '"content-type": application/json',
    '"content-length": 18',
    '"@signature-params": ("date" "@method" "@path" "@authority" "content-type" "content-length");created=1618884473;keyid="test-key-ed25519"',
  ].join("\n");
  if (key === null) throw new Error("no key");
  expect(signBase(base, key)).toBe(
    "wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==",
  );
});

test("a call bears its digest, the key's name and a signature that covers both, and where it goes", () => {
  if (key === null) throw new Error("no key");
  const body = '{"comment":"damaged"}';
  const url = "https://api.ebay.com/sell/fulfillment/v1/order/14-11223-44556/issue_refund?x=1";
  const headers = signatureHeaders(
    { jwe: "eyJ.the.jwe", privateKey: key },
    { method: "POST", url, body },
    1_767_225_600_500,
  );
  const digest = createHash("sha256").update(body).digest("base64");
  expect(headers).toMatchObject({
    "content-digest": `sha-256=:${digest}:`,
    "x-ebay-signature-key": "eyJ.the.jwe",
    "signature-input":
      'sig1=("content-digest" "x-ebay-signature-key" "@method" "@path" "@authority");created=1767225600',
  });
  const base = [
    `"content-digest": sha-256=:${digest}:`,
    '"x-ebay-signature-key": eyJ.the.jwe',
    '"@method": POST',
    '"@path": /sell/fulfillment/v1/order/14-11223-44556/issue_refund',
    '"@authority": api.ebay.com',
    '"@signature-params": ("content-digest" "x-ebay-signature-key" "@method" "@path" "@authority");created=1767225600',
  ].join("\n");
  const signature = /^sig1=:(.+):$/.exec(headers["signature"] ?? "")?.[1] ?? "";
  const publicKey = createPublicKey({ key: Buffer.from(PUBLIC, "base64"), format: "der", type: "spki" });
  expect(verify(null, Buffer.from(base), publicKey, Buffer.from(signature, "base64"))).toBe(true);
});

test("a key is read in PEM too, and what is no Ed25519 key is none", () => {
  expect(
    readSigningKey(`-----BEGIN PRIVATE KEY-----\n${PRIVATE}\n-----END PRIVATE KEY-----\n`),
  ).not.toBeNull();
  for (const text of ["", "no key", PUBLIC]) expect(readSigningKey(text)).toBeNull();
});
