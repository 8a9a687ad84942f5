import { post } from "../../api/client.ts";
import { Dialog } from "../../components/dialog.tsx";
import { Field } from "../../components/field.tsx";
import { Form, textOf } from "../../components/form.tsx";
import { toast } from "../../components/toast.tsx";

/** Stops an order, or a part of it, until somebody releases it. */
export function HoldDialog({
  path,
  what,
  onClose,
  onDone,
}: {
  /** Of the order or the fulfillment order. */
  readonly path: string;
  readonly what: string;
  readonly onClose: () => void;
  readonly onDone: () => void;
}) {
  return (
    <Dialog title={`Put ${what} on hold?`} onClose={onClose}>
      <p>Nothing of it goes on until somebody releases it. What has left the building is not stopped.</p>
      <Form
        submit="Put on hold"
        onSubmit={async (fields, key) => {
          await post(`${path}/hold`, { reason: textOf(fields, "reason") }, key);
          toast("good", `${what} is on hold.`);
          onDone();
        }}
      >
        <Field label="Reason" hint="Whoever releases it reads this.">
          <textarea class="textarea" name="reason" required maxLength={500} />
        </Field>
      </Form>
    </Dialog>
  );
}
