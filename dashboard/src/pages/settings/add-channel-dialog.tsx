import { useState } from "preact/hooks";
import type { ChannelKindView, IssuedChannel } from "../../../../contract/channels.ts";
import type { ChannelSettings } from "../../../../contract/settings.ts";
import type { Page } from "../../../../contract/shapes.ts";
import { get, post } from "../../api/client.ts";
import { Dialog } from "../../components/dialog.tsx";
import { Field } from "../../components/field.tsx";
import { Form, textOf } from "../../components/form.tsx";
import { Loaded } from "../../components/loaded.tsx";
import { SkeletonRows } from "../../components/skeleton.tsx";
import { CHARGED_BY, ON_SHORTAGE } from "../../format/setting-words.ts";
import { words } from "../../format/words.ts";
import { useResource } from "../../live/resource.ts";
import { Choice } from "./setting-form.tsx";

/** A new channel; what else is set of channels is as usual, and can be changed afterwards. */
export function AddChannelDialog({
  onClose,
  onDone,
}: {
  readonly onClose: () => void;
  readonly onDone: (issued: IssuedChannel) => void;
}) {
  const kinds = useResource<Page<ChannelKindView>>("channel kinds", (signal) =>
    get("/channel-kinds", {}, signal),
  );
  const [chosen, setChosen] = useState<string | null>(null);
  const { order, ...charging } = CHARGED_BY;
  return (
    <Dialog title="Add a channel" onClose={onClose}>
      <Loaded resource={kinds} skeleton={<SkeletonRows rows={4} />}>
        {({ items }) => {
          const kind = items.find((each) => each.kind === chosen) ?? items[0];
          if (kind === undefined) return null;
          return (
            <Form
              submit="Add the channel"
              onSubmit={async (fields, key) => {
                const secret = textOf(fields, "secret");
                const name = textOf(fields, "name");
                const body = {
                  id: textOf(fields, "id"),
                  kind: kind.kind,
                  ...(name === "" ? {} : { name }),
                  ...(secret === "" ? {} : { secret }),
                  chargedBy: textOf(fields, "chargedBy"),
                  onShortage: textOf(fields, "onShortage"),
                };
                onDone(await post<IssuedChannel>("/channels", body, key));
              }}
            >
              <Field label="Orders are written in the format of">
                <select
                  class="select"
                  value={kind.kind}
                  onChange={(event) => setChosen(event.currentTarget.value)}
                >
                  {items.map((each) => (
                    <option key={each.kind} value={each.kind}>
                      {words(each.kind)}
                    </option>
                  ))}
                </select>
              </Field>
              <div class="form-pair">
                <Field label="Id" hint="Its orders' ids begin with it. It stays.">
                  <input class="input" name="id" required maxLength={32} pattern="[a-z][a-z0-9_]*" />
                </Field>
                <Field label="Name" hint="Empty: its id.">
                  <input class="input" name="name" maxLength={100} />
                </Field>
              </div>
              <Field key={`charged ${kind.kind}`} label="Who charges">
                <Choice
                  name="chargedBy"
                  words={kind.kind === "holdfast" ? { ...charging, order } : charging}
                  value={kind.chargedBy as ChannelSettings["chargedBy"]}
                />
              </Field>
              <Field key={`shortage ${kind.kind}`} label="An order that stock does not cover">
                <Choice
                  name="onShortage"
                  words={ON_SHORTAGE}
                  value={kind.onShortage as ChannelSettings["onShortage"]}
                />
              </Field>
              <Field label="Webhook secret" hint="Where the platform made one. Empty: one is made here.">
                <input class="input" name="secret" minLength={16} maxLength={256} autocomplete="off" />
              </Field>
            </Form>
          );
        }}
      </Loaded>
    </Dialog>
  );
}
