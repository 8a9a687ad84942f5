import { useState } from "preact/hooks";
import type { LocationView } from "../../../../contract/catalog.ts";
import type { FulfillmentOrderActionName, FulfillmentOrderView } from "../../../../contract/fulfillment.ts";
import type { Page } from "../../../../contract/shapes.ts";
import { get, pathOf, post } from "../../api/client.ts";
import { may } from "../../api/session.ts";
import { ActionButton } from "../../components/action-button.tsx";
import { Dialog } from "../../components/dialog.tsx";
import { Field } from "../../components/field.tsx";
import { Form, textOf } from "../../components/form.tsx";
import { toast } from "../../components/toast.tsx";
import { useResource } from "../../live/resource.ts";
import { HoldDialog } from "./hold-dialog.tsx";

type Part = FulfillmentOrderView;
type Asked = Extract<
  FulfillmentOrderActionName,
  "hold" | "move" | "split" | "reschedule" | "mark_fulfilled_elsewhere" | "cancel_fulfillment_order"
>;

/** Actions that need no further word, with what is said when they are done. */
const AT_ONCE: readonly (readonly [FulfillmentOrderActionName, string, string])[] = [
  ["release_hold", "Release", "Released."],
  ["mark_as_open", "Begin now", "It goes to the floor."],
  ["merge", "Merge", "Merged with the parts of this place."],
];

const ASKED: readonly (readonly [Asked, string])[] = [
  ["hold", "Hold"],
  ["move", "Move"],
  ["split", "Split"],
  ["reschedule", "Put off"],
  ["mark_fulfilled_elsewhere", "Done elsewhere"],
  ["cancel_fulfillment_order", "Cancel"],
];

/** A button for each thing that can be done with the fulfillment order now. */
export function PartActions({ part, onChange }: { readonly part: Part; readonly onChange: () => void }) {
  const [asked, setAsked] = useState<Asked | null>(null);
  const isAllowed = may("fulfillment.change");
  const can = (action: FulfillmentOrderActionName) =>
    isAllowed &&
    part.supportedActions.includes(action) &&
    // It cancels units of the order.
    (action !== "cancel_fulfillment_order" || may("orders.cancel"));
  const path = pathOf("fulfillment-orders", part.id);
  const close = () => setAsked(null);
  const done = () => {
    close();
    onChange();
  };
  const buttons = [
    ...AT_ONCE.filter(([action]) => can(action)).map(([action, label, said]) => (
      <ActionButton
        key={action}
        class="button small"
        run={async () => {
          await post(`${path}/${action}`, {});
          toast("good", said);
          onChange();
        }}
      >
        {label}
      </ActionButton>
    )),
    ...ASKED.filter(([action]) => can(action)).map(([action, label]) => (
      <button key={action} type="button" class="button small" onClick={() => setAsked(action)}>
        {label}
      </button>
    )),
  ];
  if (buttons.length === 0) return null;
  return (
    <>
      <div class="row wrap">{buttons}</div>
      {asked === "hold" && <HoldDialog path={path} what={part.id} onClose={close} onDone={done} />}
      {asked === "move" && <MoveDialog part={part} path={path} onClose={close} onDone={done} />}
      {asked === "split" && <SplitDialog part={part} path={path} onClose={close} onDone={done} />}
      {asked === "reschedule" && (
        <AskDialog
          title={`When does ${part.id} begin?`}
          submit="Put it off"
          body={(fields) => ({ releaseOn: textOf(fields, "releaseOn") })}
          {...{ path: `${path}/reschedule`, onClose: close, onDone: done }}
        >
          <Field label="Day">
            <input class="input" type="date" name="releaseOn" required />
          </Field>
        </AskDialog>
      )}
      {asked === "mark_fulfilled_elsewhere" && (
        <AskDialog
          title={`${part.id} was handed over elsewhere?`}
          submit="Close it as done"
          lead="Its units go back to the shelves here, and the customer gets the tracking number."
          body={(fields) =>
            Object.fromEntries(
              ["carrier", "trackingNumber", "trackingUrl"]
                .map((name) => [name, textOf(fields, name)] as const)
                .filter(([, text]) => text !== ""),
            )
          }
          {...{ path: `${path}/mark_fulfilled_elsewhere`, onClose: close, onDone: done }}
        >
          <Field label="Carrier">
            <input class="input" name="carrier" maxLength={100} />
          </Field>
          <Field label="Tracking number">
            <input class="input" name="trackingNumber" maxLength={100} />
          </Field>
          <Field label="Tracking page">
            <input class="input" name="trackingUrl" type="url" maxLength={500} />
          </Field>
        </AskDialog>
      )}
      {asked === "cancel_fulfillment_order" && (
        <AskDialog
          title={`Cancel ${part.id}?`}
          submit="Cancel its units"
          lead="Its units are taken off the order and go back to the shelves."
          danger
          body={(fields) => ({ reason: textOf(fields, "reason") })}
          {...{ path: `${path}/cancel_fulfillment_order`, onClose: close, onDone: done }}
        >
          <Field label="Reason" hint="Kept in the order's timeline.">
            <textarea class="textarea" name="reason" required maxLength={500} />
          </Field>
        </AskDialog>
      )}
    </>
  );
}

