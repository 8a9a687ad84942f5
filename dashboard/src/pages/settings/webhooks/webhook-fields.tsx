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
      <Field
        label="Told of"
        hint="One a line, such as order.captured, shipment.* or stock_position.changed. Empty: everything."
      >
        <textarea class="textarea" name="events" rows={3} defaultValue={(now?.events ?? []).join("\n")} />
      </Field>
      <Field label="Channel" hint="The id of the one channel of which it is told. Empty: all.">
        <input
          class="input"
          name="channel"
          maxLength={200}
          autocomplete="off"
          defaultValue={now?.channel ?? ""}
        />
      </Field>
      <Field
        label="Places"
        hint="Their ids, one a line: of what happens at a place, only these. Empty: everywhere."
      >
        <textarea
          class="textarea"
          name="locations"
          rows={2}
          defaultValue={(now?.locations ?? []).join("\n")}
        />
      </Field>
      <Field
        label="Order of messages"
        hint="In order, a message that is not taken holds up the later ones about the same thing."
      >
        <select class="input" name="ordering">
          <option value="none" selected={now?.ordering !== "key"}>
            Each as soon as it can
          </option>
          <option value="key" selected={now?.ordering === "key"}>
            In order by order, SKU, place, device
          </option>
        </select>
      </Field>
    </>
  );
}

export function webhookOf(form: FormData): {
  readonly url: string;
  readonly events: readonly string[] | null;
  readonly channel: string | null;
  readonly locations: readonly string[] | null;
  readonly ordering: WebhookSubscriptionView["ordering"];
  readonly name?: string;
} {
  const channel = textOf(form, "channel");
  const name = textOf(form, "name");
  return {
    url: textOf(form, "url"),
    events: linesOf(form, "events"),
    channel: channel === "" ? null : channel,
    locations: linesOf(form, "locations"),
    ordering: textOf(form, "ordering") === "key" ? "key" : "none",
    ...(name === "" ? {} : { name }),
  };
}

/** Null: there are none. */
export function linesOf(form: FormData, field: string): readonly string[] | null {
  const lines = textOf(form, field)
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
  return lines.length === 0 ? null : lines;
}
