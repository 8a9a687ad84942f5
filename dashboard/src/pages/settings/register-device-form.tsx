import { useState } from "preact/hooks";
import type { LocationView } from "../../../../contract/catalog.ts";
import type { DeviceKindView, IssuedDevice } from "../../../../contract/devices.ts";
import type { Page } from "../../../../contract/shapes.ts";
import { get, post } from "../../api/client.ts";
import { Field } from "../../components/field.tsx";
import { Form, textOf } from "../../components/form.tsx";
import { words } from "../../format/words.ts";
import { useResource } from "../../live/resource.ts";
import { DeviceSettings, settingsOf } from "./device-settings.tsx";

export function RegisterDeviceForm({ onDone }: { readonly onDone: (issued: IssuedDevice) => void }) {
  const locations = useResource<Page<LocationView>>("locations", (signal) => get("/locations", {}, signal));
  const kinds = useResource<Page<DeviceKindView>>("device kinds", (signal) =>
    get("/devices/kinds", {}, signal),
  );
  const offered = kinds.data?.items ?? [];
  const [chosen, setChosen] = useState<string>("robot");
  const kind = offered.find((each) => each.kind === chosen);
  return (
    <Form
      submit="Register the device"
      onSubmit={async (fields, key) => {
        const id = textOf(fields, "id");
        const body = {
          id,
          name: textOf(fields, "name") || id,
          kind: chosen,
          locationId: textOf(fields, "location"),
          protocol: textOf(fields, "protocol"),
          settings: settingsOf(fields, kind?.fields ?? []),
          credentials: textOf(fields, "credentials"),
        };
        onDone(await post<IssuedDevice>("/devices", body, key));
      }}
    >
      <Field label="Id" hint="Its name at the broker; a robot's serial number.">
        <input class="input" name="id" required maxLength={64} pattern="[A-Za-z0-9_.\-]+" />
      </Field>
      <Field label="Name">
        <input class="input" name="name" maxLength={100} />
      </Field>
      <Field label="Kind">
        <select class="input" value={chosen} onChange={(event) => setChosen(event.currentTarget.value)}>
          {offered.map((each) => (
            <option key={each.kind} value={each.kind}>
              {words(each.kind)}
            </option>
          ))}
        </select>
      </Field>
      <Field label="Place">
        <select class="input" name="location" required>
          {(locations.data?.items ?? []).map(({ id, name }) => (
            <option key={id} value={id}>
              {name}
            </option>
          ))}
        </select>
      </Field>
      <Field label="Speaks">
        <select class="input" name="protocol" key={chosen} required>
          {(kind?.protocols ?? []).map((protocol) => (
            <option key={protocol} value={protocol}>
              {protocol}
            </option>
          ))}
        </select>
      </Field>
      <DeviceSettings key={chosen} fields={kind?.fields ?? []} settings={{}} />
      <Field label="Signs in with">
        <select class="input" name="credentials">
          <option value="password">A password</option>
          <option value="certificate">A certificate</option>
        </select>
      </Field>
    </Form>
  );
}
