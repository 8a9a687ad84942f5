import { useState } from "preact/hooks";
import type { OrderRefunds } from "../../../../contract/refunds.ts";
import { post } from "../../api/client.ts";
import { Chips } from "../../components/chips.tsx";
import { Dialog } from "../../components/dialog.tsx";
import { Field } from "../../components/field.tsx";
import { Form, textOf } from "../../components/form.tsx";
import { toast } from "../../components/toast.tsx";
import { formatMoney } from "../../format/money.ts";
import { parseAmount } from "../../format/parse-amount.ts";
import { orderPath } from "../order/order-path.ts";

/** Money back that no return asks for: to the way the customer paid, or as store credit. */
export function RefundDialog({
  state,
  onClose,
  onDone,
}: {
  readonly state: OrderRefunds;
  readonly onClose: () => void;
  readonly onDone: () => void;
}) {
  const [reason, setReason] = useState("appeasement");
  const [to, setTo] = useState("original");
  const text = (minor: number): string => formatMoney(minor, state.currency, state.exponent);
  const { limit } = state;
  return (
    <Dialog title="Give money back" onClose={onClose}>
      <Form
        submit="Give it back"
        onSubmit={async (fields, key) => {
          const amountMinor = parseAmount(textOf(fields, "amount"), state.exponent);
          const note = textOf(fields, "note");
          const percent = textOf(fields, "bonus");
          await post(
            `${orderPath(state.orderId)}/refunds`,
            {
              amountMinor,
              reason,
              to,
              ...(note === "" ? {} : { note }),
              ...(to === "store_credit" && percent !== "" ? { bonusPercent: Number(percent) } : {}),
            },
            key,
          );
          toast("good", `${text(amountMinor)} are on their way.`);
          onDone();
        }}
      >
        <Chips
          label="Why"
          options={[
            { value: "appeasement", label: "Something went wrong" },
            { value: "goodwill", label: "Goodwill" },
          ]}
          value={reason}
          onChange={setReason}
        />
        <Chips
          label="Where to"
          options={[
            { value: "original", label: "The way it was paid" },
            ...(state.canHoldStoreCredit ? [{ value: "store_credit", label: "Store credit" }] : []),
          ]}
          value={to}
          onChange={setTo}
        />
        <Field
          label={`Amount in ${state.currency}`}
          hint={
            limit === null
              ? `At most ${text(state.leftMinor)}, which was paid and has not gone back.`
              : `At most ${text(state.leftMinor)}. Today you can give ${text(Math.max(0, limit.perDayMinor - limit.givenMinor))} on this order.`
          }
        >
          <input class="input" name="amount" inputMode="decimal" autocomplete="off" required />
        </Field>
        {to === "store_credit" && (
          <Field label="Bonus in per cent" hint="Comes on top of the amount, and counts towards your limit.">
            <input class="input" name="bonus" type="number" min={0} max={100} step={1} />
          </Field>
        )}
        <Field label="Note" hint="Kept in the order's timeline.">
          <textarea class="textarea" name="note" maxLength={500} />
        </Field>
      </Form>
    </Dialog>
  );
}
