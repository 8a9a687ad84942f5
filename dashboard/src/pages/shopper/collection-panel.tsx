import type { TrackingView } from "../../../../contract/tracking.ts";
import { pathOf, post } from "../../api/client.ts";
import { Field } from "../../components/field.tsx";
import { Form, textOf } from "../../components/form.tsx";
import { Panel } from "../../components/panel.tsx";
import { calendarDay } from "../../format/time.ts";

/** Where the shopper collects the order, and how they tell the store that they are there. */
export function CollectionPanel({
  token,
  collection,
  onChange,
}: {
  readonly token: string;
  readonly collection: NonNullable<TrackingView["collection"]>;
  readonly onChange: () => void;
}) {
  const { place, street, until, curbside, arrived, collected } = collection;
  if (collected) return null;
  return (
    <Panel title={until === null ? "You collect it in the store" : "Ready for you"}>
      <p>
        <b>{place}</b>
        {street !== "" && <>, {street}</>}
      </p>
      <p>
        {until === null
          ? "We write to you as soon as it is ready."
          : `We keep it until ${calendarDay(until)}. The code is in our mail.`}
      </p>
      {until !== null && curbside && (
        <Form
          submit={arrived ? "Tell them again" : "I am here"}
          onSubmit={async (fields, key) => {
            const note = textOf(fields, "note");
            await post(`${pathOf("track", token)}/arrival`, note === "" ? {} : { note }, key);
            onChange();
          }}
        >
          {arrived && <p>The store knows that you are there.</p>}
          <Field label="Where are you?" hint="Your car, or the number of the parking space.">
            <input class="input" name="note" maxLength={200} />
          </Field>
        </Form>
      )}
    </Panel>
  );
}
