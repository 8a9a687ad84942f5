import { useState } from "preact/hooks";
import type { LocationView } from "../../../../contract/catalog.ts";
import type { Page } from "../../../../contract/shapes.ts";
import type { StockRow } from "../../../../contract/stock.ts";
import { get } from "../../api/client.ts";
import { may } from "../../api/session.ts";
import { Chips } from "../../components/chips.tsx";
import { Dialog } from "../../components/dialog.tsx";
import { Field } from "../../components/field.tsx";
import { Form, textOf } from "../../components/form.tsx";
import { toast } from "../../components/toast.tsx";
import { addDays, dayIn } from "../../lists/days.ts";
import { companyZone } from "../../live/company.ts";
import { useResource } from "../../live/resource.ts";
import { changeStock, STOCK_CHANGES, type StockChange } from "./change-stock.ts";

type Kind = StockChange["kind"];

const QUANTITIES: Readonly<
  Record<Kind, { readonly label: string; readonly least: number; readonly hint?: string }>
> = {
  receive: { label: "Units received", least: 1 },
  adjust: { label: "Correction", least: -1_000_000, hint: "Positive adds, negative takes away." },
  count: {
    label: "Units counted",
    least: 0,
    hint: "A large difference waits until somebody else approves it.",
  },
  transfer: { label: "Units that leave", least: 1 },
  quarantine: { label: "Units to set apart", least: 1, hint: "They stay on hand and are not promised." },
  free: { label: "Units that are free again", least: 1 },
  safety: { label: "Units that are never promised", least: 0, hint: "0: every free unit may be promised." },
};

/**
 * Changes a position by hand: goods in, corrections, counts, transfers, units set apart. The command's id is
 * made once for each form, so sending twice does not count twice.
 */
export function StockDialog({
  position,
  onClose,
  onDone,
}: {
  readonly position: StockRow;
  readonly onClose: () => void;
  readonly onDone: () => void;
}) {
  const [openedAtMs] = useState(Date.now);
  const options = STOCK_CHANGES.filter(({ needs }) => may(needs));
  const [kind, setKind] = useState<Kind>(options[0]?.value ?? "receive");
  const { label, least, hint } = QUANTITIES[kind];
  return (
    <Dialog title={`${position.sku} at ${position.locationName}`} onClose={onClose}>
      <p class="muted">
        {position.name}: {position.onHand.toLocaleString()} on hand,{" "}
        {position.availableToPromise.toLocaleString()} available to promise
        {position.unavailable > 0 && `, ${position.unavailable.toLocaleString()} set apart`}.
      </p>
      <Chips
        label="What to do"
        options={options}
        value={kind}
        onChange={(value) => setKind(options.find((one) => one.value === value)?.value ?? kind)}
      />
      <Form
        key={kind}
        submit={options.find((one) => one.value === kind)?.label ?? ""}
        onSubmit={async (fields, key) => {
          const due = textOf(fields, "due");
          const outcome = await changeStock(
            position,
            {
              kind,
              quantity: Number(textOf(fields, "quantity")),
              reason: textOf(fields, "reason"),
              ...(kind === "transfer"
                ? { to: { locationId: textOf(fields, "to"), dueAtMs: Date.parse(`${due}T12:00:00Z`) } }
                : {}),
            },
            key,
            openedAtMs,
          );
          toast("good", saidOf(kind, outcome));
          onDone();
        }}
      >
        <Field label={label} {...(hint === undefined ? {} : { hint })}>
          <input
            class="input"
            type="number"
            name="quantity"
            min={String(least)}
            max="1000000"
            step="1"
            required
            {...(kind === "safety" ? { defaultValue: String(position.safetyStock) } : {})}
          />
        </Field>
        {kind === "transfer" && <Destination from={position.locationId} />}
        <Field
          label={kind === "receive" ? "Document or reason" : "Reason"}
          hint="Kept with the movement, so the number can be explained."
        >
          <input class="input" name="reason" required maxLength={90} />
        </Field>
      </Form>
    </Dialog>
  );
}

function Destination({ from }: { readonly from: string }) {
  const locations = useResource<Page<LocationView>>("locations", (signal) => get("/locations", {}, signal));
  return (
    <>
      <Field label="To">
        <select class="select" name="to" required>
          {(locations.data?.items ?? [])
            .filter(({ id }) => id !== from)
            .map(({ id, name }) => (
              <option key={id} value={id}>
                {name}
              </option>
            ))}
        </select>
      </Field>
      <Field
        label="Should be there on"
        hint="Until somebody takes them in there, the units are on their way."
      >
        <input
          class="input"
          type="date"
          name="due"
          required
          defaultValue={addDays(dayIn(companyZone.value, new Date()), 1)}
        />
      </Field>
    </>
  );
}

function saidOf(
  kind: Kind,
  { onHand, unavailable, safetyStock }: Pick<StockRow, "onHand" | "unavailable" | "safetyStock">,
): string {
  if (kind === "safety") return `${safetyStock.toLocaleString()} are never promised.`;
  if (kind === "quarantine" || kind === "free") return `Now ${unavailable.toLocaleString()} are set apart.`;
  return `Now ${onHand.toLocaleString()} on hand.`;
}
