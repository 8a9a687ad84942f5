import type { OrderView } from "../../../../contract/orders.ts";
import { post } from "../../api/client.ts";
import { may } from "../../api/session.ts";
import { ActionButton } from "../../components/action-button.tsx";
import { Panel } from "../../components/panel.tsx";
import { Time } from "../../components/time.tsx";
import { toast } from "../../components/toast.tsx";
import { orderPath } from "./order-path.ts";

/** The mails that the shopper got; each can be sent again. */
export function NoticesPanel({ view }: { readonly view: OrderView }) {
  if (view.notices.length === 0) return null;
  return (
    <Panel title="Mails to the customer">
      <ul class="reports">
        {view.notices.map((notice) => (
          <li key={notice.key}>
            <span>{notice.subject}</span>
            <span class="muted row spread">
              <span>
                {notice.recipient} · <Time at={notice.sentAt} />
              </span>
              {may("orders.notify") && notice.key.startsWith(`${notice.kind}:`) && (
                <ActionButton
                  class="button quiet small"
                  run={async () => {
                    await post(`${orderPath(view.summary.id)}/resend-notice`, { notice: notice.key });
                    toast("good", "It is sent again.");
                  }}
                >
                  Send again
                </ActionButton>
              )}
            </span>
          </li>
        ))}
      </ul>
    </Panel>
  );
}
