/** One step of the sourcing rules as it is edited: one rule, or several that are added up by weight, and why. */
import type { SourcingStep } from "../../../../contract/sourcing-rules.ts";
import { Field } from "../../components/field.tsx";
import { Icon } from "../../components/icon.tsx";
import { Notice } from "../../components/notice.tsx";
import { SOURCING_RULES } from "../../format/setting-words.ts";

type RuleRow = {
  readonly rule: string;
  readonly attribute: string;
  readonly prefer: string;
  /** As a person types it; counts where there are several. */
  readonly weight: string;
};

export type StepRow = {
  /** Stays with the step while it is moved. */
  readonly key: string;
  readonly reason: string;
  readonly rules: readonly RuleRow[];
};

const NEW_RULE: RuleRow = { rule: "distance", attribute: "", prefer: "low", weight: "1" };

export function newStep(): StepRow {
  return { key: crypto.randomUUID(), reason: "", rules: [NEW_RULE] };
}

export function rowOf(step: SourcingStep): StepRow {
  const rules = "weighted" in step ? step.weighted : [{ ...step, weight: 1 }];
  return {
    key: crypto.randomUUID(),
    reason: step.reason,
    rules: rules.map(({ rule, attribute = "", prefer = "low", weight }) => ({
      rule,
      attribute,
      prefer,
      weight: String(weight),
    })),
  };
}

/** As it is sent; whether it makes sense, the system says. */
export function stepOf({ reason, rules }: StepRow): unknown {
  const plain = rules.map(({ rule, attribute, prefer, weight }) => ({
    rule,
    ...(rule === "custom" ? { attribute: attribute.trim(), prefer } : {}),
    weight: Number(weight.replace(",", ".")),
  }));
  const [only] = plain;
  if (plain.length > 1 || only === undefined) return { reason: reason.trim(), weighted: plain };
  const { weight: _, ...one } = only;
  return { reason: reason.trim(), ...one };
}

export function SourcingStepEditor({
  step,
  index,
  count,
  problems,
  onChange,
  onMove,
  onRemove,
}: {
  readonly step: StepRow;
  readonly index: number;
  readonly count: number;
  /** What is wrong with it, in words. */
  readonly problems: readonly string[];
  readonly onChange: (step: StepRow) => void;
  readonly onMove: (by: -1 | 1) => void;
  readonly onRemove: () => void;
}) {
  const place = `Step ${index + 1}`;
  const set = (at: number, change: Partial<RuleRow>): void =>
    onChange({ ...step, rules: step.rules.map((row, each) => (each === at ? { ...row, ...change } : row)) });
  return (
    <fieldset class="fieldset">
      <legend>
        {place}
        {step.rules.length > 1 ? ", added up by weight" : ""}
      </legend>
      {step.rules.map((row, at) => (
        <div class="row" key={at}>
          <select
            class="select"
            aria-label={`${place}, rule ${at + 1}`}
            value={row.rule}
            onChange={(event) => set(at, { rule: event.currentTarget.value })}
          >
            {Object.entries(SOURCING_RULES).map(([rule, label]) => (
              <option key={rule} value={rule}>
                {label}
              </option>
            ))}
          </select>
          {row.rule === "custom" && (
            <>
              <input
                class="input"
                aria-label={`${place}, name of the number`}
                placeholder="carbon_grams_per_parcel"
                maxLength={64}
                value={row.attribute}
                onInput={(event) => set(at, { attribute: event.currentTarget.value })}
              />
              <select
                class="select"
                aria-label={`${place}, which is better`}
                value={row.prefer}
                onChange={(event) => set(at, { prefer: event.currentTarget.value })}
              >
                <option value="low">less is better</option>
                <option value="high">more is better</option>
              </select>
            </>
          )}
          {step.rules.length > 1 && (
            <>
              <input
                class="input"
                aria-label={`${place}, weight of rule ${at + 1}`}
                inputMode="decimal"
                size={8}
                value={row.weight}
                onInput={(event) => set(at, { weight: event.currentTarget.value })}
              />
              <button
                type="button"
                class="button quiet icon-only"
                onClick={() => onChange({ ...step, rules: step.rules.filter((_row, each) => each !== at) })}
              >
                <Icon name="close" label={`Take rule ${at + 1} out of step ${index + 1}`} />
              </button>
            </>
          )}
        </div>
      ))}
      <Field label="Why">
        <input
          class="input"
          aria-label={`${place}, why`}
          maxLength={500}
          value={step.reason}
          onInput={(event) => onChange({ ...step, reason: event.currentTarget.value })}
        />
      </Field>
      {problems.length > 0 && <Notice tone="bad">{problems.join(" ")}</Notice>}
      <div class="row">
        <button
          type="button"
          class="button small quiet"
          onClick={() => onChange({ ...step, rules: [...step.rules, NEW_RULE] })}
        >
          <Icon name="plus" />
          Weigh another rule
        </button>
        <button type="button" class="button small quiet" disabled={index === 0} onClick={() => onMove(-1)}>
          Earlier<span class="visually-hidden">: step {index + 1}</span>
        </button>
        <button
          type="button"
          class="button small quiet"
          disabled={index === count - 1}
          onClick={() => onMove(1)}
        >
          Later<span class="visually-hidden">: step {index + 1}</span>
        </button>
        <button type="button" class="button small quiet" onClick={onRemove}>
          Remove<span class="visually-hidden"> step {index + 1}</span>
        </button>
      </div>
    </fieldset>
  );
}
