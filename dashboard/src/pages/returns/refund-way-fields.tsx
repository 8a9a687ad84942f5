import { useState } from "preact/hooks";
import type { ReturnRequest } from "../../../../contract/returns.ts";
import { Field } from "../../components/field.tsx";
import { textOf } from "../../components/form.tsx";

type Way = Pick<ReturnRequest, "refundTo" | "insteadOfChannel">;

/** How a return pays out, as staff choose it. Where a channel has the money, that it is left there is said aloud. */
export function RefundWayFields({ now = "original" }: { readonly now?: NonNullable<Way["refundTo"]> }) {
  const [way, setWay] = useState<string>(now);
  return (
    <>
      <Field label="Pays out">
        <select
          class="select"
          name="refundTo"
          value={way}
          onChange={(event) => setWay(event.currentTarget.value)}
        >
          <option value="original">Back to the way it was paid</option>
          <option value="store_credit">As store credit</option>
        </select>
      </Field>
      {way === "store_credit" && now !== "store_credit" && (
        <label class="check">
          <input type="checkbox" name="insteadOfChannel" />
          Also where a channel has the money: we give credit instead of it
        </label>
      )}
    </>
  );
}

/** What was chosen, as the API takes it; empty where it stays as it is. */
export function refundWayOf(fields: FormData, now: NonNullable<Way["refundTo"]> = "original"): Way {
  const refundTo = textOf(fields, "refundTo") === "store_credit" ? "store_credit" : "original";
  if (refundTo === now) return {};
  return fields.has("insteadOfChannel") ? { refundTo, insteadOfChannel: true } : { refundTo };
}
