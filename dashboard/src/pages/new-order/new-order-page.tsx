/**
 * An order that a person takes on the phone or by mail. Prices, stock and dates come as it is typed; it is
 * captured by the route that every other order comes by.
 */
import { useEffect, useState } from "preact/hooks";
import { useLocation } from "preact-iso/router";
import type { ChannelView, LocationView } from "../../../../contract/catalog.ts";
import type { Page } from "../../../../contract/shapes.ts";
import { get } from "../../api/client.ts";
import { messageOf } from "../../api/problem.ts";
import { may } from "../../api/session.ts";
import { Empty } from "../../components/empty.tsx";
import { Field } from "../../components/field.tsx";
import { NotYours } from "../../components/not-yours.tsx";
import { Notice } from "../../components/notice.tsx";
import { PageHead } from "../../components/page-head.tsx";
import { Panel } from "../../components/panel.tsx";
import { toast } from "../../components/toast.tsx";
import { companyCurrency } from "../../live/company.ts";
import { useResource } from "../../live/resource.ts";
import { orderPath } from "../order/order-path.ts";
import { underWay, useCapture } from "./capture-draft.ts";
import { type Draft, EMPTY, orderOf, withProduct } from "./draft.ts";
import { CustomerPanel, DeliveryPanel, HandlingPanel, PaymentPanel } from "./draft-fields.tsx";
import { DraftLines } from "./draft-lines.tsx";
import { ProductSearch } from "./product-search.tsx";
import { QuotePanel } from "./quote-panel.tsx";
import { useQuote } from "./use-quote.ts";

const ORDERS = { href: "/orders", label: "Orders" };

export function NewOrderPage() {
  const title = "New order";
  if (!may("orders.capture"))
    return (
      <div class="page">
        <PageHead title={title} documentTitle={title} parent={ORDERS} />
        <NotYours action="take orders" />
      </div>
    );
  return (
    <div class="page">
      <PageHead
        title={title}
        documentTitle={title}
        parent={ORDERS}
        lead="Taken on the phone, by mail or at the counter."
      />
      <FormerOrder />
      <OrderEntry />
    </div>
  );
}

/** What became of an order whose answer had not come when the page was left. */
function FormerOrder() {
  const [former, setFormer] = useState<Awaited<ReturnType<typeof underWay>>>(null);
  const [error, setError] = useState<string | null>(null);
  const look = (): void => {
    setError(null);
    underWay().then(setFormer, (caught: unknown) => setError(messageOf(caught)));
  };
  useEffect(look, []);
  if (error !== null)
    return (
      <Notice tone="warn" action={{ label: "Ask again", run: look }}>
        An order was sent from here before, and nobody knows yet what became of it. {error}
      </Notice>
    );
  if (former === null) return null;
  return former.isCaptured ? (
    <Notice tone="good">
      <p>
        The order that was sent from here before is captured: <a href={orderPath(former.id)}>{former.id}</a>
      </p>
    </Notice>
  ) : (
    <Notice tone="warn">The order that was sent from here before has not arrived: enter it again.</Notice>
  );
}

function OrderEntry() {
  const { route } = useLocation();
  const [typed, setTyped] = useState<Draft>(EMPTY);
  const channels = useResource<Page<ChannelView>>("channels", (signal) => get("/channels", {}, signal));
  const locations = useResource<Page<LocationView>>("locations", (signal) => get("/locations", {}, signal));
  const own = (channels.data?.items ?? []).filter(({ active, kind }) => active && kind === "holdfast");
  const [first] = own;
  const draft: Draft = {
    ...typed,
    channel: typed.channel || (first?.id ?? ""),
    currency: typed.currency || companyCurrency.value,
  };
  const change = (some: Partial<Draft>): void => setTyped((former) => ({ ...former, ...some }));
  const quoting = useQuote(draft);
  const { quote, isCurrent } = quoting;
  const capturing = useCapture();
  const { isSending, isUnknown } = capturing;
  const [problem, setProblem] = useState<string | null>(null);

  // Of a channel that takes the money itself nobody else can be chosen.
  const payers = quote?.payers;
  useEffect(() => {
    const [only] = payers ?? [];
    if (only !== undefined && payers?.includes(typed.payer) === false) change({ payer: only });
  }, [payers?.join(" ")]);

  if (channels.data !== undefined && first === undefined)
    return (
      <Panel>
        <Empty icon="link" title="No channel takes orders by hand">
          A channel of kind holdfast takes them: add one in the settings.
        </Empty>
      </Panel>
    );

  const submit = async (): Promise<void> => {
    setProblem(null);
    const result = await capturing.send(draft.channel, (id) => {
      if (quote === null) throw new Error("The order has no line yet: find a product first.");
      return orderOf(draft, quote, id);
    });
    // What was refused is refused by what there is now.
    if (result === null) quoting.again();
    else if (result.order === null) setProblem(result.detail ?? "The order was not captured.");
    else {
      toast(
        result.outcome === "held" ? "bad" : "good",
        result.outcome === "held"
          ? `${result.order} is captured, and on hold.`
          : `${result.order} is captured.`,
      );
      route(orderPath(result.order));
    }
  };
  const lineOf = (key: string, some: Partial<Draft["lines"][number]>): void =>
    setTyped((former) => ({
      ...former,
      lines: former.lines.map((line) => (line.key === key ? { ...line, ...some } : line)),
    }));
  const error = problem ?? capturing.error;
  return (
    <form
      class="columns new-order"
      onSubmit={(event) => {
        event.preventDefault();
        void submit();
      }}
    >
      <fieldset class="column fieldset" disabled={isSending || isUnknown}>
        <legend class="visually-hidden">What is ordered, by whom</legend>
        <Panel title="Lines">
          <ProductSearch
            onPick={(product) =>
              setTyped((former) => ({
                ...former,
                lines: withProduct(former.lines, product, crypto.randomUUID()),
              }))
            }
          />
          {draft.lines.length > 0 && (
            <DraftLines
              lines={draft.lines}
              quote={quote}
              currency={draft.currency}
              onChange={lineOf}
              onRemove={(key) =>
                setTyped((former) => ({
                  ...former,
                  lines: former.lines.filter((line) => line.key !== key),
                }))
              }
            />
          )}
        </Panel>
        <CustomerPanel draft={draft} change={change} />
        <DeliveryPanel
          draft={draft}
          change={change}
          stores={(locations.data?.items ?? []).filter(({ kind }) => kind === "store")}
        />
        <PaymentPanel draft={draft} change={change} quote={quote} />
        <HandlingPanel draft={draft} change={change}>
          {own.length > 1 && (
            <Field label="Channel">
              <select
                class="select"
                value={draft.channel}
                onChange={(event) => change({ channel: event.currentTarget.value })}
              >
                {own.map(({ id, name }) => (
                  <option key={id} value={id}>
                    {name}
                  </option>
                ))}
              </select>
            </Field>
          )}
        </HandlingPanel>
      </fieldset>
      <div class="column order-total">
        <QuotePanel {...quoting} />
        {isUnknown ? (
          <Notice tone="warn">
            Nobody knows yet whether the order has arrived. Ask again: it is captured once, however often it
            is sent. {error}
          </Notice>
        ) : (
          error !== null && <Notice tone="bad">{error}</Notice>
        )}
        <button
          type="submit"
          class="button primary wide"
          disabled={isSending || (!isUnknown && (quote === null || !isCurrent))}
        >
          {isSending ? "Sending" : isUnknown ? "Ask again" : "Capture the order"}
        </button>
      </div>
    </form>
  );
}
