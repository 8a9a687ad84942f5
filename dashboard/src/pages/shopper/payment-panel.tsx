import { useEffect, useRef, useState } from "preact/hooks";
import type { PaymentConfirmation, TrackingView } from "../../../../contract/tracking.ts";
import { pathOf, post } from "../../api/client.ts";
import { outcomeUnknown } from "../../api/problem.ts";
import { Form } from "../../components/form.tsx";
import { Notice } from "../../components/notice.tsx";
import { Panel } from "../../components/panel.tsx";
import { formatMoney } from "../../format/money.ts";
import { useInterval } from "../../live/use-interval.ts";
import { askBank, type CardField, mountCardField } from "./card-field.ts";

type Payment = NonNullable<TrackingView["payment"]>;

/** How often the page asks how a payment went, and how long it says that it is being checked. */
const CHECK_MS = 1_000;
const PATIENCE_MS = 45_000;

/** A card was given, or a payment confirmed: what was known of the payment then. */
type Given = {
  readonly attempts: number;
  readonly at: number;
  readonly amount: string;
  readonly isConfirmed?: true;
};

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
    else if (given.isConfirmed && payment.state === "needed") setGiven(null);
  }, [payment, given]);
  // Whom the bank asks after the shopper has just given a card is there already.
  const [isThere, setIsThere] = useState(false);

  if (given !== null) return <Checking since={given} onTick={onChange} onGiveUp={() => setGiven(null)} />;
  if (payment === null || payment.state === "checking")
    return paid === null ? null : (
      <Notice tone="good">
        Thank you. Your payment of {paid} is confirmed, and we get your order ready.
      </Notice>
    );
  const amount = formatMoney(payment.amountMinor, currency);
  const { attempts, form } = payment;
  return (
    <Panel title={`Pay ${amount}`}>
      {payment.state === "confirm" && form !== null && (
        <ConfirmWithBank
          key={`confirm ${attempts}`}
          token={token}
          form={form}
          amount={amount}
          asksAtOnce={isThere}
          onAnswer={() => {
            setGiven({ attempts, at: Date.now(), amount, isConfirmed: true });
            onChange();
          }}
        />
      )}
      {form === null ? (
        <p>Please ask {order.shopName} how you can pay. Your order is kept meanwhile.</p>
      ) : (
        <CardForm
          key={attempts}
          form={form}
          declined={payment.declined}
          amount={amount}
          onToken={async (paymentMethod, key) => {
            await post(`${pathOf("track", token)}/payment-method`, { paymentMethod }, key);
            setIsThere(true);
            setGiven({ attempts, at: Date.now(), amount });
            onChange();
          }}
        />
      )}
    </Panel>
  );
}

/** The bank wants the shopper to confirm the payment: it asks in a window of its own over this page. */
function ConfirmWithBank({
  token,
  form,
  amount,
  asksAtOnce,
  onAnswer,
}: {
  readonly token: string;
  readonly form: NonNullable<Payment["form"]>;
  readonly amount: string;
  readonly asksAtOnce: boolean;
  /** The bank has its answer: what came of it, the order says. */
  readonly onAnswer: () => void;
}) {
  const [asking, setAsking] = useState(false);
  const [failure, setFailure] = useState<string | null>(null);
  const isAsked = useRef(false);
  const ask = async () => {
    setAsking(true);
    setFailure(null);
    const path = `${pathOf("track", token)}/payment-confirmation`;
    const look = async () => (await post<PaymentConfirmation>(path, {})).confirmation;
    try {
      const confirmation = await look();
      if (confirmation !== null) await askBank(form, confirmation);
      if (confirmation === null || (await look()) === null) onAnswer();
      else setFailure("Your bank has not confirmed the payment yet. Please try again.");
    } catch (error) {
      setFailure(error instanceof Error ? error.message : String(error));
    } finally {
      setAsking(false);
    }
  };
  useEffect(() => {
    if (!asksAtOnce || isAsked.current) return;
    isAsked.current = true;
    void ask();
  });
  return (
    <>
      {failure !== null && <Notice tone="bad">{failure}</Notice>}
      <p>Your bank asks you to confirm the payment of {amount}. It does so in a window of its own.</p>
      <button type="button" class="button primary wide" disabled={asking} onClick={ask}>
        Confirm with your bank
      </button>
      <p class="field-hint">Or use another card:</p>
    </>
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
