import fc from "fast-check";
import { expect, test } from "vitest";
import { creditBonus, whyNoCredit } from "./refund-way.ts";

const facts = { isShopper: true, offeredToShoppers: true, hasHolder: true, chargedByChannel: false };
const staff = { ...facts, isShopper: false };

test("a shopper takes store credit where it is offered, staff wherever somebody can hold it", () => {
  expect(whyNoCredit(facts, {})).toBeNull();
  expect(whyNoCredit({ ...facts, offeredToShoppers: false }, {})?.code).toBe("store_credit_not_offered");
  expect(whyNoCredit({ ...staff, offeredToShoppers: false }, {})).toBeNull();
  expect(whyNoCredit({ ...staff, hasHolder: false }, {})?.code).toBe("customer_unknown");
});

test("what a channel has taken is the channel's to refund, unless staff say otherwise", () => {
  const held = { chargedByChannel: true };
  expect(whyNoCredit({ ...staff, ...held }, {})?.code).toBe("payment_held_by_channel");
  expect(whyNoCredit({ ...staff, ...held }, { insteadOfChannel: true })).toBeNull();
  expect(whyNoCredit({ ...facts, ...held }, { insteadOfChannel: true })?.code).toBe(
    "payment_held_by_channel",
  );
});

test("the bonuses of a return's parts add up to the bonus of the whole", () => {
  const amounts = fc.array(fc.integer({ min: 0, max: 1_000_000_000 }), { minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(amounts, fc.integer({ min: 0, max: 100 }), (parts, percent) => {
      let given = 0;
      let bonus = 0;
      for (const part of parts) {
        const added = creditBonus(part, percent, given);
        expect(added).toBeGreaterThanOrEqual(0);
        expect(added === 0 || part > 0).toBe(true);
        given += part;
        bonus += added;
      }
      expect(bonus).toBe(creditBonus(given, percent));
      expect(bonus * 100).toBeLessThanOrEqual(given * percent);
    }),
  );
});
