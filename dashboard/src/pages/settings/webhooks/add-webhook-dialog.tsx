import type { CreateWebhookBody, IssuedWebhook } from "../../../../../contract/settings/webhooks.ts";
import { post } from "../../../api/client.ts";
import { Dialog } from "../../../components/dialog.tsx";
import { Field } from "../../../components/field.tsx";
import { Form, textOf } from "../../../components/form.tsx";
import { WebhookFields, webhookOf } from "./webhook-fields.tsx";

/** Another system is told what happens, from now on. */
export function AddWebhookDialog({
  onClose,
  onDone,
}: {
  readonly onClose: () => void;
  readonly onDone: (made: IssuedWebhook) => void;
}) {
  return (
    <Dialog title="Add a webhook" onClose={onClose}>
      <Form
        submit="Add the webhook"
        onSubmit={async (form, key) => {
          const body: CreateWebhookBody = { id: textOf(form, "id"), ...webhookOf(form) };
          onDone(await post<IssuedWebhook>("/webhook-subscriptions", body, key));
        }}
      >
        <Field label="Id" hint="a-z, 0-9, _ and -.">
          <input class="input" name="id" required pattern="[a-z0-9][a-z0-9_\-]{0,62}" autocomplete="off" />
        </Field>
        <WebhookFields now={null} />
      </Form>
    </Dialog>
  );
}
