import type { OrderView } from "../../../../contract/orders.ts";
import { formatMoney } from "../../format/money.ts";
import { words } from "../../format/words.ts";
import { isCollected } from "./collection.ts";

type Money = OrderView["document"]["total"];

/** What the order costs, part by part, so that a reader can add it up; and what of it was paid. */
export function OrderSums({ view }: { readonly view: OrderView }) {
  const { document, payment } = view;
  const exponent = Math.max(
    ...[document.total, document.shippingPrice, document.tax].map((one) => one.exponent),
  );
  const at = (money: Money): number => money.minor * 10 ** (exponent - money.exponent);
  const text = (minor: number): string => formatMoney(minor, document.currency, exponent);
  const sum = (amounts: readonly Money[]): number => amounts.reduce((total, money) => total + at(money), 0);
  const goods = document.lines.reduce((total, line) => total + at(line.unitPrice) * line.quantity, 0);
  const discounts = at(document.discount) + sum(document.lines.map((line) => line.discount));
  const charges = [...(document.charges ?? []), ...document.lines.flatMap((line) => line.charges ?? [])];
  const rows: readonly (readonly [string, number])[] = [
    ["Subtotal", goods],
    ...(discounts === 0 ? [] : [["Discounts", -discounts] as const]),
    ...charges.map(({ kind, name, amount }) => [name || words(kind), at(amount)] as const),
    ["Shipping", at(document.shippingPrice)],
    [document.taxesIncluded === true ? "Tax, in the prices" : "Tax", at(document.tax)],
  ];
  return (
    <div class="sums">
      {rows.map(([name, minor], index) => (
        <div key={`${name} ${index}`}>
          <span class="muted">{name}</span>
          <span>{text(minor)}</span>
        </div>
      ))}
      <div class="total">
        <span>Total</span>
        <span>{text(at(document.total))}</span>
      </div>
      {payment !== null && <Paid payment={payment} document={document} />}
    </div>
  );
}

/** In ISO 4217 minor units, which payments are made in. */
function Paid({
  payment,
  document,
}: {
  readonly payment: NonNullable<OrderView["payment"]>;
  readonly document: OrderView["document"];
}) {
  const text = (minor: number): string => formatMoney(minor, payment.currency);
  const { capturedMinor, refundedMinor } = payment;
  const { total } = document;
  return (
    <>
      <div>
        <span class="muted">Paid</span>
        <span>{text(capturedMinor)}</span>
      </div>
      {refundedMinor > 0 && (
        <div>
          <span class="muted">Refunded</span>
          <span>{text(-refundedMinor)}</span>
        </div>
      )}
      {capturedMinor === 0 && (
        <div>
          <span class="muted">
            {isCollected(document) ? "To be taken when it is collected" : "To be taken as it ships"}
          </span>
          <span>{formatMoney(total.minor, total.currency, total.exponent)}</span>
        </div>
      )}
    </>
  );
}
