import type { RefundView } from "../../../../contract/refunds.ts";
import { pathOf, post } from "../../api/client.ts";
import { Dialog } from "../../components/dialog.tsx";
import { Field } from "../../components/field.tsx";
import { Form, textOf } from "../../components/form.tsx";
import { toast } from "../../components/toast.tsx";
import { formatMoney } from "../../format/money.ts";
import { parseAmount } from "../../format/parse-amount.ts";

/** Closes what somebody else has paid: the channel its refund, or the customer what was too much. */
export function ConfirmDialog({
  refund,
  onClose,
  onDone,
}: {
  readonly refund: RefundView;
  readonly onClose: () => void;
  readonly onDone: () => void;
}) {
  const isDebt = refund.status === "owed_by_customer";
  const open = refund.channelMinor - refund.confirmedMinor;
  const text = (minor: number): string => formatMoney(minor, refund.currency, refund.exponent);
  return (
    <Dialog
      title={isDebt ? "The customer has settled it" : `${refund.channelName} has refunded it`}
      onClose={onClose}
    >
      <Form
        submit="Confirm"
        onSubmit={async (fields, key) => {
          const amount = textOf(fields, "amount");
          await post(
            `${pathOf("refunds", refund.id)}/confirm`,
            {
              externalRefundId: textOf(fields, "reference"),
              ...(amount === "" ? {} : { amountMinor: parseAmount(amount, refund.exponent) }),
            },
            key,
          );
          toast("good", `${refund.id} is confirmed.`);
          onDone();
        }}
      >
        <Field
          label={isDebt ? "Reference of the payment" : "The channel's id of its refund"}
          hint="Kept in the order's timeline. One id confirms once."
        >
          <input class="input" name="reference" required autocomplete="off" maxLength={200} />
        </Field>
        {!isDebt && (
          <Field label={`Amount in ${refund.currency}`} hint={`Left empty: all that is open, ${text(open)}.`}>
            <input class="input" name="amount" inputMode="decimal" autocomplete="off" />
          </Field>
        )}
      </Form>
    </Dialog>
  );
}
