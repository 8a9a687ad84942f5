import { useState } from "preact/hooks";
import { useLocation } from "preact-iso/router";
import type { LocationView } from "../../../../contract/catalog.ts";
import type { WaitingFulfillmentOrder } from "../../../../contract/fulfillment.ts";
import type { Page } from "../../../../contract/shapes.ts";
import { get } from "../../api/client.ts";
import { ActionButton } from "../../components/action-button.tsx";
import { Empty } from "../../components/empty.tsx";
import { Loaded } from "../../components/loaded.tsx";
import { PageHead } from "../../components/page-head.tsx";
import { SkeletonBlock } from "../../components/skeleton.tsx";
import { counted } from "../../format/words.ts";
import { useResource } from "../../live/resource.ts";
import { useInterval } from "../../live/use-interval.ts";
import { AdriftLoads } from "./adrift-loads.tsx";
import { MOST_SLIPS, maySeeSlips, printSlips } from "./print-slips.ts";
import { ReadyList } from "./ready-list.tsx";
import { ShortDialog } from "./short-dialog.tsx";
import { WorkCard } from "./work-card.tsx";

const REFRESH_MS = 4_000;
const MOST_SHOWN = 200;
/** Nothing is left for the packer. What was picked but not confirmed as packed stays on the list. */
const PACKED: ReadonlySet<WaitingFulfillmentOrder["stage"]> = new Set([
  "packed",
  "labelled",
  "ready",
  "shipped",
]);

type Work = {
  readonly places: readonly LocationView[];
  readonly waiting: readonly WaitingFulfillmentOrder[];
  /** Kept for customers to collect. */
  readonly ready: readonly WaitingFulfillmentOrder[];
};

/**
 * The work list of people: what to pick and pack, the most urgent first, one button that confirms it, what
 * customers come to collect. Where robots work: what is stuck behind them, and what they took that no order
 * has.
 */
export function PackingPage() {
  const { query, route } = useLocation();
  const location = query["location"] ?? "";
  const work = useResource<Work>(`work ${location}`, (signal) => loadWork(location, signal));
  useInterval(REFRESH_MS, work.reload);
  const [short, setShort] = useState<WaitingFulfillmentOrder | null>(null);
  const places = work.data?.places ?? [];
  const toPrint = (work.data?.waiting ?? []).slice(0, MOST_SLIPS);
  const nameOf = (id: string): string => places.find((one) => one.id === id)?.name ?? id;
  return (
    <div class="page">
      <PageHead
        title="Packing"
        documentTitle="Packing"
        lead="What people pick and pack, and what robots and conveyors have left to them."
      >
        <select
          class="select"
          aria-label="Location"
          value={location}
          onChange={(event) => {
            const { value } = event.currentTarget;
            route(value === "" ? "/packing" : `/packing?location=${encodeURIComponent(value)}`, true);
          }}
        >
          <option value="">All places</option>
          {places.map((one) => (
            <option key={one.id} value={one.id}>
              {one.name}
            </option>
          ))}
        </select>
        {maySeeSlips() && toPrint.length > 1 && (
          <ActionButton run={() => printSlips({ fulfillmentOrders: toPrint.map(({ id }) => id) })}>
            {counted(toPrint.length, "packing slip")}
          </ActionButton>
        )}
      </PageHead>
      <AdriftLoads location={location} />
      <Loaded resource={work} skeleton={<SkeletonBlock />}>
        {({ waiting, ready }) => (
          <>
            {ready.length > 0 && <ReadyList items={ready} onChange={work.reload} />}
            {waiting.length === 0 ? (
              <div class="panel">
                <Empty icon="pack" title="Nothing to pack">
                  Work appears here by itself as soon as an order is sent to this place.
                </Empty>
              </div>
            ) : (
              <div class="work">
                {waiting.map((item) => (
                  <WorkCard
                    key={item.id}
                    item={item}
                    placeName={nameOf(item.locationId)}
                    onChange={work.reload}
                    onShort={() => setShort(item)}
                  />
                ))}
              </div>
            )}
          </>
        )}
      </Loaded>
      {short !== null && (
        <ShortDialog
          item={short}
          onClose={() => setShort(null)}
          onDone={() => {
            setShort(null);
            work.reload();
          }}
        />
      )}
    </div>
  );
}

async function loadWork(location: string, signal: AbortSignal): Promise<Work> {
  const [places, { items }] = await Promise.all([
    get<Page<LocationView>>("/locations", {}, signal),
    get<Page<WaitingFulfillmentOrder>>(
      "/fulfillment-orders",
      { location, for: "people", limit: MOST_SHOWN },
      signal,
    ),
  ]);
  return {
    places: places.items,
    waiting: items.filter((item) => !PACKED.has(item.stage)),
    ready: items.filter((item) => item.stage === "ready"),
  };
}
