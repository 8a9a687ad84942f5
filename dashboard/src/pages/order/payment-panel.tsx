import type { OrderView } from "../../../../contract/orders.ts";
import { Badge } from "../../components/badge.tsx";
import { Facts } from "../../components/facts.tsx";
import { Panel } from "../../components/panel.tsx";
import { Time } from "../../components/time.tsx";
import { formatMoney } from "../../format/money.ts";
import { words } from "../../format/words.ts";

export function PaymentPanel({ view }: { readonly view: OrderView }) {
  const { payment, document } = view;
  if (payment === null) {
    return (
      <Panel title="Payment">
        <p class="muted">
          {document.paymentBy === "channel"
            ? "The channel took the money; nothing is charged here."
            : "No payment yet. It is authorised as soon as the order is free of holds."}
        </p>
      </Panel>
    );
  }
  const text = (minor: number): string => formatMoney(minor, payment.currency);
  return (
    <Panel title="Payment" aside={<Badge status={payment.status} />}>
      <Facts
        facts={[
          ["Authorised", text(payment.authorizedMinor)],
          ["Captured", text(payment.capturedMinor)],
          ["Refunded", text(payment.refundedMinor)],
          ["Reference", <code key="reference">{payment.reference}</code>],
        ]}
      />
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
