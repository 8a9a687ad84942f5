/** Messages by Standard Webhooks: held against the vectors of its makers and against their own library. */
import { readFileSync } from "node:fs";
import { Webhook } from "standardwebhooks";
import { describe, expect, test } from "vitest";
import { isStandardWebhook } from "../../integrations/vendor-kit/webhook-signature.ts";
import { bodyOf, messageIdOf, signatureOf, signedMessage } from "./message.ts";

type Vector = {
  readonly name: string;
  readonly secret: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly now: number;
  readonly valid: boolean;
};
const { cases } = JSON.parse(
  readFileSync(new URL("./standard-webhooks-vectors.json", import.meta.url), "utf8"),
) as { readonly cases: readonly Vector[] };

describe.each(cases.map((each) => [each.name, each] as const))(
  "the vector %s",
  (_name, { secret, headers, body, now, valid }) => {
    test("is signed as we sign, where it is right", () => {
      const lower = Object.fromEntries(
        Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]),
      );
      const { "webhook-id": id, "webhook-timestamp": timestamp, "webhook-signature": signatures } = lower;
      // Those whose clock is wrong are signed rightly.
      if (id === undefined || timestamp === undefined || signatures === undefined) return;
      const isOurs = signatures.split(" ").includes(signatureOf(secret, id, timestamp, body));
      const isInTime = Math.abs(now - Number(timestamp)) <= 300;
      expect(isOurs && isInTime).toBe(valid);
    });
  },
);

const SECRET = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;
const FORMER = `whsec_${Buffer.alloc(32, 9).toString("base64")}`;
const event = { type: "order.captured", at: "2026-11-30T09:00:00.000Z", data: { summary: "Grüße ✓ \u2028" } };

test.each([
  ["one secret", null, [true, false]],
  ["two secrets while they are exchanged", Date.now() + 60_000, [true, true]],
  ["one secret after that", Date.now() - 60_000, [true, false]],
] as const)("the standard's own library takes what is signed with %s", (_name, until, expected) => {
  const former = until === null ? null : { secret: FORMER, until: new Date(until) };
  const { headers, body } = signedMessage(
    { url: "https://erp.example", secret: SECRET, former },
    { id: "msg_1", body: bodyOf(event) },
    Date.now(),
  );
  const takes = (secret: string, given = body) => {
    try {
      new Webhook(secret).verify(given, { ...headers });
      return true;
    } catch {
      return false;
    }
  };
  expect([takes(SECRET), takes(FORMER)]).toEqual(expected);
  expect(takes(SECRET, `${body} `)).toBe(false);
  expect(isStandardWebhook({ ...headers }, Buffer.from(body), SECRET)).toBe(true);
  expect(headers["webhook-signature"]?.split(" ")).toContain(
    new Webhook(SECRET).sign("msg_1", new Date(Number(headers["webhook-timestamp"]) * 1_000), body),
  );
});

test("a message says its type, the version of its shape and when it happened", () => {
  expect(JSON.parse(bodyOf(event))).toEqual({
    type: "order.captured",
    version: 1,
    timestamp: "2026-11-30T09:00:00.000Z",
    data: event.data,
  });
});

test("a message has one id, which is no other's", () => {
  const id = messageIdOf({ orderId: "web-1", key: "order.captured" });
  expect(id).toMatch(/^msg_[\w-]{27}$/);
  expect(messageIdOf({ orderId: "web-1", key: "order.captured" })).toBe(id);
  expect(messageIdOf({ orderId: "web-10", key: "rder.captured" })).not.toBe(id);
  expect(messageIdOf({ orderId: null, key: "1" })).not.toBe(messageIdOf({ orderId: "web-1", key: "1" }));
});
