import { useState } from "preact/hooks";
import { useRoute } from "preact-iso/router";
import type { StockExplanation, StockMovement } from "../../../../contract/stock.ts";
import { get } from "../../api/client.ts";
import { may } from "../../api/session.ts";
import { ActionButton } from "../../components/action-button.tsx";
import { Badge } from "../../components/badge.tsx";
import { Empty } from "../../components/empty.tsx";
import { Loaded } from "../../components/loaded.tsx";
import { PageHead } from "../../components/page-head.tsx";
import { Panel } from "../../components/panel.tsx";
import { SkeletonBlock } from "../../components/skeleton.tsx";
import { Time } from "../../components/time.tsx";
import { counted, words } from "../../format/words.ts";
import { usePages } from "../../live/pages.ts";
import { useResource } from "../../live/resource.ts";
import { useInterval } from "../../live/use-interval.ts";
import { STOCK_CHANGES } from "./change-stock.ts";
import { Cause, Movements } from "./movements.tsx";
import { OnItsWay } from "./on-its-way.tsx";
import { StockDialog } from "./stock-dialog.tsx";
import { StockEquation } from "./stock-equation.tsx";
import { stockPath } from "./stock-path.ts";
import { WaitingCount } from "./waiting-count.tsx";

const REFRESH_MS = 2_000;
/** As many as an explanation lists, so that what it has beside this page is newer. */
const MOVEMENTS_PAGE = 100;

/** Why a number is what it is: the sum, the holds with their orders, and every movement that led here. */
export function StockExplanationPage() {
  const { params } = useRoute();
  const sku = params["sku"] ?? "";
  const location = params["location"] ?? "";
  const [changing, setChanging] = useState(false);
  const explanation = useResource<StockExplanation>(`explain ${sku} ${location}`, (signal) =>
    get(`${stockPath(sku, location)}/explain`, {}, signal),
  );
  useInterval(REFRESH_MS, explanation.reload);
  return (
    <div class="page">
      <Loaded
        resource={explanation}
        skeleton={<SkeletonBlock />}
        missing={{ what: "stock position", name: sku, list: { href: "/stock", label: "Stock" } }}
      >
        {({ position, movements, holds, expected, reconciles }) => (
          <>
            <PageHead
              title={position.name}
              documentTitle={`${position.sku} at ${position.locationName}`}
              parent={{ href: "/stock", label: "Stock" }}
              lead={
                <>
                  <code>{position.sku}</code> at {position.locationName}
                </>
              }
            >
              {STOCK_CHANGES.some(({ needs }) => may(needs)) && (
                <button type="button" class="button primary" onClick={() => setChanging(true)}>
                  Change
                </button>
              )}
            </PageHead>
            <WaitingCount position={position} movements={movements} onDone={explanation.reload} />
            <OnItsWay position={position} expected={expected} onDone={explanation.reload} />
            <Panel
              title="Why is this number so"
              aside={
                reconciles ? (
                  <Badge status="good" tone="good" label="Adds up" />
                ) : (
                  <Badge status="bad" tone="bad" label="Does not add up: tell the operator" />
                )
              }
            >
              <StockEquation position={position} />
            </Panel>
            <Panel title="Held now" aside={counted(holds.length, "hold")} flush>
              {holds.length === 0 ? (
                <Empty icon="inbox" title="Nothing is held">
                  All units that are not set apart can be promised.
                </Empty>
              ) : (
                <table class="table stack">
                  <thead>
                    <tr>
                      <th scope="col">For</th>
                      <th scope="col">Hold</th>
                      <th scope="col">State</th>
                      <th scope="col">Expires</th>
                      <th scope="col" class="number">
                        Units
                      </th>
                    </tr>
                  </thead>
                  <tbody>
                    {holds.map((hold) => (
                      <tr key={hold.holdId}>
                        <td class="full break">
                          <Cause cause={hold.cause} holdId={hold.holdId} />
                        </td>
                        <td class="full break">
                          <code>{hold.holdId}</code>
                        </td>
                        <td>
                          <Badge status={hold.state} label={words(hold.state)} />
                        </td>
                        <td data-label="Expires">
                          {hold.expiresAt === null ? (
                            <span class="muted">never</span>
                          ) : (
                            <Time at={hold.expiresAt} />
                          )}
                        </td>
                        <td class="number" data-label="Units">
                          {hold.quantity.toLocaleString()}
                        </td>
                      </tr>
                    ))}
                  </tbody>
                </table>
              )}
            </Panel>
            <AllMovements position={position} latest={movements} />
            {changing && (
              <StockDialog
                position={position}
                onClose={() => setChanging(false)}
                onDone={() => {
                  setChanging(false);
                  explanation.reload();
                }}
              />
            )}
          </>
        )}
      </Loaded>
    </div>
  );
}

/** The latest movements as they come, and older ones page by page. */
function AllMovements({
  position,
  latest,
}: {
  readonly position: StockExplanation["position"];
  readonly latest: readonly StockMovement[];
}) {
  const path = `${stockPath(position.sku, position.locationId)}/movements`;
  const pages = usePages<StockMovement>(
    path,
    (cursor, signal) => get(path, { limit: MOVEMENTS_PAGE, cursor }, signal),
    idOf,
  );
  const known = new Set(pages.rows.map(idOf));
  const shown = [...latest.filter((movement) => !known.has(idOf(movement))), ...pages.rows];
  return (
    <Panel
      title="Movements"
      aside={
        <a class="button small" href={`/v1${path}.csv`} download>
          Export CSV
        </a>
      }
      flush
    >
      <Movements movements={shown} />
      {pages.loadMore !== null && (
        <div class="table-foot">
          <ActionButton run={pages.loadMore}>Older movements</ActionButton>
        </div>
      )}
    </Panel>
  );
}

/** Two movements may be of one moment; what follows from each differs. */
function idOf(movement: StockMovement): string {
  const { at, kind, holdId, reference, cause, onHandAfter, availableAfter } = movement;
  return JSON.stringify([at, kind, holdId, reference, cause, onHandAfter, availableAfter]);
}
