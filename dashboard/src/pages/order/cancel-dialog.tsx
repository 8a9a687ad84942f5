import type { OrderSummary } from "../../../../contract/orders.ts";
import { post } from "../../api/client.ts";
import { Dialog } from "../../components/dialog.tsx";
import { Field } from "../../components/field.tsx";
import { Form, textOf } from "../../components/form.tsx";
import { toast } from "../../components/toast.tsx";
import { orderPath } from "./order-path.ts";

export function CancelDialog({
  order,
  onClose,
  onDone,
}: {
  readonly order: OrderSummary;
  readonly onClose: () => void;
  readonly onDone: () => void;
}) {
  return (
    <Dialog title={`Cancel ${order.externalNumber}?`} onClose={onClose}>
      <p>
        Stock goes back, a payment that was only authorised is voided, and the customer is told. This cannot
        be undone.
      </p>
      <Form
        submit="Cancel this order"
        danger
        onSubmit={async (fields, key) => {
          await post(`${orderPath(order.id)}/cancel`, { reason: textOf(fields, "reason") }, key);
          toast("good", `Cancellation of ${order.externalNumber} is under way.`);
          onDone();
        }}
      >
        <Field label="Reason" hint="Kept in the order's timeline.">
          <textarea class="textarea" name="reason" required maxLength={500} />
        </Field>
      </Form>
    </Dialog>
  );
}
