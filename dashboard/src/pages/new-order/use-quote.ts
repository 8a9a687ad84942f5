import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import type { OrderQuote } from "../../../../contract/requests/order-quote.ts";
import { post } from "../../api/client.ts";
import { messageOf } from "../../api/problem.ts";
import { useInterval } from "../../live/use-interval.ts";
import { type Draft, quoteBodyOf } from "./draft.ts";

/** After the last key: short enough to follow whoever types, long enough not to ask for each letter. */
const PAUSE_MS = 250;
/** Others buy meanwhile: what is shown is never older. */
const AGAIN_MS = 5_000;

export type Quoting = {
  /** The last answer, of this draft or of one before it; null: nothing was asked yet. */
  readonly quote: OrderQuote | null;
  /** Whether it is of what stands in the fields. */
  readonly isCurrent: boolean;
  readonly error: string | null;
  /** Asks now, whatever was asked. */
  readonly again: () => void;
};

type Answer = { readonly of: string; readonly quote: OrderQuote | null; readonly error: string | null };

/** What the order would come to, asked anew with every change and every few seconds. */
export function useQuote(draft: Draft): Quoting {
  const body = draft.channel === "" ? null : quoteBodyOf(draft);
  const asked = body === null ? "" : `${draft.channel}\n${JSON.stringify(body)}`;
  const [answer, setAnswer] = useState<Answer>({ of: "", quote: null, error: null });
  const latest = useRef({ asked, body, channel: draft.channel });
  latest.current = { asked, body, channel: draft.channel };

  const again = useCallback(() => {
    const { asked: of, body: sent, channel } = latest.current;
    if (sent === null) return;
    post<OrderQuote>(`/orders/quote?channel=${encodeURIComponent(channel)}`, sent).then(
      (quote) => {
        if (latest.current.asked === of) setAnswer({ of, quote, error: null });
      },
      (error: unknown) => {
        if (latest.current.asked === of)
          setAnswer((former) => ({ of, quote: former.quote, error: messageOf(error) }));
      },
    );
  }, []);
  useEffect(() => {
    if (asked === "") return;
    const timer = setTimeout(again, PAUSE_MS);
    return () => clearTimeout(timer);
  }, [asked, again]);
  useInterval(AGAIN_MS, again);
  if (asked === "") return { quote: null, isCurrent: false, error: null, again };
  return { quote: answer.quote, isCurrent: answer.of === asked, error: answer.error, again };
}
