import { useState } from "preact/hooks";
import type { FloorLoad, SettleLoadBody } from "../../../../contract/floor.ts";
import type { Page } from "../../../../contract/shapes.ts";
import { get, pathOf, post } from "../../api/client.ts";
import { may } from "../../api/session.ts";
import { ActionButton } from "../../components/action-button.tsx";
import { Dialog } from "../../components/dialog.tsx";
import { Form } from "../../components/form.tsx";
import { NotYours } from "../../components/not-yours.tsx";
import { Panel } from "../../components/panel.tsx";
import { Time } from "../../components/time.tsx";
import { toast } from "../../components/toast.tsx";
import { useResource } from "../../live/resource.ts";
import { useInterval } from "../../live/use-interval.ts";
import { orderPath } from "../order/order-path.ts";

const REFRESH_MS = 4_000;

type Ending = SettleLoadBody["as"];

const SAID: Readonly<Record<Ending, string>> = {
  put_back: "is back on the shelf",
  packed: "is packed after all",
  written_off: "is written off",
};

async function settle({ id, quantity, sku }: FloorLoad, as: Ending, key?: string): Promise<void> {
  await post(`${pathOf("floor", "loads", id)}/settle`, { as }, key);
  toast("good", `${quantity} × ${sku} ${SAID[as]}.`);
}

/** Units that robots took and no order has: where somebody finds them, and what became of them. */
export function AdriftLoads({ location }: { readonly location: string }) {
  const loads = useResource<Page<FloorLoad>>(`adrift ${location}`, (signal) =>
    get("/floor/loads", { status: "adrift", location, limit: 100 }, signal),
  );
  useInterval(REFRESH_MS, loads.reload);
  const [losing, setLosing] = useState<FloorLoad | null>(null);
  const items = loads.data?.items ?? [];
  if (items.length === 0) return null;
  const isAllowed = may("fulfillment.pack");
  const say = async (load: FloorLoad, as: Ending): Promise<void> => {
    await settle(load, as);
    loads.reload();
  };
  return (
    <Panel title="Adrift" flush>
      <ul class="count-list padded" aria-label="Units adrift">
        {items.map((load) => (
          <li key={load.id}>
            <div>
              {load.quantity} × <b>{load.sku}</b> {load.place}
              <div class="cell-sub">
                {load.locationName}, for <a href={orderPath(load.orderId)}>{load.fulfillmentOrderId}</a>,
                since <Time at={load.since} />
              </div>
              {!load.isSetApart && (
                <div class="cell-sub">
                  The stock still counts them as free
                  {load.notSetApart === null ? "" : ` (${load.notSetApart})`}.
                </div>
              )}
            </div>
            {isAllowed && (
              <span class="push row">
                <ActionButton class="button small" run={() => say(load, "put_back")}>
                  Put back
                </ActionButton>
                <ActionButton class="button quiet small" run={() => say(load, "packed")}>
                  Packed after all
                </ActionButton>
                <button type="button" class="button quiet small" onClick={() => setLosing(load)}>
                  Write off
                </button>
              </span>
            )}
          </li>
        ))}
      </ul>
      {!isAllowed && <NotYours action="settle it" />}
      {losing !== null && (
        <Dialog title={`Write off ${losing.quantity} × ${losing.sku}?`} onClose={() => setLosing(null)}>
          <p>They are gone from the stock for good. What turns up later is received anew.</p>
          <Form
            submit="Write off"
            danger
            onSubmit={async (_fields, key) => {
              await settle(losing, "written_off", key);
              setLosing(null);
              loads.reload();
            }}
          />
        </Dialog>
      )}
    </Panel>
  );
}
