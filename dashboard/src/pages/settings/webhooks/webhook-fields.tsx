/** What is set of a webhook, as fields of a form. */
import type { WebhookSubscriptionView } from "../../../../../contract/settings/webhooks.ts";
import { Field } from "../../../components/field.tsx";
import { textOf } from "../../../components/form.tsx";

export function WebhookFields({ now }: { readonly now: WebhookSubscriptionView | null }) {
  return (
    <>
      <Field label="Name" hint="What people call it.">
        <input class="input" name="name" maxLength={100} autocomplete="off" defaultValue={now?.name ?? ""} />
      </Field>
      <Field label="Address" hint="Where it is told, with https://. Redirects are not followed.">
        <input
          class="input"
          name="url"
          type="url"
          required
          maxLength={2_000}
          autocomplete="off"
          defaultValue={now?.url ?? ""}
        />
      </Field>
      <Field label="Told of" hint="One a line, such as order.captured or shipment.*. Empty: everything.">
        <textarea class="textarea" name="events" rows={3} defaultValue={(now?.events ?? []).join("\n")} />
      </Field>
      <Field label="Channel" hint="The id of the one channel whose orders it is told of. Empty: all.">
        <input
          class="input"
          name="channel"
          maxLength={200}
          autocomplete="off"
          defaultValue={now?.channel ?? ""}
        />
      </Field>
    </>
  );
}

export function webhookOf(form: FormData): {
  readonly url: string;
  readonly events: readonly string[] | null;
  readonly channel: string | null;
  readonly name?: string;
} {
  const events = textOf(form, "events")
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
  const channel = textOf(form, "channel");
  const name = textOf(form, "name");
  return {
    url: textOf(form, "url"),
    events: events.length === 0 ? null : events,
    channel: channel === "" ? null : channel,
    ...(name === "" ? {} : { name }),
  };
}
