import type { LocationView } from "../../../../contract/catalog.ts";
import type { Page } from "../../../../contract/shapes.ts";
import { get, post } from "../../api/client.ts";
import { ActionButton } from "../../components/action-button.tsx";
import { toast } from "../../components/toast.tsx";
import { useResource } from "../../live/resource.ts";
import { orderPath } from "./order-path.ts";

/** A button for each store in which the customer may collect the order. */
export function PickupPlaces({ orderId, onDone }: { readonly orderId: string; readonly onDone: () => void }) {
  const locations = useResource<Page<LocationView>>("locations", (signal) => get("/locations", {}, signal));
  const stores = (locations.data?.items ?? []).filter((place) => place.kind === "store");
  return (
    <>
      {stores.map((store) => (
        <ActionButton
          key={store.id}
          run={async () => {
            await post(`${orderPath(orderId)}/pickup-place`, { locationId: store.id });
            toast("good", `The customer collects it at ${store.name}.`);
            onDone();
          }}
        >
          At {store.name}
        </ActionButton>
      ))}
    </>
  );
}
