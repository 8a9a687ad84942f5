import type { LocationView } from "../../../../contract/catalog.ts";
import type { DeviceView } from "../../../../contract/devices.ts";
import type { Page } from "../../../../contract/shapes.ts";
import { get } from "../../api/client.ts";
import { Empty } from "../../components/empty.tsx";
import { Loaded } from "../../components/loaded.tsx";
import { PageHead } from "../../components/page-head.tsx";
import { SkeletonBlock } from "../../components/skeleton.tsx";
import { useResource } from "../../live/resource.ts";
import { useDeviceFeed } from "../../live/use-feed.ts";
import { useInterval } from "../../live/use-interval.ts";
import { DeviceCard } from "./device-card.tsx";
import { EventList } from "./event-list.tsx";
import { LetterList } from "./letter-list.tsx";

const REFRESH_MS = 5_000;

export function DevicesPage() {
  const devices = useResource<Page<DeviceView>>("devices", (signal) => get("/devices", {}, signal));
  const locations = useResource<Page<LocationView>>("locations", (signal) => get("/locations", {}, signal));
  // Batteries and what devices are at are in no event.
  useInterval(REFRESH_MS, devices.reload);
  useDeviceFeed(devices.reload);
  const nameOf = (id: string): string => locations.data?.items.find((one) => one.id === id)?.name ?? id;
  return (
    <div class="page">
      <PageHead title="Devices" documentTitle="Devices" />
      <Loaded resource={devices} skeleton={<SkeletonBlock />}>
        {({ items }) =>
          items.length === 0 ? (
            <div class="panel">
              <Empty icon="devices" title="No devices">
                A device appears here once it is registered and connects to the MQTT broker.
              </Empty>
            </div>
          ) : (
            byLocation(items).map(([locationId, there]) => (
              <section key={locationId} class="page">
                <div class="row">
                  <h2>{nameOf(locationId)}</h2>
                  <span class="muted small">
                    {there.filter((device) => device.connection === "online").length} of {there.length} online
                  </span>
                </div>
                <div class="device-grid">
                  {there.map((device) => (
                    <DeviceCard key={device.id} device={device} />
                  ))}
                </div>
              </section>
            ))
          )
        }
      </Loaded>
      <EventList />
      <LetterList devices={devices.data?.items ?? []} />
    </div>
  );
}

function byLocation(devices: readonly DeviceView[]): readonly (readonly [string, readonly DeviceView[]])[] {
  const groups = new Map<string, DeviceView[]>();
  for (const device of devices) {
    const group = groups.get(device.locationId);
    if (group === undefined) groups.set(device.locationId, [device]);
    else group.push(device);
  }
  return [...groups.entries()].sort(([a], [b]) => a.localeCompare(b));
}
