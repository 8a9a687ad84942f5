/** Held against the published test suite of Signature Version 4. */
import { expect, test } from "vitest";
import { signAwsCall } from "./aws-signature.ts";

const signer = {
  accessKeyId: "AKIDEXAMPLE",
  secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
  region: "us-east-1",
  service: "service",
};
const AT_MS = Date.parse("2015-08-30T12:36:00Z");

const signatureOf = (headers: Readonly<Record<string, string>>) => headers["authorization"] ?? "";

test("post-vanilla of the suite is signed as it says", () => {
  const headers = signAwsCall(
    { url: "https://example.amazonaws.com/", headers: {}, body: "" },
    signer,
    AT_MS,
  );
  expect(headers).toEqual({
    "x-amz-date": "20150830T123600Z",
    authorization:
      "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=host;x-amz-date, Signature=5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b",
  });
});

test("post-x-www-form-urlencoded of the suite, with a body and a header of its own, too", () => {
  const headers = signAwsCall(
    {
      url: "https://example.amazonaws.com/",
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: "Param1=value1",
    },
    signer,
    AT_MS,
  );
  expect(signatureOf(headers)).toContain("SignedHeaders=content-type;host;x-amz-date");
  expect(signatureOf(headers)).toContain(
    "Signature=ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a",
  );
});

test("whatever is changed on the way is signed otherwise", () => {
  const call = { url: "https://example.amazonaws.com/", headers: { "x-amz-target": "A.B" }, body: "{}" };
  const all = [
    signAwsCall(call, signer, AT_MS),
    signAwsCall({ ...call, body: "{} " }, signer, AT_MS),
    signAwsCall({ ...call, headers: { "x-amz-target": "A.C" } }, signer, AT_MS),
    signAwsCall({ ...call, url: "https://example.amazonaws.com/other" }, signer, AT_MS),
    signAwsCall(call, { ...signer, secretAccessKey: "another" }, AT_MS),
    signAwsCall(call, signer, AT_MS + 1_000),
  ].map(signatureOf);
  expect(new Set(all).size).toBe(all.length);
});
