import { useState } from "preact/hooks";
import { useLocation } from "preact-iso/router";
import type { ReturnSummary, ReturnView } from "../../../../contract/returns.ts";
import type { Page } from "../../../../contract/shapes.ts";
import { get, pathOf } from "../../api/client.ts";
import { messageOf, RequestError } from "../../api/problem.ts";
import { ActionButton } from "../../components/action-button.tsx";
import { Badge } from "../../components/badge.tsx";
import { Chips } from "../../components/chips.tsx";
import { Empty } from "../../components/empty.tsx";
import { Loaded } from "../../components/loaded.tsx";
import { Notice } from "../../components/notice.tsx";
import { PageHead } from "../../components/page-head.tsx";
import { Panel } from "../../components/panel.tsx";
import { ScanInput } from "../../components/scan-input.tsx";
import { SkeletonRows } from "../../components/skeleton.tsx";
import { Time } from "../../components/time.tsx";
import { formatMoney } from "../../format/money.ts";
import { refundToStaff } from "../../format/refund-words.ts";
import { words } from "../../format/words.ts";
import { useResource } from "../../live/resource.ts";
import { useInterval } from "../../live/use-interval.ts";
import { orderPath } from "../order/order-path.ts";

const STATUSES = [
  "requested",
  "approved",
  "in_transit",
  "received",
  "inspected",
  "refunded",
  "declined",
] as const;
const PAGE_SIZE = 50;
const REFRESH_MS = 5_000;

export function ReturnsPage() {
  const { query, route } = useLocation();
  const status = query["status"] ?? "";
  const [scanError, setScanError] = useState<string | null>(null);
  const [more, setMore] = useState<{
    readonly rows: readonly ReturnSummary[];
    readonly next: string | null;
  } | null>(null);
  const first = useResource<Page<ReturnSummary>>(`returns ${status}`, (signal) =>
    get("/returns", { status, limit: PAGE_SIZE }, signal),
  );
  useInterval(REFRESH_MS, first.reload);

  const open = async (code: string): Promise<void> => {
    setScanError(null);
    try {
      const found = await get<ReturnView>(pathOf("returns", code));
      route(pathOf("returns", found.id));
    } catch (error) {
      setScanError(
        error instanceof RequestError && error.status === 404
          ? `No return has the number ${code}. Scan the barcode on the return label or type its RMA number.`
          : messageOf(error),
      );
    }
  };

  return (
    <div class="page">
      <PageHead title="Returns" documentTitle="Returns" />
      <Panel>
        <ScanInput label="Scan or type an RMA number" onScan={(code) => void open(code)} />
        {scanError !== null && <Notice tone="bad">{scanError}</Notice>}
      </Panel>
      <Chips
        label="Status"
        options={[{ value: "", label: "All" }, ...STATUSES.map((value) => ({ value, label: words(value) }))]}
        value={status}
        onChange={(value) => {
          setMore(null);
          route(value === "" ? "/returns" : `/returns?status=${value}`, true);
        }}
      />
      <Panel flush>
        <Loaded resource={first} skeleton={<SkeletonRows rows={8} />}>
          {(page) => {
            const firstIds = new Set(page.items.map((one) => one.id));
            const rows = [...page.items, ...(more?.rows.filter((one) => !firstIds.has(one.id)) ?? [])];
            const next = more === null ? page.next : more.next;
            if (rows.length === 0) {
              return (
                <Empty
                  icon="returns"
                  title={status === "" ? "No returns yet" : `No return is ${words(status).toLowerCase()}`}
                >
                  Shoppers start a return on their tracking page.
                </Empty>
              );
            }
            return (
              <>
                <ReturnTable rows={rows} />
                {next !== null && (
                  <div class="table-foot">
                    <ActionButton
                      run={async () => {
                        const following = await get<Page<ReturnSummary>>("/returns", {
                          status,
                          limit: PAGE_SIZE,
                          cursor: next,
                        });
                        setMore({ rows: [...(more?.rows ?? []), ...following.items], next: following.next });
                      }}
                    >
                      Load more
                    </ActionButton>
                  </div>
                )}
              </>
            );
          }}
        </Loaded>
      </Panel>
    </div>
  );
}

function ReturnTable({ rows }: { readonly rows: readonly ReturnSummary[] }) {
  return (
    <table class="table stack">
      <thead>
        <tr>
          <th scope="col">Return</th>
          <th scope="col">Order</th>
          <th scope="col">Status</th>
          <th scope="col">Reason</th>
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
              <a href={orderPath(one.orderId)}>{one.orderId}</a>
            </td>
            <td>
              <Badge status={one.status} />
            </td>
            <td>{words(one.reason)}</td>
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
