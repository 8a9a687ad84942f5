/**
 * The form of a setting. Who may not change it sees it. Where somebody else has changed it meanwhile nothing
 * is overwritten: the newest can be shown in its place.
 */

import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { RequestError } from "../../api/problem.ts";
import { may } from "../../api/session.ts";
import { Form } from "../../components/form.tsx";
import { NotYours } from "../../components/not-yours.tsx";
import { Notice } from "../../components/notice.tsx";
import { toast } from "../../components/toast.tsx";

export function SettingForm({
  needs,
  submit,
  save,
  onReload,
  children,
}: {
  /** The permission to change it. */
  readonly needs: string;
  readonly submit: string;
  readonly save: (fields: FormData, key: string) => Promise<void>;
  /** Shows the setting as it is now. */
  readonly onReload: () => void;
  readonly children: ComponentChildren;
}) {
  const [isStale, setStale] = useState(false);
  if (!may(needs))
    return (
      <div class="form">
        <fieldset class="fieldset" disabled>
          {children}
        </fieldset>
        <NotYours action="change it" />
      </div>
    );
  return (
    <Form
      submit={submit}
      onSubmit={async (fields, key) => {
        try {
          await save(fields, key);
          toast("good", "Saved. It counts from now on.");
        } catch (error) {
          setStale(error instanceof RequestError && error.code === "setting_changed");
          throw error;
        }
      }}
    >
      {children}
      {isStale && (
        <Notice tone="warn" action={{ label: "Show the newest", run: onReload }}>
          Nothing of yours is saved. What you have entered here goes when the newest is shown.
        </Notice>
      )}
    </Form>
  );
}

/** A choice of a few, with the words of each. */
export function Choice<Value extends string>({
  name,
  words,
  value,
}: {
  readonly name: string;
  readonly words: Readonly<Partial<Record<Value, string>>>;
  readonly value: Value;
}) {
  return (
    <select class="select" name={name}>
      {Object.entries(words).map(([each, label]) => (
        <option key={each} value={each} selected={each === value}>
          {String(label)}
        </option>
      ))}
    </select>
  );
}
