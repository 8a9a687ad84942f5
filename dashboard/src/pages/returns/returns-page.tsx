import { useRef, useState } from "preact/hooks";
import { useLocation } from "preact-iso/router";
import type { ReturnSummary, ScanResult } from "../../../../contract/returns.ts";
import { get, pathOf } from "../../api/client.ts";
import { messageOf } from "../../api/problem.ts";
import { Badge } from "../../components/badge.tsx";
import { Chips } from "../../components/chips.tsx";
import { Empty } from "../../components/empty.tsx";
import { Notice } from "../../components/notice.tsx";
import { PageHead } from "../../components/page-head.tsx";
import { Paged } from "../../components/paged.tsx";
import { Panel } from "../../components/panel.tsx";
import { ReturnBadge } from "../../components/return-badge.tsx";
import { ScanInput } from "../../components/scan-input.tsx";
import { SearchBox } from "../../components/search-box.tsx";
import { Time } from "../../components/time.tsx";
import { formatMoney } from "../../format/money.ts";
import { refundToStaff } from "../../format/refund-words.ts";
import { words } from "../../format/words.ts";
import { useListAddress } from "../../lists/list-address.ts";
import { SavedViews } from "../../lists/saved-views.tsx";
import { usePages } from "../../live/pages.ts";
import { useInterval } from "../../live/use-interval.ts";
import { orderPath } from "../order/order-path.ts";

const STATUSES = [
  "requested",
  "approved",
  "in_transit",
  "received",
  "inspected",
  "partially_refunded",
  "refunded",
  "declined",
] as const;
const PAGE_SIZE = 50;
const REFRESH_MS = 5_000;

/** A chip of its own: a status alone does not say that a person is waited for. */
const WAITING = "waiting";

export function ReturnsPage() {
  const { route } = useLocation();
  const { filter: asked, query, change } = useListAddress("/returns", ["q", "status"]);
  const { status, q: search } = asked;
  const filter = status === WAITING ? { waiting: "true", q: search } : { status, q: search };
  const [scanned, setScanned] = useState<ScanResult | null>(null);
  const [scanError, setScanError] = useState<string | null>(null);
  const returns = usePages<ReturnSummary>(
    `returns ${status} ${search}`,
    (cursor, signal) => get("/returns", { ...filter, limit: PAGE_SIZE, cursor }, signal),
    ({ id }) => id,
  );
  useInterval(REFRESH_MS, returns.first.reload);
  const scans = useRef(0);
  const open = async (code: string): Promise<void> => {
    scans.current += 1;
    const scan = scans.current;
    setScanError(null);
    setScanned(null);
    try {
      const found = await get<ScanResult>("/returns/scan", { code });
      // A scanner is quicker than the answers, which may come in another order.
      if (scan !== scans.current) return;
      if (found.returnId !== null) route(pathOf("returns", found.returnId));
      else setScanned(found);
    } catch (error) {
      if (scan === scans.current) setScanError(messageOf(error));
    }
  };

  return (
    <div class="page">
      <PageHead title="Returns" documentTitle="Returns">
        <SavedViews list="returns" path="/returns" query={query} />
        <a class="button" href="/returns/unknown">
          Put aside
        </a>
      </PageHead>
      <Panel>
        <ScanInput label="Scan a label or an item" onScan={(code) => void open(code)} />
        {scanError !== null && <Notice tone="bad">{scanError}</Notice>}
        {scanned !== null && <Scanned found={scanned} />}
      </Panel>
      <SearchBox
        label="Search returns, customers, orders, items"
        value={search}
        onChange={(q) => change({ q }, "typing")}
      />
      <Chips
        label="Status"
        options={[
          { value: "", label: "All" },
          { value: WAITING, label: "Needs a decision" },
          ...STATUSES.map((value) => ({ value, label: words(value) })),
        ]}
        value={status}
        onChange={(value) => change({ status: value })}
      />
      <Panel flush>
        <Paged
          pages={returns}
          skeletonRows={8}
          empty={
            <Empty icon="returns" title={emptyTitle(status, search)}>
              {search === ""
                ? "Shoppers start a return on their tracking page, staff on the order's page."
                : "Numbers of returns, orders and parcels, names, SKUs, GTINs and serials are searched."}{" "}
              {(search !== "" || status !== "") && (
                <p>
                  <button type="button" class="button" onClick={() => change({ q: "", status: "" })}>
                    Clear the filter
                  </button>
                </p>
              )}
            </Empty>
          }
        >
          {(rows) => <ReturnTable rows={rows} />}
        </Paged>
      </Panel>
    </div>
  );
}

