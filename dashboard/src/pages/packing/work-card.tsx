import { useState } from "preact/hooks";
import type { WaitingFulfillmentOrder } from "../../../../contract/fulfillment.ts";
import type { OrderRevisionView } from "../../../../contract/orders.ts";
import { get, pathOf } from "../../api/client.ts";
import { may } from "../../api/session.ts";
import { ActionButton } from "../../components/action-button.tsx";
import { Badge } from "../../components/badge.tsx";
import { Icon } from "../../components/icon.tsx";
import { NotYours } from "../../components/not-yours.tsx";
import { Notice } from "../../components/notice.tsx";
import { toast } from "../../components/toast.tsx";
import { calendarDay } from "../../format/time.ts";
import { words } from "../../format/words.ts";
import { useResource } from "../../live/resource.ts";
import { orderPath } from "../order/order-path.ts";
import { changeWords } from "./change-words.ts";
import { CheckDialog } from "./check-dialog.tsx";
import { needsCheck } from "./check-fields.tsx";
import { packOrder } from "./pack-order.ts";
import { SharedParcel } from "./shared-parcel.tsx";

/**
 * One parcel to pick and pack. It remembers which revision of the order the packer has seen: where the order
 * changes after that, the card says what changed, and nothing is packed before the packer has read it.
 */
export function WorkCard({
  item,
  placeName,
  onChange,
  onShort,
}: {
  readonly item: WaitingFulfillmentOrder;
  readonly placeName: string;
  /** The list is to be loaded anew. */
  readonly onChange: () => void;
  readonly onShort: () => void;
}) {
  const [seen, setSeen] = useState(item.revision);
  const [checking, setChecking] = useState(false);
  const isChanged = item.revision > seen;
  const isPicked = item.stage !== "waiting" && item.stage !== "picking";
  return (
    <article class="work-card">
      <div class="row spread">
        <div>
          <a class="row-link" href={orderPath(item.orderId)}>
            {item.id}
          </a>
          <div class="cell-sub">{placeName}</div>
          <div class="cell-sub">{urgencyOf(item)}</div>
          {isPicked && item.handlingUnit !== null && (
            <div class="cell-sub break">picked, in tote {item.handlingUnit}</div>
          )}
        </div>
        <Badge status={item.stage} />
      </div>
      {isChanged && <Changed item={item} since={seen} onRead={() => setSeen(item.revision)} />}
      <ul>
        {item.lines.map((line) => (
          <li key={line.holdId}>
            <span class="work-quantity">{line.quantity} ×</span>
            <code class="break">{line.sku}</code>
          </li>
        ))}
      </ul>
      <SharedParcel item={item} />
      <a
        class="small"
        href={`/v1/fulfillment-orders${pathOf(item.id)}/packing-slip.pdf`}
        target="_blank"
        rel="noopener"
      >
        Packing slip <Icon name="link" />
      </a>
      {!may("fulfillment.pack") && <NotYours action="pack" />}
      {!isChanged && may("fulfillment.pack") && (
        <>
          {needsCheck(item.lines) ? (
            <button type="button" class="button primary wide" onClick={() => setChecking(true)}>
              Check and pack
            </button>
          ) : (
            <ActionButton
              class="button primary wide"
              run={async () => {
                const outcome = await packOrder(item.id, { revision: seen });
                if (outcome === "packed") toast("good", `${item.id} is packed.`);
                else toast("bad", `${item.id} is not packed: its order has changed.`);
                onChange();
              }}
            >
              {isPicked ? "Packed" : "Picked and packed"}
            </ActionButton>
          )}
          {!isPicked && (
            <button type="button" class="button quiet wide" onClick={onShort}>
              Something is missing
            </button>
          )}
        </>
      )}
      {checking && (
        <CheckDialog
          item={item}
          revision={seen}
          onClose={() => setChecking(false)}
          onDone={() => {
            setChecking(false);
            onChange();
          }}
        />
      )}
    </article>
  );
}

/** What is different from what the packer has seen. */
function Changed({
  item,
  since,
  onRead,
}: {
  readonly item: WaitingFulfillmentOrder;
  readonly since: number;
  readonly onRead: () => void;
}) {
  const { orderId, revision } = item;
  const revisions = useResource(`revisions ${orderId} ${revision}`, (signal) =>
    get<{ readonly items: readonly OrderRevisionView[] }>(`${orderPath(orderId)}/revisions`, {}, signal),
  );
  const newer = revisions.data?.items.filter((one) => one.revision > since);
  return (
    <Notice tone="warn" action={{ label: "I have read it", run: onRead }}>
      The order has changed.
      {newer !== undefined && (
        <ul>
          {changeWords(newer).map((phrase) => (
            <li key={phrase}>{phrase}</li>
          ))}
        </ul>
      )}
    </Notice>
  );
}

/** Why it stands where it stands in the list. */
function urgencyOf({ delivery, service, shipBy }: WaitingFulfillmentOrder): string {
  const how = delivery === "parcel" ? service : words(delivery);
  return [how, ...(shipBy === null ? [] : [`leaves by ${calendarDay(shipBy)}`])]
    .filter((part) => part !== "")
    .join(", ");
}
