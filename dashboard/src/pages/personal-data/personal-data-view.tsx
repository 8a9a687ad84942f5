import { useState } from "preact/hooks";
import type {
  ErasureView,
  PersonBody,
  PersonExport,
  PersonsOrders,
} from "../../../../contract/personal-data.ts";
import { get, pathOf, post } from "../../api/client.ts";
import { may } from "../../api/session.ts";
import { Badge } from "../../components/badge.tsx";
import { Dialog } from "../../components/dialog.tsx";
import { Empty } from "../../components/empty.tsx";
import { Field } from "../../components/field.tsx";
import { Form, textOf } from "../../components/form.tsx";
import { Loaded } from "../../components/loaded.tsx";
import { Notice } from "../../components/notice.tsx";
import { Panel } from "../../components/panel.tsx";
import { SkeletonRows } from "../../components/skeleton.tsx";
import { Time } from "../../components/time.tsx";
import { toast } from "../../components/toast.tsx";
import { counted } from "../../format/words.ts";
import { useResource } from "../../live/resource.ts";
import { Choice } from "../settings/setting-form.tsx";
import { RetentionForm } from "./retention-form.tsx";

const BY = { email: "E-mail address", phone: "Telephone number", order: "One of their orders" } as const;

const WHY: Readonly<Record<string, string>> = {
  order_open: "Under way",
  return_open: "A return is not settled",
  claim_open: "A claim is not settled",
  refund_open: "A refund is not settled",
  dispute_open: "The payment is disputed",
  store_credit_left: "Store credit is not spent",
  retention_runs: "To be kept whole",
};

/** What is known of a shopper: found, exported, erased; and how long it is kept. */
export function PersonalDataView() {
  const erasures = useResource<{ readonly items: readonly ErasureView[] }>("erasures", (signal) =>
    may("personal-data.erase") ? get("/personal-data/erasures", {}, signal) : Promise.resolve({ items: [] }),
  );
  return (
    <>
      {may("personal-data.export") && <FindPerson onErased={erasures.reload} />}
      <RetentionForm />
      {may("personal-data.erase") && (
        <Panel title="Erased" flush>
          <Loaded resource={erasures} skeleton={<SkeletonRows rows={2} />}>
            {({ items }) =>
              items.length === 0 ? (
                <Empty icon="settings" title="Nothing was erased yet" />
              ) : (
                <Erasures items={items} />
              )
            }
          </Loaded>
        </Panel>
      )}
    </>
  );
}

type Found = { readonly person: PersonBody; readonly orders: PersonsOrders["orders"] };

