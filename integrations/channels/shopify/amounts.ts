/**
 * The amounts of a Shopify order beside those of its lines.
 *
 * An edit removes units from lines, and with them their part of discounts and taxes. Shopify states the new
 * sums (`current_…`) and leaves the lines as they were, so each line's part is reckoned (`lines.ts`), and
 * what rounding leaves over is put on an edited line here: the sums are Shopify's to the minor unit.
 */
import type { IncomingLine, IncomingTax } from "../../../orders/incoming-order.ts";
import { type Money, rescale } from "../../../orders/money.ts";
import type { Charge } from "../../../orders/order.ts";
import { amount, firstText, listAt, textAt } from "../../vendor-kit/vendor-json.ts";
import { negated, sum } from "../reading.ts";
import { isEdited, isEditedLine, type ReadLine, readTaxes } from "./lines.ts";

export type Amounts = {
  readonly lines: readonly IncomingLine[];
  /** Less what it is discounted by. */
  readonly shippingPrice: Money;
  readonly shippingTaxes: readonly IncomingTax[];
  /** Of the order, that no line and no shipping bears. */
  readonly discount: Money;
  readonly charges: readonly Charge[];
  readonly total: Money;
};

export function readAmounts(
  order: unknown,
  read: readonly ReadLine[],
  shipping: readonly unknown[],
  currency: string,
): Amounts {
  const stated = (name: string) => statedAmount(order, name, currency);
  const charges = readCharges(order, read, currency);
  const shippingTaxes = shipping.flatMap((line) => readTaxes(line, currency));
  const shippingDiscount = sum(
    shipping.map((line) => shippingDiscountOf(line, currency)),
    currency,
  );
  const shippingPrice = sum(
    [
      ...shipping.map((line) => amount(textAt(line, "price"), currency, "shipping price")),
      negated(shippingDiscount),
    ],
    currency,
  );
  const others = [shippingDiscount, ...read.map(({ line }) => line.discount)];
  const overDiscount = sum([stated("total_discounts"), ...others.map(negated)], currency);
  const taxes = [
    ...read.flatMap(({ line }) => line.taxes.map((tax) => tax.amount)),
    ...shippingTaxes.map((tax) => tax.amount),
    ...charges.map((charge) => charge.tax),
  ];
  const overTax = textAt(order, "current_total_tax") === "" ? sum([], currency) : stated("total_tax");
  const lines = settled(
    read,
    overDiscount,
    overTax.minor === 0 ? overTax : sum([overTax, ...taxes.map(negated)], currency),
  );
  const rest = sum(
    [stated("total_discounts"), negated(shippingDiscount), ...lines.map(discountOff)],
    currency,
  );
  return {
    lines,
    shippingPrice,
    shippingTaxes,
    discount: rest.minor > 0 ? rest : sum([], currency),
    charges,
    total: stated("total_price"),
  };
}

const discountOff = ({ discount }: IncomingLine): Money => negated(discount);

/** As it is after the edits, where there were any. */
function statedAmount(order: unknown, name: string, currency: string): Money {
  const current = isEdited(order) ? textAt(order, `current_${name}`) : "";
  return amount(firstText(current, textAt(order, name)), currency, name);
}

function shippingDiscountOf(line: unknown, currency: string): Money {
  const allocations = listAt(line, "discount_allocations");
  if (allocations.length > 0) {
    return sum(
      allocations.map((each) => amount(textAt(each, "amount"), currency, "shipping discount")),
      currency,
    );
  }
  const price = amount(textAt(line, "price"), currency, "shipping price");
  const discounted = textAt(line, "discounted_price");
  return discounted === ""
    ? sum([], currency)
    : sum([price, negated(amount(discounted, currency, "discounted shipping price"))], currency);
}

/**
 * The lines with what rounding left over, at most a unit for each edited line, on the first that can bear it.
 */
function settled(read: readonly ReadLine[], discount: Money, tax: Money): readonly IncomingLine[] {
  const most = read.filter(isEditedLine).length;
  const isRounding = ({ minor }: Money) => minor !== 0 && Math.abs(minor) <= most;
  const bearsDiscount = isRounding(discount)
    ? read.findIndex((each) => isEditedLine(each) && each.line.discount.minor + discount.minor >= 0)
    : -1;
  const bearsTax = isRounding(tax)
    ? read.findIndex(
        (each) => isEditedLine(each) && (each.line.taxes[0]?.amount.minor ?? -1) + tax.minor >= 0,
      )
    : -1;
  return read.map(({ line }, index) => ({
    ...line,
    ...(index === bearsDiscount ? { discount: plus(line.discount, discount) } : {}),
    ...(index === bearsTax
      ? {
          taxes: line.taxes.map((each, at) =>
            at === 0 ? { ...each, amount: plus(each.amount, tax) } : each,
          ),
        }
      : {}),
  }));
}

function plus(a: Money, b: Money): Money {
  const exponent = Math.max(a.exponent, b.exponent);
  return { ...a, exponent, minor: rescale(a, exponent) + rescale(b, exponent) };
}

/** Duties, further fees, and a tip that is no line. */
function readCharges(order: unknown, read: readonly ReadLine[], currency: string): readonly Charge[] {
  const shopMoney = (field: string) => textAt(order, field, "shop_money", "amount");
  const charge = (kind: Charge["kind"], name: string, price: Money, taxes: readonly Money[] = []) => {
    const tax = sum(taxes, currency);
    return price.minor === 0 && tax.minor === 0 ? [] : [{ kind, name, amount: price, tax }];
  };
  const duties = listAt(order, "line_items").flatMap((line) => listAt(line, "duties"));
  const ofLines = sum(
    duties.map((duty) =>
      amount(firstText(textAt(duty, "price"), textAt(duty, "shop_money", "amount")), currency, "duty"),
    ),
    currency,
  );
  const ofOrder = firstText(shopMoney("current_total_duties_set"), shopMoney("original_total_duties_set"));
  const hasTipLine = read.some(({ line }) => line.kind === "tip");
  return [
    ...charge(
      "duty",
      "duties",
      ofOrder === "" ? ofLines : amount(ofOrder, currency, "duties"),
      duties.flatMap((duty) => readTaxes(duty, currency).map((tax) => tax.amount)),
    ),
    ...charge(
      "fee",
      "additional fees",
      amount(
        firstText(
          shopMoney("current_total_additional_fees_set"),
          shopMoney("original_total_additional_fees_set"),
        ),
        currency,
        "additional fees",
      ),
    ),
    ...(hasTipLine ? [] : charge("tip", "tip", amount(textAt(order, "total_tip_received"), currency, "tip"))),
  ];
}
