import { useState } from "preact/hooks";
import type { WaitingFulfillmentOrder } from "../../../../contract/fulfillment.ts";
import { pathOf, post } from "../../api/client.ts";
import { may } from "../../api/session.ts";
import { Badge } from "../../components/badge.tsx";
import { Dialog } from "../../components/dialog.tsx";
import { Field } from "../../components/field.tsx";
import { Form, textOf } from "../../components/form.tsx";
import { Panel } from "../../components/panel.tsx";
import { toast } from "../../components/toast.tsx";
import { calendarDay } from "../../format/time.ts";
import { orderPath } from "../order/order-path.ts";

/** What the store keeps for customers: whoever is there already comes first. */
export function ReadyList({
  items,
  onChange,
}: {
  readonly items: readonly WaitingFulfillmentOrder[];
  readonly onChange: () => void;
}) {
  const [handing, setHanding] = useState<WaitingFulfillmentOrder | null>(null);
  const here = items.filter((item) => item.collection?.arrivedAt != null);
  const sorted = [...here, ...items.filter((item) => !here.includes(item))];
  return (
    <Panel title="Ready to collect">
      <div class="work">
        {sorted.map((item) => (
          <article key={item.id} class="work-card">
            <div class="row spread">
              <div>
                <a class="row-link" href={orderPath(item.orderId)}>
                  {item.customerName}
                </a>
                <div class="cell-sub">{item.id}</div>
              </div>
              <Badge status={here.includes(item) ? "arrived" : item.delivery} />
            </div>
            {item.collection?.arrivalNote != null && item.collection.arrivalNote !== "" && (
              <p>{item.collection.arrivalNote}</p>
            )}
            <ul>
              {item.lines.map((line) => (
                <li key={line.holdId}>
                  <span class="work-quantity">{line.quantity} ×</span>
                  <code class="break">{line.sku}</code>
                </li>
              ))}
            </ul>
            {item.collection !== null && (
              <div class="small">Kept until {calendarDay(item.collection.until)}</div>
            )}
            {may("fulfillment.collect") && (
              <button type="button" class="button primary wide" onClick={() => setHanding(item)}>
                Hand over
              </button>
            )}
          </article>
        ))}
      </div>
      {handing !== null && (
        <CollectDialog
          item={handing}
          onClose={() => setHanding(null)}
          onDone={() => {
            setHanding(null);
            onChange();
          }}
        />
      )}
    </Panel>
  );
}

function CollectDialog({
  item,
  onClose,
  onDone,
}: {
  readonly item: WaitingFulfillmentOrder;
  readonly onClose: () => void;
  readonly onDone: () => void;
}) {
  return (
    <Dialog title={`Hand over to ${item.customerName}`} onClose={onClose}>
      <Form
        submit="Collected"
        onSubmit={async (fields, key) => {
          const body = { code: textOf(fields, "code"), idChecked: fields.get("id-checked") !== null };
          await post(`${pathOf("fulfillment-orders", item.id)}/collect`, body, key);
          toast("good", `${item.id} is collected.`);
          onDone();
        }}
      >
        <Field label="Code" hint="The customer has it by mail. It can be sent again from the order's page.">
          <input
            class="input"
            name="code"
            required
            maxLength={32}
            autocomplete="off"
            autocapitalize="characters"
          />
        </Field>
        <Field label="I have seen a document with the customer's name">
          <input type="checkbox" name="id-checked" />
        </Field>
      </Form>
    </Dialog>
  );
}
