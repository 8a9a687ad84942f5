import { useState } from "preact/hooks";
import type { ChannelDetail, IssuedChannel } from "../../../../contract/channels.ts";
import { pathOf, post } from "../../api/client.ts";
import { may } from "../../api/session.ts";
import { Dialog } from "../../components/dialog.tsx";
import { Field } from "../../components/field.tsx";
import { Form, textOf } from "../../components/form.tsx";
import { Notice } from "../../components/notice.tsx";
import { Panel } from "../../components/panel.tsx";
import { Time } from "../../components/time.tsx";

/** Where a channel sends its webhooks, and the secrets that they may be signed with. */
export function ChannelWebhook({
  channel,
  onIssued,
}: {
  readonly channel: ChannelDetail;
  readonly onIssued: (issued: IssuedChannel) => void;
}) {
  const [rotates, setRotates] = useState(false);
  const { url, secrets } = channel.webhook;
  return (
    <Panel
      title="Webhooks"
      aside={
        may("channels.write") && (
          <button type="button" class="button quiet small" onClick={() => setRotates(true)}>
            New secret
          </button>
        )
      }
    >
      <p>The channel sends its webhooks to:</p>
      <pre>{url}</pre>
      {secrets.length === 0 ? (
        <Notice tone="warn">It has no secret: its webhooks cannot be checked, and are refused.</Notice>
      ) : (
        <ul>
          {secrets.map(({ issuedAt, countsUntil }) => (
            <li key={issuedAt}>
              Secret of <Time at={issuedAt} />
              {countsUntil !== null && (
                <span class="muted">
                  , counts until <Time at={countsUntil} />
                </span>
              )}
            </li>
          ))}
        </ul>
      )}
      {rotates && (
        <RotateDialog
          channel={channel}
          onClose={() => setRotates(false)}
          onDone={(issued) => {
            setRotates(false);
            onIssued(issued);
          }}
        />
      )}
    </Panel>
  );
}

function RotateDialog({
  channel,
  onClose,
  onDone,
}: {
  readonly channel: ChannelDetail;
  readonly onClose: () => void;
  readonly onDone: (issued: IssuedChannel) => void;
}) {
  return (
    <Dialog title={`A new webhook secret for ${channel.name}`} onClose={onClose}>
      <Form
        submit="Give it the new secret"
        onSubmit={async (fields, key) => {
          const secret = textOf(fields, "secret");
          const body = {
            overlapHours: Number(textOf(fields, "overlapHours")),
            ...(secret === "" ? {} : { secret }),
          };
          onDone(await post<IssuedChannel>(`${pathOf("channels", channel.id)}/rotate-secret`, body, key));
        }}
      >
        <Field
          label="Hours that the secret before counts on"
          hint="So long the channel may sign with either. 0: from now on with the new one only."
        >
          <input
            class="input"
            name="overlapHours"
            type="number"
            min="0"
            max="744"
            required
            defaultValue="24"
          />
        </Field>
        <Field label="Webhook secret" hint="Where the platform made one. Empty: one is made here.">
          <input class="input" name="secret" minLength={16} maxLength={256} autocomplete="off" />
        </Field>
      </Form>
    </Dialog>
  );
}

/** The one time that a secret is to be seen. */
export function IssuedChannelDialog({
  issued: { channel, secret },
  onClose,
}: {
  readonly issued: IssuedChannel;
  readonly onClose: () => void;
}) {
  return (
    <Dialog title={`What ${channel.name} has to know`} onClose={onClose}>
      <p>It sends its webhooks to:</p>
      <pre>{channel.webhook.url}</pre>
      {secret === null ? (
        <p>It signs them with the secret that you gave.</p>
      ) : (
        <>
          <p>It signs them with this secret, which is shown this once: nothing keeps it.</p>
          <pre>{secret}</pre>
        </>
      )}
    </Dialog>
  );
}
