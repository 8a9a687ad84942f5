/** Who is told by webhook what happens. Which one is looked at is in the address. */
import { useState } from "preact/hooks";
import type { IssuedWebhook, WebhookSubscriptionView } from "../../../../../contract/settings/webhooks.ts";
import type { Page } from "../../../../../contract/shapes.ts";
import { get } from "../../../api/client.ts";
import { may } from "../../../api/session.ts";
import { Badge } from "../../../components/badge.tsx";
import { Dialog } from "../../../components/dialog.tsx";
import { Empty } from "../../../components/empty.tsx";
import { Loaded } from "../../../components/loaded.tsx";
import { Panel } from "../../../components/panel.tsx";
import { SkeletonRows } from "../../../components/skeleton.tsx";
import { SortHead } from "../../../lists/sort-head.tsx";
import { useResource } from "../../../live/resource.ts";
import { useInterval } from "../../../live/use-interval.ts";
import { AddWebhookDialog } from "./add-webhook-dialog.tsx";
import { WebhookPanels } from "./webhook-panels.tsx";
import { useWebhooksAddress } from "./webhooks-address.ts";

const REFRESH_MS = 15_000;

export function WebhookList() {
  const address = useWebhooksAddress();
  const { webhook, by } = address.filter;
  const [isAdding, setAdding] = useState(false);
  const [issued, setIssued] = useState<IssuedWebhook | null>(null);
  const webhooks = useResource<Page<WebhookSubscriptionView>>(`webhooks ${by}`, (signal) =>
    get("/webhook-subscriptions", { sort: by }, signal),
  );
  useInterval(REFRESH_MS, webhooks.reload);
  const choose = (id: string): void =>
    address.change({ webhook: id, state: "", about: "", sort: "", replays: "" });
  const head = { sort: by || "id", onSort: (sort: string) => address.change({ by: sort }) };
  return (
    <>
      <Loaded resource={webhooks} skeleton={<SkeletonRows rows={4} />}>
        {({ items }) => {
          const chosen = items.find(({ id }) => id === webhook);
          return (
            <>
              <Panel
                title="Webhooks"
                flush
                aside={
                  may("webhooks.write") && (
                    <button type="button" class="button small" onClick={() => setAdding(true)}>
                      Add a webhook
                    </button>
                  )
                }
              >
                {items.length === 0 ? (
                  <Empty icon="settings" title="Nobody is told yet">
                    Another system can be told by webhook what happens to orders, stock, the catalog, places
                    and devices.
                  </Empty>
                ) : (
                  <table class="table stack">
                    <thead>
                      <tr>
                        <SortHead up="name" down="-name" {...head}>
                          Webhook
                        </SortHead>
                        <th scope="col">Told</th>
                        <th scope="col">State</th>
                        <SortHead class="number" up="dead" down="-dead" {...head}>
                          Put aside
                        </SortHead>
                        <th scope="col">
                          <span class="visually-hidden">What can be done</span>
                        </th>
                      </tr>
                    </thead>
                    <tbody>
                      {items.map((one) => (
                        <tr key={one.id}>
                          <td class="full">
                            <div>
                              <div class="cell-title">{one.name}</div>
                              <div class="cell-sub">{one.url}</div>
                            </div>
                          </td>
                          <td data-label="Told">{one.events?.join(", ") ?? "Everything"}</td>
                          <td data-label="State">
                            <State webhook={one} />
                          </td>
                          <td class="number" data-label="Put aside">
                            {one.dead}
                          </td>
                          <td>
                            <button type="button" class="button quiet small" onClick={() => choose(one.id)}>
                              Look at<span class="visually-hidden"> {one.name}</span>
                            </button>
                          </td>
                        </tr>
                      ))}
                    </tbody>
                  </table>
                )}
              </Panel>
              {chosen !== undefined && (
                <WebhookPanels
                  key={chosen.id}
                  webhook={chosen}
                  address={address}
                  onChange={webhooks.reload}
                  onIssued={setIssued}
                  onRemoved={() => {
                    webhooks.reload();
                    choose("");
                  }}
                />
              )}
            </>
          );
        }}
      </Loaded>
      {isAdding && (
        <AddWebhookDialog
          onClose={() => setAdding(false)}
          onDone={(made) => {
            setAdding(false);
            setIssued(made);
            webhooks.reload();
            choose(made.webhook.id);
          }}
        />
      )}
      {issued !== null && (
        <Dialog title={`The secret of ${issued.webhook.name}`} onClose={() => setIssued(null)}>
          <p>Its receiver checks signatures with this secret, which is shown this once: nothing keeps it.</p>
          <pre>{issued.secret}</pre>
        </Dialog>
      )}
    </>
  );
}

function State({ webhook }: { readonly webhook: WebhookSubscriptionView }) {
  if (!webhook.active) return <Badge status="off" label="Off" tone="plain" />;
  if (webhook.pausedAt !== null) return <Badge status="paused" label="Paused" tone="bad" />;
  if (webhook.attempts > 0) return <Badge status="failing" label="Not taken, tried again" tone="warn" />;
  return <Badge status="on" label="On" tone="good" />;
}
