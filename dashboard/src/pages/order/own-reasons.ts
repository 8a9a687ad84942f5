import type { HoldReasonView } from "../../../../contract/settings/hold-reasons.ts";
import type { Page } from "../../../../contract/shapes.ts";
import { get } from "../../api/client.ts";
import { useResource } from "../../live/resource.ts";

/** The company's own reasons to put an order on hold; empty until they are there. */
export function useOwnReasons(): readonly HoldReasonView[] {
  const reasons = useResource<Page<HoldReasonView>>("hold reasons", (signal) =>
    get("/hold-reasons", {}, signal),
  );
  return reasons.data?.items ?? [];
}
