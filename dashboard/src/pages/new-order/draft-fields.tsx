import type { ComponentChildren } from "preact";
import type { LocationView } from "../../../../contract/catalog.ts";
import type { OrderQuote } from "../../../../contract/requests/order-quote.ts";
import { Chips } from "../../components/chips.tsx";
import { Field } from "../../components/field.tsx";
import { Panel } from "../../components/panel.tsx";
import { AMOUNT_PATTERN, type Draft, type Payer } from "./draft.ts";

type Changing = { readonly draft: Draft; readonly change: (change: Partial<Draft>) => void };

type TextName = Exclude<keyof Draft, "allocation" | "lines" | "taxesIncluded" | "delivery" | "payer">;

/** A field of the draft that is a line of text. */
function TextField({
  draft,
  change,
  name,
  label,
  hint,
  kind,
  ...rest
}: Changing & {
  readonly name: TextName;
  readonly label: string;
  readonly hint?: string;
  readonly kind?: "email" | "tel" | "date";
  readonly required?: boolean;
  readonly maxLength?: number;
  readonly pattern?: string;
  readonly inputMode?: "decimal";
  readonly placeholder?: string;
}) {
  const input = {
    class: "input",
    maxLength: 200,
    autocomplete: "off",
    value: draft[name],
    onInput: (event: { readonly currentTarget: HTMLInputElement }) =>
      change({ [name]: event.currentTarget.value }),
    ...rest,
  };
  return (
    <Field label={label} {...(hint === undefined ? {} : { hint })}>
      {kind === "email" ? (
        <input type="email" {...input} />
      ) : kind === "tel" ? (
        <input type="tel" {...input} />
      ) : kind === "date" ? (
        <input type="date" {...input} />
      ) : (
        <input {...input} />
      )}
    </Field>
  );
}

export function CustomerPanel({ draft, change }: Changing) {
  const field = { draft, change };
  return (
    <Panel title="Customer">
      <div class="form">
        <TextField {...field} name="name" label="Name" required />
        <div class="form-pair">
          <TextField {...field} name="email" label="Email" kind="email" hint="Where mails about it go." />
          <TextField {...field} name="phone" label="Phone" kind="tel" />
        </div>
      </div>
    </Panel>
  );
}

export function DeliveryPanel({
  draft,
  change,
  stores,
}: Changing & { readonly stores: readonly LocationView[] }) {
  const field = { draft, change };
  return (
    <Panel title="Delivery">
      <div class="form">
        {stores.length > 0 && (
          <Chips
            label="How it gets to the customer"
            options={[
              { value: "parcel", label: "A parcel" },
              { value: "pickup", label: "Collected at a store" },
            ]}
            value={draft.delivery}
            onChange={(delivery) => change({ delivery: delivery as Draft["delivery"] })}
          />
        )}
        {draft.delivery === "pickup" ? (
          <Field label="Store">
            <select
              class="select"
              required
              value={draft.store}
              onChange={(event) => change({ store: event.currentTarget.value })}
            >
              <option value="">Choose a store</option>
              {stores.map(({ id, name }) => (
                <option key={id} value={id}>
                  {name}
                </option>
              ))}
            </select>
          </Field>
        ) : (
          <>
            <TextField {...field} name="line1" label="Street and number" required />
            <div class="form-pair">
              <TextField {...field} name="line2" label="Flat, floor" />
              <TextField {...field} name="company" label="Company" />
            </div>
            <div class="form-pair">
              <TextField {...field} name="postalCode" label="Postal code" maxLength={20} />
              <TextField {...field} name="city" label="City" required />
            </div>
            <div class="form-pair">
              <TextField {...field} name="region" label="State or region" maxLength={100} />
              <TextField
                {...field}
                name="country"
                label="Country"
                required
                maxLength={3}
                pattern="[A-Za-z]{2,3}"
                placeholder="US"
                hint="Two or three letters: US, DE, JPN."
              />
            </div>
            <TextField
              {...field}
              name="shippingService"
              label="Service"
              maxLength={100}
              placeholder="Standard"
              hint="Such as Express or Next day; the dates follow it."
            />
          </>
        )}
      </div>
    </Panel>
  );
}

const PAYERS: Readonly<Record<Payer, string>> = {
  merchant: "We charge it",
  channel: "Paid, or invoiced elsewhere",
  on_delivery: "Paid on delivery",
};

export function PaymentPanel({ draft, change, quote }: Changing & { readonly quote: OrderQuote | null }) {
  const field = { draft, change };
  const payers = quote?.payers ?? [draft.payer];
  return (
    <Panel title="Payment">
      <div class="form">
        <Chips
          label="Who takes the money"
          options={payers.map((value) => ({ value, label: PAYERS[value] }))}
          value={draft.payer}
          onChange={(payer) => change({ payer: payer as Payer })}
        />
        {draft.payer === "merchant" && (
          <TextField
            {...field}
            name="paymentMethod"
            label="Means of payment"
            pattern="[A-Za-z][A-Za-z0-9_\-]*"
            placeholder="pm_…"
            hint="The payment provider's token, never a card number. Empty: the order waits, and the customer is asked for it by mail."
          />
        )}
        <div class="form-pair">
          <Amount {...field} name="shippingPrice" label="Shipping" />
          <Amount {...field} name="discount" label="Discount on the order" />
        </div>
        <div class="form-pair">
          <TextField
            {...field}
            name="storeCredit"
            label="Store credit"
            maxLength={40}
            pattern="[A-Za-z0-9 \-]{16,40}"
            hint="The customer's code."
          />
          <TextField
            {...field}
            name="currency"
            label="Currency"
            required
            maxLength={3}
            pattern="[A-Za-z]{3}"
          />
        </div>
        <label class="check">
          <input
            type="checkbox"
            checked={draft.taxesIncluded}
            onChange={(event) => change({ taxesIncluded: event.currentTarget.checked })}
          />
          Prices contain the taxes
        </label>
      </div>
    </Panel>
  );
}

function Amount(field: Changing & { readonly name: TextName; readonly label: string }) {
  return <TextField {...field} inputMode="decimal" pattern={AMOUNT_PATTERN} placeholder="0.00" />;
}

export function HandlingPanel({
  draft,
  change,
  children,
}: Changing & { readonly children?: ComponentChildren }) {
  const field = { draft, change };
  return (
    <Panel title="Handling">
      <div class="form">
        {children}
        <Field label="Where stock does not cover it">
          <select
            class="select"
            value={draft.allocation}
            onChange={(event) => change({ allocation: event.currentTarget.value as Draft["allocation"] })}
          >
            <option value="">As the channel's setting says</option>
            <option value="all_or_nothing">All of it or nothing</option>
            <option value="line_by_line">Each line whole, or not yet</option>
            <option value="ship_available">Send what is there</option>
            <option value="ship_available_backorder_rest">
              Send what is there, the rest from the next stock
            </option>
          </select>
        </Field>
        <div class="form-pair">
          <TextField {...field} name="releaseOn" label="Not before" kind="date" />
          <TextField
            {...field}
            name="hold"
            label="Hold it, because"
            maxLength={500}
            hint="Reserves nothing until somebody releases it."
          />
        </div>
        <TextField {...field} name="note" label="Note" maxLength={1000} />
      </div>
    </Panel>
  );
}
