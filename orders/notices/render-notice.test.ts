import { describe, expect, it, test } from "vitest";
import { EXAMPLE_FACTS, EXAMPLE_NOTICES } from "./example-notices.ts";
import type { Notice, NoticeFacts } from "./notices.ts";
import { renderNotice } from "./render-notice.ts";

const facts = EXAMPLE_FACTS;
const notices = EXAMPLE_NOTICES;
const usd = (minor: number) => ({ minor, currency: "USD", exponent: 2 });

const all = Object.values(notices);

describe("a notice", () => {
  it.each([
    [
      "order_confirmed",
      [
        "Tuesday, November 24",
        "Friday, November 27",
        "1 × Trail running shoe – $129.00",
        "Total: $173.97",
        "New York NY 10001",
        facts.orderUrl,
      ],
    ],
    ["payment_needed", ["This card has expired.", "To pay: $173.97", facts.orderUrl]],
    ["order_delayed", ["One item is late.", "Friday, November 27"]],
    [
      "shipped",
      ["UPS", "1Z999AA10123456784", "https://shop.example/track/1", "3 × Merino sock", "Friday, November 27"],
    ],
    ["out_for_delivery", ["1Z999AA10123456784", "https://shop.example/track/1"]],
    ["delivered", ["New York", "https://shop.example/return/1"]],
    ["return_approved", ["R-1", "https://shop.example/returns/R-1/label.pdf", "USPS", "1 × Merino sock"]],
    ["refund_issued", ["$44.97", "Return R-1", "$10.00", "$15.00", "SC-7F3K-9Q2M-X4TD-PW8E"]],
    ["refund_at_channel", ["To be refunded by Big Market: $44.97", "Return R-1"]],
    [
      "order_changed",
      [
        "Big Market has changed your order.",
        "Merino sock: Now 1 × $14.99 (before: 3 × $14.99)",
        "Delivery date: Now Friday, November 27\n",
        "Total: Now $143.99 (before: $173.97)",
        "1 × Merino sock – $14.99",
        "Big Market is to refund you $29.98",
      ],
    ],
    ["order_cancelled", ["You asked us to cancel.", "$173.97"]],
  ] as const)("%s says what the shopper needs", (kind, expected) => {
    const { text, subject } = renderNotice(facts, notices[kind]);
    for (const part of expected) expect(text).toContain(part);
    expect(subject).toMatch(/: order #9999$/);
  });

  it("asks to confirm a payment where the bank wants that, and not for another card", () => {
    const notice = { ...notices.payment_needed, declined: null, isToConfirm: true };
    const { text, subject } = renderNotice(facts, notice);
    expect(subject).toBe("Please confirm your payment: order #9999");
    for (const part of ["Your bank asks you to confirm", "To confirm: $173.97", facts.orderUrl])
      expect(text).toContain(part);
  });

  it.each(all)("$kind says the same in HTML as in text (N3)", (notice) => {
    const { text, html } = renderNotice(facts, notice);
    const visible = html
      .replace(/<head>[\s\S]*<\/head>/, "")
      .replace(/<[^>]+>/g, " ")
      .replace(/&nbsp;/g, " ");
    const words = text
      .split(/[^\p{L}\p{N}$.]+/u)
      .filter((word) => word.length > 3 && !/shop.example|https|orders|track|return|label.pdf/.test(word));
    expect(words.length).toBeGreaterThan(8);
    for (const word of words) expect(visible).toContain(word.replace(/\.$/, ""));
  });

  it.each(all)("$kind lets no fact become markup or a header (N1)", (notice) => {
    const attack = `<img src=x onerror=alert(1)>"'&\r\nBcc: all@example.com`;
    const poisoned = JSON.parse(
      JSON.stringify({ facts, notice }, (key, value) =>
        typeof value === "string" && !["kind", "currency"].includes(key) && !/Url$|By$/.test(key)
          ? attack
          : value,
      ),
    ) as { facts: NoticeFacts; notice: Notice };
    const { subject, text, html } = renderNotice(poisoned.facts, poisoned.notice);
    expect(html).not.toContain("<img");
    expect(html).toContain("&lt;img src=x onerror=alert(1)&gt;&quot;&#39;&amp;");
    expect(subject).not.toMatch(/[\r\n]/);
    expect(text).not.toMatch(/^Bcc/m);
  });

  it.each([
    [{ kind: "qr_code", carrier: "USPS" }, "Show the code"],
    [{ kind: "store", store: "Reno Store" }, "Bring the items below to Reno Store"],
    [{ kind: "none" }, "Write the return number on the parcel"],
  ] as const)("a return by %o says how the goods come back", (way, words) => {
    const { text } = renderNotice(facts, { ...notices.return_approved, way });
    expect(text).toContain(words);
    expect(text).not.toContain("put the label on");
  });

  it.each([
    [{ kind: "unchanged" }, "nothing more to pay and nothing to give back: the total is $143.99"],
    [{ kind: "not_charged" }, "You are charged $143.99 in all"],
    [{ kind: "to_charge", amount: usd(1_000) }, "You are charged $10.00 more"],
    [{ kind: "to_refund", amount: usd(1_000), payer: null }, "We refund you $10.00"],
    [{ kind: "to_pay", amount: usd(1_000), payer: "Big Market" }, "$10.00 is still to be paid to Big Market"],
    [{ kind: "on_delivery" }, "You pay $143.99 when you get your order"],
  ] as const)("a change says what happens with the money: %o", (money, words) => {
    expect(renderNotice(facts, { ...notices.order_changed, money }).text).toContain(words);
  });

  it.each([
    [{ kind: "us" }, "We have changed your order."],
    [{ kind: "shopper" }, "You have changed your order."],
  ] as const)("a change says who made it: %o", (author, words) => {
    expect(renderNotice(facts, { ...notices.order_changed, author }).text).toContain(words);
  });

  it.each(["javascript:alert(1)", 'https://x.example/"onclick="alert(1)', "//x.example", ""])(
    "leaves out the link %j (N2)",
    (orderUrl) => {
      const { text, html } = renderNotice({ ...facts, orderUrl }, notices.order_confirmed);
      expect(html).not.toContain("<a ");
      expect(html).not.toContain("alert(1)");
      expect(text).not.toContain("View your order");
    },
  );

  it("shows amounts as their currency is written", () => {
    const yen = { ...notices.refund_issued, amount: { minor: 259_900, currency: "JPY", exponent: 2 } };
    expect(renderNotice(facts, yen).text).toContain("¥2,599");
    const dinar = { ...notices.refund_issued, amount: { minor: 12_345, currency: "KWD", exponent: 3 } };
    expect(renderNotice(facts, dinar).text).toContain("KWD 12.345".replace(" ", "\u00a0"));
  });

  it("greets without a name and does without promise, address and refund", () => {
    const bare = { ...facts, customerName: " ", shipTo: null };
    expect(renderNotice(bare, { kind: "order_confirmed", promise: null }).text).toContain("\n\nHello,\n\n");
    const cancelled = renderNotice(bare, { ...notices.order_cancelled, refund: null });
    expect(cancelled.text).toContain("You have not been charged.");
  });
});

test("a return that becomes store credit is never said to be refunded", () => {
  for (const way of [
    { kind: "label", carrier: "USPS" },
    { kind: "qr_code", carrier: "USPS" },
    { kind: "store", store: "Store Fifth Avenue" },
    { kind: "none" },
  ] as const) {
    const { text } = renderNotice(facts, { ...notices.return_approved, way, isStoreCredit: true } as Notice);
    expect(text).toContain("We add it to your store credit once");
    expect(text).not.toContain("We refund you");
  }
});
