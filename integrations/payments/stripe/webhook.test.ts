import { createHmac } from "node:crypto";
import { describe, expect, test } from "vitest";
import { isBesideTheProject, readBesideTheProject } from "../../../test-support/beside-the-project.ts";
import { openStripeWebhook, signStripeWebhook } from "./webhook.ts";

const SECRET = "whsec_holdfast";
const NOW = Date.parse("2026-11-29T12:00:00Z");

const event = (type: string, object: Readonly<Record<string, unknown>>, id = "evt_1") =>
  JSON.stringify({ id, object: "event", created: NOW / 1_000 - 5, type, data: { object } });

const SUCCEEDED = event("payment_intent.succeeded", { id: "pi_1", object: "payment_intent" });

function open(body: string | Buffer, header?: string, secret = SECRET, nowMs = NOW) {
  const headers: Record<string, string> = header === undefined ? {} : { "stripe-signature": header };
  return openStripeWebhook(headers, Buffer.from(body), secret, nowMs);
}

const signature = (body: string | Buffer, at = NOW, secret = SECRET) =>
  createHmac("sha256", secret)
    .update(`${Math.floor(at / 1_000)}.`)
    .update(body)
    .digest("hex");

describe("a signature of Stripe's", () => {
  test("is over the time and the raw bytes", () => {
    const body = Buffer.concat([Buffer.from(SUCCEEDED.slice(0, -1)), Buffer.from(',"note":"Zoë ☃"}')]);
    const header = `t=${NOW / 1_000},v1=${signature(body)}`;
    expect(open(body, header)).toMatchObject({ eventId: "evt_1" });
    expect(signStripeWebhook(body, SECRET, NOW)).toBe(header);
    expect(open(`${body} `, header)).toBe("bad_signature");
  });

  test("may stand among others, while a secret is exchanged", () => {
    const right = signature(SUCCEEDED);
    const wrong = signature(SUCCEEDED, NOW, "whsec_former");
    for (const v1 of [`${wrong},v1=${right}`, `${right},v1=${wrong}`, `short,v1=${right}`, `${right},v0=x`])
      expect(open(SUCCEEDED, `t=${NOW / 1_000},v1=${v1}`), v1).toMatchObject({ eventId: "evt_1" });
  });

  test.each([
    ["none at all", undefined],
    ["an empty one", ""],
    ["no time", `v1=${signature(SUCCEEDED)}`],
    ["no signature", `t=${NOW / 1_000}`],
    ["another secret's", `t=${NOW / 1_000},v1=${signature(SUCCEEDED, NOW, "whsec_other")}`],
    ["another time's", `t=${NOW / 1_000 - 1},v1=${signature(SUCCEEDED)}`],
    ["another scheme's", `t=${NOW / 1_000},v0=${signature(SUCCEEDED)}`],
    ["two times", `t=${NOW / 1_000},t=1,v1=${signature(SUCCEEDED)}`],
    ["a time that is no number", `t=now,v1=${signature(SUCCEEDED)}`],
    ["capital letters", `t=${NOW / 1_000},v1=${signature(SUCCEEDED).toUpperCase()}`],
    ["a part of it", `t=${NOW / 1_000},v1=${signature(SUCCEEDED).slice(2)}`],
    ["text that is no header", "=,=,,v1,t=\u0000"],
  ])("does not hold with %s", (_case, header) => {
    expect(open(SUCCEEDED, header)).toBe("bad_signature");
  });

  test.each([
    [299_000, "evt_1"],
    [301_000, undefined],
    [-299_000, "evt_1"],
    [-301_000, undefined],
  ])("that is %i ms old", (age, eventId) => {
    const opened = open(SUCCEEDED, signStripeWebhook(SUCCEEDED, SECRET, NOW - age));
    expect(typeof opened === "string" ? undefined : opened.eventId).toBe(eventId);
  });

  test("of an account without a secret is refused by name", () => {
    expect(open(SUCCEEDED, signStripeWebhook(SUCCEEDED, "", NOW), "")).toBe("no_secret");
  });

  test.each(["", "null", "[]", "{", '{"id":"evt 1","type":"x"}', '{"id":"evt_1"}', '{"id":1,"type":{}}'])(
    "over %j is no event",
    (body) => {
      expect(open(body, signStripeWebhook(body, SECRET, NOW))).toBe("unreadable");
    },
  );

  const vectors = "data/vendors/webhook-signatures/vectors.json";
  test.skipIf(!isBesideTheProject(vectors))(
    "is that of Stripe's own library (vectors beside the project)",
    () => {
      const all = JSON.parse(readBesideTheProject(vectors)) as readonly {
        readonly vendor: string;
        readonly secret: string;
        readonly body: string;
        readonly signature: string;
        readonly valid: boolean;
        readonly timestamp: number;
      }[];
      const ours = all.filter(({ vendor }) => vendor === "stripe");
      expect(ours).not.toEqual([]);
      for (const { secret, body, signature: header, valid, timestamp } of ours)
        expect(open(body, header, secret, timestamp * 1_000) !== "bad_signature").toBe(valid);
    },
  );
});

describe("an event of Stripe's is about", () => {
  const about = (type: string, object: Readonly<Record<string, unknown>>) => {
    const body = event(type, object);
    const opened = open(body, signStripeWebhook(body, SECRET, NOW));
    return typeof opened === "string" ? opened : opened.about;
  };

  test.each(["succeeded", "payment_failed", "canceled", "amount_capturable_updated"])(
    "the payment, where it is payment_intent.%s",
    (name) => {
      expect(about(`payment_intent.${name}`, { id: "pi_1" })).toEqual({
        subject: "payment",
        reference: "pi_1",
      });
    },
  );

  test.each([
    "charge.refunded",
    "refund.updated",
    "refund.failed",
    "refund.created",
    "charge.refund.updated",
  ])("the payment's refunds, where it is %s", (type) => {
    expect(about(type, { id: "re_1", payment_intent: "pi_1" })).toEqual({
      subject: "refunds",
      reference: "pi_1",
    });
  });

  test.each(["created", "updated", "closed"])(
    "the payment's disputes, where it is charge.dispute.%s",
    (name) => {
      expect(about(`charge.dispute.${name}`, { id: "dp_1", payment_intent: "pi_1" })).toEqual({
        subject: "disputes",
        reference: "pi_1",
      });
    },
  );

  test.each([
    ["payout.paid", { id: "po_1" }],
    ["payment_intent.requires_action", { id: "pi_1" }],
    ["charge.refunded", { id: "ch_1", payment_intent: null }],
    ["charge.dispute.created", { id: "dp_1" }],
    ["payment_intent.succeeded", { id: "../../v1/refunds" }],
  ])("nothing, where it is %s of %o", (type, object) => {
    expect(about(type, object)).toBeNull();
  });

  test("a time, also where Stripe states none", () => {
    const body = JSON.stringify({ id: "evt_2", type: "payout.paid", created: 1e300 });
    expect(open(body, signStripeWebhook(body, SECRET, NOW))).toEqual({
      eventId: "evt_2",
      type: "payout.paid",
      at: new Date(NOW).toISOString(),
      about: null,
    });
  });
});
