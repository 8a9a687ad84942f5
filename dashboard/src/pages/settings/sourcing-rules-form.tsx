import { useState } from "preact/hooks";
import type {
  SourcingRulesCheck,
  SourcingRulesView,
  SourcingStep,
} from "../../../../contract/sourcing-rules.ts";
import { get, post } from "../../api/client.ts";
import { may } from "../../api/session.ts";
import { Empty } from "../../components/empty.tsx";
import { Icon } from "../../components/icon.tsx";
import { Loaded } from "../../components/loaded.tsx";
import { Notice } from "../../components/notice.tsx";
import { Paged } from "../../components/paged.tsx";
import { Panel } from "../../components/panel.tsx";
import { SkeletonRows } from "../../components/skeleton.tsx";
import { Time } from "../../components/time.tsx";
import { SOURCING_RULES } from "../../format/setting-words.ts";
import { usePages } from "../../live/pages.ts";
import { useResource } from "../../live/resource.ts";
import { SettingForm } from "./setting-form.tsx";
import { newStep, rowOf, SourcingStepEditor, type StepRow, stepOf } from "./sourcing-step.tsx";

const PATH = "/settings/sourcing-rules";

/** By which rules a place is chosen that an order ships from, and every version of them. */
export function SourcingRulesForm() {
  const rules = useResource<SourcingRulesView>("sourcing rules", (signal) => get(PATH, {}, signal));
  const versions = usePages<SourcingRulesView>(
    "sourcing rules versions",
    (cursor, signal) => get(`${PATH}/versions`, { cursor }, signal),
    ({ version }) => String(version),
  );
  /** A former version that is to be set again, with the number of times that one was taken up. */
  const [taken, setTaken] = useState<{
    readonly rules: readonly SourcingStep[];
    readonly times: number;
  } | null>(null);
  return (
    <>
      <Loaded resource={rules} skeleton={<SkeletonRows rows={6} />}>
        {(now) => (
          <Panel title="Where an order ships from" aside={<span class="muted">Version {now.version}</span>}>
            <Editor
              key={`${now.version} ${taken?.times ?? 0}`}
              now={now}
              steps={taken?.rules ?? now.rules}
              onReload={rules.reload}
              onSaved={(saved) => {
                setTaken(null);
                rules.replace(() => saved);
                versions.first.reload();
              }}
            />
          </Panel>
        )}
      </Loaded>
      <Panel title="Versions" flush>
        <Paged
          pages={versions}
          skeletonRows={3}
          empty={<Empty icon="clock" title="There is no version yet" />}
        >
          {(rows) => (
            <table class="table stack">
              <thead>
                <tr>
                  <th scope="col">Version</th>
                  <th scope="col">Steps</th>
                  <th scope="col">Who</th>
                  <th scope="col" class="number">
                    When
                  </th>
                  <th scope="col">
                    <span class="visually-hidden">What can be done</span>
                  </th>
                </tr>
              </thead>
              <tbody>
                {rows.map((version) => (
                  <tr key={version.version}>
                    <td data-label="Version">{version.version}</td>
                    <td class="full">{version.rules.map(inWords).join(", then ")}</td>
                    <td data-label="Who">{version.setBy}</td>
                    <td class="number muted" data-label="When">
                      <Time at={version.setAt} />
                    </td>
                    <td>
                      {may("locations.write") && (
                        <button
                          type="button"
                          class="button quiet small"
                          onClick={() =>
                            setTaken((last) => ({ rules: version.rules, times: (last?.times ?? 0) + 1 }))
                          }
                        >
                          Take up<span class="visually-hidden"> version {version.version}</span>
                        </button>
                      )}
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          )}
        </Paged>
      </Panel>
    </>
  );
}

function Editor({
  now,
  steps: given,
  onReload,
  onSaved,
}: {
  readonly now: SourcingRulesView;
  /** Those that the editor begins with. */
  readonly steps: readonly SourcingStep[];
  readonly onReload: () => void;
  readonly onSaved: (saved: SourcingRulesView) => void;
}) {
  const [steps, setSteps] = useState<readonly StepRow[]>(() => given.map(rowOf));
  const [problems, setProblems] = useState<SourcingRulesCheck["problems"]>([]);
  const change = (next: readonly StepRow[]): void => {
    setSteps(next);
    setProblems([]);
  };
  const move = (index: number, by: -1 | 1): void => {
    const next = [...steps];
    const [step] = next.splice(index, 1);
    if (step !== undefined) next.splice(index + by, 0, step);
    change(next);
  };
  const ofStep = (index: number): readonly string[] =>
    problems.flatMap(({ path, problem }) => {
      const prefix = `rules[${index}]`;
      if (path !== prefix && !path.startsWith(`${prefix}.`)) return [];
      const field = path.slice(prefix.length + 1);
      return [`${field === "" ? "It" : (FIELDS[field] ?? field)} ${problem}.`];
    });
  const ofList = problems.filter(({ path }) => !path.startsWith("rules["));
  return (
    <SettingForm
      needs="locations.write"
      submit="Save the rules"
      onReload={onReload}
      save={async (_fields, key) => {
        const rules = steps.map(stepOf);
        const check = await post<SourcingRulesCheck>(`${PATH}/check`, { rules });
        setProblems(check.problems);
        if (check.problems.length > 0) throw new Error("The rules cannot be saved yet: see what is marked.");
        onSaved(await post<SourcingRulesView>(PATH, { version: now.version, rules }, key));
      }}
    >
      <p class="muted">
        Two ways to serve an order are compared step by step: the first step on which they differ decides. It
        counts for orders that are reserved from then on.
      </p>
      {steps.map((step, index) => (
        <SourcingStepEditor
          key={step.key}
          step={step}
          index={index}
          count={steps.length}
          problems={ofStep(index)}
          onChange={(next) => change(steps.map((each) => (each.key === step.key ? next : each)))}
          onMove={(by) => move(index, by)}
          onRemove={() => change(steps.filter(({ key }) => key !== step.key))}
        />
      ))}
      {ofList.length > 0 && (
        <Notice tone="bad">{ofList.map(({ problem }) => `The list ${problem}.`).join(" ")}</Notice>
      )}
      <div>
        <button type="button" class="button small quiet" onClick={() => change([...steps, newStep()])}>
          <Icon name="plus" />
          Another step
        </button>
      </div>
    </SettingForm>
  );
}

const FIELDS: Readonly<Record<string, string>> = {
  reason: "The reason",
  attribute: "The name of the number",
  weighted: "The list of its rules",
};

function inWords(step: SourcingStep): string {
  const rules = "weighted" in step ? step.weighted : [step];
  return rules
    .map(({ rule, attribute }) =>
      rule === "custom" ? (attribute ?? "") : SOURCING_RULES[rule].toLowerCase(),
    )
    .join(" and ");
}
