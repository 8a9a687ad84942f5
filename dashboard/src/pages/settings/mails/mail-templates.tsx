/** What mails to the shopper say, by kind and language. Both are in the address. */
import { useState } from "preact/hooks";
import { useLocation } from "preact-iso/router";
import type {
  MailTemplateSummary,
  MailTemplateView,
} from "../../../../../contract/settings/mail-templates.ts";
import type { Page } from "../../../../../contract/shapes.ts";
import { get, pathOf } from "../../../api/client.ts";
import { may } from "../../../api/session.ts";
import { Badge } from "../../../components/badge.tsx";
import { Field } from "../../../components/field.tsx";
import { Form, textOf } from "../../../components/form.tsx";
import { Loaded } from "../../../components/loaded.tsx";
import { Panel } from "../../../components/panel.tsx";
import { SkeletonRows } from "../../../components/skeleton.tsx";
import { words } from "../../../format/words.ts";
import { useResource } from "../../../live/resource.ts";
import { MailEditor } from "./mail-editor.tsx";

const EVERYBODY = "default";

export function MailTemplates() {
  const { query, route } = useLocation();
  const kinds = useResource<Page<MailTemplateSummary>>("mail templates", (signal) =>
    get("/mail-templates", {}, signal),
  );
  const language = query["language"] ?? EVERYBODY;
  const choose = (kind: string, next: string): void =>
    route(`/settings?view=mails&mail=${kind}&language=${encodeURIComponent(next)}`);
  return (
    <Loaded resource={kinds} skeleton={<SkeletonRows rows={8} />}>
      {({ items }) => {
        const chosen = items.find(({ kind }) => kind === query["mail"]) ?? items[0];
        if (chosen === undefined) return null;
        const languages = [...new Set([EVERYBODY, ...chosen.languages, language])];
        return (
          <>
            <div class="toolbar">
              <Field label="Mail">
                <select
                  class="select"
                  value={chosen.kind}
                  onChange={(event) => choose(event.currentTarget.value, language)}
                >
                  {items.map(({ kind, languages: own }) => (
                    <option key={kind} value={kind}>
                      {words(kind)}
                      {own.length > 0 ? " (own text)" : ""}
                    </option>
                  ))}
                </select>
              </Field>
              <Field label="Language">
                <select
                  class="select"
                  value={language}
                  onChange={(event) => choose(chosen.kind, event.currentTarget.value)}
                >
                  {languages.map((each) => (
                    <option key={each} value={each}>
                      {languageName(each)}
                    </option>
                  ))}
                </select>
              </Field>
            </div>
            <Chosen
              key={`${chosen.kind} ${language}`}
              kind={chosen.kind}
              language={language}
              onChange={kinds.reload}
            />
            {may("mail-templates.write") && (
              <AnotherLanguage onChoose={(next) => choose(chosen.kind, next)} />
            )}
          </>
        );
      }}
    </Loaded>
  );
}

function Chosen({
  kind,
  language,
  onChange,
}: {
  readonly kind: MailTemplateSummary["kind"];
  readonly language: string;
  readonly onChange: () => void;
}) {
  const path = pathOf("mail-templates", kind, language);
  const template = useResource<MailTemplateView>(path, (signal) => get(path, {}, signal));
  // Counts up when the form is to begin anew though nothing of the setting has changed.
  const [turn, setTurn] = useState(0);
  return (
    <Loaded resource={template} skeleton={<SkeletonRows rows={8} />}>
      {(now) => (
        <Panel
          title={words(kind)}
          aside={
            now.own ? (
              <Badge status="own" label="Own text" tone="info" />
            ) : (
              <Badge
                status="shipped"
                label={language === EVERYBODY ? "Shipped text" : "None yet"}
                tone="plain"
              />
            )
          }
        >
          <MailEditor
            key={`${now.version} ${turn}`}
            path={path}
            now={now}
            onReload={() => {
              setTurn((last) => last + 1);
              template.reload();
            }}
            onSaved={(saved) => {
              template.replace(() => saved);
              onChange();
            }}
          />
        </Panel>
      )}
    </Loaded>
  );
}

function AnotherLanguage({ onChoose }: { readonly onChoose: (language: string) => void }) {
  return (
    <Panel title="Another language">
      <Form
        submit="Write it in this language"
        onSubmit={async (fields) => {
          const language = textOf(fields, "language").toLowerCase();
          if (!/^[a-z]{2,3}(-[a-z0-9]{2,8})*$/.test(language))
            throw new Error('A language is written like "de" or "de-at".');
          onChoose(language);
        }}
      >
        <Field
          label="Language"
          hint="Like de or pt-br. Shoppers get it whose order says this language, or one of it: de is also for de-at."
        >
          <input class="input" name="language" required maxLength={35} autocomplete="off" />
        </Field>
      </Form>
    </Panel>
  );
}

function languageName(language: string): string {
  if (language === EVERYBODY) return "Everybody else";
  try {
    return `${new Intl.DisplayNames(["en"], { type: "language" }).of(language) ?? language} (${language})`;
  } catch {
    return language;
  }
}
