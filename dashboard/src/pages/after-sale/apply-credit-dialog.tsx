import type { OrderRefunds } from "../../../../contract/refunds.ts";
import { post } from "../../api/client.ts";
import { Dialog } from "../../components/dialog.tsx";
import { Field } from "../../components/field.tsx";
import { Form, textOf } from "../../components/form.tsx";
import { toast } from "../../components/toast.tsx";
import { formatMoney } from "../../format/money.ts";
import { parseAmount } from "../../format/parse-amount.ts";
import { orderPath } from "../order/order-path.ts";

/** Has an order paid with a customer's store credit, before its payment is authorised. */
export function ApplyCreditDialog({
  state,
  onClose,
  onDone,
}: {
  readonly state: OrderRefunds;
  readonly onClose: () => void;
  readonly onDone: () => void;
}) {
  return (
    <Dialog title="Pay with store credit" onClose={onClose}>
      <p>What store credit does not cover is charged to the customer's means of payment.</p>
      <Form
        submit="Use it"
        onSubmit={async (fields, key) => {
          const amount = textOf(fields, "amount");
          const { usedMinor } = await post<{ readonly usedMinor: number }>(
            `${orderPath(state.orderId)}/store-credit`,
            {
              code: textOf(fields, "code"),
              ...(amount === "" ? {} : { amountMinor: parseAmount(amount, state.exponent) }),
            },
            key,
          );
          toast(
            "good",
            `${formatMoney(usedMinor, state.currency, state.exponent)} are paid with store credit.`,
          );
          onDone();
        }}
      >
        <Field label="The customer's code" hint="As in the customer's mail: SC-….">
          <input class="input" name="code" required autocomplete="off" maxLength={40} />
        </Field>
        <Field label={`Amount in ${state.currency}`} hint="Left empty: as much as the order costs.">
          <input class="input" name="amount" inputMode="decimal" autocomplete="off" />
        </Field>
      </Form>
    </Dialog>
  );
}