function FindPerson({ onErased }: { readonly onErased: () => void }) {
  const [found, setFound] = useState<Found | null>(null);
  const [isErasing, setErasing] = useState(false);
  const needed = found?.orders.find(({ erasedAt, neededFor }) => erasedAt === null && neededFor !== null);
  const isErased = found?.orders.every(({ erasedAt }) => erasedAt !== null) ?? false;
  return (
    <Panel title="What is known of a shopper">
      <Form
        submit="Find"
        onSubmit={async (fields) => {
          setFound(null);
          const person = personOf(textOf(fields, "by"), textOf(fields, "who"));
          const { orders } = await post<PersonsOrders>("/personal-data/orders", person);
          setFound({ person, orders });
        }}
      >
        <Field label="By">
          <Choice name="by" words={BY} value="email" />
        </Field>
        <Field label="Address, number or order" hint="Whole, as the shopper gave it.">
          <input class="input" name="who" required maxLength={254} autocomplete="off" />
        </Field>
      </Form>
      {found !== null && (
        <section aria-label="Orders of the shopper">
          <table class="table stack">
            <thead>
              <tr>
                <th scope="col">Order</th>
                <th scope="col">Personal data</th>
              </tr>
            </thead>
            <tbody>
              {found.orders.map((order) => (
                <tr key={order.orderId}>
                  <td data-label="Order">
                    <a href={pathOf("orders", order.orderId)}>{order.orderNumber}</a>
                  </td>
                  <td data-label="Personal data">
                    <State order={order} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
          <div class="form-actions">
            <button type="button" class="button" onClick={() => void download(found.person)}>
              Export everything
            </button>
            {may("personal-data.erase") && !isErased && (
              <button
                type="button"
                class="button danger"
                disabled={needed !== undefined}
                onClick={() => setErasing(true)}
              >
                Erase
              </button>
            )}
          </div>
          {needed !== undefined && (
            <Notice tone="warn">
              {`It cannot be erased yet: order ${needed.orderNumber}, ${(WHY[needed.neededFor ?? ""] ?? "").toLowerCase()}.`}
            </Notice>
          )}
        </section>
      )}
      {found !== null && isErasing && (
        <Dialog title="Erase for good" onClose={() => setErasing(false)}>
          <Form
            submit="Erase it"
            danger
            onSubmit={async (_fields, key) => {
              await post<ErasureView>("/personal-data/erasures", found.person, key);
              setErasing(false);
              setFound(null);
              toast("good", "Erased.");
              onErased();
            }}
          >
            <p>
              {`Names, addresses, telephone numbers, mails and labels of ${counted(found.orders.length, "order")} are gone afterwards, and nobody can bring them back. Amounts and goods stay.`}
            </p>
          </Form>
        </Dialog>
      )}
    </Panel>
  );
}

function State({ order }: { readonly order: PersonsOrders["orders"][number] }) {
  const { erasedAt, neededFor, until } = order;
  if (erasedAt !== null) return <Badge status="erased" tone="plain" label="Erased" />;
  if (neededFor === null) return <Badge status="erasable" tone="good" label="Can be erased" />;
  return (
    <Badge
      status={neededFor}
      tone="warn"
      label={`${WHY[neededFor] ?? neededFor}${until === null ? "" : ` until ${until}`}`}
    />
  );
}

function Erasures({ items }: { readonly items: readonly ErasureView[] }) {
  return (
    <table class="table stack">
      <thead>
        <tr>
          <th scope="col">Asked for</th>
          <th scope="col">By</th>
          <th scope="col">Orders</th>
          <th scope="col">State</th>
        </tr>
      </thead>
      <tbody>
        {items.map((erasure) => (
          <tr key={erasure.id}>
            <td data-label="Asked for">
              <Time at={erasure.requestedAt} />
            </td>
            <td data-label="By">{erasure.requestedBy}</td>
            <td data-label="Orders">{erasure.orders.join(", ")}</td>
            <td data-label="State">
              {erasure.doneAt === null ? (
                <>
                  <Badge status="under_way" tone="warn" label="Under way" />
                  {erasure.waiting.map((order) => (
                    <p key={order.orderId}>{waitsText(order)}</p>
                  ))}
                </>
              ) : (
                <Badge status="done" tone="plain" label="Done" />
              )}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function waitsText({ orderId, neededFor, until }: ErasureView["waiting"][number]): string {
  const why = WHY[neededFor ?? ""] ?? neededFor ?? "";
  return `${orderId}: ${why.toLowerCase()}${until === null ? "" : ` until ${until}`}`;
}

function personOf(by: string, who: string): PersonBody {
  if (by === "phone") return { phone: who };
  return by === "order" ? { order: who } : { email: who };
}

/** A file on the reader's machine; nothing of it stays on the page. */
async function download(person: PersonBody): Promise<void> {
  try {
    const exported = await post<PersonExport>("/personal-data/export", person);
    const url = URL.createObjectURL(
      new Blob([JSON.stringify(exported, null, 2)], { type: "application/json" }),
    );
    const link = document.createElement("a");
    link.href = url;
    link.download = "personal-data.json";
    link.click();
    URL.revokeObjectURL(url);
  } catch {
    toast("bad", "It could not be exported. Try again.");
  }
}
