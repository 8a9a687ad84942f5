import type { ClaimView } from "../../../../contract/claims.ts";
import { pathOf, post } from "../../api/client.ts";
import { may } from "../../api/session.ts";
import { ActionButton } from "../../components/action-button.tsx";
import { Badge } from "../../components/badge.tsx";
import { toast } from "../../components/toast.tsx";
import { counted, words } from "../../format/words.ts";

/** A claim with what can be decided about it. */
export function ClaimCard({ claim, onChange }: { readonly claim: ClaimView; readonly onChange: () => void }) {
  const act = async (step: string, body: object, said: string): Promise<void> => {
    await post(`${pathOf("claims", claim.id)}/${step}`, body);
    toast("good", said);
    onChange();
  };
  const decides = may("claims.decide");
  const can = (action: ClaimView["supportedActions"][number]) =>
    claim.supportedActions.includes(action) && (action === "receive" ? may("returns.receive") : decides);
  const units = claim.lines.reduce((sum, line) => sum + line.quantity, 0);
  return (
    <article class="subcard">
      <div class="row spread">
        <span>
          <span class="strong">{words(claim.kind)}</span> <code class="muted">{claim.id}</code>
        </span>
        <Badge status={claim.status} />
      </div>
      <p class="small">
        {counted(units, "unit")} of {claim.carrier} <code>{claim.trackingNumber}</code>
        {claim.note !== "" && `: ${claim.note}`}
        {claim.decision !== "" && ` ${claim.decision}`}
      </p>
      {claim.carrierStatus !== "none" && (
        <p class="small muted">
          With the carrier: {words(claim.carrierStatus).toLowerCase()}
          {claim.carrierReference !== null && ` (${claim.carrierReference})`}
        </p>
      )}
      {claim.supportedActions.length > 0 && (
        <div class="row">
          {can("receive") && (
            <ActionButton
              class="button small"
              run={() => act("receive", {}, "The goods go back into the stock.")}
            >
              It is here, all sellable
            </ActionButton>
          )}
          {can("refund") && (
            <ActionButton
              class="button small"
              run={() => act("approve", { resolution: "refund" }, "The goods are paid back.")}
            >
              Refund
            </ActionButton>
          )}
          {can("reship") && (
            <ActionButton
              class="button small"
              run={() => act("approve", { resolution: "reship" }, "The goods are sent again.")}
            >
              Send again
            </ActionButton>
          )}
          {can("reject") && (
            <ActionButton
              class="button small"
              run={() => act("reject", { note: "Rejected by staff." }, "The claim is rejected.")}
            >
              Reject
            </ActionButton>
          )}
          {decides && claim.carrierStatus === "to_file" && (
            <ActionButton
              class="button small"
              run={() => act("carrier", { status: "filed" }, "Marked as filed with the carrier.")}
            >
              Filed with the carrier
            </ActionButton>
          )}
          {decides && claim.carrierStatus === "filed" && (
            <ActionButton
              class="button small"
              run={() => act("carrier", { status: "paid" }, "Marked as paid by the carrier.")}
            >
              Carrier has paid
            </ActionButton>
          )}
        </div>
      )}
    </article>
  );
}
