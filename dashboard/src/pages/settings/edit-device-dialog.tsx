import type { LocationView } from "../../../../contract/catalog.ts";
import type { DeviceAcl, DeviceDetail, DeviceKindView, IssuedDevice } from "../../../../contract/devices.ts";
import type { Page } from "../../../../contract/shapes.ts";
import { get, patch, pathOf } from "../../api/client.ts";
import { Dialog } from "../../components/dialog.tsx";
import { Field } from "../../components/field.tsx";
import { textOf } from "../../components/form.tsx";
import { Loaded } from "../../components/loaded.tsx";
import { SkeletonRows } from "../../components/skeleton.tsx";
import { useResource } from "../../live/resource.ts";
import { DeviceSettings, settingsOf } from "./device-settings.tsx";
import { Choice, SettingForm } from "./setting-form.tsx";

type Loads = {
  readonly device: DeviceDetail;
  readonly acl: DeviceAcl;
  readonly kinds: readonly DeviceKindView[];
  readonly places: readonly LocationView[];
};

/** Everything of a registration but its id and kind. What the broker has to know anew is shown afterwards. */
export function EditDeviceDialog({
  id,
  onClose,
  onSaved,
}: {
  readonly id: string;
  readonly onClose: () => void;
  /** @param news what the broker has to know of it now; null: nothing new */
  readonly onSaved: (news: IssuedDevice | null) => void;
}) {
  const path = pathOf("devices", id);
  const loads = useResource<Loads>(path, async (signal) => {
    const [device, acl, kinds, places] = await Promise.all([
      get<DeviceDetail>(path, {}, signal),
      get<DeviceAcl>(`${path}/acl`, {}, signal),
      get<Page<DeviceKindView>>("/devices/kinds", {}, signal),
      get<Page<LocationView>>("/locations", {}, signal),
    ]);
    return { device, acl, kinds: kinds.items, places: places.items };
  });
  return (
    <Dialog title={`Change ${id}`} onClose={onClose}>
      <Loaded resource={loads} skeleton={<SkeletonRows rows={4} />}>
        {({ device, acl, kinds, places }) => {
          const kind = kinds.find((each) => each.kind === device.kind);
          const fields = kind?.fields ?? [];
          return (
            <SettingForm
              key={device.version}
              needs="devices.write"
              submit="Save the device"
              onReload={loads.reload}
              save={async (form, key) => {
                const body = {
                  version: device.version,
                  name: textOf(form, "name"),
                  locationId: textOf(form, "location"),
                  protocol: textOf(form, "protocol"),
                  settings: settingsOf(form, fields),
                };
                const saved = await patch<DeviceDetail>(path, body, key);
                const now = await get<DeviceAcl>(`${path}/acl`);
                const isNews = now.mosquitto.acl !== acl.mosquitto.acl;
                onSaved(isNews ? { device: saved, secret: null, acl: now } : null);
              }}
            >
              <Field label="Name">
                <input class="input" name="name" required maxLength={100} defaultValue={device.name} />
              </Field>
              <Field label="Place">
                <Choice
                  name="location"
                  value={device.locationId}
                  words={Object.fromEntries(places.map((place) => [place.id, place.name]))}
                />
              </Field>
              <Field label="Speaks">
                <Choice
                  name="protocol"
                  value={device.protocol}
                  words={Object.fromEntries((kind?.protocols ?? []).map((each) => [each, each]))}
                />
              </Field>
              <DeviceSettings fields={fields} settings={device.settings} />
            </SettingForm>
          );
        }}
      </Loaded>
    </Dialog>
  );
}
