/** What a webhook is told once more: ranges of time, asked for here. */
import { useState } from "preact/hooks";
import type { ReplayWebhookBody, WebhookReplayView } from "../../../../../contract/settings/webhooks.ts";
import { get, post, remove } from "../../../api/client.ts";
import { may } from "../../../api/session.ts";
import { ActionButton } from "../../../components/action-button.tsx";
import { Badge } from "../../../components/badge.tsx";
import { Dialog } from "../../../components/dialog.tsx";
import { Empty } from "../../../components/empty.tsx";
import { Field } from "../../../components/field.tsx";
import { Form, textOf } from "../../../components/form.tsx";
import { Paged } from "../../../components/paged.tsx";
import { Panel } from "../../../components/panel.tsx";
import { Time } from "../../../components/time.tsx";
import { toast } from "../../../components/toast.tsx";
import { SortHead } from "../../../lists/sort-head.tsx";
import { usePages } from "../../../live/pages.ts";
import { useInterval } from "../../../live/use-interval.ts";
import { linesOf } from "./webhook-fields.tsx";
import type { WebhooksAddress } from "./webhooks-address.ts";

const REFRESH_MS = 5_000;
const TONES = { running: "info", done: "good", cancelled: "plain" } as const;
const LABELS = { running: "Running", done: "Done", cancelled: "Ended" } as const;

type Props = { readonly path: string; readonly address: WebhooksAddress };

export function WebhookReplays({ path, address }: Props) {
  const sort = address.filter.replays;
  const [isAsking, setAsking] = useState(false);
  const replays = usePages<WebhookReplayView>(
    `${path} replays ${sort}`,
    (cursor, signal) => get(`${path}/replays`, { cursor, sort }, signal),
    ({ id }) => id,
  );
  useInterval(REFRESH_MS, replays.first.reload);
  return (
    <Panel
      title="Told once more"
      flush
      aside={
        may("webhooks.write") && (
          <button type="button" class="button small" onClick={() => setAsking(true)}>
            Tell a range again
          </button>
        )
      }
    >
      <Paged
        pages={replays}
        skeletonRows={2}
        empty={<Empty icon="clock" title="No range of time was told once more" />}
      >
        {(rows) => (
          <table class="table stack">
            <thead>
              <tr>
                <SortHead
                  up="createdAt"
                  down="-createdAt"
                  sort={sort || "-createdAt"}
                  onSort={(by) => address.change({ replays: by })}
                >
                  Asked for
                </SortHead>
                <th scope="col">From</th>
                <th scope="col">To</th>
                <th scope="col">State</th>
                <th scope="col" class="number">
                  Messages
                </th>
                <th scope="col">
                  <span class="visually-hidden">What can be done</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {rows.map((one) => (
                <tr key={one.id}>
                  <td data-label="Asked for">
                    <Time at={one.createdAt} />
                  </td>
                  <td data-label="From">
                    <Time at={one.from} />
                  </td>
                  <td data-label="To">
                    <Time at={one.to} />
                  </td>
                  <td data-label="State">
                    <Badge status={one.state} label={LABELS[one.state]} tone={TONES[one.state]} />
                  </td>
                  <td class="number" data-label="Messages">
                    {one.found}
                  </td>
                  <td>
                    {may("webhooks.write") && one.state === "running" && (
                      <ActionButton
                        class="button quiet small"
                        run={async () => {
                          await remove(`${path}/replays/${one.id}`);
                          toast("good", "It is ended.");
                          replays.first.reload();
                        }}
                      >
                        End<span class="visually-hidden"> replay {one.id}</span>
                      </ActionButton>
                    )}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </Paged>
      {isAsking && (
        <Dialog title="Tell a range again" onClose={() => setAsking(false)}>
          <p>
            Every message of the range is sent once more under its id, so that a receiver that has it knows
            it.
          </p>
          <Form
            submit="Tell it again"
            onSubmit={async (form, key) => {
              const events = linesOf(form, "events");
              const body: ReplayWebhookBody = {
                from: instantOf(textOf(form, "from")),
                to: instantOf(textOf(form, "to")),
                ...(events === null ? {} : { events: [...events] }),
              };
              await post<WebhookReplayView>(`${path}/replays`, body, key);
              setAsking(false);
              toast("good", "It is told once more.");
              replays.first.reload();
            }}
          >
            <Field label="From" hint="In the time of this device.">
              <input class="input" type="datetime-local" name="from" required step="1" />
            </Field>
            <Field label="To" hint="Up to which, without it.">
              <input class="input" type="datetime-local" name="to" required step="1" />
            </Field>
            <Field
              label="Only these types"
              hint="One a line, such as shipment.*. Empty: all that it is told of."
            >
              <textarea class="textarea" name="events" rows={2} />
            </Field>
          </Form>
        </Dialog>
      )}
    </Panel>
  );
}

/** Of what a field for local time holds. */
function instantOf(local: string): string {
  const at = new Date(local);
  return Number.isNaN(at.getTime()) ? local : at.toISOString();
}
