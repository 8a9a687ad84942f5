import { useState } from "preact/hooks";
import type { ClaimView } from "../../../../contract/claims.ts";
import type { RefundView } from "../../../../contract/refunds.ts";
import type { Page } from "../../../../contract/shapes.ts";
import { get, pathOf, post } from "../../api/client.ts";
import { may } from "../../api/session.ts";
import { ActionButton } from "../../components/action-button.tsx";
import { Badge } from "../../components/badge.tsx";
import { Chips } from "../../components/chips.tsx";
import { Empty } from "../../components/empty.tsx";
import { Loaded } from "../../components/loaded.tsx";
import { PageHead } from "../../components/page-head.tsx";
import { Paged } from "../../components/paged.tsx";
import { Panel } from "../../components/panel.tsx";
import { SearchBox } from "../../components/search-box.tsx";
import { SkeletonRows } from "../../components/skeleton.tsx";
import { Time } from "../../components/time.tsx";
import { toast } from "../../components/toast.tsx";
import { formatMoney } from "../../format/money.ts";
import { words } from "../../format/words.ts";
import { useListAddress } from "../../lists/list-address.ts";
import { SavedViews } from "../../lists/saved-views.tsx";
import { usePages } from "../../live/pages.ts";
import { useResource } from "../../live/resource.ts";
import { useInterval } from "../../live/use-interval.ts";
import { orderPath } from "../order/order-path.ts";
import { ClaimCard } from "./claim-card.tsx";
import { ConfirmDialog } from "./confirm-dialog.tsx";

const VIEWS = [
  { value: "due_at_channel", label: "Due at channels" },
  { value: "failed", label: "Declined" },
  { value: "owed_by_customer", label: "Owed by customers" },
  { value: "carriers", label: "Claims with carriers" },
  { value: "all", label: "All refunds" },
] as const;

const REFRESH_MS = 10_000;
const PAGE_SIZE = 100;

/** What finance has to see to: money that somebody still has to pay back, or to be asked for. */
export function FinancePage() {
  const { filter, query, change } = useListAddress("/finance", ["view", "q"]);
  const view = filter.view === "" ? "due_at_channel" : filter.view;
  const status = view === "all" ? "" : view;
  const exported = new URLSearchParams(
    Object.entries({ status, q: filter.q }).filter(([, value]) => value !== ""),
  );
  return (
    <div class="page">
      <PageHead title="Finance" documentTitle="Finance">
        <SavedViews list="finance" path="/finance" query={query} />
        {view !== "carriers" && (
          <a class="button" href={`/v1/refunds/export.csv?${exported}`} download>
            Export CSV
          </a>
        )}
      </PageHead>
      <Chips
        label="List"
        options={VIEWS}
        value={view}
        onChange={(value) => change({ view: value === "due_at_channel" ? "" : value })}
      />
      <SearchBox
        label={view === "carriers" ? "Search orders, customers, parcels" : "Search orders and customers"}
        value={filter.q}
        onChange={(q) => change({ q }, "typing")}
      />
      {view === "carriers" ? (
        <CarrierClaims search={filter.q} />
      ) : (
        <Refunds key={status} status={status} search={filter.q} onClear={() => change({ q: "" })} />
      )}
    </div>
  );
}

function Refunds({
  status,
  search,
  onClear,
}: {
  readonly status: string;
  readonly search: string;
  readonly onClear: () => void;
}) {
  const refunds = usePages<RefundView>(
    `finance ${status} ${search}`,
    (cursor, signal) => get("/refunds", { status, q: search, limit: PAGE_SIZE, cursor }, signal),
    ({ id }) => id,
  );
  const { reload } = refunds.first;
  useInterval(REFRESH_MS, reload);
  const [confirming, setConfirming] = useState<RefundView | null>(null);
  return (
    <Panel flush>
      <Paged
        pages={refunds}
        skeletonRows={6}
        empty={
          search === "" ? (
            <Empty icon="check" title="Nothing to do here">
              Refunds come here from returns, claims and the order pages.
            </Empty>
          ) : (
            <Empty icon="search" title={`No refund here is about "${search}"`}>
              <button type="button" class="button" onClick={onClear}>
                Clear the search
              </button>
            </Empty>
          )
        }
      >
        {(rows) => <RefundTable rows={rows} onConfirm={setConfirming} onChange={reload} />}
      </Paged>
      {confirming !== null && (
        <ConfirmDialog
          refund={confirming}
          onClose={() => setConfirming(null)}
          onDone={() => {
            setConfirming(null);
            reload();
          }}
        />
      )}
    </Panel>
  );
}

