import type { OrderView } from "../../../../contract/orders.ts";
import { Badge } from "../../components/badge.tsx";
import { Facts } from "../../components/facts.tsx";
import { Notice } from "../../components/notice.tsx";
import { Panel } from "../../components/panel.tsx";
import { Time } from "../../components/time.tsx";
import { formatMoney } from "../../format/money.ts";
import { calendarDay } from "../../format/time.ts";
import { words } from "../../format/words.ts";

const NO_PAYMENT = {
  channel: "The channel takes the money; nothing is charged here.",
  on_delivery: "Who brings the parcel takes the money.",
  merchant: "No payment yet. It is authorised as soon as the order is free of holds.",
} as const;

/** What the order costs, part by part, so that the parts add up to the total; and what of it is paid. */
function Sums({ view }: { readonly view: OrderView }) {
  const { amounts, document, completion } = view;
  const { currency } = document;
  const own = (minor: number) => formatMoney(minor, currency, amounts.exponent);
  const parts: readonly (readonly [string, number])[] = [
    ["Goods", amounts.lines],
    ["Discounts", -amounts.discounts],
    ["Shipping", amounts.shipping],
    ["Charges", amounts.charges],
    ["Tax", amounts.taxes],
  ];
  const shown = parts.filter(([name, minor]) => minor !== 0 || name === "Goods");
  return (
    <>
      <Facts
        facts={[
          ...shown.map(([name, minor]): [string, string] => [name, own(minor)]),
          ["Total", own(amounts.total)],
          ["Paid", formatMoney(amounts.paidMinor, currency)],
          ["Due", formatMoney(amounts.dueMinor, currency)],
        ]}
      />
      {!completion.done && (
        <p class="muted">Waits for {completion.waitsFor.map(({ detail }) => detail).join("; ")}.</p>
      )}
    </>
  );
}

type Dispute = NonNullable<OrderView["payment"]>["disputes"][number];

function disputeText({ status, reason, reference, respondBy }: Dispute, amount: string): string {
  if (status === "won") return `The dispute about ${amount} is over: the money stays with us (${reference}).`;
  if (status === "refunded")
    return `The dispute about ${amount} is over: the money went back by a refund (${reference}).`;
  if (status === "lost") return `The dispute about ${amount} is lost: the bank took it back (${reference}).`;
  const answer = respondBy === null ? "" : ` Answer it at the payment provider by ${calendarDay(respondBy)}.`;
  return `The customer disputes ${amount} at the bank (${reason}, ${reference}).${answer} Nothing is refunded meanwhile.`;
}

export function PaymentPanel({ view }: { readonly view: OrderView }) {
  const { payment, document } = view;
  if (payment === null) {
    return (
      <Panel title="Payment">
        <Sums view={view} />
        <p class="muted">{NO_PAYMENT[document.paymentBy]}</p>
      </Panel>
    );
  }
  const text = (minor: number): string => formatMoney(minor, payment.currency);
  return (
    <Panel title="Payment" aside={<Badge status={payment.status} />}>
      <Sums view={view} />
      <Facts
        facts={[
          ["Authorised", text(payment.authorizedMinor)],
          ["Captured", text(payment.capturedMinor)],
          ["Refunded", text(payment.refundedMinor)],
          ["Reference", <code key="reference">{payment.reference}</code>],
        ]}
      />
      {payment.disputes.map((dispute) => (
        <Notice
          key={dispute.reference}
          tone={dispute.status === "won" || dispute.status === "refunded" ? "info" : "bad"}
        >
          {disputeText(dispute, text(dispute.amountMinor))}
        </Notice>
      ))}
      <ol class="reports">
        {payment.transactions.map((transaction) => (
          <li key={transaction.key}>
            <span>
              {words(transaction.type)} {text(transaction.amountMinor)}
            </span>
            <span class="muted">
              {words(transaction.status)} · <Time at={transaction.at} />
            </span>
          </li>
        ))}
      </ol>
    </Panel>
  );
}