function emptyTitle(status: string, search: string): string {
  if (search !== "") return `Nothing is known of "${search}"`;
  if (status === WAITING) return "No return needs a decision";
  return status === "" ? "No returns yet" : `No return is ${words(status).toLowerCase()}`;
}

/**
 * A code that leads to no return alone: those that it may be about, or the order of which one can be made.
 */
function Scanned({ found }: { readonly found: ScanResult }) {
  if (found.matches.length === 0) {
    return (
      <Notice tone={found.orderId === null ? "bad" : "warn"}>
        {found.kind === "item"
          ? `No return awaits ${found.sku ?? found.code}${found.serial === null ? "" : `, serial ${found.serial}`}.`
          : `Nobody knows ${found.code}. Put the item aside.`}{" "}
        {found.orderId !== null && <a href={orderPath(found.orderId)}>It was sent with {found.orderId}</a>}
      </Notice>
    );
  }
  return (
    <ul class="count-list">
      {found.matches.map((match) => (
        <li key={`${match.returnId ?? match.orderId} ${match.lineId ?? ""}`}>
          {match.returnId === null ? (
            <a class="row-link" href={orderPath(match.orderId)}>
              Order {match.orderNumber}, no return yet
            </a>
          ) : (
            <a class="row-link" href={pathOf("returns", match.returnId)}>
              {match.returnId}
            </a>
          )}
          <span>{match.customerName}</span>
          {match.title !== null && (
            <span class="muted">
              {match.title}, {match.awaited} awaited
            </span>
          )}
          {match.status !== null && (
            <span class="push">
              <Badge status={match.status} />
            </span>
          )}
        </li>
      ))}
    </ul>
  );
}

function ReturnTable({ rows }: { readonly rows: readonly ReturnSummary[] }) {
  return (
    <table class="table stack fitted">
      <thead>
        <tr>
          <th scope="col">Return</th>
          <th scope="col">Order</th>
          <th scope="col">Customer</th>
          <th scope="col">Status</th>
          <th scope="col" class="medium-hidden">
            Reason
          </th>
          <th scope="col" class="number">
            Units
          </th>
          <th scope="col" class="number">
            Refund
          </th>
          <th scope="col" class="number">
            Requested
          </th>
        </tr>
      </thead>
      <tbody>
        {rows.map((one) => (
          <tr key={one.id}>
            <td>
              <a class="row-link" href={pathOf("returns", one.id)}>
                {one.id}
              </a>
            </td>
            <td>
              <a href={orderPath(one.orderId)}>{one.orderNumber}</a>
            </td>
            <td>{one.customerName}</td>
            <td>
              <ReturnBadge of={one} />
            </td>
            <td class="medium-hidden">{words(one.reason)}</td>
            <td class="number" data-label="Units">
              {one.units}
            </td>
            <td class={`number ${one.refundMinor === 0 ? "phone-hidden" : ""}`} data-label="Refund">
              {one.refund === null ? (
                <span class="zero">–</span>
              ) : (
                <span title={refundToStaff(one.refund, one.currency)}>
                  {formatMoney(one.refundMinor, one.currency)}
                  {one.refund.status !== "done" && (
                    <span class="cell-sub"> {words(one.refund.status).toLowerCase()}</span>
                  )}
                </span>
              )}
            </td>
            <td class="number muted" data-label="Requested">
              <Time at={one.requestedAt} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