type Asking = { readonly path: string; readonly onClose: () => void; readonly onDone: () => void };

/** A question whose answer is the body of one call. */
function AskDialog({
  title,
  lead,
  submit,
  danger,
  body,
  path,
  onClose,
  onDone,
  children,
}: Asking & {
  readonly title: string;
  readonly lead?: string;
  readonly submit: string;
  readonly danger?: boolean;
  readonly body: (fields: FormData) => unknown;
  readonly children: preact.ComponentChildren;
}) {
  return (
    <Dialog title={title} onClose={onClose}>
      {lead !== undefined && <p>{lead}</p>}
      <Form
        submit={submit}
        {...(danger === true ? { danger } : {})}
        onSubmit={async (fields, key) => {
          await post(path, body(fields), key);
          toast("good", "Done.");
          onDone();
        }}
      >
        {children}
      </Form>
    </Dialog>
  );
}

function MoveDialog({ part, path, ...asking }: Asking & { readonly part: Part }) {
  const locations = useResource<Page<LocationView>>("locations", (signal) => get("/locations", {}, signal));
  const others = (locations.data?.items ?? []).filter((place) => place.id !== part.locationId);
  return (
    <AskDialog
      title={`Move ${part.id} to`}
      lead="Its units are reserved there first. Where that place does not have them, nothing changes."
      submit="Move it"
      path={`${path}/move`}
      body={(fields) => ({ locationId: textOf(fields, "locationId") })}
      {...asking}
    >
      <Field label="Place">
        <select class="select" name="locationId" required>
          {others.map((place) => (
            <option key={place.id} value={place.id}>
              {place.name}
            </option>
          ))}
        </select>
      </Field>
    </AskDialog>
  );
}

function SplitDialog({ part, path, ...asking }: Asking & { readonly part: Part }) {
  const lines = new Map<string, { readonly sku: string; readonly quantity: number }>();
  for (const { lineId, sku, quantity } of part.lines) {
    lines.set(lineId, { sku, quantity: quantity + (lines.get(lineId)?.quantity ?? 0) });
  }
  return (
    <AskDialog
      title={`Split ${part.id}`}
      lead="What gets a parcel of its own?"
      submit="Split"
      path={`${path}/split`}
      body={(fields) => ({
        lines: [...lines.keys()].flatMap((lineId) => {
          const quantity = Number(textOf(fields, `line.${lineId}`));
          return quantity > 0 ? [{ lineId, quantity }] : [];
        }),
      })}
      {...asking}
    >
      {[...lines].map(([lineId, { sku, quantity }]) => (
        <Field key={lineId} label={sku} hint={`of ${quantity}`}>
          <input
            class="input"
            type="number"
            name={`line.${lineId}`}
            min={0}
            max={quantity}
            defaultValue={0}
          />
        </Field>
      ))}
    </AskDialog>
  );
}
