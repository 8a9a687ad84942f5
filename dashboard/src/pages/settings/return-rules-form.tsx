import { useState } from "preact/hooks";
import type { ChannelView } from "../../../../contract/catalog.ts";
import type { ReturnRulesView } from "../../../../contract/returns.ts";
import { get, pathOf, post } from "../../api/client.ts";
import { Field } from "../../components/field.tsx";
import { textOf } from "../../components/form.tsx";
import { Loaded } from "../../components/loaded.tsx";
import { Panel } from "../../components/panel.tsx";
import { SkeletonRows } from "../../components/skeleton.tsx";
import { RETURN_METHODS, RETURN_REASONS } from "../../format/return-words.ts";
import { REASON_ANSWERS } from "../../format/setting-words.ts";
import { useResource } from "../../live/resource.ts";
import { AmountRows, minorOf, rowsOf } from "./amount-rows.tsx";
import { Choice, SettingForm } from "./setting-form.tsx";

type ReasonAnswer = keyof typeof REASON_ANSWERS;

/** The rules by which a channel's returns are approved, asked about, declined, or refunded without goods. */
export function ReturnRulesForm({
  channel,
}: {
  readonly channel: ChannelView;
  readonly onChange: () => void;
}) {
  const path = `${pathOf("channels", channel.id)}/return-rules`;
  const rules = useResource<ReturnRulesView>(path, (signal) => get(path, {}, signal));
  return (
    <Loaded resource={rules} skeleton={<SkeletonRows rows={8} />}>
      {(now) => (
        <Panel title={`Returns of ${channel.name}`}>
          <Rules
            key={now.version}
            now={now}
            onReload={rules.reload}
            save={async (body, key) => {
              const saved = await post<ReturnRulesView>(path, body, key);
              rules.replace(() => saved);
            }}
          />
        </Panel>
      )}
    </Loaded>
  );
}

function Rules({
  now,
  onReload,
  save,
}: {
  readonly now: ReturnRulesView;
  readonly onReload: () => void;
  readonly save: (body: ReturnRulesView, key: string) => Promise<void>;
}) {
  const [askAbove, setAskAbove] = useState(rowsOf(now.askAboveMinor));
  const [keepUpTo, setKeepUpTo] = useState(rowsOf(now.keepUpToMinor));
  return (
    <SettingForm
      needs="returns.rules"
      submit="Save the rules"
      onReload={onReload}
      save={(fields, key) => {
        const from = textOf(fields, "askFromReturns");
        return save(
          {
            version: now.version,
            windowDays: Number(textOf(fields, "windowDays")),
            waitDays: Number(textOf(fields, "waitDays")),
            notReturnable: textOf(fields, "notReturnable")
              .split(/\s*[\n,]\s*/)
              .filter((sku) => sku !== ""),
            // What is approved is as by default.
            reasons: Object.fromEntries(
              Object.keys(RETURN_REASONS)
                .map((reason) => [reason, textOf(fields, `reason ${reason}`) as ReasonAnswer] as const)
                .filter(([, answer]) => answer !== "approve"),
            ),
            askAboveMinor: minorOf(askAbove),
            keepUpToMinor: minorOf(keepUpTo),
            askFromReturns: from === "" ? null : Number(from),
            methods: fields.getAll("methods") as (keyof typeof RETURN_METHODS)[],
            offerStoreCredit: fields.has("offerStoreCredit"),
            storeCreditBonusPercent: Number(textOf(fields, "storeCreditBonusPercent")),
          },
          key,
        );
      }}
    >
      <div class="form-pair">
        <Field label="Days after delivery" hint="In which a return is announced.">
          <Days name="windowDays" least={0} value={now.windowDays} />
        </Field>
        <Field label="Days of waiting" hint="For goods that were announced.">
          <Days name="waitDays" least={1} value={now.waitDays} />
        </Field>
      </div>
      <fieldset class="fieldset">
        <legend>What a reason leads to</legend>
        <div class="form-pair">
          {Object.entries(RETURN_REASONS).map(([reason, label]) => (
            <Field key={reason} label={label}>
              <Choice
                name={`reason ${reason}`}
                words={REASON_ANSWERS}
                value={now.reasons[reason] ?? "approve"}
              />
            </Field>
          ))}
        </div>
      </fieldset>
      <fieldset class="fieldset">
        <legend>A person decides what is worth more than</legend>
        <AmountRows label="A person decides above" rows={askAbove} currency="USD" onChange={setAskAbove} />
      </fieldset>
      <fieldset class="fieldset">
        <legend>Refunded and not sent back, where it is worth no more than</legend>
        <AmountRows label="Not sent back up to" rows={keepUpTo} currency="USD" onChange={setKeepUpTo} />
      </fieldset>
      <Field
        label="A person decides from this return of a customer within a year on"
        hint="Empty: however many there are."
      >
        <input
          class="input"
          name="askFromReturns"
          type="number"
          min="1"
          max="1000"
          defaultValue={now.askFromReturns === null ? "" : String(now.askFromReturns)}
        />
      </Field>
      <Field label="SKUs that do not come back" hint="One a line; CARD-* stands for all that begin so.">
        <textarea class="textarea" name="notReturnable" defaultValue={now.notReturnable.join("\n")} />
      </Field>
      <fieldset class="fieldset">
        <legend>How shoppers may send it back</legend>
        {Object.entries(RETURN_METHODS).map(([method, label]) => (
          <label class="check" key={method}>
            <input
              type="checkbox"
              name="methods"
              value={method}
              defaultChecked={now.methods.some((each) => each === method)}
            />{" "}
            {label}
          </label>
        ))}
      </fieldset>
      <fieldset class="fieldset">
        <legend>Store credit in place of the money</legend>
        <label class="check">
          <input type="checkbox" name="offerStoreCredit" defaultChecked={now.offerStoreCredit} /> Shoppers may
          choose it
        </label>
        <Field label="Bonus, %" hint="That comes on top of what is paid out as store credit.">
          <input
            class="input"
            name="storeCreditBonusPercent"
            type="number"
            min="0"
            max="100"
            required
            defaultValue={String(now.storeCreditBonusPercent)}
          />
        </Field>
      </fieldset>
    </SettingForm>
  );
}

function Days({
  name,
  least,
  value,
}: {
  readonly name: string;
  readonly least: number;
  readonly value: number;
}) {
  return (
    <input
      class="input"
      name={name}
      type="number"
      min={String(least)}
      max="3650"
      required
      defaultValue={String(value)}
    />
  );
}
