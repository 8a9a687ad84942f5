/** One webhook: what is set of it, what became of its messages, and what it is told once more. */
import { useState } from "preact/hooks";
import type {
  ChangeWebhookBody,
  IssuedWebhook,
  WebhookDeliveryView,
  WebhookSubscriptionView,
  WebhookTried,
} from "../../../../../contract/settings/webhooks.ts";
import { get, patch, pathOf, post, remove } from "../../../api/client.ts";
import { may } from "../../../api/session.ts";
import { ActionButton } from "../../../components/action-button.tsx";
import { Badge } from "../../../components/badge.tsx";
import { Chips } from "../../../components/chips.tsx";
import { Empty } from "../../../components/empty.tsx";
import { Notice } from "../../../components/notice.tsx";
import { Paged } from "../../../components/paged.tsx";
import { Panel } from "../../../components/panel.tsx";
import { SearchBox } from "../../../components/search-box.tsx";
import { Time } from "../../../components/time.tsx";
import { toast } from "../../../components/toast.tsx";
import { words } from "../../../format/words.ts";
import { SortHead } from "../../../lists/sort-head.tsx";
import { usePages } from "../../../live/pages.ts";
import { SettingForm } from "../setting-form.tsx";
import { WebhookFields, webhookOf } from "./webhook-fields.tsx";
import { WebhookReplays } from "./webhook-replays.tsx";
import type { WebhooksAddress } from "./webhooks-address.ts";

export function WebhookPanels({
  webhook,
  address,
  onChange,
  onIssued,
  onRemoved,
}: {
  readonly webhook: WebhookSubscriptionView;
  readonly address: WebhooksAddress;
  readonly onChange: () => void;
  readonly onIssued: (issued: IssuedWebhook) => void;
  readonly onRemoved: () => void;
}) {
  const path = pathOf("webhook-subscriptions", webhook.id);
  const [tried, setTried] = useState<WebhookTried | null>(null);
  return (
    <>
      <Panel title={webhook.name} aside={<span class="muted">{webhook.id}</span>}>
        {webhook.pausedAt !== null && (
          <Notice tone="bad">
            {webhook.pauseReason === "gone"
              ? "It answered that it is gone. "
              : "It has taken nothing for three days. "}
            Nothing is sent since <Time at={webhook.pausedAt} />; what happens meanwhile is told once it is on
            again.
          </Notice>
        )}
        {webhook.pausedAt === null && webhook.failingSince !== null && (
          <Notice tone="warn">
            It has taken nothing since <Time at={webhook.failingSince} />
            {webhook.dueAt !== null && (
              <>
                ; it is tried again <Time at={webhook.dueAt} />
              </>
            )}
            .
          </Notice>
        )}
        {webhook.waiting > 0 && <p class="muted">{webhook.waiting} messages wait to be taken.</p>}
        <SettingForm
          key={webhook.version}
          needs="webhooks.write"
          submit="Save the webhook"
          onReload={onChange}
          save={async (form, key) => {
            const body: ChangeWebhookBody = {
              version: webhook.version,
              ...webhookOf(form),
              active: form.has("active"),
            };
            await patch<WebhookSubscriptionView>(path, body, key);
            onChange();
          }}
        >
          <WebhookFields now={webhook} />
          <label class="check">
            <input type="checkbox" name="active" defaultChecked={webhook.active} /> It is told; switched off,
            it is told later what happened meanwhile
          </label>
        </SettingForm>
        {tried !== null && (
          <Notice tone={tried.delivered ? "good" : "bad"}>
            {tried.delivered
              ? `It was taken with ${tried.httpStatus}.`
              : (tried.problem ?? "It was not taken.")}
          </Notice>
        )}
        {may("webhooks.write") && (
          <div class="form-actions">
            {webhook.pausedAt !== null && (
              <ActionButton
                class="button primary"
                run={async () => {
                  const body: ChangeWebhookBody = { version: webhook.version, active: true };
                  await patch<WebhookSubscriptionView>(path, body);
                  toast("good", "It is told again.");
                  onChange();
                }}
              >
                End the pause
              </ActionButton>
            )}
            <ActionButton run={async () => setTried(await post<WebhookTried>(`${path}/test`, {}))}>
              Send a test message
            </ActionButton>
            <ActionButton
              run={async () => {
                onIssued(await post<IssuedWebhook>(`${path}/rotate-secret`, {}));
                onChange();
              }}
            >
              New secret
            </ActionButton>
            <ActionButton
              class="button danger"
              run={async () => {
                await remove(path);
                toast("good", "Removed.");
                onRemoved();
              }}
            >
              Remove
            </ActionButton>
          </div>
        )}
      </Panel>
      <Messages path={path} address={address} />
      <WebhookReplays path={path} address={address} />
    </>
  );
}

