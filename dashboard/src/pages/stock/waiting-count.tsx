import type { StockExplanation } from "../../../../contract/stock.ts";
import { may, session } from "../../api/session.ts";
import { ActionButton } from "../../components/action-button.tsx";
import { Panel } from "../../components/panel.tsx";
import { Time } from "../../components/time.tsx";
import { toast } from "../../components/toast.tsx";
import { decideCount } from "./change-stock.ts";

/** What begins a wait for approval, and what ends it. */
const OF_COUNTS: ReadonlySet<string> = new Set(["count-pending", "stock-counted", "count-rejected"]);

/** A count that differs by so much that somebody other than who counted has to approve it. */
export function WaitingCount({
  position,
  movements,
  onDone,
}: {
  readonly position: StockExplanation["position"];
  readonly movements: StockExplanation["movements"];
  readonly onDone: () => void;
}) {
  const latest = movements.find(({ kind }) => OF_COUNTS.has(kind));
  const countId = latest?.kind === "count-pending" ? latest.reference : null;
  if (latest === undefined || countId === null) return null;
  // The gateway writes behind each cause who has sent it.
  const isOwn = latest.cause.endsWith(`(staff:${session.value?.staffId ?? ""})`);
  const decide = async (approve: boolean): Promise<void> => {
    const { onHand } = await decideCount(position, countId, approve);
    toast("good", `Now ${onHand.toLocaleString()} on hand.`);
    onDone();
  };
  return (
    <Panel title="A count waits for approval" aside={<Time at={latest.at} />}>
      <p>
        {latest.cause}
        {latest.reason === null ? "" : `: ${latest.reason}`}
      </p>
      {isOwn && <p class="muted small">You have counted: somebody else approves it. You may reject it.</p>}
      {may("stock.approve-count") && (
        <div class="row">
          <ActionButton class="button primary" run={() => decide(true)}>
            Approve
          </ActionButton>
          <ActionButton run={() => decide(false)}>Reject</ActionButton>
        </div>
      )}
    </Panel>
  );
}