function RefundTable({
  rows,
  onConfirm,
  onChange,
}: {
  readonly rows: readonly RefundView[];
  readonly onConfirm: (refund: RefundView) => void;
  readonly onChange: () => void;
}) {
  return (
    <table class="table stack">
      <thead>
        <tr>
          <th scope="col">Refund</th>
          <th scope="col">Order</th>
          <th scope="col">Who pays</th>
          <th scope="col">Status</th>
          <th scope="col" class="number">
            Amount
          </th>
          <th scope="col" class="number">
            Since
          </th>
          <th scope="col">
            <span class="visually-hidden">Actions</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {rows.map((refund) => (
          <tr key={refund.id}>
            <td class="full">
              <div>
                <div class="cell-title">{words(refund.reason)}</div>
                <div class="cell-sub">
                  {refund.customerName}
                  {refund.failure !== null && `: ${refund.failure}`}
                </div>
              </div>
            </td>
            <td>
              <a href={orderPath(refund.orderId)}>{refund.orderNumber}</a>
            </td>
            <td>{payerOf(refund)}</td>
            <td>
              <Badge status={refund.status} />
            </td>
            <td class="number" data-label="Amount">
              {amountOf(refund)}
            </td>
            <td class="number muted" data-label="Since">
              <Time at={refund.requestedAt} />
            </td>
            <td class="full">
              <RefundActions refund={refund} onConfirm={onConfirm} onChange={onChange} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function RefundActions({
  refund,
  onConfirm,
  onChange,
}: {
  readonly refund: RefundView;
  readonly onConfirm: (refund: RefundView) => void;
  readonly onChange: () => void;
}) {
  const send = async (step: "retry" | "withdraw", said: string): Promise<void> => {
    await post(`${pathOf("refunds", refund.id)}/${step}`, {});
    toast("good", said);
    onChange();
  };
  return (
    <div class="row">
      {may("refunds.confirm") && refund.supportedActions.includes("confirm") && (
        <button type="button" class="button small" onClick={() => onConfirm(refund)}>
          Confirm
        </button>
      )}
      {may("refunds.settle") && refund.supportedActions.includes("retry") && (
        <ActionButton class="button small" run={() => send("retry", "The refund is tried again.")}>
          Try again
        </ActionButton>
      )}
      {may("refunds.settle") && refund.supportedActions.includes("withdraw") && (
        <ActionButton class="button small" run={() => send("withdraw", "The refund is given up.")}>
          Give up
        </ActionButton>
      )}
    </div>
  );
}

function CarrierClaims({ search }: { readonly search: string }) {
  const toFile = useResource<Page<ClaimView>>(`claims to file ${search}`, (signal) =>
    get("/claims", { carrierStatus: "to_file", q: search, limit: PAGE_SIZE }, signal),
  );
  const filed = useResource<Page<ClaimView>>(`claims filed ${search}`, (signal) =>
    get("/claims", { carrierStatus: "filed", q: search, limit: PAGE_SIZE }, signal),
  );
  const reload = (): void => {
    toFile.reload();
    filed.reload();
  };
  useInterval(REFRESH_MS, reload);
  return (
    <>
      {(
        [
          ["To be filed", toFile],
          ["Filed, not paid yet", filed],
        ] as const
      ).map(([title, resource]) => (
        <Panel key={title} title={title}>
          <Loaded resource={resource} skeleton={<SkeletonRows rows={3} />}>
            {(page) =>
              page.items.length === 0 ? (
                <Empty icon="check" title={search === "" ? "None" : `None is about "${search}"`}>
                  Lost and damaged parcels come here once their claim is approved.
                </Empty>
              ) : (
                page.items.map((claim) => (
                  <div key={claim.id}>
                    <a href={orderPath(claim.orderId)}>{claim.orderNumber}</a>
                    <ClaimCard claim={claim} onChange={reload} />
                  </div>
                ))
              )
            }
          </Loaded>
        </Panel>
      ))}
    </>
  );
}

function payerOf(refund: RefundView): string {
  if (refund.status === "owed_by_customer" || refund.status === "settled_by_customer") return "The customer";
  if (refund.channelMinor > 0) return refund.channelName;
  return refund.toStoreCredit ? "Store credit" : "Payment provider";
}

/** Of what a channel owes, what is still open. */
function amountOf(refund: RefundView): string {
  const minor =
    refund.status === "due_at_channel" ? refund.channelMinor - refund.confirmedMinor : refund.amountMinor;
  return formatMoney(minor, refund.currency, refund.exponent);
}