/** Each try with its answer, the newest first. */
function Tries({ tries, id }: { readonly tries: WebhookDeliveryView["tries"]; readonly id: string }) {
  return (
    <details>
      <summary class="cell-sub">
        {tries.length === 1 ? "One try" : `${tries.length} tries`}
        <span class="visually-hidden"> of {id}</span>
      </summary>
      <ul>
        {tries.toReversed().map((one) => (
          <li key={one.at} class="cell-sub">
            <Time at={one.at} />: {one.status ?? "no answer"} after {one.ms} ms
            {one.answer !== null && (
              <>
                {" "}
                <code>{one.answer}</code>
              </>
            )}
          </li>
        ))}
      </ul>
    </details>
  );
}

const STATES = [
  { value: "", label: "All" },
  { value: "dead", label: "Put aside" },
  { value: "waiting", label: "Waiting" },
  { value: "delivered", label: "Delivered" },
] as const;

const TONES = { waiting: "warn", delivered: "good", dead: "bad", again: "info" } as const;
const LABELS = {
  waiting: "Waiting",
  delivered: "Delivered",
  dead: "Put aside",
  again: "Sent once more",
} as const;

function Messages({ path, address }: { readonly path: string; readonly address: WebhooksAddress }) {
  const { filter, change } = address;
  const { state, about, sort } = filter;
  const messages = usePages<WebhookDeliveryView>(
    `${path} deliveries ${state} ${about} ${sort}`,
    (cursor, signal) => get(`${path}/deliveries`, { cursor, state, about, sort }, signal),
    ({ messageId }) => messageId,
  );
  return (
    <Panel title="Messages" flush>
      <div class="toolbar inset">
        <SearchBox
          label="Order, SKU, place, device or message"
          value={about}
          onChange={(text) => change({ about: text }, "typing")}
        />
        <Chips
          label="Messages"
          options={STATES}
          value={state}
          onChange={(value) => change({ state: value })}
        />
      </div>
      <Paged
        pages={messages}
        skeletonRows={3}
        empty={
          <Empty icon="clock" title="There is no such message yet">
            {about !== "" && "Looked for is the whole of its name, such as web-1001."}
          </Empty>
        }
      >
        {(rows) => (
          <table class="table stack">
            <thead>
              <tr>
                <th scope="col">What</th>
                <th scope="col">State</th>
                <th scope="col" class="number">
                  Attempts
                </th>
                <SortHead
                  class="number"
                  up="lastTriedAt"
                  down="-lastTriedAt"
                  sort={sort || "-lastTriedAt"}
                  onSort={(by) => change({ sort: by })}
                >
                  Last
                </SortHead>
                <th scope="col">
                  <span class="visually-hidden">What can be done</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {rows.map((one) => (
                <tr key={one.messageId}>
                  <td class="full">
                    <div>
                      <div class="cell-title">{words(one.type)}</div>
                      <div class="cell-sub">
                        {one.orderId === null ? (
                          one.subject
                        ) : (
                          <a href={`/orders/${encodeURIComponent(one.orderId)}`}>{one.orderId}</a>
                        )}
                      </div>
                      {one.problem !== null && <div class="cell-sub">{one.problem}</div>}
                      {one.tries.length > 0 && <Tries tries={one.tries} id={one.messageId} />}
                    </div>
                  </td>
                  <td data-label="State">
                    <Badge status={one.state} label={LABELS[one.state]} tone={TONES[one.state]} />
                  </td>
                  <td class="number" data-label="Attempts">
                    {one.attempts}
                  </td>
                  <td class="number muted" data-label="Last">
                    <Time at={one.lastTriedAt} />
                  </td>
                  <td>
                    {may("webhooks.write") && (one.state === "dead" || one.state === "delivered") && (
                      <ActionButton
                        class="button quiet small"
                        run={async () => {
                          await post(`${path}/deliveries/${encodeURIComponent(one.messageId)}/replay`, {});
                          toast("good", "It is sent once more.");
                          messages.first.reload();
                        }}
                      >
                        Send again<span class="visually-hidden"> {one.messageId}</span>
                      </ActionButton>
                    )}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </Paged>
    </Panel>
  );
}
