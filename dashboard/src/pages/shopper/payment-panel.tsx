import { useEffect, useRef, useState } from "preact/hooks";
import type { TrackingView } from "../../../../contract/tracking.ts";
import { pathOf, post } from "../../api/client.ts";
import { outcomeUnknown } from "../../api/problem.ts";
import { Form } from "../../components/form.tsx";
import { Notice } from "../../components/notice.tsx";
import { Panel } from "../../components/panel.tsx";
import { formatMoney } from "../../format/money.ts";
import { useInterval } from "../../live/use-interval.ts";
import { type CardField, mountCardField } from "./card-field.ts";

type Payment = NonNullable<TrackingView["payment"]>;

/** How often the page asks how a payment went, and how long it says that it is being checked. */
const CHECK_MS = 1_000;
const PATIENCE_MS = 45_000;

/** A card was given: what was known of the payment then. */
type Given = { readonly attempts: number; readonly at: number; readonly amount: string };

/**
 * An order that waits for its payment can be paid here. The card goes to the payment provider and the order
 * gets its token; what comes of it, the page asks for until it knows.
 */
export function PaymentPanel({
  token,
  order,
  onChange,
}: {
  readonly token: string;
  readonly order: TrackingView;
  readonly onChange: () => void;
}) {
  const { payment, currency } = order;
  const [given, setGiven] = useState<Given | null>(null);
  const [paid, setPaid] = useState<string | null>(null);
  useEffect(() => {
    if (given === null) return;
    if (payment === null) {
      setPaid(given.amount);
      setGiven(null);
    } else if (payment.attempts > given.attempts) setGiven(null);
  }, [payment, given]);

  if (given !== null) return <Checking since={given} onTick={onChange} onGiveUp={() => setGiven(null)} />;
  if (payment?.state !== "needed")
    return paid === null ? null : (
      <Notice tone="good">
        Thank you. Your payment of {paid} is confirmed, and we get your order ready.
      </Notice>
    );
  const amount = formatMoney(payment.amountMinor, currency);
  return (
    <Panel title={`Pay ${amount}`}>
      {payment.form === null ? (
        <p>Please ask {order.shopName} how you can pay. Your order is kept meanwhile.</p>
      ) : (
        <CardForm
          key={payment.attempts}
          form={payment.form}
          declined={payment.declined}
          amount={amount}
          onToken={async (paymentMethod, key) => {
            await post(`${pathOf("track", token)}/payment-method`, { paymentMethod }, key);
            setGiven({ attempts: payment.attempts, at: Date.now(), amount });
            onChange();
          }}
        />
      )}
    </Panel>
  );
}

function Checking({
  since,
  onTick,
  onGiveUp,
}: {
  readonly since: Given;
  readonly onTick: () => void;
  readonly onGiveUp: () => void;
}) {
  useInterval(CHECK_MS, () => {
    if (Date.now() - since.at > PATIENCE_MS) onGiveUp();
    else onTick();
  });
  return (
    <Panel title={`Pay ${since.amount}`}>
      <p role="status" class="card-checking">
        <span class="card-spinner" aria-hidden="true" />
        Your bank is checking the payment. Please stay on this page for a moment.
      </p>
    </Panel>
  );
}

function CardForm({
  form,
  declined,
  amount,
  onToken,
}: {
  readonly form: NonNullable<Payment["form"]>;
  readonly declined: string | null;
  readonly amount: string;
  readonly onToken: (token: string, key: string) => Promise<void>;
}) {
  const place = useRef<HTMLDivElement>(null);
  const field = useRef<CardField | null>(null);
  /** Made of the card as it is, and perhaps given to the order already: sending it again does it once. */
  const made = useRef<string | null>(null);
  const [ready, setReady] = useState(false);
  const [focused, setFocused] = useState(false);
  const [complete, setComplete] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const [failure, setFailure] = useState<string | null>(null);
  const [tries, setTries] = useState(0);
  const { scriptUrl, publishableKey } = form;

  useEffect(() => {
    const { current } = place;
    if (current === null) return;
    let isGone = false;
    setFailure(null);
    mountCardField(
      current,
      { scriptUrl, publishableKey },
      {
        onReady: () => setReady(true),
        onFocus: setFocused,
        onChange: (isComplete, what) => {
          made.current = null;
          setComplete(isComplete);
          setProblem(what);
        },
      },
    ).then(
      (mounted) => {
        if (isGone) mounted.destroy();
        else field.current = mounted;
      },
      (error: unknown) => {
        if (!isGone) setFailure(error instanceof Error ? error.message : String(error));
      },
    );
    return () => {
      isGone = true;
      field.current?.destroy();
      field.current = null;
    };
  }, [scriptUrl, publishableKey, tries]);

  return (
    <>
      {declined !== null && <Notice tone="bad">{declined}</Notice>}
      {failure === null ? null : (
        <Notice tone="bad" action={{ label: "Try again", run: () => setTries(tries + 1) }}>
          {failure}
        </Notice>
      )}
      <Form
        submit={`Pay ${amount}`}
        disabled={!ready || !complete}
        onSubmit={async (_fields, key) => {
          if (field.current === null) throw new Error("The payment form is not ready yet.");
          const token = made.current ?? (await field.current.token());
          made.current = token;
          try {
            await onToken(token, key);
          } catch (error) {
            if (!outcomeUnknown(error)) made.current = null;
            throw error;
          }
        }}
      >
        <fieldset class="fieldset field">
          <legend>Card</legend>
          <div
            ref={place}
            class={`card-field ${focused ? "focused" : ""} ${problem === null ? "" : "wrong"}`}
          />
          {problem !== null && (
            <span class="field-error" role="alert">
              {problem}
            </span>
          )}
          <span class="field-hint">
            Your card goes straight to our payment provider; we never see it. You are charged when your order
            is sent.
          </span>
        </fieldset>
      </Form>
    </>
  );
}
