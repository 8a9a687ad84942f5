/** Asks why: what is decided about a channel is written down with its reason. */
import { Dialog } from "../../components/dialog.tsx";
import { Field } from "../../components/field.tsx";
import { Form, textOf } from "../../components/form.tsx";

export function ReasonDialog({
  title,
  submit,
  onClose,
  onSubmit,
}: {
  readonly title: string;
  readonly submit: string;
  readonly onClose: () => void;
  readonly onSubmit: (reason: string, key: string) => Promise<void>;
}) {
  return (
    <Dialog title={title} onClose={onClose}>
      <Form submit={submit} onSubmit={(form, key) => onSubmit(textOf(form, "reason"), key)}>
        <Field label="Why">
          <input class="input" name="reason" required maxLength={500} />
        </Field>
      </Form>
    </Dialog>
  );
}
